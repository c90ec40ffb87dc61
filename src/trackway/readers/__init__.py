"""One file a format. To add one, copy the shortest neighbour and name it in ``registry.READERS``; the page
docs/how-to/write-a-reader.md takes you through it.

A reader is a ``trackway.model.source.Reader``: it sniffs by content, streams, keeps locator and raw record, and says
what it did not understand. Order matters only where two formats could both recognise a source: the first claims it.
"""

"""Trackway: case intelligence on lawfully acquired evidence. The program informs; people decide."""

__version__ = "0.1.0"

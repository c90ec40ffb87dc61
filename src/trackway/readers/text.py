"""Plain text of no known format: notes, lists, letters. The last reader that is asked.

Kept as documents so that what stands in a notes file - a term, an address, a number - is found. Cut into pieces of
some pages, at line ends, so that a trace stays small. What is evidently another format's text (JSON, XML, HTML, source
tables) is left alone: it is said to be not understood, until a reader for it is there.
"""

import codecs
from collections.abc import Iterator

from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Trace
from trackway.readers._common import decoded, lines

PIECE = 20_000
"""Characters of one document trace, to the next line end."""
MOST_CONTROLS = 0.002
"""Share of control characters above which bytes are no text."""

_OTHER = (b"{", b"[", b"<", b"%!", b"#!", b"-----BEGIN", b"\\documentclass")


def claims(source: Source) -> str | None:
    """UTF-8 (or ASCII) throughout the head, hardly a control character, and no mark of a structured format."""
    head = source.head.removeprefix(codecs.BOM_UTF8)
    start = head.lstrip()
    if not start or start.startswith(_OTHER):
        return None
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, final=len(source.head) == source.size)
    except UnicodeDecodeError:
        return None
    controls = sum(1 for c in text if c < " " and c not in "\n\r\t\f")
    if "\0" in text or controls > MOST_CONTROLS * len(text):
        return None
    return "plain text"


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One document trace a piece."""
    held: list[str] = []
    size = first = 0
    number = 0
    for number, raw in enumerate(lines(source.open()), 1):
        line = decoded(raw)
        if not held:
            first = number
        held.append(line)
        size += len(line) + 1
        if size >= PIECE:
            yield _piece(held, first, number)
            held, size = [], 0
    if held:
        yield _piece(held, first, number)


def _piece(held: list[str], first: int, last: int) -> Trace:
    text = "\n".join(line.rstrip("\r\n") for line in held)
    return Trace("document", f"lines {first}-{last}", text=text, raw=text.encode())


READER = Reader("text", 1, "Plain text", claims, read)

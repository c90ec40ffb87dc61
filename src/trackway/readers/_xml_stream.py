"""XML records as a stream, for hostile files: no document type, no entities, bounded depth, size and text.

Names come without namespace prefix. A record that is not well-formed costs itself: reading goes on at the next one.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from xml.etree.ElementTree import Element
from xml.parsers import expat

from msgspec import Struct

from trackway.model.errors import Unreadable

CHUNK = 1 << 16
DEPTH_LIMIT = 100
"""Elements inside one another."""
RECORD_LIMIT = 32 << 20
"""Bytes of one record as it stands in the file."""
ELEMENT_LIMIT = 300_000
"""Elements and attributes of one record."""
TOKEN_LIMIT = 8 << 20
"""Bytes of one tag, comment or the like."""
REREAD_LIMIT = 8
"""Times the size of the file that may be parsed in all, broken records included, before it is given up."""
CONTEXT_LIMIT = 64
"""Texts and attributes outside of records that are kept."""

_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_FORBIDDEN = "it declares a document type; entities and external references are not followed"


class Record(Struct, frozen=True):
    """One record. ``element`` is None where it cannot be read, ``reason`` says why. ``start`` to ``end``: its bytes.

    ``context`` holds the short texts that stood outside of any record before it, by element name."""

    name: str
    number: int
    start: int
    end: int
    element: Element | None
    context: dict[str, str]
    reason: str = ""


def local(name: str) -> str:
    """A name without its namespace prefix."""
    return name.rpartition(":")[2]


class _Found(NamedTuple):
    name: str
    start: int
    end: int
    element: Element | None
    reason: str
    context: dict[str, str]


class _Builder:
    """Expat's handlers: builds one record at a time and hands the finished ones over."""

    def __init__(self, parser: expat.XMLParserType, names: frozenset[str], origin: int) -> None:
        self.done: list[_Found] = []
        self.rooted = False
        self.context: dict[str, str] = {}
        self.depth = 0
        self.start = -1
        self._parser, self._names, self._origin = parser, names, origin
        self._open: list[Element] = []
        self._count = 0
        self._depth_of_record = 0
        self._name = ""
        self._reason = ""
        self._outside = ""
        self._text: list[str] = []
        parser.buffer_text = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._finish
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.ExternalEntityRefHandler = self._forbid

    def _forbid(self, *_: object) -> int:
        raise Unreadable(_FORBIDDEN)

    def _doctype(self, *_: object) -> None:
        raise Unreadable(_FORBIDDEN)

    def _at(self) -> int:
        return self._origin + self._parser.CurrentByteIndex

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.rooted = True
        if self.depth > DEPTH_LIMIT:
            raise Unreadable(f"elements nested deeper than {DEPTH_LIMIT}")
        if self.start < 0:
            self._outside, self._text = local(name), []
            if local(name) not in self._names:
                self._note(local(name), attributes)
                return
            self.start, self._depth_of_record, self._name = self._at(), self.depth, local(name)
            self._count, self._reason, self._open = 0, "", []
        if self._reason:
            return
        self._flush()
        self._count += 1 + len(attributes)
        if self._count > ELEMENT_LIMIT or self._at() - self.start > RECORD_LIMIT:
            self._reason = "larger than a record may be"
            self._open = []
            return
        element = Element(local(name), {local(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].append(element)
        self._open.append(element)

    def _note(self, name: str, attributes: dict[str, str]) -> None:
        for key, value in attributes.items():
            self._keep(f"{name}@{local(key)}", value)

    def _keep(self, key: str, value: str) -> None:
        if len(self.context) < CONTEXT_LIMIT or key in self.context:
            self.context[key] = value.strip()[:1000]

    def _characters(self, text: str) -> None:
        if self.start < 0:
            self._text = [*self._text, text] if len(self._text) < 8 else self._text
        elif not self._reason:
            self._text.append(text)
        if self.start >= 0 and self._at() - self.start > RECORD_LIMIT and not self._reason:
            self._reason = "larger than a record may be"
            self._open, self._text = [], []

    def _flush(self) -> None:
        """The text since the last tag, to the element or the last child that it follows."""
        text = "".join(self._text)
        self._text = []
        if not self._open or not text:
            return
        parent = self._open[-1]
        if len(parent):
            parent[-1].tail = text
        else:
            parent.text = text

    def _finish(self, name: str) -> None:
        if self.start < 0:
            if self._outside == local(name):
                self._keep(local(name), "".join(self._text))
            self._outside, self._text = "", []
        elif self.depth == self._depth_of_record:
            self._flush()
            root = self._open[0] if self._open and not self._reason else None
            end = self._at() + len(f"</{name}>".encode())
            self.done.append(_Found(self._name, self.start, end, root, self._reason, dict(self.context)))
            self.start = -1
            self._open = []
        elif not self._reason:
            self._flush()
            self._open.pop()
        self.depth -= 1


def records(stream: BinaryIO, names: frozenset[str]) -> Iterator[Record]:
    """The outermost elements of those names, in order; broken ones come with their reason, and so does a document
    that breaks outside of them (as a record named "").

    Raises Unreadable for a document type, for nesting or tags beyond the limits, and for a file that is not XML."""
    encoding, size = _measure(stream)
    budget = REREAD_LIMIT * size + (1 << 20)
    origin = number = 0
    while origin >= 0:
        run = _Run(stream, names, origin, encoding)
        for found in run.records():
            yield Record(found.name, number, found.start, found.end, found.element, found.context, found.reason)
            number += 1
        if not run.broken:
            return
        if not origin and not run.rooted:
            raise Unreadable(f"not XML: {run.broken}")
        if run.start >= 0 or not origin:
            name = "record" if run.start >= 0 else ""
            yield Record(name, number, max(run.start, 0), run.at, None, {}, f"not well-formed: {run.broken}")
            number += 1
        budget -= run.fed
        if budget < 0:
            raise Unreadable("too many broken records")
        behind = run.start if run.start >= 0 else run.at
        origin = _next_start(stream, names, max(behind, origin) + 1)


def _measure(stream: BinaryIO) -> tuple[str | None, int]:
    """(the encoding that the file declares, its size in bytes); the stream is left at its start."""
    head = stream.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    declared = _ENCODING.match(head)
    size = stream.seek(0, 2)
    stream.seek(0)
    return (declared[1].decode() if declared else None), size


class _Run:
    """One pass of expat from ``origin`` on. A later pass begins inside a document, so it is given a root of its own.

    Afterwards ``broken`` says why it ended before the end of the file, ``start`` where the open record begins (-1:
    outside of records), ``at`` where it ended, ``rooted`` whether it came past a root element."""

    def __init__(self, stream: BinaryIO, names: frozenset[str], origin: int, encoding: str | None) -> None:
        self.broken = ""
        self.start = -1
        self.at = self.fed = 0
        self.rooted = False
        self._stream, self._origin = stream, origin
        self._frame = b"<restart>" if origin else b""
        self._parser = _parser(encoding if origin else None)
        self._builder = _Builder(self._parser, names, origin - len(self._frame))

    def records(self) -> Iterator[_Found]:
        """The records that end within this pass."""
        try:
            for chunk in self._chunks():
                self._parser.Parse(chunk, False)
                self.fed += len(chunk)
                if self.fed - self._parser.CurrentByteIndex > TOKEN_LIMIT:
                    raise Unreadable(f"one tag of more than {TOKEN_LIMIT >> 20} MiB")
                yield from self._done()
            if not self._origin:
                self._parser.Parse(b"", True)
            elif self._builder.start >= 0:
                self.broken, self.at = "it is cut short", self._origin + self.fed
        except expat.ExpatError as error:
            self.broken = expat.ErrorString(error.code) or "malformed"
            self.at = self._origin - len(self._frame) + max(self._parser.ErrorByteIndex, 0)
        except (LookupError, ValueError) as error:
            raise Unreadable("it declares an encoding that is not known") from error
        yield from self._done()
        self.start = self._builder.start
        self.rooted = self._builder.rooted

    def _chunks(self) -> Iterator[bytes]:
        self._stream.seek(self._origin)
        if self._frame:
            yield self._frame
        while chunk := self._stream.read(CHUNK):
            yield chunk

    def _done(self) -> Iterator[_Found]:
        yield from self._builder.done
        self._builder.done.clear()


def _parser(encoding: str | None) -> expat.XMLParserType:
    try:
        return expat.ParserCreate(encoding)
    except (ValueError, LookupError):
        return expat.ParserCreate()


def _next_start(stream: BinaryIO, names: frozenset[str], behind: int) -> int:
    """The place of the next start tag of a record at or behind a place; -1 where there is none."""
    words = b"|".join(re.escape(name.encode()) for name in sorted(names))
    tag = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,60}:)?(?:" + words + rb")(?=[\s>/])")
    stream.seek(behind)
    kept = b""
    at = behind
    while chunk := stream.read(CHUNK):
        found = tag.search(kept + chunk)
        if found:
            return at - len(kept) + found.start()
        at += len(chunk)
        kept = (kept + chunk)[-128:]
    return -1

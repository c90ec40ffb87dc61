"""Streams records out of one large JSON document, with the exact bytes and the place of each.

Chosen over ijson because a trace keeps its record *as it stands in the source*: ijson gives values but no byte
positions. ``json``'s own C scanner parses one value from a position in a buffer and says where it ends; so a record
costs one scan, memory is one record and one chunk, and a cut file is read up to the very record that is cut.
"""

import codecs
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

Path = tuple[str, ...]
"""Where a value stands: keys, and ``*`` for an element of a list."""

RECORD_LIMIT = 64 << 20
"""Characters of one record; a longer one ends the reading."""

DEPTH_LIMIT = 64
"""Nesting within one record; a deeper one is given as None."""

_CHUNK = 1 << 20
_SPACE = " \t\r\n"


class Cut(Exception):
    """The document ends or breaks at byte ``offset``; everything before it was given."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"{reason} at byte {offset}")
        self.offset = offset


class Item(NamedTuple):
    """A decoded value (``kind`` "value"), or the beginning or end of an opened container ("open", "close").

    ``value`` is None with ``raw`` not b"null" where the record is nested deeper than DEPTH_LIMIT."""

    kind: str
    path: Path
    place: str
    value: Any
    raw: bytes


def _integer(digits: str) -> int | str:
    """An integer that every store can hold, else its digits."""
    if len(digits) <= 18:
        return int(digits)
    number = int(digits) if len(digits) <= 20 else 1 << 64
    return number if -(1 << 63) <= number < 1 << 63 else digits


_DECODER = json.JSONDecoder(parse_int=_integer, strict=False)


def _clean(value: Any) -> Any:
    """The value with lone surrogates (which no encoding can write) replaced by U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


def _deeper(value: Any, limit: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return limit == 0 or any(_deeper(item, limit - 1) for item in inner)


def _safe(value: Any, text: str) -> tuple[Any, bytes]:
    """The value as every later step can hold it, and the bytes that it was read from."""
    doubtful = "\\ud" in text or "\\uD" in text
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raw, doubtful = text.encode("utf-8", "surrogateescape"), True
    if text.count("[") + text.count("{") > DEPTH_LIMIT and _deeper(value, DEPTH_LIMIT):
        return None, raw
    return (_clean(value) if doubtful else value), raw


class Walker:
    """One pass over a document. ``opened`` names the containers to step into; all else is decoded as one value."""

    def __init__(self, stream: BinaryIO, opened: frozenset[Path]) -> None:
        self._stream = stream
        self._opened = opened
        self._decode = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode
        self._text = ""
        self._at = 0
        self._before = 0  # bytes of the source in front of self._text
        self._ended = False

    def items(self) -> Iterator[Item]:
        """All items in the order of the source. Raises Cut where the document ends early or is not JSON."""
        self._more()
        if self._text.startswith("\ufeff"):
            self._at = 1
        yield from self._any((), "")
        if self._next():
            raise self._cut("text after the end of the document")

    def _any(self, path: Path, place: str) -> Iterator[Item]:
        first = self._next()
        if path in self._opened and first in ("{", "["):
            yield Item("open", path, place, None, b"")
            yield from self._object(path, place) if first == "{" else self._list(path, place)
            yield Item("close", path, place, None, b"")
        else:
            yield self._value(path, place)

    def _object(self, path: Path, place: str) -> Iterator[Item]:
        self._at += 1
        if self._next() == "}":
            self._at += 1
            return
        while True:
            if self._next() != '"':
                raise self._cut("a key is missing")
            key = str(self._value(path, place).value)
            self._expect(":")
            yield from self._any((*path, key), f"{place}.{key}" if place else key)
            if self._separator("}"):
                return

    def _list(self, path: Path, place: str) -> Iterator[Item]:
        self._at += 1
        if self._next() == "]":
            self._at += 1
            return
        inner = (*path, "*")
        stepping = inner in self._opened
        index = 0
        while True:
            if stepping:
                yield from self._any(inner, f"{place}[{index}]")
            else:
                yield self._value(inner, f"{place}[{index}]")
            index += 1
            if self._separator("]"):
                return

    def _separator(self, closing: str) -> bool:
        """Steps over ``,`` (False) or over the closing bracket (True)."""
        found = self._next()
        if found not in (",", closing) or not found:
            raise self._cut("the document ends" if not found else f"{found!r} instead of ',' or {closing!r}")
        self._at += 1
        return found == closing

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise self._cut(f"{sign!r} is missing")
        self._at += 1

    def _value(self, path: Path, place: str) -> Item:
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise self._cut("nested too deeply") from None
            except ValueError:
                if not self._more():
                    raise self._cut("the document ends or breaks") from None
                continue
            text = self._text[self._at : end]
            if end < len(self._text) or not self._more():  # a number may go on in the next chunk
                break
        self._at += len(text)
        value, raw = _safe(value, text)
        return Item("value", path, place, value, raw)

    def _next(self) -> str:
        """The next sign that is no white space, not stepped over; "" at the end."""
        while True:
            text, at, end = self._text, self._at, len(self._text)
            while at < end and text[at] in _SPACE:
                at += 1
            self._at = at
            if at < end:
                return text[at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Reads on, dropping what was consumed; doubles what is held, so that a long record is scanned few times."""
        if self._ended:
            return False
        held = len(self._text) - self._at
        if held > RECORD_LIMIT:
            raise self._cut(f"a record longer than {RECORD_LIMIT >> 20} MiB")
        data = self._stream.read(max(_CHUNK, held))
        self._ended = not data
        new = self._decode(data, self._ended)
        self._before += self._bytes_before()
        self._text = self._text[self._at :] + new
        self._at = 0
        return bool(new) or not self._ended

    def _bytes_before(self) -> int:
        return len(self._text[: self._at].encode("utf-8", "surrogateescape"))

    def _cut(self, reason: str) -> Cut:
        return Cut(self._before + self._bytes_before(), reason)

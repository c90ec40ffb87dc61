"""JSON of any size as a stream: whole values are decoded by the standard library, the frame around them by hand.

Memory is bounded by ``VALUE_LIMIT``, not by the file: a value above it is walked into or skipped, never held.
"""

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

CHUNK = 1 << 20
"""Bytes drawn at a time."""
VALUE_LIMIT = 4 << 20
"""Characters of one value that is decoded whole."""

_SPACE = re.compile(r"[ \t\r\n]*")
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(r'[^\s,:\[\]{}"]+')


class Cut(Exception):
    """The text ends inside a value."""


class Malformed(Exception):
    """The text is not JSON here; ``offset`` in characters from the start."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"not JSON at character {offset}")
        self.offset = offset


class TooLarge(Exception):
    """The value is larger than ``VALUE_LIMIT``; the position stands at its start."""


def _whole(text: str) -> int | str:
    """A number as an int where 64 bits hold it, else as written (no store keeps more)."""
    return int(text) if len(text) < 19 else text


def _real(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_real, parse_constant=str, strict=False)


class JsonStream:
    """A cursor over JSON text. ``peek`` looks at the next character that is not blank."""

    def __init__(self, stream: BinaryIO) -> None:
        mark = stream.read(4)
        stream.seek(0)
        utf16 = mark[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        self._decoder = codecs.getincrementaldecoder("utf-16" if utf16 else "utf-8-sig")(errors="replace")
        self._stream = stream
        self._text = ""
        self._at = 0
        self._before = 0
        self._ended = False

    def _draw(self) -> bool:
        """More text behind the buffer, what lies before the cursor given up; False at the end."""
        if self._ended:
            return False
        chunk = self._stream.read(CHUNK)
        self._ended = not chunk
        self._before += self._at
        self._text = self._text[self._at :] + self._decoder.decode(chunk, final=self._ended)
        self._at = 0
        return True

    def peek(self) -> str:
        """The next character that is not blank; "" at the end of the text."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._draw():
                return ""

    def expect(self, character: str) -> None:
        found = self.peek()
        if not found:
            raise Cut
        if found != character:
            raise Malformed(self._before + self._at)
        self._at += 1

    def value(self) -> tuple[Any, str]:
        """(the next value decoded, its text). ``TooLarge`` where it does not end within the limit."""
        if not self.peek():
            raise Cut
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                # Cut short by the buffer, or wrong: only more text can tell.
                end = -1
            # A number that touches the end of the buffer may go on behind it.
            if end >= 0 and (end < len(self._text) or self._ended):
                text = self._text[self._at : end]
                self._at = end
                return value, text
            if len(self._text) - self._at > VALUE_LIMIT:
                raise TooLarge
            if not self._draw():
                if end >= 0:
                    continue
                raise Cut if self._open() else Malformed(self._before + self._at)

    def _open(self) -> bool:
        """Whether the rest of the text is a value that is sound as far as it goes (else it is wrong inside)."""
        depth = 0
        end = self._at
        for token in _TOKEN.finditer(self._text, self._at):
            end = token.end()
            depth += (token[0] in "[{") - (token[0] in "]}")
            if depth == 0:
                return False
        return depth > 0 or '"' in self._text[end:]

    def skip(self) -> None:
        """Pass over the next value without keeping it."""
        depth = 0
        while True:
            first = self.peek()
            if not first:
                raise Cut
            if first in ",:" and depth:
                self._at += 1
                continue
            token = (_TOKEN if first in '"[]{}' else _SCALAR).match(self._text, self._at)
            if token is None or (token.end() == len(self._text) and token[0] not in "[]{}"):
                if len(self._text) - self._at > VALUE_LIMIT:
                    raise Malformed(self._before + self._at)
                if self._draw():
                    continue
                if token is None:
                    raise Cut if first == '"' else Malformed(self._before + self._at)
            self._at = token.end()
            depth += (token[0] in "[{") - (token[0] in "]}")
            if depth < 0:
                raise Malformed(self._before + self._at)
            if depth == 0:
                return

    def members(self) -> Iterator[str]:
        """The keys of the object here; the caller takes each key's value before it draws the next."""
        self.expect("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            if self.peek() != '"':
                raise Malformed(self._before + self._at) if self.peek() else Cut
            key, _ = self.value()
            self.expect(":")
            yield str(key)
            if self._separator("}"):
                return

    def elements(self) -> Iterator[int]:
        """The indices of the array here; the caller takes each element before it draws the next."""
        self.expect("[")
        if self.peek() == "]":
            self._at += 1
            return
        index = 0
        while True:
            yield index
            index += 1
            if self._separator("]"):
                return

    def _separator(self, closing: str) -> bool:
        """True where the closing bracket was taken, False after a comma."""
        found = self.peek()
        if not found:
            raise Cut
        if found not in (",", closing):
            raise Malformed(self._before + self._at)
        self._at += 1
        return found == closing

"""Rows of delimited text, one physical line at a time, so that a broken row costs that row only."""

import codecs
import csv
import io
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from msgspec import Struct

LINE_LIMIT = 1 << 20
"""Bytes of one line; a longer one is passed over."""
JOIN_LIMIT = 8
"""Further physical lines that one quoted row may span."""
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Row(Struct, frozen=True):
    """``cells`` is None where the row cannot be read; ``line`` counts physical lines from 1."""

    line: int
    raw: bytes
    cells: list[str] | None


class _Lines(Protocol):
    def readline(self, limit: int, /) -> bytes: ...


class _Utf16:
    """Lines of a UTF-16 stream, as UTF-8."""

    def __init__(self, stream: BinaryIO) -> None:
        self._text = io.TextIOWrapper(stream, encoding="utf-16", errors="replace", newline="\n")

    def readline(self, limit: int, /) -> bytes:
        return self._text.readline(limit).encode("utf-8", errors="replace")


def decoded(raw: bytes) -> str:
    """UTF-8 where it is, else Windows-1252 (the other encoding that exporters of lists write)."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def head_text(head: bytes) -> str:
    """The head of a source as text, without byte-order mark; undecodable bytes replaced."""
    return head.decode("utf-16" if head.startswith(UTF16) else "utf-8-sig", errors="replace")


def head_lines(head: bytes, size: int) -> list[str]:
    """The whole lines of a head; the last one is left out where the source goes on behind it."""
    found = head_text(head).splitlines()
    return found[:-1] if size > len(head) else found


def lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """(number, line without its end); a line above ``LINE_LIMIT`` comes as b"" with its number."""
    mark = stream.read(2)
    stream.seek(0)
    source: _Lines = _Utf16(stream) if mark in UTF16 else stream
    number = 0
    while line := source.readline(LINE_LIMIT + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > LINE_LIMIT and not line.endswith(b"\n"):
            while (rest := source.readline(LINE_LIMIT)) and not rest.endswith(b"\n"):
                pass
            yield number, b""
            continue
        yield number, line.rstrip(b"\r\n")


def split(text: str, delimiter: str | None) -> list[str] | None:
    """Cells of one line, quotes taken off; None where a quote stays open. ``delimiter`` None: runs of blanks."""
    if delimiter is None:
        return text.split()
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    if text.count('"') % 2:
        cells = [cell.strip() for cell in text.split(delimiter)]
        # An inch mark inside a name opens nothing; only a cell that begins with a quote can be left open.
        return None if any(cell.startswith('"') for cell in cells) else cells
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))]
    except (csv.Error, StopIteration):
        return None


def rows(stream: BinaryIO, delimiter: str | None) -> Iterator[Row]:
    """Rows that are not blank. A quote left open may go on for some lines; if it never closes, its line is broken
    and reading goes on with the next line."""
    source = lines(stream)
    waiting: deque[tuple[int, bytes]] = deque()
    while (item := waiting.popleft() if waiting else next(source, None)) is not None:
        number, raw = item
        if not raw.strip():
            continue
        cells = split(decoded(raw), delimiter)
        joined, used = raw, 0
        while cells is None and used < JOIN_LIMIT:
            if used == len(waiting):
                more = next(source, None)
                if more is None:
                    break
                waiting.append(more)
            joined += b"\n" + waiting[used][1]
            used += 1
            cells = split(decoded(joined), delimiter)
        if cells is None:
            yield Row(number, raw, None)
            continue
        for _ in range(used):
            waiting.popleft()
        yield Row(number, joined, cells)

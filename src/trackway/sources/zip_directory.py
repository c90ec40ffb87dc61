"""The directory of a zip archive (PKWARE APPNOTE 6.3.10), streamed.

``zipfile`` keeps every entry in memory; phone extractions are zips of a million entries, and a worker has little
memory. So the directory is read entry by entry here; only the offsets of all entries are kept (8 bytes each).
"""

import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from typing import BinaryIO

import numpy
from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import FileTimes
from trackway.sources.guard import dos_text, read_at, utc_text

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"
END = b"PK\x05\x06"
END64 = b"PK\x06\x06"
LOCATOR64 = b"PK\x06\x07"

_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")

_NTFS_EPOCH = 116_444_736_000_000_000
"""100 ns steps from 1601 to 1970."""


class Entry(Struct, frozen=True):
    """One entry. ``offset``: of its local header in the file; ``system``: 3 is Unix; ``attributes``: as the system
    keeps them; sizes in bytes. ``size`` None: only the data tell it (a local header with a data descriptor)."""

    name: bytes
    utf8: bool
    system: int
    flags: int
    method: int
    crc: int
    packed: int | None
    size: int | None
    offset: int
    attributes: int
    dos: tuple[int, int]
    extra: bytes


class Directory(Struct, frozen=True):
    """Where the central directory stands: ``start`` and ``size`` in bytes, ``shift``: bytes before the archive
    (a self-extracting program), ``count``: entries as stated."""

    start: int
    size: int
    shift: int
    count: int


def find_directory(stream: BinaryIO, size: int) -> Directory | None:
    """The central directory by the record at the end; None where there is none. Unreadable for a part of a set."""
    tail_size = min(size, 65535 + _END.size)
    tail = read_at(stream, size - tail_size, tail_size)
    at = tail.rfind(END)
    while at >= 0 and len(tail) - at < _END.size:
        at = tail.rfind(END, 0, at)
    if at < 0:
        return None
    end = size - tail_size + at
    _, disk, first_disk, _, count, length, start, _ = _END.unpack_from(tail, at)
    if start == 0xFFFFFFFF or length == 0xFFFFFFFF or count == 0xFFFF or disk == 0xFFFF:
        wide = _zip64(stream, end)
        if wide is not None:
            count, length, start, end, disk = wide
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF):
        raise Unreadable("it is the last part of a zip archive in several parts: put the parts together first")
    shift = end - length - start
    if shift >= 0 and (length == 0 or read_at(stream, start + shift, 4) == CENTRAL):
        return Directory(start + shift, length, shift, count)
    if length and read_at(stream, start, 4) == CENTRAL:
        return Directory(start, length, 0, count)
    return None


def _zip64(stream: BinaryIO, end: int) -> tuple[int, int, int, int, int] | None:
    """(entries, directory length, its offset, where the zip64 record stands, disk)."""
    if end < _LOCATOR64.size:
        return None
    magic, _, stated, _ = _LOCATOR64.unpack(read_at(stream, end - _LOCATOR64.size, _LOCATOR64.size))
    if magic != LOCATOR64:
        return None
    for at in (stated, end - _LOCATOR64.size - _END64.size):
        record = read_at(stream, at, _END64.size) if at >= 0 else b""
        if record[:4] == END64 and len(record) == _END64.size:
            _, _, _, _, disk, _, _, count, length, start = _END64.unpack(record)
            return count, length, start, at, disk
    return None


def central_entries(stream: BinaryIO, directory: Directory) -> Iterator[Entry]:
    """The entries, in the directory's order. Unreadable where it breaks off or turns into something else."""
    at, end = directory.start, directory.start + directory.size
    while at + _CENTRAL.size <= end:
        block = read_at(stream, at, min(1 << 20, end - at))
        position = 0
        while position + _CENTRAL.size <= len(block):
            if block[position : position + 4] != CENTRAL:
                raise Unreadable("its directory is damaged: the entries after this are not read")
            length = _CENTRAL.size + sum(struct.unpack_from("<3H", block, position + 28))
            if position + length > len(block):
                break
            yield _central(block[position : position + length], directory.shift)
            position += length
        if position == 0:
            raise Unreadable("its directory is cut off: the entries after this are not read")
        at += position


def _central(record: bytes, shift: int) -> Entry:
    fields = _CENTRAL.unpack_from(record)
    _, _, system, _, _, flags, method, time, date, crc, packed, size, named, extras, _, _, _, attributes, offset = (
        fields
    )
    name = record[_CENTRAL.size : _CENTRAL.size + named]
    extra = record[_CENTRAL.size + named : _CENTRAL.size + named + extras]
    size, packed, offset = _wide(extra, size, packed, offset)
    return Entry(
        name,
        bool(flags & 0x800),
        system,
        flags,
        method,
        crc,
        packed,
        size,
        offset + shift,
        attributes,
        (date, time),
        extra,
    )


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset, those of 32 bits replaced from the zip64 extra field where they are full."""
    values = list(struct.unpack(f"<{len(wide) // 8}Q", wide[: len(wide) // 8 * 8])) if (wide := field(extra, 1)) else []
    if size == 0xFFFFFFFF and values:
        size = values.pop(0)
    if packed == 0xFFFFFFFF and values:
        packed = values.pop(0)
    if offset == 0xFFFFFFFF and values:
        offset = values.pop(0)
    return size, packed, offset


def local_entry(stream: BinaryIO, offset: int) -> tuple[Entry, int] | None:
    """The local header at ``offset`` and where its data begin; None where there is none."""
    record = read_at(stream, offset, _LOCAL.size)
    if len(record) < _LOCAL.size or record[:4] != LOCAL:
        return None
    _, _, flags, method, time, date, crc, packed, size, named, extras = _LOCAL.unpack(record)
    rest = read_at(stream, offset + _LOCAL.size, named + extras)
    name, extra = rest[:named], rest[named:]
    size, packed, _ = _wide(extra, size, packed, 0)
    told = not flags & 8 or packed > 0
    entry = Entry(
        name, bool(flags & 0x800), 3, flags, method, crc, packed if told else None, size if told else None,
        offset, 0, (date, time), extra,
    )  # fmt: skip
    return entry, offset + _LOCAL.size + named + extras


def sorted_offsets(stream: BinaryIO, directory: Directory, limit: int) -> "array[int]":
    """The offsets of all entries, sorted: where one entry's bytes must end. Stops at ``limit`` entries."""
    offsets = array("Q")
    try:
        for entry in central_entries(stream, directory):
            offsets.append(min(entry.offset, 2**64 - 1))
            if len(offsets) > limit:
                break
    except Unreadable:
        pass  # told when the entries themselves are drawn
    # In place: a million numbers as Python objects are tens of megabytes.
    numpy.frombuffer(offsets, dtype=numpy.uint64).sort()
    return offsets


class Starts:
    """Where entries begin, so that overlapping ones are known: the trick of zip bombs, and of no honest tool."""

    def __init__(self, offsets: "array[int]", end: int) -> None:
        self._offsets = offsets
        self._end = end
        self._used: set[int] = set()

    def limit(self, offset: int) -> int:
        """Where the entry at ``offset`` must have ended: at the next one, or at the directory."""
        at = bisect_right(self._offsets, offset)
        return min(self._offsets[at], self._end) if at < len(self._offsets) else self._end

    def taken(self, offset: int) -> bool:
        """Whether an earlier entry used the same offset. Only offsets that occur twice are remembered."""
        if bisect_right(self._offsets, offset) - bisect_left(self._offsets, offset) < 2:
            return False
        if offset in self._used:
            return True
        self._used.add(offset)
        return False


def field(extra: bytes, wanted: int) -> bytes:
    """One extra field by its id; b"" where it is absent or cut off."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def name_of(entry: Entry) -> str | bytes:
    """The name: UTF-8 where said so, or where the Info-ZIP field says it, or where it happens to be; else code page
    437. Bytes where it is said to be UTF-8 and is not."""
    unicode_path = field(entry.extra, 0x7075)
    if len(unicode_path) > 5 and struct.unpack_from("<L", unicode_path, 1)[0] == zlib.crc32(entry.name):
        return unicode_path[5:]
    if entry.utf8:
        return entry.name
    try:
        return entry.name.decode("utf-8")
    except UnicodeDecodeError:
        return entry.name.decode("cp437")


def times_of(entry: Entry, local_extra: bytes) -> FileTimes:
    """NTFS times or the extended timestamp (instants), else the DOS time (wall clock, two-second steps)."""
    ntfs = field(entry.extra, 10) or field(local_extra, 10)
    if len(ntfs) >= 32 and ntfs[4:8] == b"\x01\x00\x18\x00":
        written, accessed, created = (_ntfs_text(value) for value in struct.unpack_from("<3Q", ntfs, 8))
        return FileTimes(created, written, accessed)
    stamp = field(local_extra, 0x5455) or field(entry.extra, 0x5455)
    if len(stamp) >= 5 and stamp[0] & 7:
        texts: list[str | None] = [None, None, None]
        at = 1
        for bit in range(3):
            if stamp[0] >> bit & 1 and at + 4 <= len(stamp):
                texts[bit] = utc_text(struct.unpack_from("<l", stamp, at)[0] * 1_000_000_000)
                at += 4
        if texts[0] is not None:
            return FileTimes(created=texts[2], written=texts[0], accessed=texts[1])
    return FileTimes(written=dos_text(*entry.dos))


def _ntfs_text(value: int) -> str | None:
    return utc_text((value - _NTFS_EPOCH) * 100) if value else None

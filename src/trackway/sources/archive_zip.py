"""Zip archives (PKWARE APPNOTE 6.3.10), zip64 and self-extracting ones too: streamed in the directory's order.

Stored, deflate, bzip2, lzma and zstd entries are read, their sizes and CRC-32 checked. Links are not followed,
encrypted entries and other methods are said. Where the directory at the end is missing or breaks off (a cut-off
download), what the local headers tell is read and the archive is said to be incomplete.
"""

import stat
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from trackway.model.errors import Unreadable
from trackway.model.source import Container, Member, Report, Source
from trackway.sources import expanding, zip_directory
from trackway.sources.guard import (
    LIMITS,
    PIECE,
    Budget,
    Limits,
    Refusal,
    guarded,
    member_stream,
    safe_path,
)
from trackway.sources.zip_directory import Entry, Starts

STORED, DEFLATE, BZIP2, LZMA, ZSTD = 0, 8, 12, 14, 93
METHODS = {
    1: "shrink",
    6: "implode",
    9: "deflate64",
    20: "zstd (old number)",
    95: "xz",
    96: "jpeg",
    97: "wavpack",
    98: "ppmd",
    99: "AES",
}
"""Methods that are known and not read, by APPNOTE 4.4.5."""

_PROGRAMS = (b"MZ", b"\x7fELF", b"#!")
_MARKERS = (b"PK00PK\x03\x04", b"PK\x07\x08PK\x03\x04")


def claims(source: Source) -> str | None:
    """By the first header; programs also by the directory at their end (self-extracting)."""
    head = source.head
    if head.startswith((zip_directory.LOCAL, *_MARKERS)):
        return "zip archive"
    if head.startswith(zip_directory.END) and source.size < 65557 + 22:
        return "empty zip archive"
    if head.startswith(_PROGRAMS) and source.size > 22:
        try:
            found = zip_directory.find_directory(source.open(), source.size)
        except Unreadable:
            return None
        if found is not None and found.count:
            return "self-extracting zip archive"
    return None


def members(source: Source, report: Report, limits: Limits = LIMITS) -> Iterator[Member]:
    """The files, in the directory's order. Folders are no members."""
    budget = Budget(source.size, limits)
    yield from guarded(_members(source, report, budget), budget, "the zip archive")


def _members(source: Source, report: Report, budget: Budget) -> Iterator[Member]:
    stream = source.open()
    directory = zip_directory.find_directory(stream, source.size)
    if directory is None:
        report.incomplete("the zip archive's directory is missing (it may be cut off): read by its local headers")
        yield from _by_local_headers(stream, source.size, budget)
        return
    offsets = zip_directory.sorted_offsets(stream, directory, budget.limits.members)
    starts = Starts(offsets, directory.start)
    seen = 0
    # The directory and the data are read through two streams, so that neither loses its place.
    for entry in zip_directory.central_entries(source.open(), directory):
        seen += 1
        if not _is_folder(entry):
            yield _member(entry, stream, starts, report, budget)
    if seen != directory.count & 0xFFFF and seen != directory.count:
        report.incomplete(f"the zip archive states {directory.count} entries and lists {seen}")


def _is_folder(entry: Entry) -> bool:
    return entry.name.endswith((b"/", b"\\")) and not entry.size


def _shown(entry: Entry) -> str | Refusal:
    name = zip_directory.name_of(entry)
    if isinstance(name, str) and "/" not in name and entry.system in (0, 10, 11):
        # Old Windows tools wrote their own separator.
        name = name.replace("\\", "/")
    return safe_path(name)


def _member(entry: Entry, stream: BinaryIO, starts: Starts, report: Report, budget: Budget) -> Member:
    shown = _shown(entry)
    if isinstance(shown, Refusal):
        return Member(shown.path, None, entry.size, reason=shown.reason)
    found = zip_directory.local_entry(stream, entry.offset)
    times = zip_directory.times_of(entry, found[0].extra if found else b"")
    reason = _why_not(entry, found, starts)
    if reason or found is None:
        return Member(shown, None, entry.size, times, reason=reason)
    local, begin = found
    if local.name != entry.name:
        other = _shown(local)
        told = other.path if isinstance(other, Refusal) else other
        report.not_understood(shown, f"its own header gives another name: {told}")
    if local.method != entry.method:
        report.not_understood(shown, "its own header gives another method of compression than the directory")
    return Member(shown, _opener(entry, stream, begin, budget, shown), entry.size, times)


def _why_not(entry: Entry, found: tuple[Entry, int] | None, starts: Starts) -> str:
    if found is None:
        return "its header is missing: the zip archive is damaged here"
    if entry.flags & 0x2041 or found[0].flags & 1:
        return "encrypted"
    if entry.system == 3 and stat.S_ISLNK(entry.attributes >> 16):
        return "a symbolic link: not followed"
    if entry.system == 3 and _special(entry.attributes >> 16):
        return "a device, pipe or socket: it has no bytes"
    if entry.method not in _READ:
        return f"compressed by a method that is not read: {METHODS.get(entry.method, entry.method)}"
    if found[1] + (entry.packed or 0) > starts.limit(entry.offset) or starts.taken(entry.offset):
        return "its bytes overlap those of another entry: refused"
    return ""


def _special(mode: int) -> bool:
    return stat.S_ISCHR(mode) or stat.S_ISBLK(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _opener(entry: Entry, stream: BinaryIO, begin: int, budget: Budget, shown: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        return member_stream(_Data(entry, stream, begin).read, budget, shown)

    return opened


class _Packed:
    """The compressed bytes of one entry, in order, through a stream that others move."""

    def __init__(self, stream: BinaryIO, begin: int, count: int | None) -> None:
        self._stream = stream
        self.at = begin
        self._left = count

    def read(self, count: int) -> bytes:
        if self._left is not None:
            count = min(count, self._left)
        if count <= 0:
            return b""
        self._stream.seek(self.at)
        piece = self._stream.read(count)
        self.at += len(piece)
        if self._left is not None:
            self._left -= len(piece)
            if not piece:
                raise Unreadable("it is cut off: its bytes end early")
        return piece


class _Data:
    """The expanded bytes of one entry, its size and CRC-32 checked at the end."""

    def __init__(self, entry: Entry, stream: BinaryIO, begin: int) -> None:
        self._entry = entry
        self.packed = _Packed(stream, begin, entry.packed)
        self._crc = 0
        self._count = 0
        self._expanding = _expander(entry, self.packed)

    @property
    def end(self) -> int:
        """Where the compressed bytes ended, once all are read."""
        unused = self._expanding.unused if isinstance(self._expanding, expanding.Expanding) else 0
        return self.packed.at - unused

    def read(self, count: int) -> bytes:
        # LZMA in zip may lack an end marker: its stated size is its end.
        ended = self._entry.method == LZMA and self._count == self._entry.size
        piece = b"" if ended else self._expanding.read(count)
        self._crc = zlib.crc32(piece, self._crc)
        self._count += len(piece)
        stated = self._entry.size
        if stated is not None and self._count > stated:
            raise Unreadable(f"it expands to more than the {stated} bytes that it states")
        if not piece and stated is not None:
            if self._count < stated:
                raise Unreadable(f"it holds {self._count} bytes and states {stated}")
            if self._crc != self._entry.crc:
                raise Unreadable("its checksum (CRC-32) does not fit: its bytes are damaged")
        return piece


def _expander(entry: Entry, packed: _Packed) -> "_Packed | expanding.Expanding":
    make = _READ[entry.method]
    if entry.method == LZMA:
        header = packed.read(4)
        properties = packed.read(int.from_bytes(header[2:4], "little")) if len(header) == 4 else b""
        if len(properties) != 5:
            raise Unreadable("its LZMA properties are missing")
        size = expanding.LZMA_MEMORY if entry.size is None else entry.size
        return expanding.Expanding(lambda: expanding.zip_lzma(properties, size), packed.read)
    return packed if make is None else expanding.Expanding(make, packed.read)


_READ: dict[int, Callable[[], expanding.Decoder] | None] = {
    STORED: None,
    DEFLATE: expanding.deflate,
    BZIP2: expanding.bzip2,
    LZMA: None,
    ZSTD: expanding.zstandard,
}


def _by_local_headers(stream: BinaryIO, size: int, budget: Budget) -> Iterator[Member]:
    """The members by their local headers, from the beginning to where these break off."""
    at = 4 if zip_directory.local_entry(stream, 0) is None else 0
    while (found := zip_directory.local_entry(stream, at)) is not None:
        entry, begin = found
        shown = _shown(entry)
        readable = entry.method in _READ and not entry.flags & 0x2041 and not isinstance(shown, Refusal)
        path = shown.path if isinstance(shown, Refusal) else shown
        times = zip_directory.times_of(entry, entry.extra)
        if not _is_folder(entry):
            reason = "" if readable else "refused, encrypted, or compressed by a method that is not read"
            opener = _opener(entry, stream, begin, budget, path) if readable else None
            yield Member(path, opener, entry.size, times, reason=reason)
        if entry.packed is None:
            at = _after_streamed(entry, stream, begin, budget)
        else:
            at = begin + entry.packed
        if at >= size:
            return


def _after_streamed(entry: Entry, stream: BinaryIO, begin: int, budget: Budget) -> int:
    """Where the entry after one of untold size begins: its data are expanded to find their end."""
    if entry.method not in (DEFLATE,) or entry.flags & 1:
        raise Unreadable("an entry does not tell its size: the entries after this are not read")
    data = _Data(entry, stream, begin)
    while piece := data.read(PIECE):
        budget.spend(len(piece))
    end = data.end
    stream.seek(end)
    # The data descriptor: a signature that may be missing, CRC-32, two sizes of 32 or 64 bits.
    window = stream.read(28)
    for length in (16, 12, 24, 20):
        if window[length : length + 2] == b"PK":
            return end + length
    raise Unreadable("the zip archive breaks off here")


def warm_up() -> None:
    """Use each codec once, so that a locked worker need not load anything."""
    expanding.warm_up()
    b"a".decode("cp437")


CONTAINER = Container(name="zip", version=1, title="zip archive", claims=claims, members=members)

"""exFAT: files, and deleted files whose clusters nobody has taken since.

Layout: Microsoft, "exFAT file system specification". dissect.fat reads the whole tree at once, follows circles for
ever and takes one cluster of a folder in one piece; hence this small reader. A time is an instant where the entry
says its offset from UTC, else wall clock.
"""

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dissect.util.stream import RangeStream, RunlistStream
from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import FileTimes, Member
from trackway.sources.disk_fat import FOLDER_BYTES, Runs
from trackway.sources.disk_media import Context
from trackway.sources.guard import damage, dos_text, read_at, safe_name

ENTRY = 32
DEPTH = 128
FILE, STREAM, NAME, BITMAP = 0x85, 0xC0, 0xC1, 0x81
IN_USE = 0x80
FOLDER = 0x10
IN_ONE_PIECE = 2
"""Flag of a stream: its clusters follow one another, the table says nothing of them."""
FOLDER_LIMIT = 16 * FOLDER_BYTES
"""The largest folder that is believed (the format allows 256 MiB)."""


class Volume(Struct, frozen=True):
    """Geometry: ``table``: the allocation table's bytes; offsets and sizes in bytes; ``count`` clusters from number 2
    on; ``bitmap``: where clusters in use are marked, if that was found."""

    stream: BinaryIO
    table: BinaryIO
    heap: int
    cluster_size: int
    count: int
    root: int
    bitmap: BinaryIO | None = None


class Entry(Struct, frozen=True):
    """One file or folder."""

    name: str
    attributes: int
    flags: int
    cluster: int
    size: int
    valid: int
    times: FileTimes
    deleted: bool


def members(volume: BinaryIO, prefix: str, context: Context) -> Iterator[Member]:
    """All files, folder by folder in the order of the medium."""
    with damage("the exFAT file system"):
        disk = _geometry(volume)
        root = _listing(disk, chain(disk, disk.root, FOLDER_LIMIT // disk.cluster_size), FOLDER_LIMIT)
        disk = _with_bitmap(disk, root)
    visited: set[int] = {disk.root}
    waiting = [(root, prefix, 0)]
    while waiting:
        listing, path, depth = waiting.pop()
        inner = []
        for entry in entries(listing):
            context.watched.progress()
            name = path + safe_name(entry.name)
            if not entry.attributes & FOLDER:
                yield _member(disk, entry, name, context)
            elif depth < DEPTH and entry.cluster not in visited:
                visited.add(entry.cluster)
                inner.append((_folder(disk, entry, name, context), f"{name}/", depth + 1))
            else:
                context.report.not_understood(name, "a folder nested too deeply, or in a loop: not entered")
        waiting.extend(reversed(inner))


def _geometry(stream: BinaryIO) -> Volume:
    boot = read_at(stream, 0, 512)
    table, table_sectors, heap, count, root = struct.unpack_from("<5I", boot, 80)
    sector_shift, cluster_shift = boot[108], boot[109]
    if not 9 <= sector_shift <= 12 or cluster_shift > 25 - sector_shift:
        raise Unreadable("the exFAT file system has sectors or clusters of a size that makes no sense")
    entries_stream = RangeStream(stream, table << sector_shift, table_sectors << sector_shift)
    return Volume(stream, entries_stream, heap << sector_shift, 1 << sector_shift + cluster_shift, count, root)


def _with_bitmap(disk: Volume, root: bytes) -> Volume:
    for at in range(0, len(root) - ENTRY + 1, ENTRY):
        if root[at] == BITMAP:
            cluster, size = struct.unpack_from("<IQ", root, at + 20)
            size = min(size, disk.count // 8 + 1)
            runs = chain(disk, cluster, -(-size // disk.cluster_size))
            return Volume(
                disk.stream, disk.table, disk.heap, disk.cluster_size, disk.count, disk.root, _stream(disk, runs, size)
            )
    return disk


def chain(disk: Volume, cluster: int, limit: int) -> Runs:
    """The clusters from ``cluster`` on, at most ``limit``. Unreadable where the chain is broken or runs in a circle."""
    runs: Runs = []
    jumped_to: set[int] = set()
    start, count, total = cluster, 1, 1
    _check(disk, cluster, 1)
    while total < limit:
        value = read_at(disk.table, 4 * cluster, 4)
        following = int.from_bytes(value, "little")
        if len(value) < 4 or following >= 0xFFFFFFF8:
            break
        _check(disk, following, 1)
        if following == cluster + 1:
            count += 1
        else:
            if following in jumped_to:
                raise Unreadable("its chain of clusters runs in a circle")
            jumped_to.add(following)
            runs.append((start - 2, count))
            start, count = following, 1
        cluster = following
        total += 1
    return [*runs, (start - 2, count)]


def _check(disk: Volume, cluster: int, count: int) -> None:
    if cluster < 2 or cluster + count > disk.count + 2:
        raise Unreadable("its chain of clusters is broken")


def _stream(disk: Volume, runs: Runs, size: int) -> BinaryIO:
    # Runs count clusters from the heap's beginning; the stream wants them from the volume's.
    stream: BinaryIO = RunlistStream(_Heap(disk), runs, size, disk.cluster_size)
    return stream


class _Heap:
    """The volume from its first cluster on."""

    def __init__(self, disk: Volume) -> None:
        self._disk = disk

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._disk.stream.seek(self._disk.heap + offset, whence)

    def read(self, count: int) -> bytes:
        return self._disk.stream.read(count)


def _listing(disk: Volume, runs: Runs, size: int) -> bytes:
    clusters = sum(count for _, count in runs) * disk.cluster_size
    return read_at(_stream(disk, runs, min(size, clusters)), 0, min(size, clusters))


def _folder(disk: Volume, entry: Entry, name: str, context: Context) -> bytes:
    try:
        with damage("the folder"):
            return _listing(disk, _runs(disk, entry), min(entry.size, FOLDER_LIMIT))
    except Unreadable as error:
        if not entry.deleted:
            context.report.not_understood(name, error.reason)
        return b""


def _runs(disk: Volume, entry: Entry) -> Runs:
    """Where an entry's bytes stand. Unreadable where they stand nowhere, or another file has them."""
    count = -(-entry.size // disk.cluster_size)
    if count == 0:
        return []
    if entry.flags & IN_ONE_PIECE:
        _check(disk, entry.cluster, count)
        runs = [(entry.cluster - 2, count)]
    else:
        runs = chain(disk, entry.cluster, count)
    if sum(length for _, length in runs) < count:
        raise Unreadable("its chain of clusters is shorter than its size")
    if entry.deleted and any(_in_use(disk, start, length) for start, length in runs):
        raise Unreadable("deleted: its clusters are in use by another file")
    return runs


def _in_use(disk: Volume, start: int, count: int) -> bool:
    """Whether the bitmap marks any of the clusters; without one, they are taken as in use."""
    if disk.bitmap is None:
        return True
    first, last = start // 8, (start + count - 1) // 8
    bits = int.from_bytes(read_at(disk.bitmap, first, last - first + 1), "little")
    return bool(bits >> start % 8 & (1 << count) - 1)


def entries(listing: bytes) -> Iterator[Entry]:
    """The files and folders of a listing, deleted ones too."""
    at = 0
    while at + 3 * ENTRY <= len(listing):
        kind = listing[at]
        if kind == 0:
            return
        found = _entry(listing, at) if kind | IN_USE == FILE else None
        if found is not None:
            yield found
        at += ENTRY * (1 + listing[at + 1] if found is not None else 1)


def _entry(listing: bytes, at: int) -> Entry | None:
    """The entry set at ``at``; None where what follows is not its stream and its name."""
    following, attributes = listing[at + 1], struct.unpack_from("<H", listing, at + 4)[0]
    stream = listing[at + ENTRY : at + 2 * ENTRY]
    if following < 2 or at + (1 + following) * ENTRY > len(listing) or stream[0] | IN_USE != STREAM:
        return None
    units = b""
    for place in range(2, following + 1):
        part = listing[at + place * ENTRY : at + (place + 1) * ENTRY]
        if part[0] | IN_USE == NAME:
            units += part[2:]
    name = units[: 2 * stream[3]].decode("utf-16-le", "surrogatepass")
    valid, cluster, size = struct.unpack_from("<Q4xIQ", stream, 8)
    deleted = not listing[at] & IN_USE
    return Entry(name, attributes, stream[1], cluster, size, valid, _times(listing, at), deleted)


def _times(listing: bytes, at: int) -> FileTimes:
    created, written, accessed, c_tens, w_tens, c_zone, w_zone, a_zone = struct.unpack_from("<3I5B", listing, at + 8)
    return FileTimes(
        created=_time(created, c_tens, c_zone),
        written=_time(written, w_tens, w_zone),
        accessed=_time(accessed, 0, a_zone),
    )


def _time(stamp: int, hundredths: int, zone: int) -> str | None:
    """``zone``: quarters of an hour from UTC in seven bits with sign, valid where the eighth is set."""
    text = dos_text(stamp >> 16, stamp & 0xFFFF, hundredths)
    if text is None or not zone & 0x80:
        return text
    quarters = (zone & 0x7F) - (128 if zone & 0x40 else 0)
    hours, minutes = divmod(abs(quarters) * 15, 60)
    return f"{text}{'-' if quarters < 0 else '+'}{hours:02d}:{minutes:02d}"


def _member(disk: Volume, entry: Entry, path: str, context: Context) -> Member:
    state = "deleted" if entry.deleted else "present"
    reason = context.too_large(entry.size)
    runs: Runs = []
    if not reason:
        try:
            with damage("its chain of clusters"):
                runs = _runs(disk, entry)
        except Unreadable as error:
            reason = error.reason
    opener = None if reason else _opener(disk, runs, entry, path, context)
    return Member(path, opener, entry.size, entry.times, state, reason)  # type: ignore[arg-type]


def _opener(disk: Volume, runs: Runs, entry: Entry, path: str, context: Context) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        written = _stream(disk, runs, min(entry.valid, entry.size))
        return context.stream(_Padded(written, entry.size), entry.size, path)  # type: ignore[arg-type]

    return opened


class _Padded:
    """What was written of a file, then zeros: behind the valid length stands what an older file left there."""

    def __init__(self, written: BinaryIO, size: int) -> None:
        self._written = written
        self._left = size

    def read(self, count: int) -> bytes:
        count = min(count, self._left)
        piece = self._written.read(count) or bytes(count)
        self._left -= len(piece)
        return piece

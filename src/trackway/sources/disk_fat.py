"""FAT12, FAT16 and FAT32: files, and deleted files whose clusters nobody has taken since.

dissect.fat gives the geometry and the table; directories are walked here, because it passes over deleted entries and
follows a chain in a circle for ever. Layout: Microsoft's fatgen103. Times are wall clock without zone.
"""

import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from dissect.fat.fat import FATFS
from dissect.util.stream import RunlistStream
from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import FileTimes, Member
from trackway.sources.disk_media import Context
from trackway.sources.guard import damage, dos_text, read_at, safe_name

ENTRY = 32
FOLDER_BYTES = 4 << 20
"""The largest folder that is believed (the format allows 2 MiB)."""
DEPTH = 128
DELETED, END = 0xE5, 0x00
LONG_NAME, VOLUME_LABEL, FOLDER = 0x0F, 0x08, 0x10

Runs = list[tuple[int, int]]
"""(first cluster counted from zero, number of clusters), in the file's order."""


class Entry(Struct, frozen=True):
    """One directory entry. ``cluster``: its first, 0 for none; ``size`` in bytes."""

    name: str
    attributes: int
    cluster: int
    size: int
    times: FileTimes
    deleted: bool


def members(volume: BinaryIO, prefix: str, context: Context) -> Iterator[Member]:
    """All files, folder by folder in the order of the medium."""
    with damage("the FAT file system"):
        table = FATFS(volume)
        root = _root_bytes(table)
    visited: set[tuple[int, bool]] = set()
    waiting: list[tuple[bytes, str, int]] = [(root, prefix, 0)]
    while waiting:
        listing, path, depth = waiting.pop()
        inner = []
        for entry in entries(listing):
            context.watched.progress()
            name = path + safe_name(entry.name)
            if not entry.attributes & FOLDER:
                yield _member(table, entry, name, context)
            elif depth < DEPTH and (entry.cluster, entry.deleted) not in visited:
                visited.add((entry.cluster, entry.deleted))
                inner.append((_folder_bytes(table, entry, name, context), f"{name}/", depth + 1))
            else:
                context.report.not_understood(name, "a folder nested too deeply, or in a loop: not entered")
        waiting.extend(reversed(inner))


def _root_bytes(table: FATFS) -> bytes:
    cluster = table.root.cluster
    if cluster is None:
        start = (table.bpb.BPB_RsvdSecCnt + table.fat_size * table.bpb.BPB_NumFATs) * table.sector_size
        return read_at(table.fh, start, min(table.bpb.BPB_RootEntCnt * ENTRY, FOLDER_BYTES))
    return _chain_bytes(table, cluster)


def _chain_bytes(table: FATFS, cluster: int) -> bytes:
    runs = chain(table, cluster, FOLDER_BYTES // table.cluster_size + 1)
    return read_at(
        RunlistStream(table.data_stream, runs, _length(runs) * table.cluster_size, table.cluster_size), 0, FOLDER_BYTES
    )


def _length(runs: Runs) -> int:
    return sum(count for _, count in runs)


def _folder_bytes(table: FATFS, entry: Entry, name: str, context: Context) -> bytes:
    """A folder's entries; of a deleted folder the first cluster, if that still holds one."""
    try:
        with damage("the folder"):
            if not entry.deleted:
                return _chain_bytes(table, entry.cluster)
            if entry.cluster < 2 or table.fat.get(entry.cluster) != 0:
                return b""
            listing = read_at(table.data_stream, (entry.cluster - 2) * table.cluster_size, table.cluster_size)
            return listing if listing[:11] == b".          " else b""
    except Unreadable as error:
        context.report.not_understood(name, error.reason)
        return b""


def chain(table: FATFS, cluster: int, limit: int) -> Runs:
    """The clusters from ``cluster`` on, at most ``limit``. Unreadable where the chain is broken or runs in a circle."""
    top = {12: 0xFF7, 16: 0xFFF7, 32: 0x0FFFFFF7}[table.fat.bits_per_entry]
    runs: Runs = []
    # A circle enters the same cluster by a jump twice; only jumps are remembered.
    jumped_to: set[int] = set()
    start, count, total = cluster, 1, 1
    while total < limit:
        following = table.fat.get(cluster)
        if following > top:
            break
        if following < 2 or following == top:
            raise Unreadable("its chain of clusters is broken")
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


def entries(listing: bytes) -> Iterator[Entry]:
    """The entries of a folder, deleted ones too, without "." and ".." and the volume's label."""
    long_parts: list[tuple[int, str]] = []
    for at in range(0, len(listing) - ENTRY + 1, ENTRY):
        record = listing[at : at + ENTRY]
        if record[0] == END:
            return
        attributes = record[11]
        if attributes & 0x3F == LONG_NAME:
            units = record[1:11] + record[14:26] + record[28:32]
            long_parts.append((record[13], units.decode("utf-16-le", "surrogatepass")))
            continue
        if not attributes & VOLUME_LABEL and record[:2] not in (b". ", b".."):
            yield _entry(record, long_parts)
        long_parts = []


def _entry(record: bytes, long_parts: list[tuple[int, str]]) -> Entry:
    deleted = record[0] == DELETED
    hundredths, c_time, c_date, a_date, high, w_time, w_date, low, size = struct.unpack_from("<B7HI", record, 13)
    accessed = dos_text(a_date, 0)
    times = FileTimes(
        created=dos_text(c_date, c_time, hundredths),
        written=dos_text(w_date, w_time),
        # The format keeps the day only.
        accessed=accessed[:10] if accessed else None,
    )
    return Entry(_name(record, long_parts, deleted), record[11], high << 16 | low, size, times, deleted)


def _name(record: bytes, long_parts: list[tuple[int, str]], deleted: bool) -> str:
    """The long name where its parts belong to this entry, else the short one; "_" for a deleted entry's lost letter.

    The parts' checksum is one of the short name. A deletion overwrites its first letter, so for a deleted entry the
    parts must agree with one another."""
    sums = {checksum for checksum, _ in long_parts}
    if long_parts and len(sums) == 1 and (deleted or sums == {_checksum(record[:11])}):
        name = "".join(part for _, part in reversed(long_parts)).split("\x00", 1)[0].rstrip("\uffff")
        if name:
            return name
    raw = (b"_" if deleted else b"\xe5" if record[0] == 0x05 else record[:1]) + record[1:11]
    base, ending = raw[:8].decode("cp437").rstrip(), raw[8:].decode("cp437").rstrip()
    # Windows NT marks short names in lower case with two bits.
    base = base.lower() if record[12] & 8 else base
    ending = ending.lower() if record[12] & 16 else ending
    return f"{base}.{ending}" if ending else base


def _checksum(short: bytes) -> int:
    total = 0
    for byte in short:
        total = ((total & 1) << 7) + (total >> 1) + byte & 0xFF
    return total


def _member(table: FATFS, entry: Entry, path: str, context: Context) -> Member:
    state = "deleted" if entry.deleted else "present"
    reason = context.too_large(entry.size)
    runs: Runs = []
    if entry.size and not reason:
        try:
            with damage("its chain of clusters"):
                runs = _runs(table, entry)
        except Unreadable as error:
            reason = error.reason
    if reason:
        return Member(path, None, entry.size, entry.times, state, reason)  # type: ignore[arg-type]
    return Member(path, _opener(table, runs, entry.size, path, context), entry.size, entry.times, state)  # type: ignore[arg-type]


def _runs(table: FATFS, entry: Entry) -> Runs:
    """Where a file's bytes stand. A deleted file's chain is erased: it is taken to lie in one piece, as most do, if
    all of these clusters are free."""
    count = -(-entry.size // table.cluster_size)
    if not entry.deleted:
        runs = chain(table, entry.cluster, count)
        if _length(runs) < count:
            raise Unreadable("its chain of clusters is shorter than its size")
        return runs
    if entry.cluster < 2:
        raise Unreadable("deleted: where its bytes stood is not kept")
    for cluster in range(entry.cluster, entry.cluster + count):
        if table.fat.get(cluster) != 0:
            raise Unreadable("deleted: its clusters are in use by another file")
    return [(entry.cluster - 2, count)]


def _opener(table: FATFS, runs: Runs, size: int, path: str, context: Context) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        return context.stream(RunlistStream(table.data_stream, runs, size, table.cluster_size), size, path)

    return opened

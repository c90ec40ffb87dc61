"""NTFS by its master file table: files, alternate data streams ("file:stream"), deleted files.

The table is read record by record with dissect.ntfs; folders' indexes are not needed, so a damaged one hides nothing.
The file system's own tables ($MFT, $LogFile, ... and what lies in $Extend) are no members. A record that is not in
use is a deleted file; its bytes are given where no cluster of it is in use again.
"""

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO

from dissect.ntfs import NTFS
from dissect.ntfs.c_ntfs import ATTRIBUTE_FLAG_ENCRYPTED, ATTRIBUTE_TYPE_CODE, FILE_NAME_DOS
from dissect.ntfs.mft import MftRecord
from dissect.ntfs.util import segment_reference
from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import FileTimes, Member, MemberState
from trackway.sources.disk_media import Context
from trackway.sources.guard import damage, read_at, safe_name, utc_text

BITMAP, ROOT, EXTEND = 6, 5, 11
FIRST_FILE = 24
"""Records before this one are the file system's own, the root among them."""
DEPTH = 250
RECORD_BYTES = 65536
CLUSTER_BYTES = 2 << 20
ORPHAN = "$Orphan"
"""The folder in which files stand here whose own folder is gone."""

IN_USE = 1
SYMLINK, MOUNT_POINT, WOF = 0xA000000C, 0xA0000003, 0x80000017
_EPOCH_NS = 11_644_473_600_000_000_000
"""Nanoseconds from 1601 to 1970: dissect gives a time of zero as minus this."""


class _Parent(Struct, frozen=True):
    """The folder that a name stands in: record and sequence number."""

    record: int
    sequence: int


def members(volume: BinaryIO, prefix: str, context: Context) -> Iterator[Member]:
    """All files, in the order of the master file table."""
    with damage("the NTFS file system"):
        table = _Table(volume, context.watched.size)
    damaged = 0
    for number in range(FIRST_FILE, table.count):
        context.watched.progress()
        record = table.record(number)
        if record is None:
            damaged += table.is_damaged(number)
            continue
        try:
            with damage("its record in the master file table"):
                found = list(table.members(record, prefix, context))
        except Unreadable:
            damaged += 1
            continue
        yield from found
    if damaged:
        context.report.incomplete(f"{damaged} damaged records of the NTFS master file table were passed over")


class _Table:
    """The master file table of one volume."""

    def __init__(self, volume: BinaryIO, medium_size: int) -> None:
        boot = read_at(volume, 0, 512)
        _check_geometry(boot)
        # Empty streams instead of $Secure and $UsnJrnl: they are not needed and would be looked up in the indexes.
        self.ntfs = NTFS(volume, sds=io.BytesIO(), usnjrnl=io.BytesIO())
        self._size = self.ntfs._record_size
        self._stream = self.ntfs.mft.fh
        # The stated size of the table is never trusted beyond what the medium can hold.
        self.count = min(self._stream.size, medium_size) // self._size
        self._bitmap = self._open_bitmap()
        self._folder = lru_cache(65536)(self._folder_uncached)

    def _open_bitmap(self) -> BinaryIO | None:
        try:
            with damage("the bitmap"):
                opened: BinaryIO = self.ntfs.mft.get(BITMAP).open()
                return opened
        except Unreadable:
            return None

    def record(self, number: int) -> MftRecord | None:
        """A record; None where none can be read."""
        try:
            with damage("the record"):
                record = MftRecord.from_fh(self._stream, number * self._size, ntfs=self.ntfs)
        except Unreadable:
            return None
        record.segment = number
        return record

    def is_damaged(self, number: int) -> bool:
        """Whether an unreadable record was one once (a record never used is zeros)."""
        return read_at(self._stream, number * self._size, 4) in (b"FILE", b"BAAD")

    def members(self, record: MftRecord, prefix: str, context: Context) -> Iterator[Member]:
        """The streams of one record, under each of its names."""
        if segment_reference(record.header.BaseFileRecordSegment) or not record.attributes:
            return
        state: MemberState = "present" if record.header.Flags & IN_USE else "deleted"
        names = [path for path in map(self._path, self._names(record)) if path is not None]
        times = _times(record)
        tag = _reparse_tag(record)
        for path in names:
            for stream in _streams(record):
                if record.is_dir() and not stream:
                    continue
                shown = prefix + path + (f":{safe_name(stream)}" if stream else "")
                size = int(record.size(stream))
                reason = self._why_not(record, stream, state, tag, size, context)
                opener = None if reason else _opener(record, stream, size, shown, context)
                yield Member(shown, opener, size, times, state, reason)

    def _names(self, record: MftRecord) -> Iterator[tuple[str, _Parent]]:
        for name in record.attributes[ATTRIBUTE_TYPE_CODE.FILE_NAME]:
            if name.flags != FILE_NAME_DOS:
                parent = name.attr.ParentDirectory
                yield name.file_name, _Parent(segment_reference(parent), parent.SequenceNumber)

    def _path(self, named: tuple[str, _Parent]) -> str | None:
        """The whole path; None for what lies in the file system's own folder."""
        name, parent = named
        parts, seen = [safe_name(name)], 0
        while parent.record != ROOT:
            if parent.record == EXTEND:
                return None
            folder = self._folder(parent)
            seen += 1
            if folder is None or seen > DEPTH:
                parts.append(ORPHAN)
                break
            folder_name, parent = folder
            parts.append(folder_name)
        return "/".join(reversed(parts))

    def _folder_uncached(self, place: _Parent) -> tuple[str, _Parent] | None:
        """Name and parent of a folder; None where it is gone, or the record is another's by now."""
        record = self.record(place.record)
        if record is None or not record.is_dir():
            return None
        # Deleting a folder raises its sequence number.
        same = record.header.SequenceNumber - (0 if record.header.Flags & IN_USE else 1)
        if place.sequence not in (same, record.header.SequenceNumber):
            return None
        try:
            with damage("the folder"):
                name, parent = next(self._names(record), (None, place))
        except Unreadable:
            return None
        return (safe_name(name), parent) if name is not None else None

    def _why_not(
        self, record: MftRecord, stream: str, state: MemberState, tag: int, size: int, context: Context
    ) -> str:
        attributes = record.attributes.find(stream, ATTRIBUTE_TYPE_CODE.DATA)
        if tag in (SYMLINK, MOUNT_POINT) and not stream:
            return f"a link to {safe_name(record.reparse_point_name or '')}: not followed"
        if attributes[0].header.flags & ATTRIBUTE_FLAG_ENCRYPTED:
            return "encrypted by the file system (EFS)"
        if tag == WOF and not stream:
            return "compressed by Windows (WOF): not read yet"
        if state == "deleted" and not attributes[0].resident and self._in_use(attributes):
            return "deleted: its clusters are in use by another file"
        return context.too_large(size)

    def _in_use(self, attributes: Any) -> bool:
        """Whether the bitmap marks any cluster of these runs; without one, they are taken as in use."""
        if self._bitmap is None:
            return True
        for start, count in attributes.dataruns():
            if start is None:
                continue
            if start < 0 or count <= 0 or count > 1 << 32:
                return True
            first, last = start // 8, (start + count - 1) // 8
            bits = int.from_bytes(read_at(self._bitmap, first, last - first + 1), "little")
            if bits >> start % 8 & (1 << count) - 1:
                return True
        return False


def _check_geometry(boot: bytes) -> None:
    """dissect allocates what the boot sector asks for: refuse what makes no sense."""
    if len(boot) < 512:
        raise Unreadable("the NTFS file system is cut off")
    sector = int.from_bytes(boot[11:13], "little")
    cluster = sector * (boot[13] if boot[13] <= 0x80 else 1 << min(256 - boot[13], 30))
    exponent = int.from_bytes(boot[64:65], "little", signed=True)
    record = 1 << -exponent if exponent < 0 else exponent * cluster
    if sector not in (512, 1024, 2048, 4096) or not 0 < cluster <= CLUSTER_BYTES or not 512 <= record <= RECORD_BYTES:
        raise Unreadable("the NTFS file system has sectors, clusters or records of a size that makes no sense")


def _streams(record: MftRecord) -> list[str]:
    """The names of a record's data streams, the unnamed one first; each once."""
    names = dict.fromkeys(attribute.name for attribute in record.attributes[ATTRIBUTE_TYPE_CODE.DATA])
    return sorted(names, key=lambda name: (name != "", name))


def _reparse_tag(record: MftRecord) -> int:
    found = record.attributes[ATTRIBUTE_TYPE_CODE.REPARSE_POINT]
    return int(found[0].tag) if found else 0


def _times(record: MftRecord) -> FileTimes:
    """Instants in steps of 100 ns, of $STANDARD_INFORMATION."""
    found = record.attributes[ATTRIBUTE_TYPE_CODE.STANDARD_INFORMATION]
    if not found:
        return FileTimes()
    facts = found[0]
    return FileTimes(
        created=_time(facts.creation_time_ns),
        written=_time(facts.last_modification_time_ns),
        accessed=_time(facts.last_access_time_ns),
        changed=_time(facts.last_change_time_ns),
    )


def _time(nanoseconds: int) -> str | None:
    return None if nanoseconds == -_EPOCH_NS else utc_text(nanoseconds)


def _opener(record: MftRecord, stream: str, size: int, path: str, context: Context) -> Any:
    def opened() -> BinaryIO:
        with damage(path):
            inner = record.open(stream)
        return context.stream(inner, size, path)

    return opened

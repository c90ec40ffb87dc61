"""Tar archives (ustar, pax, GNU, sparse, old v7), streamed with ``tarfile``.

Links are not followed: they, devices and pipes are said. ``tarfile`` reads extended headers whole into memory and
takes a damaged header for the end; both are watched here.
"""

import tarfile
from collections.abc import Callable, Iterator
from typing import BinaryIO

from trackway.model.errors import Unreadable
from trackway.model.source import Container, FileTimes, Member, Report, Source
from trackway.sources.guard import LIMITS, Budget, Limits, Refusal, escaped, guarded, member_stream, safe_path, utc_text

BLOCK = 512
HEADER_BYTES = 4 << 20
"""The largest extended header (a long name, pax records) that is believed."""

_KINDS = {
    tarfile.CHRTYPE: "a device: it has no bytes",
    tarfile.BLKTYPE: "a device: it has no bytes",
    tarfile.FIFOTYPE: "a pipe: it has no bytes",
}


def claims(source: Source) -> str | None:
    """By the magic of ustar and GNU, else (v7) by a header whose checksum holds."""
    head = source.head[:BLOCK]
    if len(head) < BLOCK:
        return None
    if head[257:262] == b"ustar" and _checksum_holds(head):
        return "tar archive"
    plausible = head[0] != 0 and head[148:154].strip(b" \x00").isdigit() and head[100:107].strip(b" 0").isdigit()
    return "tar archive (v7)" if plausible and _checksum_holds(head) else None


def _checksum_holds(block: bytes) -> bool:
    """The header's sum, with its own field taken as spaces (signed sums occur too)."""
    try:
        stated = tarfile.nti(block[148:156])  # type: ignore[attr-defined]
    except tarfile.HeaderError:
        return False
    return stated in tarfile.calc_chksums(block)  # type: ignore[attr-defined]


def members(source: Source, report: Report, limits: Limits = LIMITS) -> Iterator[Member]:
    """The files, in the archive's order. Folders are no members."""
    budget = Budget(source.size, limits)
    yield from guarded(_members(source, report, budget), budget, "the tar archive")


def _members(source: Source, report: Report, budget: Budget) -> Iterator[Member]:
    stream = source.open()
    with tarfile.TarFile(fileobj=_Watched(stream), errors="surrogateescape", encoding="utf-8") as archive:  # type: ignore[arg-type]
        try:
            while (info := archive.next()) is not None:
                # tarfile keeps every member otherwise.
                archive.members = []  # type: ignore[attr-defined]
                if not info.isdir():
                    yield _member(info, stream, archive, source.size, budget)
        except tarfile.ReadError as error:
            raise Unreadable("the tar archive is cut off or damaged: the members after this are not read") from error
        _check_end(stream, archive.offset, source.size, report)


class _Watched:
    """The archive as ``tarfile`` reads it: headers of a sane size only."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell
        self.mode = "rb"
        self.name = ""

    def read(self, count: int) -> bytes:
        if not 0 <= count <= HEADER_BYTES:
            raise Unreadable("the tar archive has a header too large to be believed: not read further")
        pieces = []
        while count > 0 and (piece := self._stream.read(count)):
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """The stream is the caller's."""


def _check_end(stream: BinaryIO, offset: int, size: int, report: Report) -> None:
    """An archive ends with zero blocks; anything else there is damage that ``tarfile`` passes over."""
    if offset >= size:
        report.incomplete("the tar archive lacks its end: it may be cut off")
        return
    stream.seek(offset)
    if stream.read(BLOCK).strip(b"\x00"):
        raise Unreadable(f"the tar archive is damaged at byte {offset}: the members after this are not read")
    if stream.read(65536).strip(b"\x00"):
        report.incomplete("something stands behind the end of the tar archive; it is not read")


def _member(info: tarfile.TarInfo, stream: BinaryIO, archive: tarfile.TarFile, size: int, budget: Budget) -> Member:
    shown = safe_path(info.name)
    times = _times(info)
    if isinstance(shown, Refusal):
        return Member(shown.path, None, info.size, times, reason=shown.reason)
    if info.issym() or info.islnk():
        kind = "symbolic" if info.issym() else "hard"
        return Member(shown, None, None, times, reason=f"a {kind} link to {escaped(info.linkname)}: not followed")
    if info.type in _KINDS:
        return Member(shown, None, None, times, reason=_KINDS[info.type])
    if not info.isreg():
        return Member(shown, None, info.size, times, reason="a member of a kind that is not known")
    if info.size < 0:
        return Member(shown, None, None, times, reason="its size makes no sense")
    if info.sparse is not None:
        return Member(shown, _sparse_opener(archive, info, budget, shown), info.size, times)
    return Member(shown, _opener(stream, info.offset_data, info.size, budget, shown), info.size, times)


def _opener(stream: BinaryIO, begin: int, size: int, budget: Budget, shown: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        return member_stream(Range(stream, begin, size).read, budget, shown)

    return opened


def _sparse_opener(
    archive: tarfile.TarFile, info: tarfile.TarInfo, budget: Budget, shown: str
) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        inner = archive.extractfile(info)
        if inner is None:
            raise Unreadable("it has no bytes")
        return member_stream(inner.read, budget, shown)

    return opened


class Range:
    """Bytes ``begin`` to ``begin + size`` of a stream that others move; Unreadable where they end early."""

    def __init__(self, stream: BinaryIO, begin: int, size: int) -> None:
        self._stream = stream
        self._at = begin
        self._left = size

    def read(self, count: int) -> bytes:
        count = min(count, self._left)
        if count <= 0:
            return b""
        self._stream.seek(self._at)
        piece = self._stream.read(count)
        if not piece:
            raise Unreadable("it is cut off: its bytes end early")
        self._at += len(piece)
        self._left -= len(piece)
        return piece


def _times(info: tarfile.TarInfo) -> FileTimes:
    """Instants; pax headers keep fractions and the other times."""
    pax = info.pax_headers
    written = _pax_time(pax.get("mtime")) or utc_text(int(info.mtime * 1_000_000_000))
    return FileTimes(
        created=_pax_time(pax.get("LIBARCHIVE.creationtime")),
        written=written,
        accessed=_pax_time(pax.get("atime")),
        changed=_pax_time(pax.get("ctime")),
    )


def _pax_time(text: str | None) -> str | None:
    """Decimal seconds, kept to the nanosecond."""
    if not text:
        return None
    whole, _, fraction = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    try:
        nanoseconds = abs(int(whole)) * 1_000_000_000 + int((fraction + "000000000")[:9])
    except ValueError:
        return None
    return utc_text(sign * nanoseconds)


def warm_up() -> None:
    """Nothing is loaded late."""


CONTAINER = Container(name="tar", version=1, title="tar archive", claims=claims, members=members)

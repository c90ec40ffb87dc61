"""cpio archives: newc and crc ("070701", "070702"), odc ("070707"), and the old binary form of either byte order.

Layouts: cpio(5) of FreeBSD's libarchive. dissect.util reads cpio through ``tarfile`` and trusts its numbers (a
negative size makes it loop), hence this small parser.
"""

import stat
import struct
from collections.abc import Callable, Iterator
from typing import BinaryIO

from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import Container, FileTimes, Member, Report, Source
from trackway.sources.archive_tar import Range
from trackway.sources.guard import (
    LIMITS,
    NAME_BYTES,
    Budget,
    Limits,
    Refusal,
    escaped,
    guarded,
    member_stream,
    read_at,
    safe_path,
    utc_text,
)

END_NAME = b"TRAILER!!!"
_NEWC = struct.Struct("<6s" + "8s" * 13)
_ODC = struct.Struct("<6s6s6s6s6s6s6s6s11s6s11s")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_OCTAL = frozenset(b"01234567")
_LINK_BYTES = 4096


class _Header(Struct, frozen=True):
    """``data``: where the bytes begin; ``next``: where the next header begins; ``written``: seconds since 1970;
    ``checksum``: the sum of the bytes (crc form), None in other forms."""

    name: bytes
    mode: int
    links: int
    written: int
    size: int
    data: int
    next: int
    newc: bool = False
    checksum: int | None = None


def claims(source: Source) -> str | None:
    """By magic, and by a first header whose numbers are numbers."""
    if _form(source.head) is None:
        return None
    try:
        header = _parse(source.head, 0)
    except Unreadable:
        return None
    return "cpio archive" if header.name == END_NAME or stat.S_IFMT(header.mode) else None


def members(source: Source, report: Report, limits: Limits = LIMITS) -> Iterator[Member]:
    """The files, in the archive's order. Folders are no members."""
    budget = Budget(source.size, limits)
    yield from guarded(_members(source, budget), budget, "the cpio archive")


def _members(source: Source, budget: Budget) -> Iterator[Member]:
    stream = source.open()
    at = 0
    while True:
        header = _parse(read_at(stream, at, NAME_BYTES + 256), at)
        if header.name == END_NAME:
            return
        if not stat.S_ISDIR(header.mode):
            yield _member(header, stream, budget)
        at = header.next


def _form(block: bytes) -> str | None:
    if block[:6] in (b"070701", b"070702"):
        return "newc"
    if block[:6] == b"070707":
        return "odc"
    return {b"\xc7\x71": "<", b"\x71\xc7": ">"}.get(block[:2])


def _parse(block: bytes, at: int) -> _Header:
    """The header in ``block``, which stands at ``at``. Unreadable where there is none."""
    form = _form(block)
    try:
        if form == "newc":
            return _newc(block, at)
        if form == "odc":
            return _odc(block, at)
        if form is not None:
            return _binary(block, at, form)
    except (struct.error, ValueError) as error:
        raise Unreadable(f"the cpio archive is damaged at byte {at}: the members after this are not read") from error
    reason = "is cut off" if not block else f"is damaged at byte {at}"
    raise Unreadable(f"the cpio archive {reason}: the members after this are not read")


def _numbers(fields: tuple[bytes, ...], base: int) -> list[int]:
    allowed = _HEX if base == 16 else _OCTAL
    for text in fields:
        if not allowed.issuperset(text):
            raise ValueError("not a number")
    return [int(text, base) for text in fields]


def _newc(block: bytes, at: int) -> _Header:
    magic, *fields = _NEWC.unpack_from(block)
    _, mode, _, _, links, written, size, _, _, _, _, named, checksum = _numbers(tuple(fields), 16)
    data = at + (_NEWC.size + named + 3 & ~3)
    return _Header(
        _name(block, _NEWC.size, named), mode, links, written, size, data, data + size + 3 & ~3,
        True, checksum if magic == b"070702" else None,
    )  # fmt: skip


def _odc(block: bytes, at: int) -> _Header:
    _, *fields = _ODC.unpack_from(block)
    _, _, mode, _, _, links, _, written, named, size = _numbers(tuple(fields), 8)
    data = at + _ODC.size + named
    return _Header(_name(block, _ODC.size, named), mode, links, written, size, data, data + size)


def _binary(block: bytes, at: int, order: str) -> _Header:
    (_, _, _, mode, _, _, links, _, time_high, time_low, named, size_high, size_low) = struct.unpack_from(
        order + "13H", block
    )
    size = size_high << 16 | size_low
    data = at + 26 + (named + 1 & ~1)
    return _Header(
        _name(block, 26, named), mode, links, time_high << 16 | time_low, size, data, data + (size + 1 & ~1)
    )  # fmt: skip


def _name(block: bytes, start: int, length: int) -> bytes:
    if not 0 < length <= NAME_BYTES or start + length > len(block) or block[start + length - 1]:
        raise ValueError("no name")
    return block[start : start + length].split(b"\x00", 1)[0]


def _member(header: _Header, stream: BinaryIO, budget: Budget) -> Member:
    shown = safe_path(header.name)
    times = FileTimes(written=utc_text(header.written * 1_000_000_000))
    if isinstance(shown, Refusal):
        return Member(shown.path, None, header.size, times, reason=shown.reason)
    if stat.S_ISLNK(header.mode):
        target = read_at(stream, header.data, min(header.size, _LINK_BYTES)).decode("utf-8", "surrogateescape")
        return Member(shown, None, None, times, reason=f"a symbolic link to {escaped(target)}: not followed")
    if not stat.S_ISREG(header.mode):
        return Member(shown, None, None, times, reason="a device, pipe or socket: it has no bytes")
    if header.size == 0 and header.links > 1 and header.newc:
        return Member(shown, None, 0, times, reason="a hard link: its bytes stand under another name")
    return Member(shown, _opener(header, stream, budget, shown), header.size, times)


def _opener(header: _Header, stream: BinaryIO, budget: Budget, shown: str) -> Callable[[], BinaryIO]:
    def opened() -> BinaryIO:
        read = Range(stream, header.data, header.size).read
        return member_stream(read if header.checksum is None else _Summed(read, header.checksum).read, budget, shown)

    return opened


class _Summed:
    """Bytes whose sum is checked at the end (the crc form)."""

    def __init__(self, read: Callable[[int], bytes], stated: int) -> None:
        self._read = read
        self._stated = stated
        self._sum = 0

    def read(self, count: int) -> bytes:
        piece = self._read(count)
        self._sum = self._sum + sum(piece) & 0xFFFFFFFF
        if not piece and self._sum != self._stated:
            raise Unreadable("its checksum does not fit: its bytes are damaged")
        return piece


def warm_up() -> None:
    """Nothing is loaded late."""


CONTAINER = Container(name="cpio", version=1, title="cpio archive", claims=claims, members=members)

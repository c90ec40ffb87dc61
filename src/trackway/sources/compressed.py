"""Compressed single files: gzip (RFC 1952), bzip2, xz and lzma, Zstandard (RFC 8878): a container of one member.

A ``.tgz`` is such a container, whose member is a tar archive. Formats that are known and not read (7-Zip, RAR, ...)
are refused by name: ``unread``.
"""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import Container, FileTimes, Member, Report, Source
from trackway.sources import expanding
from trackway.sources.guard import LIMITS, Budget, Limits, Refusal, guarded, member_stream, safe_path, utc_text

ZSTD_MAGICS = (b"\x28\xb5\x2f\xfd", *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60)))
XZ_MAGIC = b"\xfd7zXZ\x00"


class Codec(Struct, frozen=True):
    """One kind of compression: ``magics`` a stream begins with, ``suffixes`` and what they stand for."""

    title: str
    magics: tuple[bytes, ...]
    make: Callable[[], expanding.Decoder]
    suffixes: dict[str, str]


CODECS = (
    Codec("gzip file", (b"\x1f\x8b",), expanding.gzip, {".tgz": ".tar", ".gz": "", ".gzip": "", ".svgz": ".svg"}),
    Codec("bzip2 file", (b"BZh",), expanding.bzip2, {".tbz2": ".tar", ".tbz": ".tar", ".bz2": "", ".bz": ""}),
    Codec("xz file", (XZ_MAGIC,), expanding.xz, {".txz": ".tar", ".xz": ""}),
    Codec("zstd file", ZSTD_MAGICS, expanding.zstandard, {".tzst": ".tar", ".zst": "", ".zstd": ""}),
)
LZMA = Codec("lzma file", (), expanding.xz, {".tlz": ".tar", ".lzma": ""})

UNREAD = (
    (b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (b"Rar!\x1a\x07", "RAR archive"),
    (b"MSCF\x00\x00\x00\x00", "Windows cabinet"),
    (b"\x04\x22\x4d\x18", "lz4 file"),
    (b"LZIP", "lzip file"),
    (b"\x1f\x9d", "compress (.Z) file"),
    (b"xar!\x00\x1c", "xar archive"),
    (b"LVF\x09\x0d\x0a\xff\x00", "EnCase logical evidence file (L01)"),
    (b"LEF2\x0d\x0a\x81\x00", "EnCase logical evidence file (Lx01)"),
    (b"ADSEGMENTEDFILE\x00", "AccessData logical image (AD1)"),
)
"""Formats that hold files and are recognised, not read."""


def unread(head: bytes) -> str | None:
    """The name of a format that is known and not read; None for any other."""
    for magic, title in UNREAD:
        if head.startswith(magic):
            return title
    # LHA keeps its method ("-lh5-") behind two bytes.
    if head[2:5] in (b"-lh", b"-lz") and head[6:7] == b"-":
        return "LHA archive"
    return None


def codec_of(head: bytes) -> Codec | None:
    """The compression that ``head`` begins with."""
    for codec in CODECS:
        if head.startswith(codec.magics):
            # "BZh" is followed by the block size and by the magic of a block or of the end.
            if codec.magics == (b"BZh",) and head[4:10] not in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90"):
                continue
            return codec
    return LZMA if _looks_like_lzma(head) else None


def _looks_like_lzma(head: bytes) -> bool:
    """The old lzma format has no magic: the usual properties, a dictionary of a usual size, a size that is possible."""
    if len(head) < 18 or head[0] != 0x5D or head[13] != 0:
        return False
    dictionary, size = struct.unpack_from("<IQ", head, 1)
    usual = dictionary in {1 << power for power in range(12, 31)} | {3 << power for power in range(11, 30)}
    return usual and (size == 2**64 - 1 or 0 < size < 1 << 40)


def claims(source: Source) -> str | None:
    """By magic bytes."""
    codec = codec_of(source.head)
    return codec.title if codec is not None else unread(source.head)


def members(source: Source, report: Report, limits: Limits = LIMITS) -> Iterator[Member]:
    """The one member. Unreadable for formats that are known and not read."""
    codec = codec_of(source.head)
    if codec is None:
        raise Unreadable(f"{unread(source.head) or 'this compression'}: not read yet")
    if codec.magics == (b"\x1f\x8b",) and source.head[2:3] != b"\x08":
        raise Unreadable("gzip file whose compression is of no known kind")
    budget = Budget(source.size, limits)
    yield from guarded(_only_member(source, report, codec, budget), budget, f"the {codec.title}")


def _only_member(source: Source, report: Report, codec: Codec, budget: Budget) -> Iterator[Member]:
    header_name, times = _gzip_header(source.head) if codec.magics == (b"\x1f\x8b",) else (b"", FileTimes())
    path = _inner_name(source.name, codec, header_name)

    def opened() -> BinaryIO:
        read = source.open().read
        said = partial(report.not_understood, path)
        return member_stream(expanding.Expanding(codec.make, read, codec.magics, said).read, budget, path)

    yield Member(path, opened, times=times)


def _inner_name(name: str, codec: Codec, header_name: bytes) -> str:
    """The source's own name without the suffix; else the name in a gzip header; else the name as it is."""
    base = name.rsplit("/", 1)[-1]
    for suffix, stands_for in codec.suffixes.items():
        if base.lower().endswith(suffix) and len(base) > len(suffix):
            return base[: -len(suffix)] + stands_for
    if header_name:
        stated = safe_path(header_name.decode("latin-1"))
        if not isinstance(stated, Refusal):
            return stated
    return base or "content"


def _gzip_header(head: bytes) -> tuple[bytes, FileTimes]:
    """Name and time in the header (RFC 1952, 2.3): the time is an instant, zero means none."""
    if len(head) < 10:
        return b"", FileTimes()
    flags, seconds = head[3], int.from_bytes(head[4:8], "little")
    times = FileTimes(written=utc_text(seconds * 1_000_000_000) if seconds else None)
    start = 10
    if flags & 4:
        start += 2 + int.from_bytes(head[10:12], "little")
    if not flags & 8:
        return b"", times
    end = head.find(b"\x00", start, start + 1024)
    return (head[start:end] if end > 0 else b""), times


def warm_up() -> None:
    """Use each codec once, so that a locked worker need not load anything."""
    expanding.warm_up()


CONTAINER = Container(
    name="compressed", version=1, title="compressed file (gzip, bzip2, xz, zstd)", claims=claims, members=members
)

"""What stands at the beginning of a volume: a file system, a partition table, an encrypted volume.

Every signature is looked at together with the numbers around it: two magic bytes alone are found everywhere.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from dissect.volume.disk import Disk
from dissect.volume.lvm import LVM2
from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.sources.guard import damage, read_at, safe_name

FIRST = 69_632
"""Bytes of a volume within which every signature stands."""
PARTITIONS = 4096


class Signature(Struct, frozen=True):
    """``kind``: "fat", "exfat", "ntfs", "partitions", "lvm", another name for what dissect.target opens; or "" with
    the ``refusal`` for what is recognised and not read."""

    kind: str
    title: str
    refusal: str = ""


class Volume(Struct, frozen=True):
    """A part of a medium: ``name`` as it stands in paths."""

    name: str
    stream: BinaryIO
    size: int


_ENCRYPTED = "encrypted volume ({}): it can be read only with its key"
_UNREAD = "{}: this file system is not read yet"

_MAGICS = (
    (3, b"NTFS    ", Signature("ntfs", "NTFS")),
    (3, b"EXFAT   ", Signature("exfat", "exFAT")),
    (3, b"-FVE-FS-", Signature("", "BitLocker", _ENCRYPTED.format("BitLocker"))),
    (
        424,
        bytes.fromhex("3bd66749292ed84a8399f6a339e3d001"),
        Signature("", "BitLocker", _ENCRYPTED.format("BitLocker")),
    ),
    (0, b"LUKS\xba\xbe", Signature("", "LUKS", _ENCRYPTED.format("LUKS"))),
    (3, b"ReFS\x00\x00\x00\x00", Signature("", "ReFS", _UNREAD.format("ReFS"))),
    (0, b"XFSB\x00\x00", Signature("xfs", "XFS")),
    (65600, b"_BHRfS_M", Signature("btrfs", "btrfs")),
    (32, b"NXSB", Signature("apfs", "APFS")),
    (0, b"hsqs", Signature("squashfs", "SquashFS")),
    (0, b"\x45\x3d\xcd\x28", Signature("cramfs", "cramfs")),
    (4086, b"SWAPSPACE2", Signature("", "swap", "Linux swap: it holds no files")),
    (512, b"LABELONE", Signature("lvm", "LVM")),
    (
        4096,
        b"\xfc\x4e\x2b\xa9\x01\x00\x00\x00",
        Signature("", "RAID", "Linux RAID member: put the RAID together first"),
    ),
    (1024, b"\x10\x20\xf5\xf2", Signature("", "F2FS", _UNREAD.format("F2FS"))),
)
_DISCS = (
    (32769, b"CD001", Signature("", "ISO 9660", "ISO 9660 disc image: not read yet; copy its files into a folder")),
    (32769, b"BEA01", Signature("", "UDF", "UDF disc image: not read yet; copy its files into a folder")),
)


def signature(first: bytes, size: int) -> Signature | None:
    """What begins with ``first`` (up to ``FIRST`` bytes of a volume of ``size`` bytes); None where nothing is known."""
    for at, magic, found in _MAGICS:
        if first[at : at + len(magic)] == magic:
            return found
    if _is_fat(first):
        return Signature("fat", "FAT")
    if _is_ext(first):
        return Signature("ext", "ext")
    if first[512:520] == b"EFI PART" or first[4096:4104] == b"EFI PART":
        return Signature("partitions", "GPT")
    if _is_mbr(first, size):
        return Signature("partitions", "MBR")
    if _is_hfs(first):
        return Signature("", "HFS+", _UNREAD.format("HFS+ (Apple)"))
    if first[:2] == b"ER" and first[512:514] == b"PM":
        return Signature("partitions", "Apple partition map")
    for at, magic, found in _DISCS:
        if first[at : at + len(magic)] == magic:
            return found
    return None


def _is_fat(first: bytes) -> bool:
    if len(first) < 512 or not (first[0] == 0xE9 or (first[0] == 0xEB and first[2] == 0x90)):
        return False
    sector, cluster, reserved, tables, _, _, media = struct.unpack_from("<HBHBHHB", first, 11)
    return (
        sector in (512, 1024, 2048, 4096)
        and cluster in (1, 2, 4, 8, 16, 32, 64, 128)
        and reserved > 0
        and tables in (1, 2)
        and (media == 0xF0 or media >= 0xF8)
    )


def _is_ext(first: bytes) -> bool:
    if first[1080:1082] != b"\x53\xef":
        return False
    inodes, blocks = struct.unpack_from("<2I", first, 1024)
    block_size, revision = struct.unpack_from("<I", first, 1048)[0], struct.unpack_from("<I", first, 1100)[0]
    return bool(inodes > 0 and blocks > 0 and block_size <= 6 and revision <= 1)


def _is_hfs(first: bytes) -> bool:
    if first[1024:1026] not in (b"H+", b"HX"):
        return first[1024:1026] == b"BD" and first[:1024].count(0) == 1024
    version, block = struct.unpack_from(">H", first, 1026)[0], struct.unpack_from(">I", first, 1064)[0]
    return bool(version in (4, 5) and block >= 512 and block & (block - 1) == 0)


def _is_mbr(first: bytes, size: int) -> bool:
    """A boot signature and at least one partition that begins within the medium, none that makes no sense."""
    if first[510:512] != b"\x55\xaa":
        return False
    found = False
    for at in range(446, 510, 16):
        boot, kind, begin, length = struct.unpack_from("<B3xB3x2I", first, at)
        if boot not in (0, 0x80):
            return False
        if kind:
            if not begin or not length or begin * 512 >= size:
                return False
            found = True
    return found


def partitions(stream: BinaryIO, size: int, title: str) -> Iterator[Volume]:
    """The partitions, named p1, p2, ... by their number in the table. Unreadable for a damaged table."""
    first = read_at(stream, 0, 8192)
    sector_size = 4096 if first[4096:4104] == b"EFI PART" and first[512:520] != b"EFI PART" else 512
    stream.seek(0)
    with damage(f"the partition table ({title})"):
        found = Disk(stream, sector_size).partitions
    if len(found) > PARTITIONS:
        raise Unreadable("the partition table holds more partitions than can be believed")
    numbers = [partition.number for partition in found]
    plain = len(set(numbers)) == len(numbers) and all(numbers)
    for place, partition in enumerate(found, 1):
        if 0 <= partition.offset < size and partition.size > 0:
            part_size = min(partition.size, size - partition.offset)
            yield Volume(f"p{partition.number if plain else place}", partition.open(), part_size)


def logical_volumes(stream: BinaryIO) -> Iterator[Volume]:
    """The logical volumes of an LVM physical volume that stands alone. Unreadable where it is one of several."""
    with damage("the LVM volume group"):
        volumes = LVM2(stream).volume_group.logical_volumes
    for name, volume in volumes.items():
        if volume.type in ("linear", "striped", "mirror", "thin"):
            with damage(f"the logical volume {safe_name(name)}"):
                opened = volume.open()
            yield Volume(safe_name(name), opened, opened.size)

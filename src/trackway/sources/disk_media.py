"""The medium inside an image file: EnCase (E01), qcow2, vmdk, vhd, vhdx, vdi, raw (also split .001, .002, ...).

dissect.hypervisor opens the virtual disks; here stands what it leaves open: companions are asked of the source (no
path exists in a worker), and overlays without their base are refused rather than read as if they were whole.
"""

import io
import re
import struct
from collections.abc import Callable
from typing import BinaryIO

from dissect.hypervisor.disk.qcow2 import QCow2
from dissect.hypervisor.disk.vdi import VDI
from dissect.hypervisor.disk.vhd import VHD
from dissect.hypervisor.disk.vhdx import VHDX
from dissect.hypervisor.disk.vmdk import VMDK
from dissect.util.stream import MappingStream, RangeStream
from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import Report, Source
from trackway.sources import disk_ewf
from trackway.sources.guard import Budget, damage, exactly, member_stream, read_at

SECTOR = 512
DESCRIPTOR_BYTES = 1 << 20
READS = 400_000
"""Reads of the medium between two things told: a file system that needs more is running in circles."""


class Medium(Struct, frozen=True):
    """A medium's bytes and their number."""

    stream: BinaryIO
    size: int


class Watched(io.RawIOBase):
    """A medium whose reads are counted, so that a damaged file system cannot be walked for ever.

    ``progress()`` is called whenever something was told (a member, its bytes).
    """

    def __init__(self, medium: Medium) -> None:
        self._inner = medium.stream
        self.size = medium.size
        self._left = READS

    def progress(self) -> None:
        self._left = READS

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()

    def read(self, count: int = -1) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise Unreadable("the file system runs in circles: not read further")
        pieces = []
        while count and (piece := self._inner.read(count)):
            pieces.append(piece)
            count = count - len(piece) if count > 0 else count
        return b"".join(pieces)


class Context(Struct, frozen=True):
    """What the walk over one image shares: the watched medium, where to report, what is used up of the limits."""

    watched: Watched
    report: Report
    budget: Budget

    def stream(self, opened: BinaryIO, size: int, path: str) -> BinaryIO:
        """A file's bytes, ``size`` of them, as a member hands them out: reading them is progress."""
        read = exactly(opened.read, size)

        def piece(count: int) -> bytes:
            self.watched.progress()
            return read(count)

        return member_stream(piece, self.budget, path)

    def too_large(self, size: int) -> str:
        """The reason not to read a file of ``size`` bytes; "" where there is none."""
        left = self.budget.allowed - self.budget.expanded
        return f"its {size} bytes are more than the limits allow for this image" if size > left else ""


def _ewf(source: Source, report: Report) -> Medium:
    number = disk_ewf.segment_number(source.head)
    if number != 1:
        raise Unreadable(f"segment {number} of an EnCase image whose first segment is not beside it")
    ewf = disk_ewf.Ewf(source)
    if ewf.missing:
        report.incomplete(f"a segment of the EnCase image is missing: {ewf.missing}")
    return Medium(ewf.open(), ewf.size)


def _qcow2(source: Source, report: Report) -> Medium:
    # Fields by qemu's docs/interop/qcow2.txt.
    version, backing, encrypted, features = struct.unpack_from(">4xIQ16xI36xQ", source.head.ljust(104, b"\x00"))
    if encrypted:
        raise Unreadable("the qcow2 image is encrypted")
    if backing:
        raise Unreadable("the qcow2 image is an overlay: its base image is needed, put them together first")
    if version >= 3 and features & 4:
        raise Unreadable("the qcow2 image keeps its bytes in another file: put them together first")
    image = QCow2(source.open())
    if image.header.nb_snapshots:
        report.incomplete("the qcow2 image holds snapshots; only its present state is read")
    return Medium(image.open(), image.size)


def _vhd(source: Source, report: Report) -> Medium:
    footer = read_at(source.open(), max(0, source.size - SECTOR), SECTOR)
    if footer.startswith(b"conectix") and footer[60:64] == b"\x00\x00\x00\x04":
        raise Unreadable("the VHD image is a difference to another: its base image is needed")
    image = VHD(source.open())
    return Medium(image, image.size)


def _vhdx(source: Source, report: Report) -> Medium:
    stream = source.open()
    try:
        image = VHDX(stream)
    except AttributeError as error:
        # dissect looks for the parent's path, which does not exist here.
        raise Unreadable("the VHDX image is a difference to another: its base image is needed") from error
    return Medium(image, image.size)


def _vdi(source: Source, report: Report) -> Medium:
    image = VDI(source.open())
    if int(image.header.u32Type) not in (1, 2):
        raise Unreadable("the VDI image is a difference to another: its base image is needed")
    return Medium(image.open(), image.size)


_EXTENT = re.compile(rb'^(?:RW|RDONLY|NOACCESS)\s+(\d+)\s+(\w+)(?:\s+"([^"\r\n]*)")?(?:\s+(\d+))?', re.MULTILINE)
_PARENT = re.compile(rb"^parentCID\s*=\s*([0-9A-Fa-f]+)", re.MULTILINE)
_PART = re.compile(r"-(?:[sf]\d{3}|flat|delta|sesparse)(?=\.vmdk$)", re.IGNORECASE)


def _vmdk(source: Source, report: Report) -> Medium:
    if source.head.startswith(b"# Disk"):
        return _vmdk_extents(source)
    start, length = struct.unpack_from("<2Q", source.head.ljust(48, b"\x00"), 28)
    if source.head.startswith(b"KDMV") and length:
        _whole(read_at(source.open(), start * SECTOR, min(length * SECTOR, DESCRIPTOR_BYTES)))
    image = VMDK(source.open())
    return Medium(image, image.size)


def _whole(descriptor: bytes) -> None:
    parent = _PARENT.search(descriptor)
    if parent is not None and parent[1].lower() != b"ffffffff":
        raise Unreadable("the VMDK image is a snapshot: the disk that it belongs to is needed")


def _vmdk_extents(source: Source) -> Medium:
    """A descriptor in text, whose extents are files beside it."""
    descriptor = read_at(source.open(), 0, DESCRIPTOR_BYTES)
    _whole(descriptor)
    disk, at = MappingStream(), 0
    for sectors, kind, name, start in _EXTENT.findall(descriptor):
        size = int(sectors) * SECTOR
        if kind == b"ZERO":
            disk.add(at, size, _Zeros(size))
        elif size:
            disk.add(
                at, size, _vmdk_extent(source, kind.decode(), name.decode("utf-8", "replace"), int(start or 0), size)
            )
        at += size
    if not at:
        raise Unreadable("the VMDK descriptor names no extents")
    return Medium(disk, at)


def _vmdk_extent(source: Source, kind: str, name: str, start: int, size: int) -> BinaryIO:
    if "/" in name or "\\" in name or name in ("", ".", ".."):
        raise Unreadable("the VMDK descriptor names an extent outside of its own folder")
    stream = source.sibling(name)
    if stream is None:
        raise Unreadable(f"an extent of the VMDK image is missing: {name}")
    if kind in ("SPARSE", "VMFSSPARSE", "SESPARSE"):
        sparse: BinaryIO = VMDK(stream)
        return sparse
    if kind in ("FLAT", "VMFS"):
        flat: BinaryIO = RangeStream(stream, start * SECTOR, size)
        return flat
    raise Unreadable(f"the VMDK image has an extent of a kind that is not read: {kind}")


class _Zeros(io.RawIOBase):
    """A run of zeros (an extent without a file)."""

    def __init__(self, size: int) -> None:
        self.size = size

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return offset

    def read(self, count: int = -1) -> bytes:
        return bytes(max(0, min(count, 1 << 20)))


_FIRST_PART = re.compile(r"\.(0{2,3}|0{1,3}1)$")


def _raw(source: Source, report: Report) -> Medium:
    """The bytes themselves; where the name ends in .000, .001 or the like, with the parts that follow."""
    found = _FIRST_PART.search(source.name)
    if found is None:
        return Medium(source.open(), source.size)
    disk, at = MappingStream(), source.size
    disk.add(0, source.size, source.open())
    stem, digits = source.name[: found.start(1)], found[1]
    for number in range(int(digits) + 1, 10 ** len(digits)):
        part = source.sibling(f"{stem}{number:0{len(digits)}d}")
        if part is None:
            break
        size = part.seek(0, io.SEEK_END)
        if size:
            disk.add(at, size, part)
        at += size
    return Medium(disk, at)


class Kind(Struct, frozen=True):
    """One kind of image file."""

    title: str
    open: Callable[[Source, Report], Medium]


EWF = Kind("EnCase image (E01)", _ewf)
QCOW2 = Kind("qcow2 disk image", _qcow2)
VMDK_IMAGE = Kind("VMDK disk image", _vmdk)
VHD_IMAGE = Kind("VHD disk image", _vhd)
VHDX_IMAGE = Kind("VHDX disk image", _vhdx)
VDI_IMAGE = Kind("VDI disk image", _vdi)
RAW = Kind("raw disk image", _raw)

_MAGICS = (
    (0, disk_ewf.MAGIC, EWF),
    (0, b"QFI\xfb\x00\x00\x00", QCOW2),
    (0, b"KDMV", VMDK_IMAGE),
    (0, b"COWD", VMDK_IMAGE),
    (0, b"\xbe\xba\xfe\xca\x00\x00\x00\x00", VMDK_IMAGE),
    (0, b"# Disk DescriptorFile", VMDK_IMAGE),
    (0, b"vhdxfile", VHDX_IMAGE),
    (0, b"conectix", VHD_IMAGE),
    (64, b"\x7f\x10\xda\xbe", VDI_IMAGE),
)

REFUSED = (
    (0, b"EVF2\x0d\x0a\x81\x00", "EnCase 7 image (Ex01): not read yet; export it as E01 or raw"),
    (0, b"AFF10\x0d\x0a\x00", "AFF image: not read yet; export it as E01 or raw"),
    (0, b"encrcdsa", "Apple disk image: encrypted"),
    (0, b"cdsaencr", "Apple disk image: encrypted"),
    (0, b"WithoutFreeSpace", "Parallels disk image: not read yet; export it as raw"),
    (0, b"WithouFreSpacExt", "Parallels disk image: not read yet; export it as raw"),
)
DMG = "Apple disk image (DMG): not read yet; export it as raw or E01"


def kind_of(source: Source) -> Kind | None:
    """The kind of image by its magic, without raw (which has none)."""
    for at, magic, kind in _MAGICS:
        if source.head[at : at + len(magic)] == magic:
            return kind
    return VHD_IMAGE if _tail(source).startswith(b"conectix") else None


def refusal(source: Source) -> str | None:
    """The sentence for an image that is recognised and not read."""
    for at, magic, sentence in REFUSED:
        if source.head[at : at + len(magic)] == magic:
            return sentence
    return DMG if _tail(source).startswith(b"koly") else None


def _tail(source: Source) -> bytes:
    return read_at(source.open(), source.size - SECTOR, SECTOR) if source.size >= 4 * SECTOR else b""


def belongs_to_another(source: Source) -> bool:
    """Whether this is a further part of an image whose first part is beside it: it is read with that one."""
    if source.head.startswith(disk_ewf.MAGIC) and disk_ewf.segment_number(source.head) != 1:
        first = "E01" if source.name[-3:].isupper() else "e01"
        return source.sibling(source.name[:-3] + first) is not None
    part = _PART.search(source.name)
    if part is None:
        return False
    whole = source.sibling(source.name[: part.start()] + source.name[part.end() :])
    return whole is not None and read_at(whole, 0, 6) == b"# Disk"


def open_medium(source: Source, kind: Kind, report: Report) -> Medium:
    """Open an image. Unreadable with the reason."""
    with damage(f"the {kind.title}"):
        return kind.open(source, report)

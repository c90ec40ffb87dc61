"""Disk images: the medium inside an image file, its partitions, their file systems, all files of these.

A member's path is "p1/folder/file" where the image has partitions (numbers of the table), plain where the image is
one bare file system. Deleted files are told by FAT, exFAT and NTFS; the other file systems do not tell. What is
recognised and not read (ISO 9660, HFS+, DMG, encrypted volumes) is refused with a sentence.
"""

import hashlib
from collections.abc import Iterator
from typing import BinaryIO

from trackway.model.errors import Unreadable
from trackway.model.source import Container, Member, Report, Source
from trackway.sources import disk_exfat, disk_fat, disk_media, disk_ntfs, disk_volumes, disk_walk
from trackway.sources.disk_ewf import stored_digests, verify_acquisition
from trackway.sources.disk_media import Context, Medium, Watched
from trackway.sources.guard import LIMITS, Budget, Limits, guarded, read_at

__all__ = ["CONTAINER", "claims", "members", "stored_digests", "verify_acquisition", "warm_up"]

NESTED = 4
"""Volumes within volumes: a partition, an LVM group in it, a partition table in one of its volumes."""


def claims(source: Source) -> str | None:
    """By the magic of an image file, else by what stands at the beginning of a raw medium."""
    kind = disk_media.kind_of(source)
    if kind is not None:
        return kind.title
    if disk_media.refusal(source):
        return "disk image"
    found = _signature(source.open(), source.size)
    if found is not None:
        return f"raw disk image ({found.title})"
    return "part of a split raw disk image" if _first_part(source) is not None else None


def _signature(stream: BinaryIO, size: int) -> disk_volumes.Signature | None:
    """What the volume begins with. A damaged place behind its first sectors does not hide what these say."""
    first = b""
    while len(first) < disk_volumes.FIRST:
        try:
            piece = read_at(stream, len(first), 4096)
        except Unreadable:
            if not first:
                raise
            break
        first += piece
        if len(piece) < 4096:
            break
    return disk_volumes.signature(first, size)


def _first_part(source: Source) -> BinaryIO | None:
    """The first part of the split raw image that this is a later part of."""
    stem, dot, digits = source.name.rpartition(".")
    if not dot or len(digits) not in (3, 4) or not digits.isdigit():
        return None
    for number in (0, 1):
        if int(digits) > number:
            first = source.sibling(f"{stem}.{number:0{len(digits)}d}")
            if first is not None and _signature(first, 1 << 62) is not None:
                return first
    return None


def members(source: Source, report: Report, limits: Limits = LIMITS) -> Iterator[Member]:
    """All files. Unreadable where the image, or everything in it, cannot be read."""
    if refusal := disk_media.refusal(source):
        raise Unreadable(refusal)
    if disk_media.belongs_to_another(source) or _first_part(source) is not None:
        return
    medium = disk_media.open_medium(source, disk_media.kind_of(source) or disk_media.RAW, report)
    context = Context(Watched(medium), report, Budget(max(source.size, medium.size), limits))
    whole = Medium(context.watched, medium.size)  # type: ignore[arg-type]
    yield from guarded(_volume(whole, "", context, 0), context.budget, "the disk image")


def _volume(medium: Medium, prefix: str, context: Context, depth: int) -> Iterator[Member]:
    """The files of one volume, or of the volumes inside it."""
    found = _signature(medium.stream, medium.size)
    if found is None:
        raise Unreadable("no file system or partition table is recognised (it may be encrypted or erased)")
    if found.refusal:
        raise Unreadable(found.refusal)
    if found.kind in ("partitions", "lvm"):
        if depth >= NESTED:
            raise Unreadable("volumes are nested too deeply: not read further")
        yield from _inner(found, medium, prefix, context, depth)
    elif found.kind == "fat":
        yield from disk_fat.members(medium.stream, prefix, context)
    elif found.kind == "exfat":
        yield from disk_exfat.members(medium.stream, prefix, context)
    elif found.kind == "ntfs":
        yield from disk_ntfs.members(medium.stream, prefix, context)
    else:
        yield from disk_walk.members(found.kind, medium.stream, prefix, context)


def _inner(
    found: disk_volumes.Signature, medium: Medium, prefix: str, context: Context, depth: int
) -> Iterator[Member]:
    """Each inner volume for itself: what cannot be read costs that volume only."""
    if found.kind == "lvm":
        volumes = disk_volumes.logical_volumes(medium.stream)
    else:
        volumes = disk_volumes.partitions(medium.stream, medium.size, found.title)
    some = False
    for volume in volumes:
        some = True
        context.watched.progress()
        path = f"{prefix}{volume.name}"
        try:
            yield from _volume(Medium(volume.stream, volume.size), f"{path}/", context, depth + 1)
        except Unreadable as error:
            context.report.not_understood(path, error.reason)
            context.report.incomplete(f"{path} of the disk image was not read, or not whole")
    if not some:
        raise Unreadable(f"the partition table ({found.title}) holds no partition that lies within the image")


def warm_up() -> None:
    """Use in the clean parent what Python loads late: codecs of names, digests. All modules are imported above."""
    for codec in ("cp437", "latin-1", "utf-16", "utf-16-le", "utf-8"):
        b"a\x00".decode(codec)
    for digest in ("md5", "sha1"):
        hashlib.new(digest, usedforsecurity=False)


CONTAINER = Container(name="disk", version=1, title="disk image", claims=claims, members=members)

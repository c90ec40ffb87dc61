"""Signs that a picture is of the first generation (as the camera wrote it), and signs against: always itemised, never
one number. By the bytes alone: names and places of the file are other modules' matter."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from msgspec import Struct

from trackway.measure.exif import Exif
from trackway.measure.picture import Picture
from trackway.measure.quantisation import standard_quality

CAMERA_PIXELS = 2_000_000
"""A picture of fewer pixels is smaller than cameras of the last twenty years write."""

SMALL_PIXELS = 1_000_000
MOST_SEGMENT_BYTES = 8 << 20
"""How far into a JPEG its segments are followed."""

_WIDEST_SHAPE_GAP = 0.03
_EDITORS = re.compile(
    r"\b(photoshop|lightroom|adobe|gimp|paint|paint\.net|picasa|snapseed|vsco|instagram|facebook|whatsapp|telegram|"
    r"snapchat|signal|viber|wechat|discord|facetune|meitu|b612|canva|affinity|imagemagick|graphicsmagick|acdsee|"
    r"irfanview|xnview|photoscape|pixlr|polarr|picsart|pillow|pil|ffmpeg|lavc\S*|gd-jpeg|libvips|photofiltre|corel|"
    r"paintshop|ulead|microsoft windows photo\w*|windows photo editor|photos? editor|photo gallery|capture one|"
    r"darktable|rawtherapee|luminar|pixelmator|fotor|screenshot|exiftool|acorn|dxo|aperture|iphoto|"
    r"stable diffusion|midjourney|dall-e|firefly|comfyui)\b",
    re.IGNORECASE,
)
_CAMERA_TYPES = frozenset({"HEIF"})
_PROGRAM_TYPES = frozenset({"PNG", "GIF", "WEBP", "BMP", "DIB", "AVIF", "PSD", "ICO", "ICNS", "TGA", "PCX", "DDS"})


class Signs(Struct, frozen=True):
    """Sentences: ``signs`` for the first generation, ``against`` it, in a fixed order."""

    signs: tuple[str, ...]
    against: tuple[str, ...]


class _Scales:
    def __init__(self) -> None:
        self.signs: list[str] = []
        self.against: list[str] = []


def first_generation(picture: Picture, exif: Exif, stream: BinaryIO) -> Signs:
    """The signs of one picture. ``stream`` is a fresh stream over its bytes."""
    scales = _Scales()
    _camera(exif, scales)
    _size(picture, exif, scales)
    _thumbnail(picture, exif, scales)
    _programs(exif, scales)
    if picture.format in ("JPEG", "MPO"):
        _jpeg(picture, list(_segments(stream)), scales)
    elif picture.format in _CAMERA_TYPES:
        scales.signs.append("it is a HEIC file, the form in which phones save")
    elif picture.format in _PROGRAM_TYPES:
        scales.against.append(f"it is a {picture.format} file: cameras do not write that (screen shot or conversion)")
    return Signs(tuple(scales.signs), tuple(scales.against))


def _camera(exif: Exif, scales: _Scales) -> None:
    camera = " ".join(filter(None, (exif.make, exif.model)))
    if exif.make and exif.model and exif.taken:
        scales.signs.append(f"EXIF names the camera ({camera}) and when the picture was taken ({exif.taken})")
    elif camera or exif.taken:
        scales.against.append("EXIF is not complete: make, model and date do not all stand in it")
    else:
        scales.against.append("there is no EXIF of a camera")
    if exif.maker_note:
        scales.signs.append("the maker's own note is there; most programs that re-encode drop it")
    if exif.place is not None:
        scales.signs.append("it records where it was taken; most services strip that")
    if exif.taken and exif.modified and exif.taken != exif.modified:
        scales.against.append(f"EXIF says that it was changed ({exif.modified}) after it was taken ({exif.taken})")


def _size(picture: Picture, exif: Exif, scales: _Scales) -> None:
    shown = f"{picture.width} x {picture.height}"
    pixels = picture.width * picture.height
    if exif.width and exif.height:
        if sorted((exif.width, exif.height)) != sorted((picture.width, picture.height)):
            written = f"{exif.width} x {exif.height}"
            scales.against.append(f"it is {shown}, but EXIF says that the camera wrote {written}: scaled or cropped")
        elif pixels >= CAMERA_PIXELS:
            scales.signs.append(f"it has full resolution: {shown}, as EXIF says that the camera wrote it")
    elif pixels >= CAMERA_PIXELS:
        scales.signs.append(f"it is as large as cameras write ({shown})")
    if pixels < SMALL_PIXELS:
        scales.against.append(f"it is small ({shown})")


def _thumbnail(picture: Picture, exif: Exif, scales: _Scales) -> None:
    if exif.thumbnail is None or not picture.height:
        return
    width, height = exif.thumbnail
    shown = f"{width} x {height}"
    if not width or not height:
        return
    gap = abs(width / height * picture.height / picture.width - 1)
    if gap <= _WIDEST_SHAPE_GAP:
        scales.signs.append(f"EXIF carries a thumbnail ({shown}) of the same shape")
    elif (width, height) == (160, 120):
        # The EXIF standard's own size: many cameras pad other shapes with bars, so it says nothing.
        scales.signs.append(f"EXIF carries a thumbnail of the standard size ({shown})")
    else:
        scales.against.append(f"EXIF carries a thumbnail ({shown}) of another shape: cropped or turned since")


def _programs(exif: Exif, scales: _Scales) -> None:
    for value, where in ((exif.software, "Software"), (exif.texts.get("comment", ""), "UserComment")):
        if found := _EDITORS.search(value):
            scales.against.append(f"EXIF's {where} names a program that edits or passes on pictures ({found[0]})")
            return
    if exif.software and exif.make:
        scales.signs.append("EXIF's Software names no known editor or messenger")


def _jpeg(picture: Picture, segments: list[tuple[str, bytes]], scales: _Scales) -> None:
    tables = getattr(picture.image, "quantization", None) or {}
    quality = standard_quality(tables)
    if quality is not None:
        scales.against.append(
            f"re-encoded with libjpeg standard tables q={quality}, as programs and services write (and some phones)"
        )
    elif tables:
        scales.signs.append("its quantisation tables are not the standard ones that programs re-encode with")
    if picture.image is not None and picture.image.info.get("progressive"):
        scales.against.append("it is a progressive JPEG; cameras write baseline")
    _order(segments, scales)
    for name, body in segments:
        if name == "COM" and (found := _EDITORS.search(body[:500].decode("latin-1"))):
            scales.against.append(f"its comment names a program that writes pictures ({found[0]})")
        if name == "Photoshop":
            facebook = b"FBMD" in body
            scales.against.append(
                "it carries Facebook's mark (FBMD)"
                if facebook
                else "it carries a block that Photoshop-like tools write"
            )
        if name == "XMP" and (b"xmpMM:History" in body or b"photoshop:" in body or b"stEvt:" in body):
            scales.against.append("its XMP holds an editing history")


def _order(segments: list[tuple[str, bytes]], scales: _Scales) -> None:
    names = [name for name, _ in segments]
    if "Exif" in names and "JFIF" not in names and names[0] == "Exif":
        scales.signs.append("the file begins with Exif and has no JFIF header, as cameras write it")
    elif "Exif" in names and "JFIF" in names:
        scales.against.append("it has both a JFIF header and Exif, as programs write that save a picture again")
    elif "JFIF" in names:
        scales.against.append("it has a JFIF header and no Exif, as programs write it")


_NAMED = (
    (0xE0, b"JFIF\0", "JFIF"),
    (0xE1, b"Exif\0", "Exif"),
    (0xE1, b"http://ns.adobe.com/xap", "XMP"),
    (0xED, b"Photoshop 3.0", "Photoshop"),
    (0xEE, b"Adobe", "Adobe"),
    (0xFE, b"", "COM"),
)


def _segments(stream: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """(name, body) of a JPEG's segments before its first scan, in order; stops where they end or go too far."""
    stream.seek(2)
    read = 0
    while read < MOST_SEGMENT_BYTES:
        mark = stream.read(4)
        if len(mark) < 4 or mark[0] != 0xFF or mark[1] in (0xDA, 0xD9, 0xFF, 0x00):
            return
        body = stream.read(max(0, int.from_bytes(mark[2:], "big") - 2))
        read += 4 + len(body)
        for code, start, name in _NAMED:
            if mark[1] == code and body.startswith(start):
                yield name, body
                break

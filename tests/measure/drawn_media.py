"""Sources and small drawn pictures for the tests of measure: shapes and gradients, nothing else."""

import struct
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image, ImageDraw
from PIL.ExifTags import GPS, IFD, Base

import trackway.measure.picture  # noqa: F401 - registers HEIC with Pillow
from trackway.model.source import HEAD

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def shared(folder: str) -> list[Path]:
    """The files of a folder of the shared data; the calling module's tests are skipped where it is absent."""
    root = DATA / folder
    if not root.is_dir():
        pytest.skip(f"shared data {folder} is absent", allow_module_level=True)
    return sorted(path for path in root.rglob("*") if path.is_file() and path.suffix not in (".md", ".txt", ".dat"))


@dataclass(eq=False)
class Given:
    """A source over bytes. Its streams have no descriptor and no name, as in a locked worker."""

    content: bytes
    name: str = "file"
    zone: str | None = None
    opened: int = 0
    size: int = field(init=False)
    head: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.size, self.head = len(self.content), self.content[:HEAD]

    def open(self) -> BinaryIO:
        self.opened += 1
        return BytesIO(self.content)

    def sibling(self, name: str) -> BinaryIO | None:
        return None


def from_file(path: Path) -> Given:
    return Given(path.read_bytes(), path.name)


def drawn(width: int = 320, height: int = 240, mode: str = "RGB") -> Image.Image:
    """A landscape of sorts: sky, hill, sun, fence."""
    image = Image.new("RGB", (width, height), (120, 170, 230))
    pen = ImageDraw.Draw(image)
    pen.ellipse((width * 0.7, height * 0.1, width * 0.85, height * 0.3), (250, 220, 90))
    pen.polygon([(0, height), (width * 0.35, height * 0.35), (width * 0.8, height)], (60, 120, 50))
    for post in range(0, width, max(2, width // 12)):
        pen.rectangle((post, height * 0.75, post + width // 60, height), (90, 60, 30))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def camera_exif(**changes: object) -> Image.Exif:
    """EXIF of an invented camera. ``changes``: names of tags (of any directory, "GPS..." among them) to values; None
    leaves a tag out."""
    tags: dict[str, object] = {
        "Make": "Larch",
        "Model": "L-100",
        "DateTime": "2025:11:02 14:03:09",
        "DateTimeOriginal": "2025:11:02 14:03:09",
        "BodySerialNumber": "LX40017",
    } | changes
    exif = Image.Exif()
    for name, value in tags.items():
        if value is None:
            continue
        if name.startswith("GPS"):
            exif.get_ifd(IFD.GPSInfo)[GPS[name]] = value
        elif name in ("Make", "Model", "DateTime", "Software", "Orientation", "Artist", "ImageDescription"):
            exif[Base[name]] = value
        else:
            exif.get_ifd(IFD.Exif)[Base[name]] = value
    return exif


def custom_tables() -> list[list[int]]:
    """Quantisation tables as a camera brings its own: no quality of libjpeg gives them."""
    return [[2 + place // 5 for place in range(64)], [3 + place // 4 for place in range(64)]]


def fuji_note(serial: bytes) -> bytes:
    """A Fujifilm maker's note with a serial number and nothing else."""
    value = serial.ljust(16, b"\0")
    entry = struct.pack("<HHII", 0x0010, 2, len(value), 30)
    return b"FUJIFILM" + struct.pack("<I", 12) + struct.pack("<H", 1) + entry + bytes(4) + value

"""Decoding one picture inside a locked worker: through Pillow, from a stream, never by path, never by another program.

Whatever a hostile file does here ends as a sentence in ``Picture.reason``. Pillow's own guard on pixels holds (twice
``Image.MAX_IMAGE_PIXELS``); memory is the worker's limit and arrives as MemoryError."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import IO, BinaryIO, cast

import pillow_heif
from PIL import AvifImagePlugin, Image, UnidentifiedImageError

from trackway.measure import formats
from trackway.model.source import Source

DRAFT_PIXELS = 64_000_000
"""JPEGs with more pixels are decoded at a half, a quarter or an eighth: 4 bytes a pixel must fit beside all else."""

MOST_FRAMES = 100_000
"""Frames that are counted at most."""

_NOT_DECODED = {
    "EPS": "PostScript is a program and is not run: its picture is not decoded",
    "WMF": "Windows metafiles are drawings: there is no picture to decode",
    "MPEG": "this is a video: no picture of it is decoded",
}

pillow_heif.register_heif_opener()


class _Bytes:
    """A stream reduced to what decoders need: no descriptor and no name, so that none maps or reopens the file."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read, self.seek, self.tell, self.readline = stream.read, stream.seek, stream.tell, stream.readline
        self.close = stream.close


@dataclass(frozen=True)
class Picture:
    """What came of decoding. ``image`` is None where not even the header was read, ``decoded`` False where the pixels
    were not; ``reason`` then says why. ``width`` and ``height`` are pixels as stored (before EXIF orientation) and in
    full; ``scaled`` is the divisor at which the pixels were decoded."""

    image: Image.Image | None
    format: str = ""
    width: int = 0
    height: int = 0
    scaled: int = 1
    decoded: bool = False
    reason: str = ""


@contextmanager
def quiet() -> Iterator[None]:
    """Pillow's warnings on damaged files say nothing that is not in the outcome."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode(source: Source, names: list[str] | None = None) -> Picture:
    """Decode the first frame of a source. ``names`` limits the Pillow formats that are tried. Never raises for what the
    bytes say (a stream that cannot be read is such a thing too)."""
    with quiet():
        try:
            image = _opened(source, names)
        except Exception as error:
            return Picture(None, reason=_why(error))
        width, height = image.size
        name = image.format or ""
        refused = _NOT_DECODED.get(name, "")
        if refused:
            return Picture(image, name, width, height, reason=refused)
        try:
            scaled = _drafted(image)
            image.load()
        except Exception as error:
            return Picture(image, name, width, height, reason=_why(error))
        if scaled == 1:
            # Some containers (ICO, ICNS, HEIC) settle their size only on decoding.
            width, height = image.size
        return Picture(image, name, width, height, scaled, decoded=True)


def opens(source: Source, names: list[str]) -> str:
    """The Pillow name of the format whose header is read at the start of the source, "" if none of ``names`` is."""
    with quiet():
        try:
            return _opened(source, names).format or ""
        except Exception:
            return ""


def _opened(source: Source, names: list[str] | None) -> Image.Image:
    stream = cast(IO[bytes], _Bytes(source.open()))
    return Image.open(stream, formats=formats.readable_formats() if names is None else names)


def _drafted(image: Image.Image) -> int:
    """Ask the JPEG decoder for a smaller scale where the picture is huge; the divisor that it took."""
    width, height = image.size
    divisor = 1
    while width * height > DRAFT_PIXELS * divisor * divisor and divisor < 8:
        divisor *= 2
    if divisor > 1 and image.format in ("JPEG", "MPO"):
        image.draft(None, (width // divisor, height // divisor))
    return round(width / image.width)


def frames(picture: Picture, source: Source) -> int:
    """Number of frames or pages, at most MOST_FRAMES; 1 where it cannot be told. Call it last: counting moves through
    the file."""
    if picture.image is None or not picture.decoded:
        return 1
    with quiet():
        try:
            # Pillow counts GIF frames without a bound.
            count = _gif_frames(source) if picture.format == "GIF" else getattr(picture.image, "n_frames", 1)
        except Exception:
            return 1
    return max(1, min(int(count), MOST_FRAMES))


def _gif_frames(source: Source) -> int:
    """Image descriptors of a GIF, found by walking its blocks."""
    stream = source.open()
    flags = stream.read(13)[10]
    stream.seek(13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0))
    count = 0
    while count < MOST_FRAMES and (mark := stream.read(1)) in (b"!", b","):
        if mark == b"!":
            stream.read(1)
        else:
            header = stream.read(9)
            if len(header) < 9:
                break
            count += 1
            stream.seek((3 << (header[8] & 7) + 1 if header[8] & 0x80 else 0) + 1, 1)
        while size := stream.read(1):
            if size == b"\0":
                break
            stream.seek(size[0], 1)
    return max(count, 1)


def _why(error: Exception) -> str:
    """The sentence for a picture that was not decoded. Pillow's own words stay where they are plain."""
    if isinstance(error, Image.DecompressionBombError):
        pixels = re.search(r"\((\d+) pixels\)", str(error))
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return f"it claims {pixels[1] if pixels else 'too many'} pixels, more than the limit of {limit}"
    if isinstance(error, MemoryError):
        return "it needs more memory than the worker may use"
    if isinstance(error, UnidentifiedImageError):
        return "its header is damaged or of an unknown kind"
    said = str(error)
    plain = said.isascii() and said.isprintable() and 0 < len(said) <= 120 and not re.search(r"0x|[<>/\\]", said)
    return f"the picture is damaged ({said})" if plain else "the picture is damaged"


def _samples() -> Iterator[bytes]:
    """One small picture a format that Pillow can write."""
    drawn = Image.linear_gradient("L").convert("RGB")
    drawn.putpixel((3, 3), (200, 30, 60))
    for name in list(Image.SAVE):
        for mode in ("RGB", "L", "1"):
            target = BytesIO()
            try:
                drawn.convert(mode).save(target, name)
            except Exception:  # this format does not hold that mode
                continue
            yield target.getvalue()
            break


def warm_up() -> None:
    """For the clean parent, before it forks: load all plugins and decode a sample a format, so that no worker needs to
    open a library or module."""
    Image.init()
    # One thread a decoder: workers are the unit of parallelism. (libde265, for HEIC, starts one of its own all the
    # same: the workers' lock must let a thread start.)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.options.DECODE_THREADS = 1
    with quiet():
        for sample in _samples():
            try:
                image = Image.open(BytesIO(sample), formats=formats.readable_formats())
                if image.format not in _NOT_DECODED:
                    image.load()
                    image.getexif()
            except Exception:  # written by Pillow but not read by it (PDF)
                continue
        for mode in ("1", "L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "I;16B"):
            Image.new(mode, (8, 8)).convert("RGB")

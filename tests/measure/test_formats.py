import struct

import pytest
from drawn_media import Given, drawn, saved
from PIL import Image

from trackway.measure.formats import by_magic
from trackway.measure.media import recognise


def box(brand: bytes, *others: bytes) -> bytes:
    rest = b"ftyp" + brand + bytes(4) + b"".join(others)
    return struct.pack(">I", len(rest) + 4) + rest + bytes(64)


MP3_FRAME = b"\xff\xfb\x90\x00" + bytes(413)
AAC_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)


@pytest.mark.parametrize(
    ("head", "type_"),
    [
        (box(b"isom", b"mp42"), "video/mp4"),
        (box(b"qt  "), "video/quicktime"),
        (box(b"3gp5"), "video/3gpp"),
        (box(b"M4A "), "audio/mp4"),
        (box(b"heic", b"mif1"), "image/heic"),
        (box(b"mif1", b"heic"), "image/heic"),
        (box(b"mif1", b"avif"), "image/avif"),
        (box(b"avif"), "image/avif"),
        (box(b"crx "), "image/x-canon-cr3"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
        (b"FORM\0\0\0\0AIFFCOMM", "audio/aiff"),
        (b"\x1aE\xdf\xa3\x01\0\0\0", "video/x-matroska"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-asf"),
        (b"FLV\x01\x05\0\0\0", "video/x-flv"),
        (b"\0\0\x01\xba\x44\0\0\0", "video/mpeg"),
        (b"G" + (bytes(187) + b"G") * 5, "video/mp2t"),
        (b"ID3\x03\0\0\0\0", "audio/mpeg"),
        (MP3_FRAME * 5, "audio/mpeg"),
        (AAC_FRAME * 5, "audio/aac"),
        (b"fLaC\0\0\0\x22", "audio/flac"),
        (b"OggS\0\x02" + bytes(22) + b"\x01\x1eOpusHead", "audio/ogg"),
        (b"OggS\0\x02" + bytes(22) + b"\x01\x2a\x80theora", "video/ogg"),
        (b"#!AMR\n\x3c\x91", "audio/amr"),
        (b"FUJIFILMCCD-RAW 0201", "image/x-fuji-raf"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "image/x-eps"),
    ],
)
def test_pictures_videos_and_sounds_are_known_by_their_first_bytes(head: bytes, type_: str) -> None:
    found = by_magic(head)

    assert found is not None
    assert found.type == type_


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"plain words, and more of them\n" * 20,
        b'{"value": []}' * 10,
        b"%PDF-1.4\n",
        b"PK\3\4" + bytes(60),
        b"\x7fELF\2\1\1" + bytes(60),
        b"SQLite format 3\0" + bytes(200),
        b"BM is how this sentence begins, and it is long enough to be a header, one would think, of a bitmap.",
        b"P1 is a chapter; the text goes on for a while and is no bitmap at all",
        b"P6 Paragraph six",
        b"%!PS is mentioned",
        b"\xff\xfb\x90\x00" * 30,
        bytes(4096),
        b"\x01\0\0\0" * 50,
        bytes(range(256)) * 8,
        b"[00:01] <larch> hello\n" * 40,
    ],
)
def test_what_is_no_media_is_not_claimed(content: bytes) -> None:
    assert recognise(Given(content, "notes.bin")) is None


@pytest.mark.parametrize(
    "kind",
    "AVIF BLP BMP DDS GIF HEIF ICNS ICO IM JPEG JPEG2000 MSP PCX PNG PPM QOI SGI SPIDER TGA TIFF WEBP XBM DIB".split(),
)
def test_every_picture_that_pillow_writes_is_claimed_whatever_its_name(kind: str) -> None:
    content = b""
    for mode in ("RGB", "L", "1", "P", "F"):
        try:
            content = saved(drawn(64, 64, mode), kind)
            break
        except (OSError, ValueError):
            continue
    assert content
    found = recognise(Given(content, "no-ending"))

    assert found is not None
    assert (found.kind, found.type[:6]) == ("picture", "image/")


def test_a_damaged_picture_of_a_weak_format_is_claimed_by_its_ending() -> None:
    damaged = saved(drawn(32, 32), "BMP")[:14] + b"\x07" + bytes(200)

    assert recognise(Given(damaged, "holiday.bmp")) is not None
    assert recognise(Given(damaged, "holiday.bin")) is None


def test_numbers_that_look_like_a_tga_header_are_no_picture() -> None:
    header = struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 300, 300, 24, 0)

    assert recognise(Given(header + b"\x01", "table.bin")) is None
    assert recognise(Given(saved(drawn(32, 32), "TGA"), "table.bin")) is not None


def test_names_are_asked_as_pillow_registers_them() -> None:
    Image.init()
    assert Image.EXTENSION[".tga"] == "TGA"

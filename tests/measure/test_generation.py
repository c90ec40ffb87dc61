from io import BytesIO

import pytest
from drawn_media import Given, camera_exif, custom_tables, drawn, saved

from trackway.measure.media import measure

CAMERA = {"qtables": custom_tables()}
FULL = (2048, 1536)


def signs_of(content: bytes) -> tuple[list[str], list[str]]:
    value = next(one.value for one in measure(Given(content)) if one.method == "first-generation")
    return list(value["signs"]), list(value["against"])  # type: ignore[call-overload]


def camera_original(**changes: object) -> bytes:
    """As a camera writes it. Pillow always writes a JFIF header: it is cut out, as cameras do without."""
    tags = {"ExifImageWidth": FULL[0], "ExifImageHeight": FULL[1]} | changes
    content = saved(drawn(*FULL), "JPEG", exif=camera_exif(**tags), **CAMERA)
    assert content[2:4] == b"\xff\xe0"
    return content[:2] + content[4 + int.from_bytes(content[4:6], "big") :]


def test_a_camera_original_has_signs_and_nothing_against_it() -> None:
    signs, against = signs_of(camera_original(Software="Larch 1.02"))

    assert against == []
    for word in ("EXIF names the camera (Larch L-100)", "full resolution: 2048 x 1536", "quantisation tables are not"):
        assert any(word in sign for sign in signs), word
    assert any("begins with Exif" in sign for sign in signs)
    assert any("no known editor" in sign for sign in signs)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: saved(drawn(*FULL), "JPEG", exif=camera_exif(), quality=83), "libjpeg standard tables q=83"),
        (lambda: saved(drawn(640, 480), "JPEG", **CAMERA), "there is no EXIF of a camera"),
        (lambda: saved(drawn(640, 480), "JPEG", **CAMERA), "it is small (640 x 480)"),
        (lambda: saved(drawn(640, 480), "JPEG", **CAMERA), "a JFIF header and no Exif"),
        (lambda: saved(drawn(*FULL), "JPEG", exif=camera_exif(), **CAMERA), "both a JFIF header and Exif"),
        (lambda: camera_original(ExifImageWidth=4096, ExifImageHeight=3072), "scaled or cropped"),
        (lambda: camera_original(Software="Adobe Photoshop CC"), "program that edits or passes on pictures (Adobe)"),
        (lambda: camera_original(Software="Snapseed 2.0"), "(Snapseed)"),
        (lambda: camera_original(DateTime="2025:12:01 08:00:00"), "changed (2025:12:01 08:00:00) after it was taken"),
        (lambda: camera_original(DateTimeOriginal=None), "EXIF is not complete"),
        (lambda: saved(drawn(), "JPEG", progressive=True), "progressive"),
        (lambda: saved(drawn(), "JPEG", comment=b"CREATOR: gd-jpeg v1.0"), "comment names a program"),
        (lambda: saved(drawn(*FULL), "PNG"), "it is a PNG file"),
        (lambda: saved(drawn(*FULL), "WEBP"), "it is a WEBP file"),
    ],
)
def test_each_sign_against_a_first_generation_is_said(content, said: str) -> None:  # type: ignore[no-untyped-def]
    assert any(said in sign for sign in signs_of(content())[1])


@pytest.mark.parametrize("software", ["Larch 1.02", "14.4.2", "G930FXXU1BPH6", "Paintbox Camera OS", "MAC OS X"])
def test_a_cameras_own_software_is_no_editor(software: str) -> None:
    assert not any("program that edits" in sign for sign in signs_of(camera_original(Software=software))[1])


def test_the_order_of_width_and_height_is_no_crop() -> None:
    assert signs_of(camera_original(ExifImageWidth=FULL[1], ExifImageHeight=FULL[0]))[1] == []


def segment(code: int, body: bytes) -> bytes:
    return bytes((0xFF, code)) + (len(body) + 2).to_bytes(2, "big") + body


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04FBMD01000a"), "Facebook's mark"),
        (segment(0xED, b"Photoshop 3.0\x008BIM"), "Photoshop-like tools"),
        (segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmpMM:History>"), "editing history"),
    ],
)
def test_blocks_of_programs_and_services_are_seen(extra: bytes, said: str) -> None:
    content = camera_original()

    assert any(said in sign for sign in signs_of(content[:2] + extra + content[2:])[1])


def test_a_segment_that_claims_more_than_there_is_ends_the_walk() -> None:
    from trackway.measure.generation import _segments

    assert [name for name, _ in _segments(BytesIO(b"\xff\xd8\xff\xe1\xff\xffExif\0\0short"))] == ["Exif"]
    assert list(_segments(BytesIO(b"\xff\xd8"))) == []
    assert list(_segments(BytesIO(b"\xff\xd8" + b"\xff\xe2\0\0" * 5))) == []

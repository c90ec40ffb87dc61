"""The media reader: one trace a picture, video or sound, whatever its bytes."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base

from trackway.measure.media import warm_up
from trackway.model.source import HEAD
from trackway.model.trace import Identifier, Moment, Trace
from trackway.readers import media
from trackway.readers.media import READER


@dataclass(eq=False)
class Picture:
    content: bytes
    name: str = "a"
    zone: str | None = None

    @property
    def size(self) -> int:
        return len(self.content)

    @property
    def head(self) -> bytes:
        return self.content[:HEAD]

    def open(self) -> BinaryIO:
        return BytesIO(self.content)

    def sibling(self, name: str) -> BinaryIO | None:
        return None


@dataclass
class Said:
    passed_over: list[str] = field(default_factory=list)
    not_all: list[str] = field(default_factory=list)

    def not_understood(self, locator: str, reason: str) -> None:
        self.passed_over.append(reason)

    def incomplete(self, reason: str) -> None:
        self.not_all.append(reason)


def photo(kind: str = "JPEG", **tags: object) -> bytes:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "Larch", "L-100"
    exif.get_ifd(IFD.Exif).update({Base[name]: value for name, value in tags.items()})
    target = BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((320, 200)).save(target, kind, exif=exif.tobytes())
    return target.getvalue()


def read(content: bytes, name: str = "a") -> tuple[Trace, Said]:
    said = Said()
    (trace,) = READER.read(Picture(content, name), said)
    return trace, said


def test_a_photograph_says_what_took_it_and_when() -> None:
    trace, said = read(photo(BodySerialNumber="LX40017 ", DateTimeOriginal="2025:11:02 14:03:09"))

    assert (trace.kind, trace.locator) == ("media", "whole file")
    assert trace.when == Moment("2025:11:02 14:03:09", None, "none")
    assert trace.identifiers == (Identifier("camera-serial", "LX40017", "own"),)
    assert trace.fields["type"] == "image/jpeg"
    assert (trace.fields["width"], trace.fields["height"], trace.fields["frames"]) == (320, 200, 1)
    assert (trace.fields["make"], trace.fields["model"]) == ("Larch", "L-100")
    assert trace.fields["dates"] == {"original": "2025:11:02 14:03:09"}
    assert (said.passed_over, said.not_all) == ([], [])


def test_the_time_is_an_instant_only_where_its_offset_stands_beside_it() -> None:
    trace, _ = read(photo(DateTimeOriginal="2025:11:02 14:03:09", OffsetTimeOriginal="+01:00"))

    assert trace.when == Moment("2025:11:02 14:03:09 +01:00", 1762088589000000, "stated")


def test_a_default_serial_is_no_identifier_and_is_said() -> None:
    trace, _ = read(photo(BodySerialNumber="0000000"))

    assert trace.identifiers == ()
    assert trace.fields["notes"] == ["the camera serial '0000000' is a default or blank: left out"]


def test_a_picture_that_cannot_be_decoded_still_gives_its_trace() -> None:
    content = photo(BodySerialNumber="LX40017")
    trace, said = read(content[: len(content) // 2])

    assert (trace.fields["decoded"], trace.fields["width"]) == (False, 320)
    assert trace.identifiers == (Identifier("camera-serial", "LX40017", "own"),)
    assert said.not_all == [
        f"JPEG picture: {trace.fields['reason']}; it is matched by its digests only",
    ]


def test_videos_and_sounds_are_passed_over_with_a_reason() -> None:
    trace, said = read(b"\0\0\0\x18ftypisom" + bytes(80))

    assert trace.fields == {"type": "video/mp4"}
    assert said.passed_over == ["MPEG-4 video: not decoded; it is matched by its digests only"]
    assert said.not_all == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (photo(), "JPEG picture"),
        (photo("PNG"), "PNG picture"),
        (photo("HEIF"), "HEIC picture"),
        (b"RIFF\0\0\0\0WAVEfmt ", "WAV sound"),
        (b"hello, this is a text about larches", None),
        (b"", None),
    ],
)
def test_claims_say_what_it_is(content: bytes, reason: str | None) -> None:
    assert READER.claims(Picture(content)) == reason


def test_reading_twice_gives_the_same_bytes() -> None:
    content = photo(BodySerialNumber="LX40017")

    assert msgspec.json.encode(read(content)[0]) == msgspec.json.encode(read(content)[0])


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "HEIF"]),
    st.floats(0, 1, exclude_max=True),
    st.binary(min_size=1, max_size=20),
)
def test_damage_anywhere_gives_one_trace_that_is_json(kind: str, place: float, damage: bytes) -> None:
    content = bytearray(photo(kind))
    at = 12 + int(place * (len(content) - 12))
    content[at : at + len(damage)] = damage
    trace, said = read(bytes(content))

    assert msgspec.json.encode(trace)
    assert trace.fields["decoded"] is not bool(said.not_all)


def test_the_module_warms_up_for_the_workers() -> None:
    assert media.warm_up is warm_up

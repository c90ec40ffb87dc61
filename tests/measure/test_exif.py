from io import BytesIO

import pytest
from drawn_media import camera_exif, drawn, fuji_note, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from trackway.measure.exif import Exif, distinctive_serial, moment_of, parse_date, read_exif, text_of
from trackway.model.trace import Moment

ROOT, NORTH = (52.0, 5.0, 17.88), (4.0, 18.0, 3.6)


def exif_of(kind: str = "JPEG", **changes: object) -> Exif:
    image = Image.open(BytesIO(saved(drawn(64, 48), kind, exif=camera_exif(**changes).tobytes())))
    return read_exif(image)


def place_tags(lat: object = ROOT, south: object = "N", lon: object = NORTH, west: object = "E") -> dict[str, object]:
    return {"GPSLatitude": lat, "GPSLatitudeRef": south, "GPSLongitude": lon, "GPSLongitudeRef": west}


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP", "HEIF", "AVIF"])
def test_camera_serial_and_date_are_read_from_every_format_that_carries_exif(kind: str) -> None:
    exif = exif_of(kind)

    assert (exif.make, exif.model, exif.serial, exif.taken) == ("Larch", "L-100", "LX40017", "2025:11:02 14:03:09")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (place_tags(), (52.0882999, 4.301)),
        (place_tags(south="S", west="W"), (-52.0882999, -4.301)),
        (place_tags((90.0, 0.0, 0.0), "N", (180.0, 0.0, 0.0), "W"), (90.0, -180.0)),
        (place_tags((52.5, 0.0, 0.0)), (52.5, 4.301)),
        (place_tags((91.0, 0.0, 0.0)), None),
        (place_tags(lon=(181.0, 0.0, 0.0)), None),
        (place_tags((52.0, 75.0, 0.0)), None),
        (place_tags(south="Q"), None),
        (place_tags(west=None), None),
        (place_tags((IFDRational(52, 0), 5.0, 0.0)), None),
        (place_tags((0.0, 0.0, 0.0), "N", (0.0, 0.0, 0.0), "E"), None),
    ],
)
def test_a_position_is_kept_only_where_it_is_a_place_on_earth(
    tags: dict[str, object], expected: tuple[float, float] | None
) -> None:
    exif = exif_of(**tags)

    if expected is None:
        assert exif.place is None
        assert any("GPS" in note for note in exif.notes)
    else:
        assert exif.place is not None
        assert (exif.place.lat, exif.place.lon) == pytest.approx(expected, abs=2e-6)
        assert exif.place.written.endswith(str(tags["GPSLongitudeRef"]))


def test_altitude_time_and_datum_stand_beside_the_position() -> None:
    more = {
        "GPSAltitude": 3.5,
        "GPSAltitudeRef": b"\x01",
        "GPSDateStamp": "2025:11:02",
        "GPSTimeStamp": (13.0, 3.0, 9.0),
    }
    place = exif_of(**place_tags(), **more, GPSMapDatum="WGS-84").place

    assert place is not None
    assert (place.alt, place.time, place.datum) == (-3.5, "2025-11-02T13:03:09Z", "WGS-84")


@pytest.mark.parametrize(
    ("serial", "kept"),
    [
        ("LX40017", True),
        ("  3105364 ", True),
        ("0000000", False),
        ("", False),
        ("------", False),
        ("XXXXXXXX", False),
        ("123456789", False),
        ("N/A", False),
        ("SERIAL NUMBER", False),
        ("Unknown", False),
        ("12", False),
        ("7" * 101, False),
    ],
)
def test_serials_that_many_cameras_share_are_left_out(serial: str, kept: bool) -> None:
    assert distinctive_serial(serial) is kept


def test_a_default_serial_is_said_and_the_makers_note_is_asked_next() -> None:
    assert exif_of(BodySerialNumber="0000000").serial_dropped == "0000000"
    noted = exif_of(BodySerialNumber="0000000", Make="FUJIFILM", MakerNote=fuji_note(b"5A120399"))
    assert (noted.serial, noted.serial_dropped, noted.maker_note) == ("5A120399", "", True)


@pytest.mark.parametrize(
    ("written", "offset", "expected"),
    [
        ("", "", None),
        ("2025:11:02 14:03:09", "", Moment("2025:11:02 14:03:09", None, "none")),
        ("2025:11:02 14:03:09", "+02:00", Moment("2025:11:02 14:03:09 +02:00", 1762084989000000)),
        ("2025:11:02 14:03:09", "-05:00", Moment("2025:11:02 14:03:09 -05:00", 1762110189000000)),
        ("2025:11:02 14:03:09", "+99:00", Moment("2025:11:02 14:03:09", None, "none")),
        ("2025:13:45 99:03:09", "+02:00", Moment("2025:13:45 99:03:09", None, "none")),
        ("last summer", "+02:00", Moment("last summer", None, "none")),
        ("0001:01:01 00:00:00", "+14:00", Moment("0001:01:01 00:00:00 +14:00", -62135647200000000)),
    ],
)
def test_a_time_is_shown_as_recorded_and_is_an_instant_only_with_its_offset(
    written: str, offset: str, expected: Moment | None
) -> None:
    assert moment_of(written, offset) == expected


@pytest.mark.parametrize("written", ["0000:00:00 00:00:00", "    :  :     :  :  ", ""])
def test_a_clock_that_was_never_set_gives_no_date(written: str) -> None:
    exif = exif_of(DateTimeOriginal=written)

    assert exif.taken == ""
    assert moment_of(exif.taken, "") is None


@given(st.datetimes())
def test_every_exif_date_is_parsed_back(moment) -> None:  # type: ignore[no-untyped-def]
    moment = moment.replace(microsecond=0)
    assert parse_date(f"{moment.year:04}:{moment.month:02}:{moment.day:02} {moment.time().isoformat()}") == moment


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Larch\0\0junk", "Larch"),
        ("a\nb\x07c", "a b c"),
        ("Ã¤lg", "älg"),
        ("naïve", "naïve"),
        (b"ASCII\0\0\0a note", "a note"),
        (b"plain\0", "plain"),
        (b"\xff\xfe", "ÿþ"),
        (None, ""),
        (12, ""),
        ("x" * 5000, "x" * 1000),
    ],
)
def test_texts_are_cleaned(value: object, expected: str) -> None:
    assert text_of(value) == expected


def test_the_thumbnail_is_measured_by_its_own_header() -> None:
    small = saved(drawn(160, 120), "JPEG")
    assert exif_with_thumbnail(small).thumbnail == (160, 120)


def test_a_damaged_thumbnail_costs_only_itself() -> None:
    exif = exif_with_thumbnail(b"not a picture")

    assert (exif.thumbnail, exif.make) == (None, "Larch")
    assert "the thumbnail is damaged" in exif.notes


def exif_with_thumbnail(small: bytes) -> Exif:
    """EXIF by hand: two directories (Make; the thumbnail's place), as Pillow writes no thumbnail."""

    def entry(tag: int, kind: int, count: int, value: int) -> bytes:
        return b"".join(
            number.to_bytes(size, "little") for number, size in ((tag, 2), (kind, 2), (count, 4), (value, 4))
        )

    first = (1).to_bytes(2, "little") + entry(0x010F, 2, 6, 56) + (26).to_bytes(4, "little")
    second = (2).to_bytes(2, "little") + entry(0x0201, 4, 1, 62) + entry(0x0202, 4, 1, len(small)) + bytes(4)
    block = b"Exif\0\0II*\0" + (8).to_bytes(4, "little") + first + second + b"Larch\0" + small
    return read_exif(Image.open(BytesIO(saved(drawn(64, 48), "JPEG", exif=block))))


@settings(max_examples=150)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=12))
def test_damage_anywhere_in_the_block_never_raises(at: int, bytes_: bytes) -> None:
    block = bytearray(camera_exif(**place_tags()).tobytes())
    at = 8 + at % (len(block) - 8)
    block[at : at + len(bytes_)] = bytes_

    image = Image.open(BytesIO(saved(drawn(16, 16), "JPEG", exif=bytes(block))))
    assert isinstance(read_exif(image), Exif)

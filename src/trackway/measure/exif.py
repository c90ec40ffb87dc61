"""EXIF: what a picture says of the camera, the moment and the place. Read through Pillow; every value is hostile.

Damage costs the value, never the picture: it becomes a sentence in ``notes``. Times stay as written (wall clock)."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from math import isfinite
from typing import Any

from msgspec import Struct
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from trackway.measure import makernote
from trackway.measure.picture import quiet
from trackway.model.times import stated
from trackway.model.trace import Moment

LONGEST_TEXT = 1000
"""Characters kept of one text value."""

_TEXTS = {
    "artist": Base.Artist,
    "copyright": Base.Copyright,
    "description": Base.ImageDescription,
    "host": Base.HostComputer,
    "owner": Base.CameraOwnerName,
    "comment": Base.UserComment,
    "unique_id": Base.ImageUniqueID,
}
# fmt: off
_DEFAULT_SERIALS = frozenset({
    "na", "none", "null", "unknown", "undefined", "default", "serialnumber", "serial", "sn", "test", "camera",
    "digitalcamera", "123456", "1234567", "12345678", "123456789", "1234567890", "0123456789", "0123456789abcdef",
    "abcdef", "987654321",
})
# fmt: on


class Place(Struct, frozen=True, omit_defaults=True):
    """A GPS position: degrees (north and east positive, WGS 84 unless ``datum``), metres above sea level, UTC time."""

    lat: float
    lon: float
    written: str
    alt: float | None = None
    time: str = ""
    datum: str = ""


class Exif(Struct, frozen=True, omit_defaults=True):
    """What one picture's EXIF says; "" and None where it says nothing. ``notes`` are sentences on what was dropped."""

    make: str = ""
    model: str = ""
    software: str = ""
    lens: str = ""
    serial: str = ""
    serial_dropped: str = ""
    taken: str = ""
    offset: str = ""
    digitised: str = ""
    modified: str = ""
    width: int = 0
    height: int = 0
    orientation: int = 0
    maker_note: bool = False
    place: Place | None = None
    thumbnail: tuple[int, int] | None = None
    texts: dict[str, str] = {}
    notes: tuple[str, ...] = ()


class _Tags:
    """The directories of one picture's EXIF, each read once, tolerantly."""

    def __init__(self, image: Image.Image) -> None:
        self.notes: list[str] = []
        self._exif: Image.Exif | None = None
        try:
            self._exif = image.getexif()
        except Exception:
            self.notes.append("the EXIF block is damaged")
        self.details = self._directory(IFD.Exif, "camera")
        self.gps = self._directory(IFD.GPSInfo, "GPS")
        self.preview = self._directory(IFD.IFD1, "thumbnail")

    @property
    def big_endian(self) -> bool:
        return self._exif is not None and self._exif.endian == ">"

    def _directory(self, tag: IFD, name: str) -> Mapping[int, Any]:
        try:
            return {} if self._exif is None else dict(self._exif.get_ifd(tag))
        except Exception:
            self.notes.append(f"the {name} part of the EXIF block is damaged")
            return {}

    def get(self, tag: int) -> Any:
        """A value from the camera directory, else from the main one (some writers confuse the two); None if damaged."""
        if tag in self.details:
            return self.details[tag]
        try:
            return None if self._exif is None else self._exif.get(tag)
        except Exception:
            return None

    def text(self, tag: int) -> str:
        return text_of(self.get(tag))

    def number(self, tag: int) -> int:
        value = self.get(tag)
        value = value[0] if isinstance(value, tuple) and value else value
        return value if isinstance(value, int) and 0 < value < 1 << 31 else 0


def text_of(value: object) -> str:
    """A text value, cleaned: cut at the first NUL, without control characters, at most LONGEST_TEXT long."""
    if isinstance(value, bytes):
        for mark, encoding in ((b"ASCII\0\0\0", "ascii"), (b"UNICODE\0", "utf-16"), (b"\0" * 8, "latin-1")):
            if value.startswith(mark):
                value = value[8 : 8 + 4 * LONGEST_TEXT].decode(encoding, "replace")
                break
        else:
            value = value[:LONGEST_TEXT].decode("latin-1")
    if not isinstance(value, str):
        return ""
    value = value.split("\0")[0][:LONGEST_TEXT]
    with suppress(UnicodeError):
        # Pillow reads EXIF's ASCII as Latin-1; cameras write UTF-8 there.
        value = value.encode("latin-1").decode("utf-8")
    return " ".join("".join(char if char.isprintable() else " " for char in value).split())


def read_exif(image: Image.Image) -> Exif:
    """All that is understood of a picture's EXIF. Never raises for what the bytes say."""
    with quiet():
        return _read(image, _Tags(image))


def _read(image: Image.Image, tags: _Tags) -> Exif:
    make = tags.text(Base.Make)
    serial, dropped = _serial(tags, make)
    place = _place(tags)
    thumbnail = _thumbnail(image, tags)
    texts = {name: found for name, tag in _TEXTS.items() if (found := tags.text(tag))}
    orientation = tags.number(Base.Orientation)
    return Exif(
        make=make,
        model=tags.text(Base.Model),
        software=tags.text(Base.Software),
        lens=tags.text(Base.LensModel),
        serial=serial,
        serial_dropped=dropped,
        taken=_date(tags, Base.DateTimeOriginal),
        offset=tags.text(Base.OffsetTimeOriginal),
        digitised=_date(tags, Base.DateTimeDigitized),
        modified=_date(tags, Base.DateTime),
        width=tags.number(Base.ExifImageWidth),
        height=tags.number(Base.ExifImageHeight),
        orientation=orientation if orientation <= 8 else 0,
        maker_note=bool(tags.details.get(Base.MakerNote)),
        place=place,
        thumbnail=thumbnail,
        texts=texts,
        notes=tuple(tags.notes),
    )


def _date(tags: _Tags, tag: int) -> str:
    """A date as written; "" for the blanks and zeros by which a camera says that its clock was never set."""
    written = tags.text(tag)
    if written and not re.search(r"[1-9]", written):
        tags.notes.append("a date is blank or zero: the clock was not set")
        return ""
    return written


def _serial(tags: _Tags, make: str) -> tuple[str, str]:
    """(serial, "") or ("", the serial that was left out). The camera's own tag first, then the maker's note."""
    dropped = ""
    note = tags.details.get(Base.MakerNote)
    for value in (
        tags.get(Base.BodySerialNumber),
        tags.get(Base.CameraSerialNumber),
        makernote.serial(note, make, tags.big_endian) if isinstance(note, bytes) else "",
    ):
        written = str(value) if isinstance(value, int) else text_of(value)
        if distinctive_serial(written):
            return written, ""
        dropped = dropped or written
    return "", dropped


def distinctive_serial(serial: str) -> bool:
    """Whether a serial can tell cameras apart: three or more letters and digits, not all the same, not a default."""
    bare = re.sub(r"[\W_]", "", serial).lower()
    return len(bare) >= 3 and len(set(bare)) > 1 and bare not in _DEFAULT_SERIALS and len(serial) <= 100


def _rational(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return number if isfinite(number) else None


def _degrees(value: object, reference: str, positive: str, negative: str, limit: int) -> float | None:
    """Signed degrees of (degrees, minutes, seconds) and its letter; None unless all of it is sound."""
    if not isinstance(value, tuple | list) or not 1 <= len(value) <= 3 or reference not in (positive, negative):
        return None
    parts = [_rational(part) for part in value]
    if any(part is None or part < 0 for part in parts) or any((part or 0) >= 60.001 for part in parts[1:]):
        return None
    degrees = sum((part or 0) / 60**power for power, part in enumerate(parts))
    if degrees > limit:
        return None
    return float(round(degrees if reference == positive else -degrees, 7))


def _written(value: object) -> str:
    parts = value if isinstance(value, tuple | list) else (value,)
    return " ".join(
        f"{part.numerator}/{part.denominator}" if hasattr(part, "denominator") else str(part)[:40] for part in parts[:3]
    )


def _place(tags: _Tags) -> Place | None:
    gps = tags.gps
    if GPS.GPSLatitude not in gps and GPS.GPSLongitude not in gps:
        return None
    south, west = text_of(gps.get(GPS.GPSLatitudeRef)).upper(), text_of(gps.get(GPS.GPSLongitudeRef)).upper()
    lat = _degrees(gps.get(GPS.GPSLatitude), south, "N", "S", 90)
    lon = _degrees(gps.get(GPS.GPSLongitude), west, "E", "W", 180)
    written = f"{_written(gps.get(GPS.GPSLatitude))} {south}, {_written(gps.get(GPS.GPSLongitude))} {west}"
    if lat is None or lon is None:
        tags.notes.append(f"the GPS position is not a place on earth ({written})")
        return None
    if lat == 0 and lon == 0:
        tags.notes.append("the GPS position is 0, 0: no fix")
        return None
    if text_of(gps.get(GPS.GPSStatus)).upper() == "V":
        tags.notes.append("the GPS receiver said that its position was not valid when the picture was taken")
    alt = _rational(gps.get(GPS.GPSAltitude))
    if alt is not None and gps.get(GPS.GPSAltitudeRef) in (1, b"\x01"):
        alt = -alt
    if alt is not None and not -12_000 <= alt <= 100_000:
        alt = None
    datum = text_of(gps.get(GPS.GPSMapDatum))
    return Place(lat, lon, written, None if alt is None else round(alt, 2), _gps_time(gps), datum)


def _gps_time(gps: Mapping[int, Any]) -> str:
    """The receiver's time in UTC, ISO 8601, or "" where it is absent or not a moment."""
    date = re.fullmatch(r"(\d{4})[:-](\d\d)[:-](\d\d)", text_of(gps.get(GPS.GPSDateStamp)))
    clock = gps.get(GPS.GPSTimeStamp)
    if date is None or not isinstance(clock, tuple | list) or len(clock) != 3:
        return ""
    hours, minutes, seconds = (_rational(part) for part in clock)
    if hours is None or minutes is None or seconds is None:
        return ""
    try:
        day = datetime(int(date[1]), int(date[2]), int(date[3]), tzinfo=UTC)
        moment = day.replace(hour=int(hours), minute=int(minutes), second=int(seconds))
    except (ValueError, OverflowError):
        return ""
    return moment.isoformat().replace("+00:00", "Z")


def _thumbnail(image: Image.Image, tags: _Tags) -> tuple[int, int] | None:
    """Width and height of the embedded JPEG thumbnail, by its own header."""
    block = image.info.get("exif")
    start, length = tags.preview.get(0x0201), tags.preview.get(0x0202)
    if not isinstance(block, bytes) or not isinstance(start, int) or not isinstance(length, int):
        return None
    block = block.removeprefix(b"Exif\0\0")
    try:
        with Image.open(BytesIO(block[start : start + max(length, 0)]), formats=["JPEG"]) as small:
            return small.size
    except Exception:
        tags.notes.append("the thumbnail is damaged")
        return None


def parse_date(written: str) -> datetime | None:
    """The wall clock (naive) that an EXIF date shows; None unless it is a moment."""
    match = re.match(r"\s*(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?", written)
    if match is None:
        return None
    try:
        return datetime(*(int(part or 0) for part in match.groups()))  # type: ignore[arg-type]
    except ValueError:
        return None


def moment_of(written: str, offset: str) -> Moment | None:
    """A picture's time as recorded: an instant only where it states its offset from UTC; None where nothing is
    written."""
    if not written:
        return None
    shown = parse_date(written)
    apart = re.fullmatch(r"([+-])(\d\d):(\d\d)|Z", offset.strip())
    if shown is None or apart is None:
        return Moment(written, None, "none")
    minutes = 0 if apart[0] == "Z" else int(apart[2]) * 60 + int(apart[3])
    if minutes > 15 * 60:
        return Moment(written, None, "none")
    zone = timezone(timedelta(minutes=-minutes if apart[1] == "-" else minutes))
    try:
        return stated(f"{written} {offset.strip()}", shown.replace(tzinfo=zone))
    except OverflowError:
        return Moment(written, None, "none")

"""Everything that is measured of one media source: one decode gives the trace's fields and the measurements.

The worker asks twice of the same source (reader, then measure); the last answer is kept so that it decodes once."""

from contextlib import suppress
from typing import Any

from msgspec import Struct, to_builtins

from trackway.measure import exif as exif_module
from trackway.measure import formats, generation, pdq, picture
from trackway.measure.exif import Exif
from trackway.measure.formats import Format
from trackway.measure.picture import Picture
from trackway.model.source import Measurement, Source
from trackway.model.trace import Moment


class Examined(Struct, frozen=True):
    """What came of one media source. ``fields`` are the trace's; ``reason`` says why a picture was not decoded."""

    format: Format
    fields: dict[str, Any]
    when: Moment | None = None
    serial: str = ""
    reason: str = ""
    measurements: tuple[Measurement, ...] = ()


class _Last:
    """The one source that was examined last. Holds no pixels."""

    source: Source | None = None
    examined: Examined | None = None


_NEEDS_DECODING = frozenset({"DIB", "CUR"})
"""Formats with a mark so common that a sound header does not prove them."""


def recognise(source: Source) -> Format | None:
    """What kind of media a source is, or None. Opens the source only where its first bytes leave a doubt."""
    found = formats.by_magic(source.head)
    if found is not None or len(source.head) < 8:
        return found
    marked, unmarked = formats.weak_candidates(source.head)
    for name in marked:
        if formats.bears_ending(source.name, name):
            return formats.pillow_format(name)
    name = picture.opens(source, marked + unmarked)
    if not name:
        return None
    sure = name in marked and name not in _NEEDS_DECODING
    if sure or formats.bears_ending(source.name, name) or picture.decode(source, [name]).decoded:
        return formats.pillow_format(name)
    return None


def examine(source: Source) -> Examined:
    """Decode and measure a source that ``recognise`` names. Never raises for what the bytes say; OSError where its
    medium cannot be read."""
    if _Last.source is source and _Last.examined is not None:
        return _Last.examined
    found = recognise(source)
    if found is None:
        reason = "it is no media file"
        unknown = Format("picture", "application/octet-stream", "unknown file")
        examined = Examined(unknown, {"type": unknown.type, "decoded": False, "reason": reason}, reason=reason)
    elif found.kind == "picture":
        examined = _examine_picture(source, found)
    else:
        examined = Examined(found, {"type": found.type})
    _Last.source, _Last.examined = source, examined
    return examined


def measure(source: Source) -> list[Measurement]:
    """The measurements of a source that the media reader claimed: "pdq" (decoded pictures), "exif" and
    "first-generation" (pictures whose header was read). A video or sound has none."""
    return list(examine(source).measurements)


def _examine_picture(source: Source, found: Format) -> Examined:
    shown = picture.decode(source)
    fields: dict[str, Any] = {"type": found.type, "decoded": shown.decoded}
    if shown.image is None:
        return Examined(found, fields | {"reason": shown.reason}, reason=shown.reason)
    fields |= {"width": shown.width, "height": shown.height}
    measurements: list[Measurement] = []
    reason = shown.reason
    if shown.decoded:
        try:
            measurements.append(_pdq(shown))
        except MemoryError:
            reason = "hashing it needs more memory than the worker may use"
            fields["decoded"] = False
    exif = exif_module.read_exif(shown.image)
    signs = generation.first_generation(shown, exif, source.open())
    measurements.append(Measurement("exif", 1, to_builtins(exif)))
    measurements.append(Measurement("first-generation", 1, to_builtins(signs)))
    fields |= _exif_fields(exif) | {"frames": picture.frames(shown, source)}
    if reason:
        fields["reason"] = reason
    with suppress(Exception):
        shown.image.close()
    return Examined(
        found, fields, exif_module.moment_of(exif.taken, exif.offset), exif.serial, reason, tuple(measurements)
    )


def _pdq(shown: Picture) -> Measurement:
    assert shown.image is not None
    hashes = pdq.hash_image(shown.image)
    value: dict[str, object] = {"pdq": hashes.pdq, "quality": hashes.quality, "forms": list(hashes.forms)}
    if shown.scaled > 1:
        value["scaled"] = shown.scaled
    return Measurement("pdq", 1, value)


def _exif_fields(exif: Exif) -> dict[str, Any]:
    """EXIF as a trace shows it: only what is there, dates as written, ``shown`` for the moment's wall clock."""
    fields: dict[str, Any] = {
        name: value for name in ("make", "model", "software", "lens", "serial") if (value := getattr(exif, name))
    }
    dates = {"original": exif.taken, "offset": exif.offset, "digitised": exif.digitised, "modified": exif.modified}
    if dates := {name: value for name, value in dates.items() if value}:
        fields["dates"] = dates
    if exif.orientation:
        fields["orientation"] = exif.orientation
    if exif.place is not None:
        fields["gps"] = to_builtins(exif.place)
    if exif.thumbnail is not None:
        fields["thumbnail"] = {"width": exif.thumbnail[0], "height": exif.thumbnail[1]}
    notes = list(exif.notes)
    if exif.serial_dropped:
        notes.append(f"the camera serial {exif.serial_dropped[:40]!r} is a default or blank: left out")
    return fields | exif.texts | ({"notes": notes} if notes else {})


def warm_up() -> None:
    """For the clean parent, before it forks workers: load every decoder and run it once."""
    picture.warm_up()
    pdq.warm_up()

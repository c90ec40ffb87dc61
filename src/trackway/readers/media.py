"""Pictures, videos and sounds: what each says about itself. One source gives one trace."""

from collections.abc import Iterator

from trackway.measure.media import examine, recognise, warm_up
from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Identifier, Trace

__all__ = ["READER", "warm_up"]

LOCATOR = "whole file"


def claims(source: Source) -> str | None:
    """By the first bytes; where they leave a doubt, by Pillow's reading of the header ("JPEG picture")."""
    found = recognise(source)
    return found.title if found else None


def read(source: Source, report: Report) -> Iterator[Trace]:
    """Exactly one trace, also of a picture that cannot be decoded: its digests are still matched.

    ``when`` is EXIF's DateTimeOriginal as recorded, an instant only where its offset from UTC stands beside it."""
    examined = examine(source)
    if examined.reason:
        report.incomplete(f"{examined.format.title}: {examined.reason}; it is matched by its digests only")
    elif examined.format.kind != "picture":
        report.not_understood(LOCATOR, f"{examined.format.title}: not decoded; it is matched by its digests only")
    identifiers = (Identifier("camera-serial", examined.serial, "own"),) if examined.serial else ()
    yield Trace("media", LOCATOR, when=examined.when, identifiers=identifiers, fields=examined.fields)


READER = Reader("media", 1, "Pictures, videos and sounds", claims, read)

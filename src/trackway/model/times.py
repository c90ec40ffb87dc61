"""Instants: whole microseconds since 1970-01-01T00:00:00 UTC, and their ISO 8601 spelling."""

import os
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trackway.model.errors import Refused
from trackway.model.trace import Moment, ZoneBasis

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_of(moment: datetime) -> int:
    """Microseconds since the epoch of an aware datetime."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def iso(instant: int | None) -> str | None:
    """ISO 8601 in UTC ("2026-01-02T03:04:05Z", fraction only where there is one); None outside the years 1 to 9999,
    where a hostile source may have put it."""
    if instant is None:
        return None
    try:
        moment = EPOCH + timedelta(microseconds=instant)
    except OverflowError:
        return None
    return moment.isoformat().replace("+00:00", "Z")


def zone_named(name: str | None) -> tzinfo | None:
    """A zone by IANA name; None for None. ValueError for an unknown name."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}") from error


def wall_clock(written: str, moment: datetime, zone: tzinfo | None) -> Moment:
    """A Moment for a time without zone in the source: read in the exhibit's zone, else as UTC for order only.

    ``moment`` is naive. Basis is ``exhibit`` or ``assumed`` accordingly."""
    basis: ZoneBasis = "exhibit" if zone is not None else "assumed"
    return Moment(written, instant_of(moment.replace(tzinfo=zone or UTC)), basis)


def stated(written: str, moment: datetime) -> Moment:
    """A Moment for a time whose zone the source states (``moment`` is aware)."""
    return Moment(written, instant_of(moment), "stated")


def now() -> datetime:
    """The moment that clocks are reckoned from: TRACKWAY_NOW (ISO 8601) where it is set, else the machine's.

    Read at the edges only (acts, views); no stored finding holds it. Raises Refused where TRACKWAY_NOW is no time."""
    given = os.environ.get("TRACKWAY_NOW")
    if not given:
        return datetime.now(UTC)
    return moment_of(given, "TRACKWAY_NOW")


def moment_of(written: str, what: str) -> datetime:
    """An aware datetime from ISO 8601 as a person writes it (UTC where no zone stands). Raises Refused."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as error:
        raise Refused(f"{what}: {written!r} is not a time like 2026-03-01T09:00:00Z.", "bad-time") from error
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        moment.astimezone(UTC)
    except OverflowError as error:
        raise Refused(f"{what}: {written!r} lies outside the years 1 to 9999 in UTC.", "bad-time") from error
    return moment

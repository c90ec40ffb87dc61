"""When a persona was there: its traces by month, and one month's traces."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import case, func, select, tuple_

from trackway.model.times import EPOCH, instant_of, iso
from trackway.store import schema
from trackway.store.ids import trace_ids, trace_number
from trackway.views.door import View

DAY = 86_400_000_000
"""Microseconds."""
TEXT_SHOWN = 200


class Month(Struct, frozen=True):
    """One month, UTC ("2026-03"): the traces in which the persona stands, and those that it wrote itself."""

    month: str
    traces: int
    written: int


class Timeline(Struct, frozen=True):
    """All months from the first to the last, empty ones too; ``undated`` traces stand in none."""

    months: list[Month]
    undated: int


class TraceLine(Struct, frozen=True):
    """One trace in a list. ``cut``: its text goes on."""

    id: str
    kind: str
    instant: str | None
    role: str
    text: str
    cut: bool


def timeline(view: View, persona: str) -> Timeline:
    """The traces of a persona (public id) by month."""
    m = schema.mention.c
    number = _number(view, persona)
    if number is None:
        return Timeline([], 0)
    day = (m.instant // DAY).label("day")
    mine = case((m.role == "author", m.n))
    rows = view.connection.execute(
        select(day, func.count(m.n.distinct()).label("traces"), func.count(mine.distinct()).label("written"))
        .where(m.party == number)
        .group_by(day)
    )
    seen: dict[str, list[int]] = {}
    undated = 0
    for row in rows:
        if row.day is None:
            undated += int(row.traces)
            continue
        held = seen.setdefault(f"{EPOCH + timedelta(days=int(row.day)):%Y-%m}", [0, 0])
        held[0] += int(row.traces)
        held[1] += int(row.written)
    return Timeline([Month(month, *seen.get(month, (0, 0))) for month in _span(seen)], undated)


def _span(seen: dict[str, list[int]]) -> list[str]:
    """Every month from the first to the last; where that is more than twenty years, only those that hold traces."""
    if not seen:
        return []
    first, last = min(seen), max(seen)
    months = []
    year, month = int(first[:4]), int(first[5:])
    while f"{year:04d}-{month:02d}" <= last:
        months.append(f"{year:04d}-{month:02d}")
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months if len(months) <= 240 else sorted(seen)


def persona_traces(view: View, persona: str, after: str, count: int, month: str | None = None) -> list[TraceLine]:
    """Up to ``count`` dated traces of a persona, by time, after the trace ``after`` (a public id; "" for none);
    of one month only where ``month`` ("2026-03") is given. ValueError for a month or a trace that is none."""
    m, t = schema.mention.c, schema.trace.c
    number = _number(view, persona)
    if number is None:
        return []
    statement = (
        select(m.n, func.min(m.instant).label("instant"), func.min(m.role).label("role"), t.kind, t.text)
        .select_from(schema.mention.join(schema.trace, m.n == t.n))
        .where(m.party == number, m.instant.is_not(None))
        .group_by(m.n, t.kind, t.text)
    )
    if month is not None:
        low = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
        try:
            high = (low + timedelta(days=32)).replace(day=1)
        except OverflowError as error:
            raise ValueError("the month is the last that there is") from error
        statement = statement.where(m.instant >= instant_of(low), m.instant < instant_of(high))
    if after:
        last = trace_number(view.connection, view.case_no, after)
        instant = view.connection.execute(select(t.instant).where(t.n == last)).scalar()
        if last is None or instant is None:
            raise ValueError("the cursor is no dated trace")
        statement = statement.where(tuple_(m.instant, m.n) > tuple_(instant, last))
    rows = view.connection.execute(statement.order_by(func.min(m.instant), m.n).limit(count)).all()
    ids = trace_ids(view.connection, (int(row.n) for row in rows))
    return [
        TraceLine(
            ids[int(row.n)], row.kind, iso(row.instant), row.role, row.text[:TEXT_SHOWN], len(row.text) > TEXT_SHOWN
        )
        for row in rows
    ]


def _number(view: View, persona: str) -> int | None:
    p = schema.party.c
    try:
        key = bytes.fromhex(persona)
    except ValueError:
        return None
    found = view.connection.execute(
        select(p.no).where(p.case_no == view.case_no, p.kind == "persona", p.key == key)
    ).scalar()
    return None if found is None else int(found)

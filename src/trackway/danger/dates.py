"""The date of an exhibit: what "recent" is measured against, so that no finding depends on the day it was derived."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, insert, select

from trackway.findings.engine import Desk, Stage, chunks
from trackway.store import schema

DAY = 86_400_000_000
KIND = "exhibit-date"
PER_READING = 1 << 32
"""Trace numbers of one reading."""


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    for subject in subjects:
        f = schema.finding.c
        desk.connection.execute(
            delete(schema.finding).where(f.case_no == desk.case_no, f.kind == KIND, f.subject == subject)
        )
        desk.connection.execute(
            insert(schema.finding).values(
                case_no=desk.case_no,
                kind=KIND,
                subject=subject,
                method="exhibit date",
                version=1,
                body=str(_date(desk.connection, int(subject))),
            )
        )
        desk.mark("item", _dated_items(desk, int(subject)))


def _date(connection: Connection, exhibit: int) -> int:
    """When the exhibit was acquired, where somebody said so; else the last instant that its traces show before it was
    added (a clock that ran ahead does not move it); else the moment it was added. Microseconds UTC."""
    e, p, r, t = schema.exhibit.c, schema.place.c, schema.reading.c, schema.trace.c
    row = connection.execute(select(e.acquired, e.added).where(e.no == exhibit)).one()
    if row.acquired is not None:
        return int(row.acquired)
    low = r.no * PER_READING
    last = connection.execute(
        select(func.max(t.instant))
        .select_from(
            schema.place.join(schema.reading, p.content == r.content).join(
                schema.trace, t.n.between(low, low + (PER_READING - 1))
            )
        )
        .where(p.exhibit == exhibit, r.current.is_(True), t.instant <= row.added)
    ).scalar()
    return int(last if last is not None else row.added)


def _dated_items(desk: Desk, exhibit: int) -> Iterable[str]:
    """Every item whose tier time decides by this exhibit: writers of listed terms, and new material, in it."""
    h, p, r, w = schema.term_hit.c, schema.place.c, schema.reading.c, schema.party.c
    low = r.no * PER_READING
    readings = schema.place.join(schema.reading, p.content == r.content)
    hits = readings.join(schema.term_hit, h.n.between(low, low + (PER_READING - 1)))
    writers = desk.connection.execute(
        select(w.key).distinct().select_from(hits.join(schema.party, h.author == w.no)).where(p.exhibit == exhibit)
    ).scalars()
    yield from (f"persona:{bytes(key).hex()}" for key in writers)
    f, c = schema.finding.c, schema.content.c
    new = desk.connection.execute(
        select(f.subject).where(f.case_no == desk.case_no, f.kind == "media", f.body.contains('"new_material":true'))
    ).scalars()
    for part in chunks([bytes.fromhex(key) for key in new if ":" not in key]):
        media = desk.connection.execute(
            select(c.sha256)
            .distinct()
            .select_from(schema.place.join(schema.content, p.content == c.no))
            .where(p.exhibit == exhibit, c.case_no == desk.case_no, c.sha256.in_(part))
        ).scalars()
        yield from (f"media:{bytes(key).hex()}" for key in media)


def exhibits_of(desk: Desk, reading: int) -> set[int]:
    """The exhibits in which a reading's source lies."""
    cache = desk.cache.setdefault("exhibits of readings", {})
    if reading not in cache:
        p, r = schema.place.c, schema.reading.c
        rows = desk.connection.execute(
            select(p.exhibit)
            .select_from(schema.reading.join(schema.place, p.content == r.content))
            .where(r.no == reading)
            .distinct()
        ).scalars()
        cache[reading] = set(rows)
    found: set[int] = cache[reading]
    return found


def is_recent(desk: Desk, instant: int | None, exhibits: set[int]) -> bool:
    """Whether a time lies near the date of one of the exhibits that show it. A missing time counts as recent: missing
    data never lowers a tier."""
    if instant is None or not exhibits:
        return True
    cache = desk.cache.setdefault("exhibit dates", {})
    for exhibit in exhibits:
        if exhibit not in cache:
            f = schema.finding.c
            cache[exhibit] = desk.connection.execute(
                select(f.body).where(f.case_no == desk.case_no, f.kind == KIND, f.subject == str(exhibit))
            ).scalar()
        date = cache[exhibit]
        if date is None or instant >= int(date) - desk.settings.recent_days * DAY:
            return True
    return False


DATES = Stage("date", _derive)

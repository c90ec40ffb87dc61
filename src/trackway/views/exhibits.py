"""What intake made of each exhibit: read, not read and why, counted outside the scope."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import func, select

from trackway.store import schema
from trackway.views.answers import ExhibitAnswer, NotRead
from trackway.views.door import View

NOT_READ = ("refused", "incomplete", "unclaimed")
NOTES_SHOWN = 500


def exhibits(view: View, numbers: Iterable[tuple[str, int]] | None = None) -> list[ExhibitAnswer]:
    """All exhibits by name, or these (as given, internal number) in their order."""
    e = schema.exhibit.c
    rows = {
        int(row.no): row for row in view.connection.execute(select(schema.exhibit).where(e.case_no == view.case_no))
    }
    wanted = list(numbers) if numbers is not None else sorted((row.name, no) for no, row in rows.items())
    return [_exhibit(view, given, rows[no]) for given, no in wanted]


def cut_short(view: View, number: int) -> bool:
    """Whether a file of this exhibit (internal number) was claimed and not wholly read, or could not be had."""
    p = schema.place.c
    statement = select(p.no).where(p.exhibit == number, p.outcome.in_(("incomplete", "refused"))).limit(1)
    return view.connection.execute(statement).first() is not None


def _exhibit(view: View, given: str, row: Any) -> ExhibitAnswer:
    p, r = schema.place.c, schema.reading.c
    counts: Counter[str] = Counter()
    out_of_scope = quarantined = 0
    missed: list[NotRead] = []
    notes: list[NotRead] = []
    paths: dict[int, str] = {0: ""}
    places = view.connection.execute(
        select(p.no, p.parent, p.path, p.outcome, p.reason, p.notes, p.out_of_scope, p.quarantined)
        .where(p.exhibit == row.no)
        .order_by(p.no)
    ).all()
    for place in places:
        paths[int(place.no)] = f"{paths[int(place.parent)]}{place.path}/"
        path = paths[int(place.no)][:-1]
        counts[place.outcome] += 1
        out_of_scope += place.out_of_scope
        quarantined += place.quarantined
        if place.outcome in NOT_READ:
            missed.append(NotRead(path, place.reason))
        for locator, reason in msgspec.json.decode(place.notes):
            notes.append(NotRead(f"{path}: {locator}" if locator else path, reason))
    here = select(p.content).where(p.exhibit == row.no)  # one reading, at however many places
    readings = view.connection.execute(
        select(r.reader, func.count(), func.sum(r.kept))
        .where(r.content.in_(here), r.current.is_(True))
        .group_by(r.reader)
        .order_by(r.reader)
    ).all()
    return ExhibitAnswer(
        exhibit=given,
        files=len(places),
        read=counts["read"],
        out_of_scope=out_of_scope,
        quarantined=quarantined,
        not_understood=sorted(missed, key=lambda one: one.name),
        notes=sorted(notes, key=lambda one: one.name)[:NOTES_SHOWN],
        traces=int(sum(kept for _, _, kept in readings)),
        readers={reader: int(count) for reader, count, _ in readings},
        law=msgspec.json.decode(row.law),
        zone=row.zone,
        acquisition=msgspec.json.decode(row.acquisition) if row.acquisition else None,
        complete=bool(row.done),
    )

"""The queue: danger first, with reasons that open their traces, clocks, and what the machine cannot see."""

from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import func, select, tuple_

from trackway.danger.clock import ACKNOWLEDGED, CLOCK_ACTS, Decision, answer, runs_since
from trackway.danger.item import TIERS, Item
from trackway.findings.engine import UNDERIVED, Settings
from trackway.model.times import instant_of, iso, now
from trackway.store import schema
from trackway.views.answers import Clock, QueuePage, QueueRow, ReasonAnswer
from trackway.views.door import View


class _Cursor(Struct, frozen=True, array_like=True):
    """Behind which row a page begins. An id may hold any sign: nothing in it can part the fields."""

    rank: int
    tier: int
    order: str
    subject: str


def queue(view: View, settings: Settings) -> list[QueueRow]:
    """All items, best first."""
    return _rows(view, settings, None, None)


def queue_page(view: View, settings: Settings, after: str | None = None, count: int = 50) -> QueuePage:
    """One page, with the blind spots. ``after`` is the cursor that the page before gave; ValueError for another."""
    rows = _rows(view, settings, after, count + 1)
    more = None
    if len(rows) > count:
        rows = rows[:count]
        last = rows[-1]
        item = _item(view, last.subject.key)
        after_last = _Cursor(last.rank, last.tier, item.order, last.subject.key) if item is not None else None
        more = msgspec.json.encode(after_last).decode() if after_last is not None else None
    return QueuePage(blind_spots(view), rows, more)


def queue_row(view: View, settings: Settings, subject: str) -> QueueRow | None:
    """One item by "kind:id"."""
    item = _item(view, subject)
    if item is None:
        return None
    i = schema.item.c
    before = view.connection.execute(
        select(func.count()).where(
            i.case_no == view.case_no,
            tuple_(i.tier, i.order, i.subject) < tuple_(item.tier, item.order, subject),
        )
    ).scalar_one()
    return _row(int(before) + 1, item, _decisions(view, [subject]).get(subject, []), settings)


def _item(view: View, subject: str) -> Item | None:
    i = schema.item.c
    body = view.connection.execute(select(i.body).where(i.case_no == view.case_no, i.subject == subject)).scalar()
    return None if body is None else msgspec.json.decode(body, type=Item)


def _rows(view: View, settings: Settings, after: str | None, count: int | None) -> list[QueueRow]:
    i = schema.item.c
    statement = select(i.body).where(i.case_no == view.case_no).order_by(i.tier, i.order, i.subject)
    rank = 0
    if after is not None:
        cursor = _cursor(after)
        rank = cursor.rank
        statement = statement.where(
            tuple_(i.tier, i.order, i.subject) > tuple_(cursor.tier, cursor.order, cursor.subject)
        )
    if count is not None:
        statement = statement.limit(count)
    items = [msgspec.json.decode(body, type=Item) for body in view.connection.execute(statement).scalars()]
    decisions = _decisions(view, [item.subject.key for item in items if item.tier <= 2])
    return [
        _row(rank + place, item, decisions.get(item.subject.key, []), settings) for place, item in enumerate(items, 1)
    ]


def _cursor(given: str) -> _Cursor:
    try:
        return msgspec.json.decode(given, type=_Cursor)
    except msgspec.DecodeError as error:
        raise ValueError("the cursor is none that a page gave") from error


def _decisions(view: View, subjects: list[str]) -> dict[str, list[Any]]:
    d = schema.decision.c
    found: dict[str, list[Any]] = {}
    for start in range(0, len(subjects), 500):
        rows = view.connection.execute(
            select(schema.decision)
            .where(
                d.case_no == view.case_no,
                d.subject.in_(subjects[start : start + 500]),
                d.act.in_(CLOCK_ACTS),
            )
            .order_by(d.no)
        )
        for row in rows:
            found.setdefault(row.subject, []).append(row)
    return found


def _row(rank: int, item: Item, decisions: list[Any], settings: Settings) -> QueueRow:
    reasons = [ReasonAnswer(r.sign, r.sentence, list(r.traces), r.total, r.tier) for r in item.reasons]
    clock = clock_of(item, decisions, settings) if item.tier <= 2 else None
    return QueueRow(rank, item.tier, TIERS[item.tier], item.subject, list(item.about), reasons, clock)


def clock_of(item: Item, decisions: list[Any], settings: Settings) -> Clock:
    """The clock of a tier-1 or tier-2 item (``danger.clock``)."""
    history = [Decision.of(row) for row in decisions]
    opened = runs_since(item, history)
    since = opened if opened is not None else instant_of(now())
    minutes = settings.minutes_tier_1 if item.tier == 1 else settings.minutes_tier_2
    due = since + timedelta(minutes=minutes) // timedelta(microseconds=1)
    answered = answer(item, history)
    if answered is None:
        state = "overdue" if instant_of(now()) > due else "running"
        return Clock(iso(since) or "", iso(due) or "", state, None, None)
    state = "acknowledged" if answered.act == ACKNOWLEDGED else "closed"
    return Clock(iso(since) or "", iso(due) or "", state, answered.who, answered.action)


def blind_spots(view: View) -> list[str]:
    """What the machine cannot see in this case (PRACTICE.md): the queue's first line."""
    p, v, t, c = schema.place.c, schema.listver.c, schema.term.c, schema.content.c
    count = view.connection.execute
    spots = []
    unread = count(
        select(func.count()).where(p.case_no == view.case_no, p.outcome.in_(("refused", "incomplete", "unclaimed")))
    ).scalar_one()
    pending = count(select(func.count()).where(p.case_no == view.case_no, p.outcome == "")).scalar_one()
    e = schema.exhibit.c
    begun = count(select(e.no).where(e.case_no == view.case_no, e.done.is_(False)).limit(1)).first()
    if begun is not None and not pending:
        spots.append("intake was interrupted before every file was found")
    f = schema.finding.c
    underived = count(select(func.count()).where(f.case_no == view.case_no, f.kind == UNDERIVED)).scalar_one()
    if underived:
        spots.append(f"{underived} findings could not be derived, by a fault of the program")
    if pending:
        spots.append(f"{pending} files still wait to be read: intake was interrupted")
    if unread:
        spots.append("1 file not, or not wholly, read" if unread == 1 else f"{unread} files not, or not wholly, read")
    marks = schema.dirty.c
    if count(select(marks.stage).where(marks.case_no == view.case_no).limit(1)).first():
        spots.append("not everything that was read is derived yet: rows may be missing (run `trackway analyse`)")
    lists = count(
        select(v.name, v.photodna).where(v.case_no == view.case_no, v.current.is_(True)).order_by(v.name)
    ).all()
    if not lists:
        spots.append("no known list is loaded: nothing can be told from new")
    else:
        spots.extend(_ages(view, [row.name for row in lists]))
        photodna = sum(row.photodna for row in lists)
        if photodna:
            spots.append(f"{photodna} PhotoDNA values in the lists are kept but not matched")
    languages = sorted(
        {row or "unnamed" for row in count(select(t.language).where(t.case_no == view.case_no).distinct()).scalars()}
    )
    spots.append(
        f"danger terms only for: {', '.join(languages)}" if languages else "no danger terms are loaded in any language"
    )
    for kind, sentence in (("video", "videos are matched by their digest only"), ("audio", "sound is not transcribed")):
        if count(select(c.no).where(c.case_no == view.case_no, c.type.startswith(f"{kind}/")).limit(1)).first():
            spots.append(sentence)
    return spots


def _ages(view: View, names: list[str]) -> list[str]:
    d = schema.decision.c
    rows = view.connection.execute(
        select(d.subject, func.max(d.at).label("at"))
        .where(d.case_no == view.case_no, d.act == "list-loaded")
        .group_by(d.subject)
    )
    loaded = {row.subject: int(row.at) for row in rows}
    days = [(instant_of(now()) - loaded[name]) // 86_400_000_000 for name in names if name in loaded]
    if not days:
        return []
    word = "list" if len(names) == 1 else "lists"
    age = "today" if max(days) <= 0 else f"up to {max(days)} days ago"
    return [f"{len(names)} known {word}, loaded {age}"]

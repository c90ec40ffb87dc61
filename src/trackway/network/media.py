"""Media in the network: who shared what, where it lies, which series it belongs to, and who was first with it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from trackway.findings.engine import Desk, Settings, chunks
from trackway.match.sightings import Act, sightings_of
from trackway.model.trace import Moment
from trackway.network.collect import EdgeKey, NodeKey
from trackway.network.records import Orders
from trackway.network.tally import Tally
from trackway.network.thresholds import ZONE_MARGIN
from trackway.store import schema

SHARING = ("sent", "offered")


class Timed(Struct, frozen=True):
    """When a trace says that it was; ``sure``: its zone was not merely assumed."""

    instant: int | None
    sure: bool


class First(Struct):
    """Of one persona: items that it was first with and others shared again; how many it shared after others."""

    items: list[tuple[int, int]] = []
    """(instant, order) of the earliest sharing of each."""
    after: int = 0


class MediaNet(Struct):
    """``possessed``: exhibit (internal number), media key, the file's own trace (number) if it has one."""

    media: list[str]
    series: list[tuple[str, str]]
    possessed: list[tuple[int, str, int | None]]
    firsts: dict[NodeKey, First]


class _When(Struct):
    when: Moment | None = None


class _Series(Struct):
    series: str | list[str] | None = None


_when = msgspec.msgpack.Decoder(_When).decode
_series_of = msgspec.json.Decoder(_Series).decode


def media_net(connection: Connection, case_no: int, orders: Orders, edges: Tally[EdgeKey]) -> MediaNet:
    """Count every act of sharing into ``edges`` and give the rest. Media that nobody shared are left out."""
    s = schema.sighting.c
    keys = list(
        connection.execute(
            select(s.media)
            .distinct()
            .where(s.case_no == case_no, s.kind.in_(SHARING), s.party.is_not(None))
            .order_by(s.media)
        ).scalars()
    )
    desk = Desk(connection, case_no, Settings())
    found = MediaNet([], [], [], defaultdict(First))
    personas = _personas(connection, case_no)
    for part in chunks(keys):
        seen = sightings_of(desk, part)
        times = _times(connection, [n for one in seen.values() for act in one.acts for n in act.traces])
        own = _own_traces(connection, case_no, part)
        for key in part:
            acts = [act for act in seen[key].acts if act.kind in SHARING and act.party in personas]
            shared = _count(edges, key, [(personas[act.party or 0], act) for act in acts], times, orders)
            if not shared:
                continue
            found.media.append(key)
            _note_first(found.firsts, shared)
            found.possessed.extend((exhibit, key, own.get(key)) for exhibit in seen[key].possessed)
        found.series.extend(_series(connection, case_no, part))
    held = set(found.media)
    found.series = [(key, token) for key, token in found.series if key in held]
    return found


class _Shared(Struct):
    """One act: who, the earliest of its traces that is dated, and whether its zone is sure."""

    who: NodeKey
    order: int
    time: Timed


def _count(
    edges: Tally[EdgeKey],
    key: str,
    acts: Sequence[tuple[NodeKey, Act]],
    times: dict[int, Timed],
    orders: Orders,
) -> list[_Shared]:
    shared = []
    for who, act in acts:
        traces = [(order, times[n]) for n in act.traces if (order := orders.of(n)) is not None and n in times]
        if not traces:
            continue
        record = min(order for order, _ in traces)
        for order, time in traces:
            edges.add(("shared", who, ("media", key)), record, time.instant, order)
        dated = [(time.instant, order, time) for order, time in traces if time.instant is not None]
        _, order, time = min(dated, key=lambda one: one[:2]) if dated else (None, record, Timed(None, False))
        shared.append(_Shared(who, order, time))
    return shared


def _note_first(firsts: dict[NodeKey, First], shared: Sequence[_Shared]) -> None:
    """Who was first with this item. Nobody, where a time is missing or the order hangs on a zone only assumed."""
    if len({one.who for one in shared}) < 2 or any(one.time.instant is None for one in shared):
        return
    ordered = sorted(shared, key=lambda one: (one.time.instant or 0, one.order))
    first = ordered[0]
    at = first.time.instant or 0
    others = [one for one in ordered if one.who != first.who]
    for other in others:
        margin = 0 if first.time.sure and other.time.sure else ZONE_MARGIN
        if (other.time.instant or 0) - at <= margin:
            return
    firsts[first.who].items.append((at, first.order))
    for who in {other.who for other in others}:
        firsts[who].after += 1


def _times(connection: Connection, numbers: Sequence[int]) -> dict[int, Timed]:
    t = schema.trace.c
    found = {}
    for part in chunks(sorted(set(numbers))):
        for n, instant, body in connection.execute(select(t.n, t.instant, t.body).where(t.n.in_(part))):
            when = _when(body).when
            sure = when is not None and when.basis in ("stated", "exhibit")
            found[int(n)] = Timed(None if instant is None else int(instant), sure)
    return found


def _personas(connection: Connection, case_no: int) -> dict[int | None, NodeKey]:
    p = schema.party.c
    rows = connection.execute(select(p.no, p.key).where(p.case_no == case_no, p.kind == "persona"))
    return {int(row.no): ("persona", bytes(row.key).hex()) for row in rows}


def _own_traces(connection: Connection, case_no: int, keys: Sequence[str]) -> dict[str, int]:
    """What each file that is here says about itself: the number of that trace."""
    c, r = schema.content.c, schema.reading.c
    here = [bytes.fromhex(key) for key in keys if ":" not in key]
    rows: Any = connection.execute(
        select(c.sha256, r.no)
        .select_from(schema.content.join(schema.reading, r.content == c.no))
        .where(c.case_no == case_no, c.sha256.in_(here), r.reader == "media", r.current.is_(True), r.kept > 0)
    )
    return {bytes(row.sha256).hex(): int(row.no) << 32 for row in rows}


def _series(connection: Connection, case_no: int, keys: Sequence[str]) -> list[tuple[str, str]]:
    f = schema.finding.c
    found: list[tuple[str, str]] = []
    for row in connection.execute(
        select(f.subject, f.body)
        .where(f.case_no == case_no, f.kind == "media", f.subject.in_(keys))
        .order_by(f.subject)
    ):
        series = _series_of(row.body).series
        tokens = series if isinstance(series, list) else [] if series is None else [series]
        found.extend((row.subject, token) for token in tokens)
    return found

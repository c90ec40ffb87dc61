"""Sightings: every act by which a file was shared, and every exhibit in which it merely lies.

One act is one file in one message; the stored file that it shares is not another. The same act in two exports is one
(key: service, conversation, message id). A file that no record of its exhibit shares is possessed there, once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import func, select

from trackway.findings.engine import Desk, chunks
from trackway.store import schema

KINDS = ("offered", "sent", "received", "accessed", "record_only", "possessed")
"""Strongest first: two exports of one act may describe it differently (a sender's and a receiver's)."""


class Act(Struct, frozen=True):
    """One act: its kind, who did it (internal number), and the numbers of the traces that show it."""

    kind: str
    party: int | None
    traces: tuple[int, ...]


class Seen(Struct, frozen=True):
    """All sightings of one media item. ``possessed``: the exhibits (internal numbers) where it merely lies."""

    acts: tuple[Act, ...]
    possessed: tuple[int, ...]

    def counts(self) -> dict[str, int]:
        counts = dict.fromkeys(("possessed", "received", "sent", "offered", "accessed", "record_only"), 0)
        for act in self.acts:
            counts[act.kind] += 1
        counts["possessed"] += len(self.possessed)
        return counts


def sightings_of(desk: Desk, keys: Sequence[str]) -> dict[str, Seen]:
    """The sightings of each of these media."""
    s = schema.sighting.c
    acts: dict[str, dict[bytes, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for part in chunks(keys):
        rows = desk.connection.execute(
            select(schema.sighting).where(s.case_no == desk.case_no, s.media.in_(part)).order_by(s.n)
        )
        for row in rows:
            acts[row.media][bytes(row.act)].append(row)
    homes = _homes(desk, keys)
    result = {}
    for key in keys:
        merged = [_merge(desk, rows) for _, rows in sorted(acts[key].items())]
        shared = {home for act in merged for n in act.traces for home in _homes_of_reading(desk, n >> 32)}
        result[key] = Seen(tuple(merged), tuple(sorted(homes.get(key, set()) - shared)))
    return result


def _merge(desk: Desk, rows: Sequence[Any]) -> Act:
    kind = min((row.kind for row in rows), key=KINDS.index)
    parties = sorted({int(row.party) for row in rows if row.kind == kind and row.party is not None})
    if len(parties) > 1:  # two exports name different senders: the lower id, whichever came in first
        p = schema.party.c
        parties = list(desk.connection.execute(select(p.no).where(p.no.in_(parties)).order_by(p.key)).scalars())
    return Act(kind, int(parties[0]) if parties else None, tuple(int(row.n) for row in rows))


def _homes(desk: Desk, keys: Iterable[str]) -> dict[str, set[int]]:
    p, c = schema.place.c, schema.content.c
    found: dict[str, set[int]] = defaultdict(set)
    here = [bytes.fromhex(key) for key in keys if ":" not in key]
    for part in chunks(here):
        rows = desk.connection.execute(
            select(c.sha256, p.exhibit, p.parent)
            .select_from(schema.place.join(schema.content, p.content == c.no))
            .where(c.case_no == desk.case_no, c.sha256.in_(part), p.outcome != "out-of-scope")
        )
        for row in rows:
            found[bytes(row.sha256).hex()].add(_home(desk, int(row.exhibit), int(row.parent)))
    return found


def _homes_of_reading(desk: Desk, reading: int) -> set[int]:
    cache = desk.cache.setdefault("homes of readings", {})
    if reading not in cache:
        p, r = schema.place.c, schema.reading.c
        rows = desk.connection.execute(
            select(p.exhibit, p.parent)
            .select_from(schema.reading.join(schema.place, p.content == r.content))
            .where(r.no == reading)
        )
        cache[reading] = {_home(desk, int(row.exhibit), int(row.parent)) for row in rows}
    homes: set[int] = cache[reading]
    return homes


def _home(desk: Desk, exhibit: int, parent: int) -> int:
    """The exhibit that a place counts for: a file exhibit that lies inside another exhibit is that same exhibit, and
    two exhibits with the same files in the same places are one."""
    twins, roots = _twins(desk)
    p = schema.place.c
    inside = desk.cache.setdefault("inside", {})
    walked = []
    home: int | None = None
    at = parent
    while at:
        if at in inside:
            home = inside[at]
            break
        walked.append(at)
        row = desk.connection.execute(select(p.parent, p.content).where(p.no == at)).one()
        if row.content in roots:
            home = roots[row.content]
            break
        at = int(row.parent)
    if home is None:
        home = exhibit
    for place in walked:
        inside[place] = home
    return twins.get(home, home)


def _twins(desk: Desk) -> tuple[dict[int, int], dict[int, int]]:
    """({exhibit: its earlier twin}, {content of a file exhibit: that exhibit})."""
    if "twins" not in desk.cache:
        p = schema.place.c
        rows = desk.connection.execute(
            select(p.exhibit, func.count(), func.sum(p.content), func.min(p.content), func.max(p.content))
            .where(p.case_no == desk.case_no, p.parent == 0)
            .group_by(p.exhibit)
            .order_by(p.exhibit)
        ).all()
        first: dict[tuple[Any, ...], int] = {}
        twins: dict[int, int] = {}
        roots: dict[int, int] = {}
        for exhibit, *shape in rows:
            alike = first.setdefault(tuple(shape), int(exhibit))
            if alike != exhibit and _same_places(desk, alike, int(exhibit)):
                twins[int(exhibit)] = alike
            elif shape[0] == 1 and shape[1] is not None:
                roots.setdefault(int(shape[1]), int(exhibit))
        desk.cache["twins"] = (twins, roots)
    held: tuple[dict[int, int], dict[int, int]] = desk.cache["twins"]
    return held


def _same_places(desk: Desk, one: int, other: int) -> bool:
    p = schema.place.c

    def places(exhibit: int) -> set[tuple[str, int | None]]:
        rows = desk.connection.execute(select(p.path, p.content).where(p.exhibit == exhibit, p.parent == 0))
        return {(row.path, row.content) for row in rows}

    return places(one) == places(other)

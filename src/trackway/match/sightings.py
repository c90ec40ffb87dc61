"""Sightings: every act by which a file was shared, and every exhibit in which it merely lies.

One act is one file in one message; the stored file that it shares is not another. The same act in two exports is one
(key: service, conversation, message id). A file that no record of its exhibit shares is possessed there, once.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, get_args

from msgspec import Struct
from sqlalchemy import select

from trackway.findings.engine import Desk, chunks
from trackway.match.homes import homes_of, homes_of_reading
from trackway.model.trace import SightingKind
from trackway.store import schema

KINDS = ("offered", "sent", "received", "accessed", "record_only", "possessed")
"""Strongest first: two exports of one act may describe it differently (a sender's and a receiver's)."""

COUNTED = get_args(SightingKind)
"""In the order in which answers count them."""

SHARED = ("offered", "sent", "received")
"""What a file that lies in the same exhibit was stored for: it is not possessed besides. A record that merely names a
file, or says that it was opened, leaves it possessed."""


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
        counts = dict.fromkeys(COUNTED, 0)
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
    homes = homes_of(desk, keys)
    result = {}
    for key in keys:
        merged = [_merge(desk, rows) for _, rows in sorted(acts[key].items())]
        sharing = (int(row.n) for rows in acts[key].values() for row in rows if row.kind in SHARED)
        shared = {home for n in sharing for home in homes_of_reading(desk, n >> 32)}
        result[key] = Seen(tuple(merged), tuple(sorted(homes.get(key, set()) - shared)))
    return result


def _merge(desk: Desk, rows: Sequence[Any]) -> Act:
    kind = min((row.kind for row in rows), key=KINDS.index)
    parties = sorted({int(row.party) for row in rows if row.kind == kind and row.party is not None})
    if len(parties) > 1:  # two exports name different senders: the lower id, whichever came in first
        p = schema.party.c
        parties = list(desk.connection.execute(select(p.no).where(p.no.in_(parties)).order_by(p.key)).scalars())
    return Act(kind, int(parties[0]) if parties else None, tuple(int(row.n) for row in rows))

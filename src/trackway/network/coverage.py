"""The coverage statement: what the picture rests on, and what was not seized (NETWORK.md)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from trackway.model.times import iso
from trackway.network.collect import EdgeKey, Span
from trackway.network.roles import NOT_LOOKED_FOR
from trackway.network.tally import Counted
from trackway.network.thresholds import COMMON_ITEM, LARGE_ROOM, MISSING_SHARE, VERSION

LAYERS = {"wrote-to": "private", "replied": "public", "shared": "share", "paid": "money"}


def coverage(
    counted: Sequence[Counted[EdgeKey]],
    spans: Mapping[int, Span],
    homes: Mapping[int, set[int]],
    exhibits: Mapping[int, str],
    facts: Mapping[str, int],
) -> dict[str, Any]:
    """The statement. ``homes``: reading (rank) -> exhibits; ``facts``: personas, hollow, ranked, common items, large
    rooms."""
    layers = _layers(counted)
    of_exhibit: dict[str, Span] = {name: Span() for name in sorted(exhibits.values())}
    whole = Span()
    for rank, span in spans.items():
        for bound in (span.first, span.last):
            whole.widen(bound, 0)
            for exhibit in homes.get(rank, ()):
                of_exhibit[exhibits[exhibit]].widen(bound, 0)
        for exhibit in homes.get(rank, ()):
            of_exhibit[exhibits[exhibit]].count += span.count
    seen = facts["personas"]
    return {
        "sentence": f"Prominent among the {seen} personas seen, not in the whole network.",
        "personas_seen": seen,
        "personas_seen_only_through_others": facts["hollow"],
        "personas_ranked": facts["ranked"],
        "period": [iso(whole.first), iso(whole.last)],
        "exhibits": [
            {"exhibit": name, "records": span.count, "period": [iso(span.first), iso(span.last)], "owner": "unknown"}
            for name, span in of_exhibit.items()
        ],
        "layers": layers,
        "layers_not_held": [layer for layer, edges in layers.items() if not edges],
        "edges_seen_from_one_side": _one_sided(counted, homes),
        "how_chosen": "unknown",
        "missing_share": MISSING_SHARE,
        "roles_not_looked_for": list(NOT_LOOKED_FOR),
        "rules": VERSION,
        "notes": _notes(facts),
    }


def _layers(counted: Sequence[Counted[EdgeKey]]) -> dict[str, int]:
    """Layer -> edges in it."""
    layers = dict.fromkeys([*LAYERS.values(), "infrastructure"], 0)
    for one in counted:
        kind, _, (other, _) = one.key
        if kind in LAYERS:
            layers[LAYERS[kind]] += 1
        elif kind == "mentions" and other in ("host", "wallet"):
            layers["infrastructure"] += 1
    return layers


def _one_sided(counted: Sequence[Counted[EdgeKey]], homes: Mapping[int, set[int]]) -> float | None:
    """Share of the pairs who wrote to or answered each other of whom one exhibit alone tells; None without pairs.

    As long as nobody says whose an exhibit is, this stands for "only one of the two was searched"."""
    exhibits: dict[tuple[str, str], set[int]] = defaultdict(set)
    for one in counted:
        kind, (_, a), (_, b) = one.key
        if kind in ("wrote-to", "replied"):
            for rank in one.readings:
                exhibits[(min(a, b), max(a, b))] |= homes.get(rank, set())
    if not exhibits:
        return None
    return round(sum(len(held) < 2 for held in exhibits.values()) / len(exhibits), 4)


def _notes(facts: Mapping[str, int]) -> list[str]:
    notes = ["A rank counts distinct counterparts, not messages; being in one room does not count."]
    if facts["hollow"]:
        notes.append(f"{facts['hollow']} personas are known only through what others wrote or recorded.")
    if facts["common"]:
        notes.append(f"{facts['common']} files or wallets of more than {COMMON_ITEM} personas link none of them.")
    if facts["large_rooms"]:
        notes.append(
            f"{facts['large_rooms']} rooms with more than {LARGE_ROOM} personas: no same-room edges drawn for them."
        )
    return notes

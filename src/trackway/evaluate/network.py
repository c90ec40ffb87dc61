"""``trackway evaluate network FILE``: who is prominent, and how far that holds when part of the network is missing.

The network of the file is taken as whole. Part of it is taken away in six ways, and what is left is measured as a case
would be: the rank and interval of the most prominent, against their rank in the whole among those still seen
(NETWORK.md, "A rank and its interval").
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from trackway.evaluate._network_files import Loaded, load
from trackway.network.prominence import Graph, Ranks, ranks_of, seed_of
from trackway.network.thresholds import MISSING_SHARE, RESAMPLES

Ints = npt.NDArray[np.int64]
Kept = npt.NDArray[np.bool_]

LEADERS = 20
"""Nodes listed."""
JUDGED = 5
"""The most prominent of those seen, whose intervals are judged: it is these that an officer reads."""
SHARES = (0.1, 0.3, 0.5)
RUNS = 20
EDGE_BUDGET = 40_000
"""Edges measured in one cell, all runs together: larger networks get fewer runs."""
ONE_SHARE_ABOVE = 20_000
NONE_ABOVE = 200_000
"""Above so many edges only the share .3 is tried, or none: the command ends within its five minutes."""


class _Whole(Struct):
    """The network of the file on the nodes that have an edge."""

    names: list[str]
    pairs: Any
    weights: Any
    scores: Any


def evaluate_network(path: Path) -> dict[str, Any]:
    """nodes, edges, leaders [{node, rank, interval}], stability {mode: {share_missing: {cover, width, hit3, hit5,
    hit5_of_all, runs}}} and conditions. Raises Refused where the file is no network.

    cover: share of the five most prominent seen whose interval holds their true rank among those seen; width: median
    of (worst - best); hit3, hit5: share of the true top three, of those seen, found in the top three or five;
    hit5_of_all counts those who are not seen as missed."""
    loaded = load(path)
    whole = _whole(loaded)
    graph = Graph(len(whole.names), whole.pairs, seed_of(whole.names, whole.pairs))
    ranks = ranks_of(graph, np.arange(graph.count))
    return {
        "nodes": len(loaded.names),
        "edges": len(whole.pairs),
        "leaders": _leaders(whole.names, ranks),
        "stability": _stability(whole),
        "conditions": {
            "shape": loaded.shape,
            "projected": loaded.shape == "two-mode matrix",
            "columns_left_out": loaded.left_out,
            "nodes_without_edges": len(loaded.names) - len(whole.names),
            "directions": "put together; a counterpart counts once",
            "missing_share": MISSING_SHARE,
            "resamples": RESAMPLES,
            "judged": JUDGED,
            "assumed_share": "the share that was taken away",
        },
    }


def _whole(loaded: Loaded) -> _Whole:
    """Nodes in the order of their names, so that the order of rows changes nothing."""
    linked = sorted({i for pair in loaded.weights for i in pair}, key=lambda i: loaded.names[i])
    number = {i: place for place, i in enumerate(linked)}
    rows = sorted((*sorted((number[a], number[b])), weight) for (a, b), weight in loaded.weights.items())
    pairs = np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)
    weights = np.array([row[2] for row in rows], dtype=float)
    scores = Graph(len(linked), pairs).scores() if len(pairs) else np.zeros(0)
    return _Whole([loaded.names[i] for i in linked], pairs, weights, scores)


def _leaders(names: list[str], ranks: Ranks) -> list[dict[str, Any]]:
    order = sorted(range(len(names)), key=lambda i: (ranks.rank[i], names[i]))[:LEADERS]
    return [{"node": names[i], "rank": ranks.rank[i], "interval": [ranks.low[i], ranks.high[i]]} for i in order]


# ------------------------------------------------------------------ what is lost


def _random_contacts(whole: _Whole, share: float, random: np.random.Generator) -> Kept:
    return random.random(len(whole.pairs)) >= share


def _weak_contacts(whole: _Whole, share: float, random: np.random.Generator) -> Kept:
    """The fewer records a contact left, the sooner it is missed."""
    luck = random.random(len(whole.pairs)) ** (1.0 / np.maximum(whole.weights, 1e-9))
    return _without(luck, share)


def _random_people(whole: _Whole, share: float, random: np.random.Generator) -> Kept:
    return _among(whole, _without(random.random(len(whole.names)), share))


def _prominent_people(whole: _Whole, share: float, random: np.random.Generator) -> Kept:
    """The more prominent, the sooner missing: "leaders avoid the phone". At a share of .3 one in ten of the most
    prominent is left."""
    place = np.argsort(np.argsort(whole.scores)) / max(1, len(whole.names))
    return _among(whole, _without(place + 0.75 * random.random(len(whole.names)), share))


def _few_devices(whole: _Whole, share: float, random: np.random.Generator) -> Kept:
    """Devices of randomly drawn people are seized until so many contacts are seen from one end at least."""
    place = np.argsort(random.permutation(len(whole.names)))
    seen_at = place[whole.pairs].min(axis=1)
    return _without(-seen_at.astype(float), share)


def _snowball(whole: _Whole, share: float, random: np.random.Generator) -> Kept:
    """From one person to contacts and contacts' contacts, until so many people are seen."""
    count = len(whole.names)
    neighbours: list[list[int]] = [[] for _ in range(count)]
    for a, b in whole.pairs.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    seen = np.zeros(count, dtype=bool)
    wanted = max(2, round(count * (1 - share)))
    for start in random.permutation(count).tolist():
        wave = [] if seen[start] else [start]
        while wave and seen.sum() < wanted:
            person = wave.pop(0)
            if not seen[person]:
                seen[person] = True
                wave.extend(random.permutation(neighbours[person]).tolist())
        if seen.sum() >= wanted:
            break
    return _among(whole, seen)


def _without(value: npt.NDArray[np.float64], share: float) -> Kept:
    """All but the given share with the lowest values."""
    kept = np.ones(len(value), dtype=bool)
    kept[np.argsort(value, kind="stable")[: round(len(value) * share)]] = False
    return kept


def _among(whole: _Whole, people: Kept) -> Kept:
    """The contacts between these people."""
    both: Kept = people[whole.pairs].all(axis=1)
    return both


MODES: dict[str, Callable[[_Whole, float, np.random.Generator], Kept]] = {
    "random contacts": _random_contacts,
    "weak contacts": _weak_contacts,
    "random people": _random_people,
    "prominent people": _prominent_people,
    "few devices": _few_devices,
    "snowball": _snowball,
}


# ------------------------------------------------------------------ what is left


def _stability(whole: _Whole) -> dict[str, dict[str, dict[str, float | int | None]]]:
    edges = len(whole.pairs)
    if not edges or edges > NONE_ABOVE:
        return {}
    shares = SHARES if edges <= ONE_SHARE_ABOVE else (MISSING_SHARE,)
    runs = max(1, min(RUNS, EDGE_BUDGET // edges))
    found: dict[str, dict[str, dict[str, float | int | None]]] = {}
    for mode, lose in MODES.items():
        found[mode] = {}
        for share in shares:
            cell = [
                one
                for run in range(runs)
                if (one := _run(whole, lose(whole, share, np.random.default_rng([run, round(share * 100)])), share))
            ]
            found[mode][str(share)] = _figures(cell)
    return found


class _Run(Struct):
    """One loss: of the most prominent seen, how many lie in their interval, and the widths; hits of the top three."""

    judged: int
    covered: int
    widths: list[int]
    hit3: float
    hit5: float
    hit5_of_all: float


def _run(whole: _Whole, kept: Kept, share: float) -> _Run | None:
    pairs = whole.pairs[kept]
    seen = np.unique(pairs)
    if len(seen) < 3:
        return None
    inner = np.searchsorted(seen, pairs)
    ranks = ranks_of(
        Graph(len(seen), inner, seed_of([whole.names[i] for i in seen], inner)), np.arange(len(seen)), share
    )
    true_low, true_high = _true_ranks(whole.scores[seen])
    rank, low, high = (np.array(one) for one in (ranks.rank, ranks.low, ranks.high))
    top = np.argsort(rank, kind="stable")
    judged = top[:JUDGED]
    # Ties in the whole network share several places: any of them inside the interval will do.
    covered = (low[judged] <= true_high[judged]) & (high[judged] >= true_low[judged])
    best = np.argsort(true_low, kind="stable")[:3]
    ever = set(np.argsort(whole.scores, kind="stable")[:3].tolist())
    return _Run(
        len(judged),
        int(covered.sum()),
        (high[judged] - low[judged]).tolist(),
        len(set(best.tolist()) & set(top[:3].tolist())) / 3,
        len(set(best.tolist()) & set(top[:5].tolist())) / 3,
        len(ever & set(seen[top[:5]].tolist())) / 3,
    )


def _true_ranks(scores: npt.NDArray[np.float64]) -> tuple[Ints, Ints]:
    """First and last place of each by its score in the whole network (lower is better)."""
    ordered = np.sort(scores)
    return np.searchsorted(ordered, scores, "left") + 1, np.searchsorted(ordered, scores, "right")


def _figures(cell: list[_Run]) -> dict[str, float | int | None]:
    if not cell:
        return {"cover": None, "width": None, "hit3": None, "hit5": None, "hit5_of_all": None, "runs": 0}
    judged = sum(one.judged for one in cell)
    return {
        "cover": round(sum(one.covered for one in cell) / judged, 4),
        "width": float(np.median([width for one in cell for width in one.widths])),
        "hit3": round(float(np.mean([one.hit3 for one in cell])), 4),
        "hit5": round(float(np.mean([one.hit5 for one in cell])), 4),
        "hit5_of_all": round(float(np.mean([one.hit5_of_all for one in cell])), 4),
        "runs": len(cell),
    }

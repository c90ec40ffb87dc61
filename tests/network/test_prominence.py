"""Prominence against its definitions reckoned the plain way, and the interval's promises."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackway.network import prominence
from trackway.network.prominence import Graph, ranks_of
from trackway.network.tally import Tally

COUNT = 9
PAIRS = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=30)


def _neighbours(pairs: list[tuple[int, int]]) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in range(COUNT)]
    for a, b in pairs:
        if a != b:
            found[a].add(b)
            found[b].add(a)
    return found


def _distances(neighbours: list[set[int]], start: int) -> dict[int, int]:
    found, queue = {start: 0}, deque([start])
    while queue:
        here = queue.popleft()
        for other in neighbours[here] - found.keys():
            found[other] = found[here] + 1
            queue.append(other)
    return found


def _plain_pagerank(neighbours: list[set[int]]) -> list[float]:
    score = [1.0] * COUNT
    for _ in range(400):
        lost = sum(score[i] for i in range(COUNT) if not neighbours[i]) / COUNT
        score = [0.15 + 0.85 * (lost + sum(score[j] / len(neighbours[j]) for j in neighbours[i])) for i in range(COUNT)]
    return score


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_the_three_measures_are_what_they_are_called(pairs: list[tuple[int, int]]) -> None:
    graph, neighbours = Graph(COUNT, pairs), _neighbours(pairs)
    degree, pagerank, harmonic = graph._measures(np.ones((2, graph.edges), dtype=bool), np.arange(COUNT), 1e-6)
    for copy in range(2):
        assert degree[copy].tolist() == [len(one) for one in neighbours]
        assert pagerank[copy] == pytest.approx(_plain_pagerank(neighbours), abs=1e-4)
        assert harmonic[copy] == pytest.approx(
            [sum(1 / d for d in _distances(neighbours, i).values() if d) for i in range(COUNT)]
        )


@settings(max_examples=40, deadline=None)
@given(PAIRS, st.floats(0, 0.9))
def test_the_interval_holds_the_rank(pairs: list[tuple[int, int]], missing: float) -> None:
    found = ranks_of(Graph(COUNT, pairs, 1), range(COUNT), missing)
    for rank, low, high in zip(found.rank, found.low, found.high, strict=True):
        assert 1 <= low <= rank <= high <= COUNT


def test_nothing_missing_is_a_rank_without_doubt() -> None:
    found = ranks_of(Graph(5, [(0, 1), (0, 2), (0, 3), (1, 2), (3, 4)], 1), range(5), 0.0)
    assert found.rank == found.low == [1, 3, 3, 2, 5]
    assert found.high == [1, 4, 4, 2, 5]  # two share the third place: the worst of it is the fourth


def test_more_missing_is_a_wider_interval() -> None:
    pairs = [(0, n) for n in range(1, 12)] + [(n, n + 1) for n in range(1, 15)]
    widths = []
    for missing in (0.1, 0.3, 0.5):
        found = ranks_of(Graph(16, pairs, 3), range(16), missing)
        widths.append(sum(found.high) - sum(found.low))
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_ties_share_the_best_place() -> None:
    assert ranks_of(Graph(5, [(0, n) for n in range(1, 5)], 1), range(5)).rank == [1, 2, 2, 2, 2]


def test_the_seed_alone_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Direction and order of the pairs, and how many resamples are measured at once, change nothing."""
    chance = np.random.default_rng(2)
    pairs = chance.integers(0, 40, (90, 2)).tolist()
    one = ranks_of(Graph(40, [tuple(p) for p in pairs], 9), range(40))
    monkeypatch.setattr(prominence, "BATCH", 500)
    assert ranks_of(Graph(40, [(b, a) for a, b in reversed(pairs)], 9), range(40)) == one
    assert ranks_of(Graph(40, [tuple(p) for p in pairs], 10), range(40)) != one


def test_only_the_ranked_are_ranked_but_all_are_counterparts() -> None:
    graph = Graph(5, [(0, 1), (0, 2), (0, 3), (0, 4), (1, 2)], 1)
    assert ranks_of(graph, [1, 3]).rank == [1, 2]
    assert ranks_of(graph, []).rank == []


def test_pivots_find_the_same_leaders_as_all_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(4)
    pairs = np.minimum(chance.integers(0, 900, (4000, 2)), chance.integers(0, 900, (4000, 2)))
    exact = np.argsort(Graph(900, pairs).scores())[:20].tolist()
    monkeypatch.setattr(prominence, "PIVOTS", prominence.PIVOTS_RESAMPLED)
    near = np.argsort(Graph(900, pairs).scores())[:20].tolist()
    assert near != exact
    assert len(set(near) & set(exact)) >= 17


EVENTS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 5), st.none() | st.integers(0, 9), st.integers(0, 1 << 34))
)


@settings(max_examples=80)
@given(EVENTS)
def test_a_tally_counts_records_once(events: list[tuple[int, int, int | None, int]]) -> None:
    tally: Tally[int] = Tally()
    for event in events:
        tally.add(*event)
    found = {one.key: one for one in tally.counted()}
    assert found.keys() == {key for key, *_ in events}
    for key, one in found.items():
        mine = [event for event in events if event[0] == key]
        dated = [instant for _, _, instant, _ in mine if instant is not None]
        assert one.count == len({record for _, record, _, _ in mine})
        assert (one.first, one.last) == (min(dated, default=None), max(dated, default=None))
        assert one.readings == {order >> 32 for *_, order in mine}
        assert len(one.traces) == min(5, one.count)
    tally.fold(lambda key: 0)
    assert sum(one.count for one in tally.counted()) == len({record for _, record, _, _ in events})

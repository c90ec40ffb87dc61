"""Prominence: the mean rank of degree, PageRank and harmonic closeness over distinct counterparts, and its interval.

A rank is stated among the nodes seen, with the interval that it takes when each edge is dropped with an assumed
probability (NETWORK.md, "A rank and its interval"). Resamples are laid side by side as one graph of many components,
so that small and large graphs take the same vectorised path.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from trackway.network.thresholds import MISSING_SHARE, QUANTILES, RESAMPLES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAMPING = 0.85
SETTLED, NEARLY = 1e-6, 1e-4
"""PageRank ends when no node moves by more than this share of the mean: for the rank, and for each resample (where
it misplaced no one by more than 6 of 30,000)."""
ROUNDS = 100
EXACT_NODES = 512
"""Up to this many nodes harmonic closeness is exact; beyond it is estimated from so many nodes drawn by chance:"""
PIVOTS, PIVOTS_RESAMPLED = 2048, 256
"""for the rank, and for each batch of resamples, drawn anew so that the interval holds the error of the drawing."""
BATCH = 200_000
"""Half-edges of the resamples that are measured at once."""
DIGITS = 9
"""Decimals within which two scores are a tie: below stands the order of additions, not the graph."""


class Ranks(Struct, frozen=True):
    """One entry a node, 1 is best. ``rank``: position (ties share the best); ``low``, ``high``: its interval."""

    rank: list[int]
    low: list[int]
    high: list[int]


class Graph:
    """A simple undirected graph on the nodes 0..count-1, as sorted half-edges.

    ``pairs`` may name an edge twice or in both directions; loops are left out. ``seed`` decides which edges a resample
    drops: derive it from the content (``seed_of``), so that the answer is the same in every run.
    """

    def __init__(self, count: int, pairs: Sequence[tuple[int, int]] | Ints, seed: int = 0) -> None:
        given = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
        low, high = given.min(axis=1, initial=count), given.max(axis=1, initial=-1)
        packed = np.unique((low * count + high)[low != high])
        self.count, self.seed, self.edges = count, seed, len(packed)
        a, b = packed // count, packed % count
        ends, others = np.concatenate((a, b)), np.concatenate((b, a))
        order = np.lexsort((others, ends))
        self._ends, self._others = ends[order], others[order]
        self._edge = np.concatenate((np.arange(len(a)), np.arange(len(a))))[order]

    def scores(self) -> Floats:
        """(count,): mean of the three ranks, lower is more prominent."""
        sources = self._sources(np.random.Generator(np.random.PCG64(self.seed)), PIVOTS)
        means: Floats = _mean_ranks(*self._measures(np.ones((1, self.edges), dtype=bool), sources, SETTLED))[0]
        return means

    def resampled(self, missing: float, times: int) -> Iterator[Floats]:
        """(copies, count) mean ranks of resamples in which each edge is dropped with probability ``missing``."""
        random = np.random.Generator(np.random.PCG64(self.seed))
        most = max(1, BATCH // max(1, 2 * self.edges))
        for start in range(0, times, most):
            copies = min(most, times - start)
            kept = random.random((copies, self.edges)) >= missing
            yield _mean_ranks(*self._measures(kept, self._sources(random, PIVOTS_RESAMPLED), NEARLY))

    def _sources(self, random: np.random.Generator, pivots: int) -> Ints:
        """The nodes from which distances are taken."""
        if self.count <= max(EXACT_NODES, pivots):
            return np.arange(self.count, dtype=np.int64)
        return np.sort(random.permutation(self.count)[:pivots]).astype(np.int64)

    def _measures(self, kept: npt.NDArray[np.bool_], sources: Ints, tolerance: float) -> tuple[Floats, Floats, Floats]:
        """Degree, PageRank, harmonic closeness, each (copies, count), of the copies with the edges that are kept."""
        copies, count = len(kept), self.count
        half = kept[:, self._edge]
        offset = np.arange(copies, dtype=np.int64)[:, None] * count
        ends, others = (self._ends + offset)[half], (self._others + offset)[half]
        degree = np.bincount(ends, minlength=copies * count)
        linked = np.flatnonzero(degree)
        starts = (np.cumsum(degree) - degree)[linked]
        side = _Side(copies, count, others, degree, linked, starts)
        shape = (copies, count)
        pagerank, harmonic = _pagerank(side, tolerance), _harmonic(side, sources)
        return degree.astype(float).reshape(shape), pagerank.reshape(shape), harmonic.reshape(shape)


class _Side(Struct):
    """Copies of a graph laid side by side, as compressed rows: ``others[starts[i]:]`` are the neighbours of
    ``linked[i]``."""

    copies: int
    count: int
    others: Any
    degree: Any
    linked: Any
    starts: Any


def _pagerank(side: _Side, tolerance: float) -> Floats:
    """PageRank times the number of nodes, each copy for itself; nodes without edges give to all alike."""
    total = side.copies * side.count
    inverse = np.zeros(total)
    inverse[side.linked] = 1.0 / side.degree[side.linked]
    score = np.ones(total)
    if not len(side.linked):
        return score
    alone = (side.degree == 0).reshape(side.copies, side.count)
    for _ in range(ROUNDS):
        lost = (score.reshape(side.copies, side.count) * alone).sum(axis=1) / side.count
        fresh = np.repeat(1.0 - DAMPING + DAMPING * lost, side.count)
        fresh[side.linked] += DAMPING * np.add.reduceat((score * inverse)[side.others], side.starts)
        moved = float(np.abs(fresh - score).max())
        score = fresh
        if moved < tolerance:
            break
    return score


def _harmonic(side: _Side, sources: Ints) -> Floats:
    """Sum of 1/distance to every source, by breadth-first search from 64 of them a machine word at once.

    (Then et al. 2014, "The More the Merrier: Efficient Multi-Source Graph Traversal", VLDB.)"""
    total = side.copies * side.count
    found = np.zeros(total)
    if not len(side.linked):
        return found
    words = (len(sources) + 63) // 64
    seen = np.zeros((total, words), dtype=np.uint64)
    bits = np.left_shift(np.uint64(1), (np.arange(len(sources)) % 64).astype(np.uint64))
    for copy in range(side.copies):
        seen[sources + copy * side.count, np.arange(len(sources)) // 64] = bits
    front = seen.copy()
    distance = 0
    while front.any():
        distance += 1
        reached = np.zeros_like(front)
        reached[side.linked] = np.bitwise_or.reduceat(front.take(side.others, axis=0), side.starts, axis=0)
        front = reached & ~seen
        seen |= front
        found += np.bitwise_count(front).sum(axis=1) / distance
    return found


def _mean_ranks(*measures: Floats) -> Floats:
    """(copies, count): mean over the measures of each node's rank, ties at their middle."""
    total = np.zeros_like(measures[0])
    for values in measures:
        first, last = _ties(-np.round(values, DIGITS))
        total += (first + last) / 2
    return total / len(measures)


def _ties(values: Floats) -> tuple[Ints, Ints]:
    """First and last position (1-based) that each entry of a row may take when the row is sorted upwards."""
    rows, count = values.shape
    order = np.argsort(values, axis=1, kind="stable")
    sorted_ = np.take_along_axis(values, order, axis=1)
    new = np.ones((rows, count), dtype=bool)
    new[:, 1:] = sorted_[:, 1:] != sorted_[:, :-1]
    end = np.ones((rows, count), dtype=bool)
    end[:, :-1] = new[:, 1:]
    place = np.broadcast_to(np.arange(1, count + 1, dtype=np.int64), (rows, count))
    first_sorted = np.maximum.accumulate(np.where(new, place, 0), axis=1)
    last_sorted = np.minimum.accumulate(np.where(end, place, count + 1)[:, ::-1], axis=1)[:, ::-1]
    first, last = np.empty_like(first_sorted), np.empty_like(first_sorted)
    np.put_along_axis(first, order, first_sorted, axis=1)
    np.put_along_axis(last, order, last_sorted, axis=1)
    return first, last


def ranks_of(
    graph: Graph, ranked: Sequence[int] | Ints, missing: float = MISSING_SHARE, times: int = RESAMPLES
) -> Ranks:
    """Rank and interval of each of the nodes ``ranked``, among these only; the others count as counterparts.

    The interval holds the 5 % and 95 % quantiles of the rank over the resamples, rounded outward, and the rank."""
    columns = np.asarray(ranked, dtype=np.int64)
    if not len(columns):
        return Ranks([], [], [])
    first, _ = _ties(graph.scores()[None, columns])
    held = []
    for means in graph.resampled(missing, times):
        one, other = _ties(means[:, columns])
        held.append(((one + other) / 2).astype(np.float32))
    low, high = np.quantile(np.concatenate(held), QUANTILES, axis=0)
    rank = first[0]
    return Ranks(
        rank.tolist(),
        np.minimum(rank, np.floor(low).astype(np.int64)).tolist(),
        np.maximum(rank, np.ceil(high).astype(np.int64)).tolist(),
    )


def seed_of(names: Sequence[str], pairs: Sequence[tuple[int, int]] | Ints) -> int:
    """A seed from the graph's content: its nodes' names and its edges, in sorted order."""
    digest = hashlib.sha256(b"trackway prominence\0")
    for name in names:
        digest.update(name.encode() + b"\0")
    digest.update(np.ascontiguousarray(pairs, dtype="<i8").tobytes())
    return int.from_bytes(digest.digest()[:8], "big")

"""Counting: many events, each of a record, into edges with number, dates and the earliest records.

An event costs 32 bytes, so that ten million of them fit where ten million objects would not. The same record in two
exports counts once, and nothing depends on the order in which events come.
"""

from array import array
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import numpy as np
from msgspec import Struct

from trackway.network.thresholds import EDGE_TRACES

NEVER = (1 << 63) - 1
"""Stands for "no instant": sorts behind every instant."""

Key = TypeVar("Key")


class Counted(Struct, Generic[Key], frozen=True):
    """All events under one key. ``first``, ``last``: microseconds UTC, None where no record is dated. ``traces``: the
    earliest traces (public order numbers), one a record; ``readings``: every reading (rank) that shows a record."""

    key: Key
    count: int
    first: int | None
    last: int | None
    traces: list[int]
    readings: frozenset[int]


class Tally(Generic[Key]):
    """Events by key. ``record`` identifies the record wherever it is found; ``order`` is its trace's place in an order
    that is the same in every store: rank of the reading's key << 32 | index."""

    def __init__(self, traces: int = EDGE_TRACES) -> None:
        self._keys: dict[Key, int] = {}
        self._rows = array("q")
        self._traces = traces

    def add(self, key: Key, record: int, instant: int | None, order: int) -> None:
        number = self._keys.setdefault(key, len(self._keys))
        self._rows.extend((number, record, NEVER if instant is None else instant, order))

    def fold(self, change: Callable[[Key], Key]) -> None:
        """Give every event the key that ``change`` makes of its key; events of keys that become one are one's."""
        if not self._keys:
            return
        folded: dict[Key, int] = {}
        numbers = np.array([folded.setdefault(change(key), len(folded)) for key in self._keys], dtype=np.int64)
        rows = np.frombuffer(self._rows, dtype=np.int64).reshape(-1, 4)
        rows[:, 0] = numbers[rows[:, 0]]
        self._keys = folded

    def counted(self) -> Iterator[Counted[Key]]:
        """Each key once, in no particular order."""
        if not self._keys:
            return
        rows = np.frombuffer(self._rows, dtype=np.int64).reshape(-1, 4)
        rows = rows[np.lexsort((rows[:, 3], rows[:, 2], rows[:, 0]))]
        starts = np.flatnonzero(np.diff(rows[:, 0], prepend=-1))
        for key, part in zip(self._keys, np.split(rows, starts[1:]), strict=True):  # keys keep their numbers' order
            yield self._count(key, part.tolist())

    def _count(self, key: Key, rows: list[list[int]]) -> Counted[Key]:
        """``rows`` by instant, then order; the undated last."""
        earliest: dict[int, int] = {}
        readings = set()
        last = None
        for _, record, instant, order in rows:
            earliest.setdefault(record, order)
            readings.add(order >> 32)
            if instant != NEVER:
                last = instant
        first = rows[0][2] if rows[0][2] != NEVER else None
        traces = list(earliest.values())[: self._traces]
        return Counted(key, len(earliest), first, last, traces, frozenset(readings))

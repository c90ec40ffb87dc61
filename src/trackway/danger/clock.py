"""The clock of a danger: from when it runs, and what an acknowledgement covers.

A clock runs from the moment that the item was opened in the ledger. An acknowledgement covers the reasons that it saw;
a new reason, or a rise to a higher tier, opens the item again, and the clock with it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from trackway.danger.item import Item

OPENED, ACKNOWLEDGED, CLOSED = "item-opened", "acknowledged", "item-closed"
CLOCK_ACTS = (OPENED, ACKNOWLEDGED, CLOSED)


class Decision(Struct, frozen=True):
    """An entry about an item. ``tier``: of an opening; ``reasons``: keys of those that an acknowledgement saw."""

    act: str
    at: int
    who: str
    tier: int
    reasons: frozenset[str]
    action: str | None

    @classmethod
    def of(cls, row: Any) -> "Decision":
        """From a row of the table of decisions (act, at, who, body)."""
        body = msgspec.json.decode(row.body)
        seen = frozenset(body.get("reasons") or ())
        return cls(row.act, int(row.at), row.who, int(body.get("tier") or 0), seen, body.get("action"))

    def covers(self, item: Item) -> bool:
        """Whether this acknowledgement saw every reason that stands now."""
        return self.act != OPENED and {reason.key for reason in item.reasons} <= self.reasons


def must_open(item: Item, history: Sequence[Decision]) -> bool:
    """Whether the item's opening has to be written: the first one, after a rise, or for a reason nobody has seen."""
    openings = [one for one in history if one.act == OPENED]
    if not openings or min(one.tier for one in openings) > item.tier:
        return True
    return history[-1].act != OPENED and not any(one.covers(item) for one in history)


def runs_since(item: Item, history: Sequence[Decision]) -> int | None:
    """From when the clock runs (microseconds UTC): the first opening, at this tier or above, after the last
    acknowledgement that does not cover what stands now; None where the item was never opened."""
    start: int | None = None
    for one in history:
        if one.act == OPENED:
            if start is None and one.tier <= item.tier:
                start = one.at
        elif not one.covers(item):
            start = None
    if start is None:  # a new reason whose opening is not written yet
        openings = [one.at for one in history if one.act == OPENED]
        start = openings[-1] if openings else None
    return start


def answer(item: Item, history: Sequence[Decision]) -> Decision | None:
    """The latest acknowledgement (or closing) that covers everything that stands now."""
    return next((one for one in reversed(history) if one.covers(item)), None)

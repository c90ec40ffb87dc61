"""From when a danger's clock runs, and when it opens again."""

import pytest

from trackway.danger.clock import ACKNOWLEDGED, OPENED, Decision, answer, must_open, runs_since
from trackway.danger.item import Item, Reason, Ref, Tier

FIRST, SECOND = Reason("live", 1, "One."), Reason("access", 1, "Two.")


def item(*reasons: Reason, tier: Tier = 1) -> Item:
    return Item(Ref("persona", "aa"), tier, reasons, ())


def opened(at: int, tier: int = 1) -> Decision:
    return Decision(OPENED, at, "trackway", tier, frozenset(), None)


def acknowledged(at: int, *reasons: Reason) -> Decision:
    return Decision(ACKNOWLEDGED, at, "17", 1, frozenset(reason.key for reason in reasons), "called")


@pytest.mark.parametrize(
    ("now", "history", "opens", "since", "answered"),
    [
        (item(FIRST), [], True, None, False),
        (item(FIRST), [opened(1)], False, 1, False),
        (item(FIRST, tier=1), [opened(1, 2)], True, 1, False),
        (item(FIRST, tier=1), [opened(1, 2), opened(5, 1)], False, 5, False),
        (item(FIRST), [opened(1), acknowledged(2, FIRST)], False, 1, True),
        (item(FIRST, SECOND), [opened(1), acknowledged(2, FIRST)], True, 1, False),
        (item(FIRST, SECOND), [opened(1), acknowledged(2, FIRST), opened(9)], False, 9, False),
        (
            item(FIRST, SECOND),
            [opened(1), acknowledged(2, FIRST), opened(9), acknowledged(10, FIRST, SECOND)],
            False,
            9,
            True,
        ),
        (item(FIRST), [opened(1), acknowledged(2, FIRST, SECOND)], False, 1, True),
    ],
)
def test_clock(now: Item, history: list[Decision], opens: bool, since: int | None, answered: bool) -> None:
    assert must_open(now, history) is opens
    assert runs_since(now, history) == since
    assert (answer(now, history) is not None) is answered

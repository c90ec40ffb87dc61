"""Clocks: nothing is silently sat on. An acknowledgement covers the reasons that it saw; a new sign reopens."""

from collections.abc import Callable

import pytest

from handmade import ADDED, OFFICER, Case, at, export, moment
from trackway.acts import claims as acts
from trackway.findings.engine import Settings
from trackway.model.trace import Conversation, PersonaRef, Trace
from trackway.store.ids import persona_key
from trackway.views.answers import Clock
from trackway.views.door import View
from trackway.views.queue import queue

OSPREY, ROOM = PersonaRef("telegram", "user1"), Conversation("telegram", "1")
PERSONA = f"persona:{persona_key('telegram', 'user1').hex()}"


def wrote(text: str, number: int, days_ago: float = 1) -> Trace:
    return Trace("message", f"m{number}", at(days_ago), OSPREY, (), ROOM, str(number), text)


def clock(case: Case, now: str, subject: str = PERSONA) -> Clock | None:
    """The clock of an item as an officer sees it at this moment."""
    with moment(now), case.store.read() as connection:
        rows = queue(View(connection, case.store, OFFICER, False), case.settings)
        (row,) = (row for row in rows if row.subject.key == subject)
        return row.clock


def state(case: Case, now: str) -> str:
    found = clock(case, now)
    assert found is not None
    return found.state


@pytest.fixture
def danger(case: Case) -> Case:
    """Opened at 09:00; due an hour later."""
    case.terms(live="lantern", access="nest", travel="journey")
    case.add("stick", {"e": export("e", wrote("lantern", 1))})
    return case


@pytest.mark.parametrize(
    ("now", "expected"),
    [("09:00", "running"), ("10:00", "running"), ("10:01", "overdue"), ("23:59", "overdue")],
)
def test_a_clock_runs_from_the_opening_and_becomes_overdue(danger: Case, now: str, expected: str) -> None:
    found = clock(danger, f"2026-03-02T{now}:00Z")
    assert found is not None
    assert (found.since, found.due) == ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z")
    assert found.state == expected


def test_tier_2_has_a_day(case: Case) -> None:
    case.terms(live="lantern")
    case.add("stick", {"e": export("e", wrote("lantern", 1, 400))}, acquired=ADDED)
    found = clock(case, "2026-03-03T08:59:00Z")
    assert found is not None
    assert (found.due, found.state) == ("2026-03-03T09:00:00Z", "running")


def test_below_tier_2_there_is_no_clock(case: Case) -> None:
    report = Trace("report", "r", at(1), id="777", fields={"report": "777"})
    case.add("stick", {"777.xml": export("r", report)})
    assert clock(case, "2026-03-02T12:00:00Z", "report:777") is None


def test_a_team_sets_its_own_minutes(danger: Case) -> None:
    danger.settings = Settings(minutes_tier_1=15)
    assert state(danger, "2026-03-02T09:16:00Z") == "overdue"


def test_deriving_again_does_not_wind_a_clock_back(danger: Case) -> None:
    with moment("2026-03-02T11:00:00Z"):
        danger.derive(scratch=True)
    assert state(danger, "2026-03-02T11:00:00Z") == "overdue"


@pytest.mark.parametrize(("close", "expected"), [(False, "acknowledged"), (True, "closed")])
def test_an_acknowledgement_names_who_and_what(danger: Case, close: bool, expected: str) -> None:
    acts.acknowledge(danger.store, OFFICER, PERSONA, "handed to the unit in X", close=close)
    found = clock(danger, "2026-03-09T09:00:00Z")
    assert found is not None
    assert (found.state, found.holder, found.action) == (expected, "officer", "handed to the unit in X")


Change = Callable[[Case], None]
CHANGES: dict[str, tuple[Change, str]] = {
    "nothing": (lambda case: case.derive(scratch=True), "acknowledged"),
    "another sign": (lambda case: case.add("laptop", {"f": export("f", wrote("my nest", 2))}), "running"),
    "the same sign again": (lambda case: case.add("laptop", {"f": export("f", wrote("lantern", 2))}), "running"),
    "the same message in another exhibit": (
        lambda case: case.add("laptop", {"e": export("e", wrote("lantern", 1))}),
        "acknowledged",
    ),
    "something that is no sign": (
        lambda case: case.add("laptop", {"f": export("f", wrote("hello", 2))}),
        "acknowledged",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_covers_the_reasons_that_it_saw(danger: Case, name: str) -> None:
    change, expected = CHANGES[name]
    acts.acknowledge(danger.store, OFFICER, PERSONA, "called the unit")
    change(danger)
    assert state(danger, "2026-03-02T09:30:00Z") == expected


def test_what_was_reopened_can_be_acknowledged_again(danger: Case) -> None:
    acts.acknowledge(danger.store, OFFICER, PERSONA, "called the unit")
    danger.add("laptop", {"f": export("f", wrote("my nest", 2))})
    acts.acknowledge(danger.store, OFFICER, PERSONA, "called them again")
    found = clock(danger, "2026-03-02T12:00:00Z")
    assert found is not None
    assert (found.state, found.action) == ("acknowledged", "called them again")

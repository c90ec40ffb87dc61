"""The only door to read: one entry for each consultation, written with the answer or not at all."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from secrets_of_views import VICTIM

from casework import OFFICER
from intake_cases import Case
from trackway.cli.session import settings_of
from trackway.model.errors import Refused
from trackway.store.case import CaseStore, open_case
from trackway.views import door
from trackway.views.door import View, consult
from trackway.views.exhibits import exhibits
from trackway.views.lists import lists
from trackway.views.media import all_media, media_page
from trackway.views.network import network
from trackway.views.personas import personas
from trackway.views.queue import blind_spots, queue, queue_page

Look = Callable[[CaseStore, View], Any]


@contextlib.contextmanager
def opened(case: Case) -> Iterator[CaseStore]:
    store = open_case(str(case.folder))
    try:
        yield store
    finally:
        store.close()


LOOKS: dict[str, Look] = {
    "queue": lambda store, view: queue(view, settings_of(store.folder)),
    "queue page": lambda store, view: queue_page(view, settings_of(store.folder)),
    "blind spots": lambda store, view: blind_spots(view),
    "media": lambda store, view: list(all_media(view)),
    "media page": lambda store, view: media_page(view, "", 10),
    "personas": lambda store, view: personas(view),
    "lists": lambda store, view: lists(view),
    "intake": lambda store, view: exhibits(view),
}


@pytest.mark.parametrize("what", LOOKS)
def test_each_look_is_one_entry_however_much_it_reads(told: Case, what: str) -> None:
    before = len(told.ledger())
    with opened(told) as store, consult(store, OFFICER, what, "an id", "a purpose") as view:
        assert view.masked(LOOKS[what](store, view))
    (entry,) = told.ledger()[before:]
    assert (entry["act"], entry["who"], entry["subject"], entry["reason"]) == (
        "consulted",
        "officer 17",
        "an id",
        "a purpose",
    )
    assert entry["body"] == {"view": what}
    assert entry["at"] == "2026-03-01T09:00:00Z"


def test_the_network_is_one_entry_though_it_is_reckoned_before(told: Case) -> None:
    before = len(told.ledger())
    with opened(told) as store:
        assert network(store, OFFICER).nodes
    assert [one["body"] for one in told.ledger()[before:]] == [{"view": "network"}]


class _Fault(Exception):
    pass


@pytest.mark.parametrize("fault", [_Fault, KeyboardInterrupt, Refused])
def test_a_look_that_gave_no_answer_leaves_no_entry(told: Case, fault: type[BaseException]) -> None:
    before = len(told.ledger())
    with opened(told) as store:
        with pytest.raises(fault), consult(store, OFFICER, "queue") as view:  # noqa: PT012
            queue(view, settings_of(store.folder))
            raise fault("no answer")
        with consult(store, OFFICER, "queue"):
            pass
    assert len(told.ledger()) == before + 1, "control: the look that was answered"
    assert told.verify().ok


def test_without_the_entry_there_is_no_answer(told: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise Refused("The disk is full.", "full")

    monkeypatch.setattr(door, "record", full)
    answered = []
    with opened(told) as store, pytest.raises(Refused, match="disk is full"), consult(store, OFFICER, "queue") as view:
        answered.append(queue(view, settings_of(store.folder)))
    assert answered == []


def test_the_entry_stands_before_anything_is_read(told: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    given = door.record
    monkeypatch.setattr(door, "record", lambda *a, **k: order.append("entry") or given(*a, **k))
    with opened(told) as store, consult(store, OFFICER, "queue"):
        order.append("answer")
    assert order == ["entry", "answer"]


def test_what_a_consultation_records_is_never_what_it_showed(told: Case) -> None:
    """Ids only: no name, no text of the evidence, no victim in the entries of looks."""
    with opened(told) as store, consult(store, OFFICER, "show", "4711001") as view:
        view.masked(queue(view, settings_of(store.folder)))
    said = repr(told.ledger("consulted"))
    assert VICTIM not in said
    assert "lantern" not in said

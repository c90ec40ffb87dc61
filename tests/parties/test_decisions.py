"""What people decide about claims: embedded, replayed, undone; identities as a view of a day."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from party_cases import Case, case_at, clock, ident, own, renamed, said, who
from sqlalchemy import delete, insert, select, update

from trackway.acts import claims as acts
from trackway.danger.item import Item, Reason, Ref, item_of
from trackway.ledger.entry import read_body
from trackway.model.errors import Refused
from trackway.parties.identity import identities, names_of_persons
from trackway.parties.judgement import Judgement
from trackway.store import schema
from trackway.store.journal import Officer, rows

VOS, DAS = Officer("vos"), Officer("das")
MALLARD, TEAL, WIDGEON = (ident("irc", nick) for nick in ("mallard", "teal", "widgeon"))


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    case = case_at(tmp_path / "case")
    case.read("a.log", [renamed("mallard", "teal", 3), renamed("teal", "widgeon", 4)])
    with clock(1):
        yield case


def claim_between(case: Case, a: str, b: str) -> str:
    (found,) = [one.id for one in case.claims() if {one.a, one.b} == {a, b}]
    return found


def people(case: Case, as_of: int | None = None) -> list[list[str]]:
    with case.store.read() as connection:
        return [one.personas for one in identities(connection, case.store.case_no, as_of)]


def ledger(case: Case) -> list[dict[str, Any]]:
    with case.store.read() as connection:
        return [read_body(row.body or b"") for row in rows(connection, case.store.case_no)]


def refuse(code: str, act: Any, *given: Any, **named: Any) -> None:
    with pytest.raises(Refused) as refusal:
        act(*given, **named)
    assert refusal.value.code == code
    assert refusal.value.sentence.endswith(".")


@pytest.mark.parametrize("word", ["accepted", "rejected", "unsure"])
def test_a_judgement_is_a_word_of_its_own(word: str) -> None:
    assert Judgement(word).value == word


def test_a_judgement_embeds_the_finding_that_it_answered_in_ledger_and_look_up(case: Case) -> None:
    claim = claim_between(case, MALLARD, TEAL)
    finding = json.loads(case.findings()["claim", claim])
    number = acts.judge(case.store, VOS, claim, "accepted", "Same greeting in both.")
    (entry,) = ledger(case)
    assert (entry["no"], entry["act"], entry["subject"], entry["who"]) == (number, "judge", f"claim:{claim}", "vos")
    assert entry["reason"] == "Same greeting in both."
    assert entry["body"]["answered"] == {"kind": "claim", "method": "sourced claims", "version": 1, "body": finding}
    with case.store.read() as connection:
        row = connection.execute(select(schema.decision)).one()
    assert json.loads(row.body) == entry["body"]
    assert (row.no, row.act, row.subject) == (number, "judge", f"claim:{claim}")
    (view,) = case.views("irc", "mallard")
    assert (view.judgement, view.judged_by, view.judged_at) == (Judgement.ACCEPTED, "vos", "2026-03-01T09:00:00Z")


def test_accepted_claims_connect_and_rejected_ones_between_them_stand_against(case: Case) -> None:
    for a, b in ((MALLARD, TEAL), (TEAL, WIDGEON)):
        acts.judge(case.store, VOS, claim_between(case, a, b), "accepted", "The server says so.")
    assert people(case) == [sorted((MALLARD, TEAL, WIDGEON))]
    stated = acts.claim(case.store, VOS, MALLARD, WIDGEON, level="person", reason="Never online at once.")
    acts.judge(case.store, DAS, stated, "rejected", "They talk to each other.")
    with case.store.read() as connection:
        (identity,) = identities(connection, case.store.case_no)
    assert identity.against == [stated]
    assert identity.level == "account"
    assert len(case.claims()) == 2, "a judgement changes no finding"


def test_a_person_stated_by_name_has_an_id_and_the_name_stands_in_the_statement_only(case: Case) -> None:
    first = acts.claim(case.store, VOS, TEAL, person="Ida  Voorbeeld", reason="Signed a letter so.")
    again = acts.claim(case.store, DAS, TEAL, person="ida voorbeeld", reason="Seen.")
    assert first == again
    (view,) = [one for one in case.views("irc", "teal") if one.other.kind == "person"]
    assert (view.id, view.level, view.proposed_by, view.judgement) == (again, "person", "officer", None)
    assert view.basis[0].sentence == "Seen."
    assert "Ida" not in msgspec.json.encode(view).decode()
    with case.store.read() as connection:
        assert names_of_persons(connection, case.store.case_no) == {view.other.id: "ida voorbeeld"}
        subjects = connection.execute(select(schema.decision.c.subject)).scalars().all()
    assert set(subjects) == {f"claim:{again}"}


def test_an_acceptance_to_the_level_of_a_person_waits_for_a_second_officer(case: Case) -> None:
    claim = acts.claim(case.store, VOS, TEAL, person="Ida Voorbeeld", reason="Signed a letter so.")
    for officer, waits in ((VOS, True), (VOS, True), (DAS, False)):
        acts.judge(case.store, officer, claim, "accepted", "Checked the letter.")
        (view,) = [one for one in case.views("irc", "teal") if one.id == claim]
        assert view.second_needed is waits


def test_a_statement_can_rest_on_traces_and_those_must_exist(case: Case) -> None:
    trace = case.persona("irc", "teal").identifiers[0].traces[0]
    claim = acts.claim(case.store, VOS, TEAL, MALLARD, reason="Same words.", traces=[trace])
    assert next(one for one in case.views("irc", "teal") if one.id == claim).basis[0].traces == [trace]
    missing = trace[:-8] + "7fffffff"
    refuse("no-trace", acts.claim, case.store, VOS, TEAL, MALLARD, reason="x", traces=[missing])


def test_a_day_is_replayed_with_the_figures_that_stood_then(case: Case) -> None:
    claim = claim_between(case, MALLARD, TEAL)
    with clock(2) as then:
        acts.judge(case.store, VOS, claim, "accepted", "The server says so.")
        before, view = people(case, then), case.views("irc", "teal", then)
    case.read("c.log", [renamed("teal", "mallard", 90)])
    with clock(5) as later:
        acts.judge(case.store, DAS, claim, "rejected", "They talked to each other.")
    assert people(case, then - 1) == []
    assert people(case, then) == before == [sorted((MALLARD, TEAL))]
    assert case.views("irc", "teal", then) == view
    assert people(case, later) == people(case) == []
    assert len(view[0].basis) == 1
    (now,) = [one for one in case.views("irc", "teal") if one.id == claim]
    assert len(now.basis) == 2


def test_the_replay_rests_on_the_embedded_copy(case: Case) -> None:
    """Control: with the embedded copy taken away the past would show today's figures, or nothing."""
    claim = claim_between(case, MALLARD, TEAL)
    with clock(2) as then:
        acts.judge(case.store, VOS, claim, "accepted", "The server says so.")
        view = case.views("irc", "teal", then)
    with case.store.write() as connection:
        connection.execute(delete(schema.finding))
        connection.execute(delete(schema.finding_link))
    assert case.views("irc", "teal", then) == view
    with case.store.write() as connection:
        body = json.loads(connection.execute(select(schema.decision.c.body)).scalar_one())
        body["answered"]["body"]["reason"] = "something else"
        connection.execute(update(schema.decision).values(body=json.dumps(body)))
    assert case.views("irc", "teal", then) != view


def test_a_claim_that_changed_or_lapsed_since_it_was_judged_says_so(case: Case) -> None:
    claim = claim_between(case, MALLARD, TEAL)
    acts.judge(case.store, VOS, claim, "accepted", "The server says so.")
    case.read("c.log", [renamed("teal", "mallard", 90)])
    (changed,) = case.views("irc", "mallard")
    assert (changed.changed, changed.lapsed) == (True, False)
    with case.store.write() as connection:
        connection.execute(delete(schema.finding_link))
        connection.execute(delete(schema.finding).where(schema.finding.c.kind == "claim"))
    (lapsed,) = case.views("irc", "mallard")
    assert (lapsed.changed, lapsed.lapsed, len(lapsed.basis)) == (False, True, 1)
    assert people(case) == [sorted((MALLARD, TEAL))]


def test_the_queue_looks_at_both_personas_again(case: Case) -> None:
    acts.judge(case.store, VOS, claim_between(case, MALLARD, TEAL), "unsure", "Let us see.")
    d = schema.dirty.c
    with case.store.read() as connection:
        marked = connection.execute(select(d.subject).where(d.stage == "item")).scalars().all()
    assert {one for one in marked if one.startswith("persona:")} == {f"persona:{MALLARD}", f"persona:{TEAL}"}


MOVES = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([*Judgement, None])), max_size=12)
"""(which claim, judged how); None: the last judgement of it is withdrawn."""


@given(moves=MOVES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_judging_and_undoing_replays_exactly(moves: list[tuple[int, Judgement | None]]) -> None:
    with tempfile.TemporaryDirectory() as folder, clock(1):
        case = case_at(Path(folder) / "case")
        case.read("a.log", [renamed("mallard", "teal", 3), renamed("teal", "widgeon", 4)])
        ids = [one.id for one in case.claims()]
        ids.append(acts.claim(case.store, VOS, MALLARD, WIDGEON, reason="Same words."))
        stacks: list[list[Judgement]] = [[], [], []]
        start = seen(case, None)
        seen_at: list[tuple[int, Any]] = []
        for day, (place, verdict) in enumerate(moves, start=2):
            with clock(day) as instant:
                if verdict is not None:
                    acts.judge(case.store, VOS, ids[place], verdict, "Because.")
                    stacks[place].append(verdict)
                elif stacks[place]:
                    acts.withdraw(case.store, DAS, ids[place], "Wrong key.")
                    stacks[place].pop()
                seen_at.append((instant, seen(case, instant)))
            assert {one: view[1] for one, view in seen(case, None)[0].items()} == {
                one: stack[-1] if stack else None for one, stack in zip(ids, stacks, strict=True)
            }
        case.analyse(scratch=True)
        for instant, view in seen_at:
            assert seen(case, instant) == view
        for place, stack in enumerate(stacks):
            for _ in stack:
                acts.withdraw(case.store, DAS, ids[place], "Back to the start.")
        assert seen(case, None) == start, "undoing everything restores the first view exactly"
        case.store.close()


def seen(case: Case, as_of: int | None) -> tuple[dict[str, Any], Any]:
    """All views of a moment: claim id -> (encoded view, judgement); identities."""
    views = [view for nick in ("mallard", "teal", "widgeon") for view in case.views("irc", nick, as_of)]
    return {view.id: (msgspec.json.encode(view), view.judgement) for view in views}, people(case, as_of)


def test_withdrawing_the_statement_itself_ends_the_claim(case: Case) -> None:
    claim = acts.claim(case.store, VOS, MALLARD, WIDGEON, reason="Same words.")
    acts.judge(case.store, DAS, claim, "accepted", "Indeed.")
    acts.withdraw(case.store, DAS, claim, "Too soon.")
    assert [one.judgement for one in case.views("irc", "mallard") if one.id == claim] == [None]
    acts.withdraw(case.store, VOS, claim, "Withdrawn.")
    assert [one for one in case.views("irc", "mallard") if one.id == claim] == []
    refuse("nothing-stands", acts.withdraw, case.store, VOS, claim, "Again.")
    refuse("no-claim", acts.judge, case.store, VOS, claim, "accepted", "Again.")


def test_what_is_refused_is_refused_with_a_sentence_and_leaves_no_entry(case: Case) -> None:
    claim, store = claim_between(case, MALLARD, TEAL), case.store
    refuse("no-text", acts.judge, store, VOS, claim, "accepted", "  ")
    refuse("too-long", acts.judge, store, VOS, claim, "accepted", "x" * 20_001)
    refuse("bad-text", acts.judge, store, VOS, claim, "accepted", "half \ud800 of it")
    refuse("bad-judgement", acts.judge, store, VOS, claim, "perhaps", "Hm.")
    refuse("no-claim", acts.judge, store, VOS, "0" * 32, "accepted", "Hm.")
    refuse("nothing-stands", acts.withdraw, store, VOS, claim, "Hm.")
    refuse("no-persona", acts.claim, store, VOS, MALLARD, "0" * 32, reason="Hm.")
    refuse("no-persona", acts.claim, store, VOS, "mallard", TEAL, reason="Hm.")
    refuse("bad-claim", acts.claim, store, VOS, MALLARD, MALLARD, reason="Hm.")
    refuse("bad-claim", acts.claim, store, VOS, MALLARD, reason="Hm.")
    refuse("bad-level", acts.claim, store, VOS, MALLARD, TEAL, level="soul", reason="Hm.")
    refuse("bad-level", acts.claim, store, VOS, MALLARD, person="Ida", level="device", reason="Hm.")
    refuse("no-item", acts.acknowledge, store, VOS, f"persona:{TEAL}", "Called.")
    refuse("no-subject", acts.note, store, VOS, "media:00", "Hm.")
    refuse("no-persona", acts.note, store, VOS, "persona:zz", "Hm.")
    assert ledger(case) == []


def test_a_note_on_a_persona_or_a_claim(case: Case) -> None:
    for subject in (f"persona:{TEAL}", f"claim:{claim_between(case, MALLARD, TEAL)}"):
        acts.note(case.store, VOS, subject, "Asks for\nfeathers.")
        assert ledger(case)[-1]["subject"] == subject
        assert ledger(case)[-1]["body"] == {"text": "Asks for\nfeathers."}


@pytest.mark.parametrize(("close", "act"), [(False, "acknowledged"), (True, "item-closed")])
def test_an_acknowledgement_embeds_the_item_and_names_the_reasons_that_it_saw(
    case: Case, close: bool, act: str
) -> None:
    item = item_of(Ref("persona", TEAL), [Reason("live", 1, "Announces something live.", ("00ff",), 1)])
    assert item is not None
    with case.store.write() as connection:
        connection.execute(
            insert(schema.item).values(
                case_no=1, subject=item.subject.key, tier=1, order=item.order, body=msgspec.json.encode(item).decode()
            )
        )
    acts.acknowledge(case.store, VOS, item.subject.key, "Called the duty officer of the region.", close=close)
    (entry,) = ledger(case)
    assert (entry["act"], entry["subject"]) == (act, f"persona:{TEAL}")
    assert msgspec.convert(entry["body"]["item"], Item) == item
    assert entry["body"]["reasons"] == [item.reasons[0].key]
    assert entry["body"]["action"] == "Called the duty officer of the region."


def test_an_act_that_fails_half_way_leaves_neither_entry_nor_effect(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = claim_between(case, MALLARD, TEAL)

    def fail(*_: object) -> None:
        raise Refused("The disk is full.", "full")

    monkeypatch.setattr(acts, "_touch", fail)
    refuse("full", acts.judge, case.store, VOS, claim, "accepted", "The server says so.")
    assert ledger(case) == []
    assert case.views("irc", "mallard")[0].judgement is None


def test_a_stated_claim_and_a_computed_one_about_one_pair_stay_apart(case: Case) -> None:
    case.read("b.json", [said(who("irc", "mallard"), 9, own("mail", "a@pit.example"))])
    stated = acts.claim(case.store, VOS, MALLARD, TEAL, reason="Same words.")
    views = {view.id: view for view in case.views("irc", "mallard")}
    assert {view.proposed_by for view in views.values()} == {"computed", "officer"}
    acts.judge(case.store, VOS, stated, "accepted", "Sure.")
    views = {view.id: view for view in case.views("irc", "mallard")}
    assert [views[one].judgement for one in (stated, claim_between(case, MALLARD, TEAL))] == ["accepted", None]

"""Claims that the program proposes: which facts make one, which do not, and that no order of intake matters."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from party_cases import Case, case_at, ident, mentioned, own, picture, renamed, reported, said, who

from trackway.findings.engine import Settings
from trackway.model.trace import Trace

MAIL = "heron.watch@lagoon.example"
WADER, TERN = who("telegram", "user1"), who("discord", "77")


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return case_at(tmp_path / "case")


def test_a_server_that_says_who_is_now_known_as_whom_makes_a_claim_and_no_merge(case: Case) -> None:
    case.read("a.log", [renamed("mallard", "teal", 30), renamed("mallard", "teal", 2), renamed("teal", "widgeon", 4)])
    claims = {frozenset((one.a, one.b)): one for one in case.claims()}
    mallard, teal, widgeon = (ident("irc", nick) for nick in ("mallard", "teal", "widgeon"))
    assert set(claims) == {frozenset((mallard, teal)), frozenset((teal, widgeon))}
    claim = claims[frozenset((mallard, teal))]
    assert (claim.level, claim.log10_lr, claim.low, claim.bound_high) == ("account", None, None, None)
    assert claim.reason
    (basis,) = claim.basis
    assert basis.evidence == "server-rename"
    assert basis.sentence == (
        "The server says that mallard is now known as teal (irc), 2 times, 2026-01-01 to 2026-01-02."
    )
    assert len(basis.traces) == 2
    assert "one and the same user" in claim.hp
    assert "different users; or somebody else took over the nick" in claim.hd
    assert len({case.persona("irc", nick).id for nick in ("mallard", "teal", "widgeon")}) == 3


@pytest.mark.parametrize(
    ("kind", "value", "level"),
    [
        ("mail", MAIL, "account"),
        ("phone", "+12025550142", "account"),
        ("wallet", "bc1example", "account"),
        ("pgp", "A" * 40, "account"),
        ("ip-port", "192.0.2.1:50412", "account"),
        ("device", "IMEI 490154203237518", "device"),
        ("camera-serial", "SN-4711", "device"),
        ("ip", "192.0.2.1", None),
        ("host", "pool.example", None),
        ("url", "https://site.example/", None),
    ],
)
def test_two_personas_that_own_one_identifier(case: Case, kind: str, value: str, level: str | None) -> None:
    case.read("a.json", [said(WADER, 1, own(kind, value))])
    case.read("b.json", [said(TERN, 40, own(kind, value))])
    claims = case.claims()
    assert [claim.level for claim in claims] == ([level] if level else [])
    for claim in claims:
        assert (claim.log10_lr, claim.proposed_by) == (None, "computed")
        assert len(claim.basis[0].traces) == 2
        assert value in claim.basis[0].sentence
        assert "2026-01-02" in claim.basis[0].sentence
        assert "; or " in claim.hd


@pytest.mark.parametrize(("one", "other"), [(mentioned, mentioned), (own, mentioned), (mentioned, own)])
def test_what_is_only_mentioned_makes_no_claim(case: Case, one: Any, other: Any) -> None:
    case.read("a.json", [said(WADER, 1, one("mail", MAIL)), said(TERN, 2, other("mail", MAIL))])
    assert case.claims() == []
    assert case.persona("discord", "77").cross_references


def test_a_mail_account_and_a_report_that_names_its_address_as_the_account_s_own(case: Case) -> None:
    case.read("tip.xml", [reported("lagoon-88121", "3", own("mail", MAIL))])
    case.read("box.mbox", [said(who("email", MAIL), 5)])
    (claim,) = case.claims()
    assert {claim.a, claim.b} == {ident("ncmec", "lagoon-88121"), ident("email", MAIL)}
    assert claim.basis[0].evidence == "mail"


def test_several_facts_about_one_pair_make_one_claim_at_the_highest_level(case: Case) -> None:
    both = (own("device", "IMEI 490154203237518"), own("mail", MAIL), own("phone", "+12025550142"))
    case.read("a.json", [said(WADER, 1, *both), said(TERN, 2, *both)])
    (claim,) = case.claims()
    assert claim.level == "account"
    assert [one.evidence for one in claim.basis] == ["mail", "phone", "device"]


@pytest.mark.parametrize(
    ("first", "second", "claimed"),
    [
        (("fox",), ("fox",), False),
        (("fox", "hare"), ("fox",), False),
        (("fox",), ("hare",), True),
        (("fox", "hare"), ("fox", "owl"), True),
    ],
)
def test_the_same_picture_with_two_accounts_says_nothing_about_its_camera(
    case: Case, first: tuple[str, ...], second: tuple[str, ...], claimed: bool
) -> None:
    for account, files in (("a", first), ("b", second)):
        serial = own("camera-serial", "SN-4711")
        reports = [reported(account, f"{account}{n}", serial, shares=(picture(f),)) for n, f in enumerate(files)]
        case.read(account, reports)
    assert bool(case.claims()) is claimed


@pytest.mark.parametrize(("owners", "claims"), [(3, 3), (4, 0)])
def test_what_more_own_than_the_limit_makes_no_claim(tmp_path: Path, owners: int, claims: int) -> None:
    case = case_at(tmp_path / "case", Settings(common_identifier=3))
    for number in range(owners):
        case.read(f"{number}.json", [said(who("telegram", f"user{number}"), number, own("mail", MAIL))])
    assert len(case.claims()) == claims
    before = case.findings()
    case.analyse(scratch=True)
    assert case.findings() == before


def test_two_owners_of_an_address_that_many_mention_are_still_a_claim(tmp_path: Path) -> None:
    case = case_at(tmp_path / "case", Settings(common_identifier=3))
    case.read("a.json", [said(WADER, 1, own("mail", MAIL)), said(TERN, 2, own("mail", MAIL))])
    buyers = [said(who("telegram", f"user{n}"), n, mentioned("mail", MAIL)) for n in range(10, 20)]
    case.read("room.json", buyers)
    assert len(case.claims()) == 1
    assert case.persona("telegram", "user1").cross_references == []


def test_both_personas_find_the_claim(case: Case) -> None:
    case.read("a.log", [renamed("mallard", "teal", 3)])
    for me, other in (("mallard", "teal"), ("teal", "mallard")):
        (view,) = case.views("irc", me)
        assert (view.other.kind, view.other.id) == ("persona", ident("irc", other))
        assert (view.judgement, view.log10_lr) == (None, None)
        assert view.basis


SOURCES: list[tuple[str, list[Trace]]] = [
    ("a.log", [renamed("mallard", "teal", 3), said(who("irc", "teal"), 9, mentioned("mail", MAIL))]),
    ("b.log", [renamed("mallard", "teal", 3), renamed("teal", "widgeon", 1)]),
    ("tip.xml", [reported("pit-1", "31", own("mail", MAIL), own("phone", "+12025550142"), shares=(picture("fox"),))]),
    ("box.mbox", [said(who("email", MAIL), 5), said(who("email", "x@pit.example"), 6, to=(who("email", MAIL),))]),
    ("chat.json", [said(WADER, 2, own("mail", MAIL), own("camera-serial", "SN-1"), shares=(picture("fox"),))]),
    ("more.json", [said(TERN, 7, own("mail", MAIL), own("camera-serial", "SN-1"), shares=(picture("hare"),))]),
    ("room.json", [said(who("telegram", f"user{n}"), n, mentioned("url", "https://site.example/")) for n in range(4)]),
    ("late.json", [said(who("telegram", "user4"), 4, mentioned("url", "https://site.example/"))]),
]  # fmt: skip


@given(order=st.permutations(range(len(SOURCES))), pauses=st.sets(st.integers(0, len(SOURCES) - 1)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_order_of_intake_and_no_pause_changes_a_finding(order: list[int], pauses: set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        case = case_at(Path(folder) / "case", Settings(common_identifier=4))
        for place, number in enumerate(order):
            case.read(*SOURCES[number], analyse=place in pauses)
        case.analyse()
        found = case.findings()
        plain = case_at(Path(folder) / "plain", Settings(common_identifier=4))
        for name, traces in SOURCES:
            plain.read(name, traces, analyse=False)
        plain.analyse(scratch=True)
        expected = plain.findings()
        case.store.close()
        plain.store.close()
    assert found == expected
    assert sum(kind == "claim" for kind, _ in found) == 8


def test_without_marking_those_that_share_an_identifier_the_findings_would_go_stale(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control of the test above: it is ``spread`` that keeps the other side right."""
    monkeypatch.setattr("trackway.parties.persona.spread", lambda desk, keys: None)
    case.read("a.json", [said(WADER, 1, mentioned("mail", MAIL))])
    case.read("b.json", [said(TERN, 2, own("mail", MAIL))])
    stale = case.findings()
    case.analyse(scratch=True)
    assert case.findings() != stale

"""A persona's finding: names, identifiers, acts, cross references."""

import hashlib
from pathlib import Path

import pytest
from party_cases import Case, case_at, ident, mentioned, own, picture, renamed, reported, said, who
from sqlalchemy import update

from trackway.findings.engine import Settings
from trackway.model.trace import Digests, Identifier, Moment, Share, Trace
from trackway.store import schema

HERON = who("telegram", "user5001", "heron_watch")
MAIL = "heron.watch@lagoon.example"


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return case_at(tmp_path / "case")


@pytest.mark.parametrize(
    ("service", "key", "expected"),
    [
        ("telegram", "user5001", [("account", "user5001")]),
        ("ncmec", "Lagoon/88121", [("account", "Lagoon/88121")]),
        ("irc", "mallard_42", [("nick", "mallard_42")]),
        ("email", MAIL, [("mail", MAIL)]),
        ("whatsapp", "12025550142", [("account", "12025550142"), ("phone", "+12025550142")]),
    ],
)
def test_the_account_itself_is_an_identifier(case: Case, service: str, key: str, expected: list[object]) -> None:
    case.read("a.json", [said(who(service, key), 1)])
    held = case.persona(service, key).identifiers
    assert [(one.kind, one.value) for one in held] == expected
    assert all(one.role == "own" and one.traces_total == 1 and len(one.traces) == 1 for one in held)


def test_all_names_are_kept_with_their_dates(case: Case) -> None:
    case.read("a.json", [said(who("telegram", "user1", "otter"), 5), said(who("telegram", "user1", "stoat"), 9)])
    case.read("b.json", [said(who("telegram", "user1", "otter"), 2)])
    persona = case.persona("telegram", "user1")
    assert persona.names == ["otter", "stoat"]
    assert [(one.name, one.first, one.last) for one in persona.names_dated] == [
        ("otter", "2026-01-01T02:00:00Z", "2026-01-01T05:00:00Z"),
        ("stoat", "2026-01-01T09:00:00Z", "2026-01-01T09:00:00Z"),
    ]
    assert (persona.traces, persona.first, persona.last) == (3, "2026-01-01T02:00:00Z", "2026-01-01T09:00:00Z")


def test_traces_count_each_record_once_in_whatever_roles(case: Case) -> None:
    heron, gull = HERON, who("telegram", "user2")
    case.read("a.json", [said(heron, 1, others=(heron, gull)), said(gull, 2, to=(heron,)), said(gull, 3)])
    persona = case.persona("telegram", "user5001")
    assert (persona.traces, persona.written) == (2, 1)


def test_identifiers_say_their_role_their_dates_and_at_most_five_traces(case: Case) -> None:
    wallet = mentioned("wallet", "bc1example")
    traces = [said(HERON, hour, wallet) for hour in range(7)]
    case.read("a.json", [*traces, said(HERON, 20, own("mail", MAIL), Identifier("phone", "+12025550117", "to"))])
    held = {(one.kind, one.role): one for one in case.persona("telegram", "user5001").identifiers}
    assert set(held) == {("account", "own"), ("mail", "own"), ("phone", "to"), ("wallet", "mentioned")}
    found = held["wallet", "mentioned"]
    assert (found.traces_total, len(found.traces)) == (7, 5)
    assert (found.first, found.last) == ("2026-01-01T00:00:00Z", "2026-01-01T06:00:00Z")


def test_a_record_without_a_date_gives_none(case: Case) -> None:
    case.read("a.json", [Trace("record", "r", Moment("long ago", None, "none"), HERON)])
    persona = case.persona("telegram", "user5001")
    assert (persona.first, persona.last, persona.traces) == (None, None, 1)


def test_an_act_that_two_exports_show_is_one_act(case: Case) -> None:
    message = said(HERON, 1, shares=(picture("fox.jpg"), picture("hare.jpg")))
    case.read("phone.json", [message])
    case.read("laptop.json", [message])
    assert case.persona("telegram", "user5001").sightings == {
        "possessed": 0, "received": 0, "sent": 2, "offered": 0, "accessed": 0, "record_only": 0,
    }  # fmt: skip


def test_the_same_words_without_a_message_id_are_two_acts(case: Case) -> None:
    """Control of the test above: it is the message's id that makes two exports one act."""
    for name in ("a.log", "b.log"):
        line = Trace("message", name, None, HERON, shares=(picture("fox.jpg"),))
        case.read(name, [line])
    assert case.persona("telegram", "user5001").sightings["sent"] == 2


def test_a_mail_address_in_two_places_gives_cross_references_both_ways(case: Case) -> None:
    case.read("tip.xml", [reported("lagoon-88121", "3", own("mail", MAIL))])
    case.read("chat.json", [said(HERON, 4, mentioned("mail", MAIL))])
    (crossed,) = case.persona("telegram", "user5001").cross_references
    assert (crossed.kind, crossed.value, crossed.role) == ("mail", MAIL, "mentioned")
    (also,) = crossed.also
    assert (also.persona, also.role) == (ident("ncmec", "lagoon-88121"), "own")
    assert also.sentence == "This mail address also stands in report 3."
    assert len(also.traces) == 1
    (back,) = case.persona("ncmec", "lagoon-88121").cross_references
    assert back.also[0].sentence == "This mail address was also written by user5001 on telegram."


def test_a_mention_of_a_mail_account_refers_to_that_account(case: Case) -> None:
    case.read("chat.json", [said(HERON, 4, mentioned("mail", MAIL))])
    assert case.persona("telegram", "user5001").cross_references == []
    case.read("box.mbox", [said(who("email", MAIL, "Heron Watch"), 5)])
    (crossed,) = case.persona("telegram", "user5001").cross_references
    assert crossed.also[0].sentence == f"This mail address is also {MAIL}'s own on email."
    assert crossed.also[0].traces
    assert case.persona("email", MAIL).cross_references[0].also[0].persona == ident("telegram", "user5001")


def crowd(case: Case, count: int, make: object = mentioned, kind: str = "url") -> None:
    for number in range(count):
        author = who("telegram", f"user{number}")
        case.read(f"{number}.json", [said(author, number, make(kind, "https://site.example/"))], analyse=False)  # type: ignore[operator]
    case.analyse()


@pytest.mark.parametrize(("personas", "common"), [(3, False), (4, True)])
def test_what_many_mention_refers_to_nobody_and_says_so(tmp_path: Path, personas: int, common: bool) -> None:
    case = case_at(tmp_path / "case", Settings(common_identifier=3))
    crowd(case, personas)
    persona = case.persona("telegram", "user0")
    assert [one.common for one in persona.identifiers if one.kind == "url"] == [common]
    assert bool(persona.cross_references) is not common


def test_becoming_common_takes_the_references_back_from_those_that_had_them(tmp_path: Path) -> None:
    case = case_at(tmp_path / "case", Settings(common_identifier=3))
    crowd(case, 3)
    assert case.persona("telegram", "user0").cross_references
    case.read("late.json", [said(who("telegram", "late"), 9, mentioned("url", "https://site.example/"))])
    assert not case.persona("telegram", "user0").cross_references
    before = case.findings()
    case.analyse(scratch=True)
    assert case.findings() == before


def test_cameras_of_shared_files_are_identifiers_and_refer_to_who_else_shared_from_them(case: Case) -> None:
    names = ("moor.jpg", "dune.jpg")
    for name in names:
        examined = Trace("media", "whole file", identifiers=(own("camera-serial", "SN-4711"),))
        case.read(name, [examined], reader="media")
    for number, name in enumerate(names):
        share = Share("sent", "photo", digests=Digests(sha256=hashlib.sha256(name.encode()).hexdigest()))
        case.read(f"{number}.json", [said(who("telegram", f"user{number}"), number, shares=(share,))])
    persona = case.persona("telegram", "user0")
    assert [(one.kind, one.value, one.role) for one in persona.identifiers][1:] == [
        ("camera-serial", "SN-4711", "shared")
    ]
    (crossed,) = persona.cross_references
    assert crossed.also[0].sentence == "This camera's serial number also stands in files that user1 shared on telegram."
    assert case.claims() == []


def test_bodies_hold_no_internal_numbers(tmp_path: Path) -> None:
    """The same facts under other numbers (a case that met something else first) give the same bodies."""
    one, other = case_at(tmp_path / "one"), case_at(tmp_path / "other")
    other.read("noise.json", [said(who("discord", f"noise{n}"), n) for n in range(9)])
    for case in (one, other):
        case.read("a.log", [renamed("mallard", "teal", 3), said(who("irc", "teal"), 4, mentioned("mail", MAIL))])
        case.read("tip.xml", [reported("lagoon-88121", "3", own("mail", MAIL))])
    assert one.findings().items() <= other.findings().items()
    assert len(one.findings()) == 3 + 1 + 2


def test_a_reading_that_a_newer_one_replaced_is_not_counted_twice(case: Case) -> None:
    case.read("a.json", [said(HERON, 1, own("mail", MAIL))])
    case.read("a.json", [said(HERON, 1, own("mail", MAIL))], reader="newer")
    assert case.persona("telegram", "user5001").traces == 2
    with case.store.write() as connection:
        connection.execute(update(schema.reading).where(schema.reading.c.reader == "hand").values(current=False))
    case.analyse(scratch=True)
    persona = case.persona("telegram", "user5001")
    assert persona.traces == 1
    assert {one.traces_total for one in persona.identifiers} == {1}

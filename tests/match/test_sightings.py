"""Sightings, sentence by sentence of CONTRACT.md: acts of sharing, and presences."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from handmade import Case, Source, archive, at, export, picture
from trackway.model.trace import Conversation, Digests, PersonaRef, Share, Trace
from trackway.parties.persona import Persona
from trackway.store import schema
from trackway.store.ids import persona_key

HERON, FOX = picture(1), picture(2)
OSPREY, WREN = PersonaRef("telegram", "user1"), PersonaRef("telegram", "user2")
OPEN, PRIVATE = Conversation("telegram", "1", visibility="open"), Conversation("telegram", "2")
KINDS = {"possessed", "received", "sent", "offered", "accessed", "record_only"}


def message(kind: Any, number: str = "1", author: PersonaRef | None = OSPREY, path: str = "a.jpg") -> Trace:
    room = OPEN if kind == "offered" else PRIVATE
    return Trace("message", f"m{number}", at(1), author, (), room, number, shares=(Share(kind, "0", path, path),))


def named(source: Source, kind: Any = "record_only", number: str = "", act: str = "0") -> Trace:
    """A record that names a file by its digest only."""
    share = Share(kind, act, digests=Digests(md5=source.md5))
    return Trace("message", f"line {number or 1}", at(1), WREN, (), OPEN, number, "this one", (share,))


def mail(message_id: str, *sources: Source) -> Trace:
    shares = tuple(Share("sent", one.key, digests=Digests(md5=one.md5, sha256=one.key)) for one in sources)
    who, where = PersonaRef("email", "a@example.org"), Conversation("email", "")
    return Trace("mail", "m", at(1), who, (), where, message_id, "", shares)


def upload(number: str, file: str, kind: Any = "sent") -> Trace:
    share = Share(kind, file, digests=Digests(md5=HERON.md5))
    where, who = Conversation("ncmec", number), PersonaRef("ncmec", "a")
    return Trace("upload", file, at(1), who, (), where, number, "", (share,), fields={"report": number})


def counts(case: Case, source: Source | str = HERON) -> dict[str, int]:
    """The sightings that are not zero; all six keys are there."""
    found = case.media(source).sightings
    assert set(found) == KINDS
    return {kind: count for kind, count in found.items() if count}


A = {"a.jpg": HERON}
PACKED = archive("p", a__jpg=HERON)
Exhibits = dict[str, dict[str, Source]]


def records(*traces: Trace, name: str = "e") -> dict[str, Source]:
    return {f"{name}.json": export(name, *traces)}


def besides(*traces: Trace) -> dict[str, Source]:
    """What another exhibit holds: another export."""
    return records(*traces, name="f")


TABLE: dict[str, tuple[Exhibits, dict[str, int]]] = {
    # presences
    "a file that merely lies there": ({"stick": A}, {"possessed": 1}),
    "twice in one exhibit": ({"stick": {"a.jpg": HERON, "b/c.jpg": HERON}}, {"possessed": 1}),
    "inside an archive": ({"stick": {"p.zip": PACKED}}, {"possessed": 1}),
    "inside an archive and beside it": ({"stick": {"p.zip": PACKED, "a.jpg": HERON}}, {"possessed": 1}),
    "in two exhibits": ({"stick": A, "laptop": A | {"b.jpg": FOX}}, {"possessed": 2}),
    # acts; the stored file that one shares is not another
    "offered": ({"stick": A | records(message("offered"))}, {"offered": 1}),
    "sent to named recipients": ({"stick": A | records(message("sent"))}, {"sent": 1}),
    "no sender is named": ({"stick": A | records(message("received", author=None))}, {"received": 1}),
    "two messages": ({"stick": A | records(message("offered"), message("offered", "2", WREN))}, {"offered": 2}),
    "lying elsewhere in it too": ({"stick": A | {"copy.jpg": HERON} | records(message("sent"))}, {"sent": 1}),
    "shared in one exhibit, lying in another": (
        {"stick": A | records(message("sent")), "laptop": A},
        {"sent": 1, "possessed": 1},
    ),
    # the same act in two exhibits is one
    "the same message": (
        {"stick": A | records(message("offered")), "laptop": A | besides(message("offered"))},
        {"offered": 1},
    ),
    "as its receiver and as its sender tell it": (
        {"stick": A | records(message("received")), "laptop": A | besides(message("sent"))},
        {"sent": 1},
    ),
    # mail: Message-ID and digest; reports: number and file id
    "one mail in three copies": (
        {
            "stick": records(mail("<1@x>", HERON), mail("<1@x>", HERON, FOX)),
            "laptop": besides(mail("<1@x>", HERON)),
        },
        {"sent": 1},
    ),
    "two mails": ({"stick": records(mail("<1@x>", HERON), mail("<2@x>", HERON))}, {"sent": 2}),
    "two files of a report, one of them twice": (
        {"stick": records(upload("7", "f1"), upload("7", "f2")), "laptop": besides(upload("7", "f1"))},
        {"sent": 2},
    ),
    "marked publicly available": ({"stick": records(upload("7", "f1", "offered"))}, {"offered": 1}),
    # records that name a digest
    "only a digest": ({"stick": records(named(HERON))}, {"record_only": 1}),
    "a record that says it was shared": ({"stick": records(named(HERON, "offered"))}, {"offered": 1}),
    "the same words twice, without ids": ({"stick": records(named(HERON), named(HERON))}, {"record_only": 2}),
    "a record that names a file shares nothing": (
        {"stick": A | records(named(HERON))},
        {"possessed": 1, "record_only": 1},
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_sightings(case: Case, name: str) -> None:
    exhibits, expected = TABLE[name]
    for exhibit, sources in exhibits.items():
        case.add(exhibit, sources)
    key = HERON.key if HERON.key in case.all_media() else f"md5:{HERON.md5}"
    assert counts(case, key) == expected


def test_reading_an_exhibit_again_changes_nothing(case: Case) -> None:
    files = A | {"e": export("e", message("offered"), named(FOX))}
    for _ in range(3):
        case.add("stick", files)
    assert (counts(case), counts(case, f"md5:{FOX.md5}")) == ({"offered": 1}, {"record_only": 1})


def test_an_exhibit_that_lies_inside_another_is_the_same(case: Case) -> None:
    """A backup that was given as an exhibit of its own, and lies on the laptop's image as well."""
    case.add("laptop", {"backup.zip": PACKED, "b.jpg": FOX})
    assert counts(case) == {"possessed": 1}
    case.add("backup.zip", {"backup.zip": PACKED})
    assert counts(case) == {"possessed": 1}
    case.add("laptop", {"c.jpg": HERON})
    assert counts(case) == {"possessed": 2}


def test_a_folder_that_holds_one_archive_is_no_part_of_another_exhibit(case: Case) -> None:
    """Control: a stick with nothing but that backup on it is another place where the file was kept."""
    case.add("laptop", {"backup.zip": PACKED, "b.jpg": FOX})
    case.add("stick", {"backup.zip": PACKED})
    assert counts(case) == {"possessed": 2}


def test_two_exhibits_with_the_same_files_in_the_same_places_are_one(case: Case) -> None:
    case.add("image of the stick", {"a.jpg": HERON, "b.jpg": FOX})
    case.add("copy of the stick", {"a.jpg": HERON, "b.jpg": FOX})
    assert counts(case) == {"possessed": 1}
    case.add("copy of the stick", {"c.jpg": picture(3)})
    assert counts(case) == {"possessed": 2}, "intake had been interrupted: they are not the same"


def test_twins_are_found_whoever_came_before_them(case: Case) -> None:
    """The first holds the same file under another name."""
    for exhibit, path in (("one", "a.jpg"), ("two", "b.jpg"), ("three", "b.jpg")):
        case.add(exhibit, {path: HERON})
    assert counts(case) == {"possessed": 2}


def test_a_path_is_looked_up_beside_its_source_only(case: Case) -> None:
    case.add("stick", {"one/e.json": export("e", message("offered", path="a.jpg")), "two/a.jpg": HERON})
    assert counts(case) == {"possessed": 1}
    case.add("stick", {"one/a.jpg": HERON})
    assert counts(case) == {"offered": 1}


@pytest.mark.parametrize("path", ["../two/a.jpg", "/two/a.jpg", "../../etc/passwd", ".", ""])
def test_a_path_that_leaves_its_folder_names_what_lies_there_or_nothing(case: Case, path: str) -> None:
    case.add("stick", {"one/e.json": export("e", message("offered", path=path)), "two/a.jpg": HERON})
    assert counts(case) == ({"offered": 1} if path.startswith("../two") else {"possessed": 1})


def test_sightings_of_a_persona_are_the_acts_of_which_it_is_the_sender(case: Case) -> None:
    records = (
        message("offered"),
        message("sent", "2", path="b.jpg"),
        message("sent", "3", WREN),
        named(FOX),
        upload("7", "f"),
    )
    case.add("stick", {"a.jpg": HERON, "b.jpg": FOX, "e": export("e", *records)})
    case.add("laptop", {"a.jpg": HERON, "f": export("f", message("offered"))})
    found = {persona.key: {k: n for k, n in persona.sightings.items() if n} for persona in personas(case)}
    assert found == {
        "user1": {"offered": 1, "sent": 1},
        "user2": {"sent": 1, "record_only": 1},
        "a": {"sent": 1},
    }


def personas(case: Case) -> list[Persona]:
    f = schema.finding.c
    with case.store.read() as connection:
        bodies = connection.execute(select(f.body).where(f.kind == "persona")).scalars().all()
    return [msgspec.json.decode(body, type=Persona) for body in bodies]


def test_who_shared_it_stands_in_the_finding(case: Case) -> None:
    case.add("stick", A | {"e": export("e", message("offered"), message("received", "2", author=None))})
    assert case.media(HERON).shared_by == [persona_key("telegram", "user1").hex()]

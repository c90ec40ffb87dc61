"""Scope: what lies outside never becomes a trace and is counted; a wider scope adds exactly what was missing."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from casework import answers, lay_out_lists, load, packed
from intake_cases import LAW, Case, instant, lay, log, mail, orders, picture, scoped
from trackway.intake.law import Law, Scope
from trackway.sandbox.pool import Pool
from trackway.store import schema

FEBRUARY, MARCH = instant("2026-02-01T00:00:00Z"), instant("2026-03-01T00:00:00Z")
LATE = log("19:00 heron one", "19:01 otter two", "19:02 heron three")
EARLY = log("08:00 heron four", "08:01 grebe five", day="Fri Jan 2")
UNDATED = b"20:00 <heron> six\n20:01 <otter> seven\n"
MAILS = mail(1, "heron@marsh.example", "reed@bank.example", "Sat, 28 Feb 2026 20:00:00 +0000", "eight") + mail(
    2, "otter@marsh.example", "reed@bank.example", "Fri, 02 Jan 2026 20:00:00 +0000", "nine"
)
FILES = {"late.log": LATE, "early.log": EARLY, "inner.zip": packed({"mail.mbox": MAILS}), "a.jpg": picture(1)}
ALL = {"one", "two", "three", "four", "five", "eight", "nine", "media"}


@pytest.fixture
def case(tmp_path: Path, pool: Pool) -> Case:
    return Case(tmp_path / "case", pool)


@pytest.mark.parametrize(
    ("scope", "texts"),
    [
        ({}, ALL),
        ({"since": FEBRUARY}, {"one", "two", "three", "eight"}),
        ({"until": FEBRUARY}, {"four", "five", "nine"}),
        ({"since": FEBRUARY, "until": MARCH}, {"one", "two", "three", "eight"}),
        ({"since": MARCH}, set()),
        ({"since": FEBRUARY, "undated": True}, {"one", "two", "three", "eight", "media"}),
        ({"persons": ("heron",)}, {"one", "three", "four"}),
        ({"persons": ("heron@marsh.example",)}, {"eight"}),
        ({"persons": ("reed@bank.example", "grebe")}, {"five", "eight", "nine"}),
        ({"kinds": ("mail",)}, {"eight", "nine"}),
        ({"kinds": ("media", "mail"), "since": FEBRUARY, "undated": True}, {"eight", "media"}),
        ({"kinds": ("message",), "persons": ("otter",), "until": FEBRUARY}, set()),
    ],
)
def test_what_a_scope_keeps_out_is_counted_and_nowhere_in_the_case(
    case: Case, tmp_path: Path, scope: dict, texts: set[str]
) -> None:
    case.add(lay(tmp_path / "desk", FILES), law=scoped(**scope))
    assert set(case.texts()) == texts
    answer = case.exhibits()["desk"]
    assert (answer.traces, answer.out_of_scope, answer.quarantined) == (len(texts), len(ALL) - len(texts), 0)
    assert answer.not_understood == [], "what is left unread is no fault"
    kept = b"".join(path.read_bytes() for path in case.folder.iterdir())
    for word in (b"three", b"five"):
        assert (word in kept) == (word.decode() in texts)


def test_undated_records_lie_inside_a_period_only_where_the_law_says_so(case: Case, tmp_path: Path) -> None:
    folder = lay(tmp_path / "desk", {"channel.log": UNDATED})
    case.add(folder, law=scoped(since=FEBRUARY))
    dated = "six" in case.texts()
    case.add(folder, law=scoped(since=FEBRUARY, undated=True))
    assert dated is False
    assert case.texts() == ["seven", "six"]


def test_ids_count_the_records_outside_too(case: Case, tmp_path: Path) -> None:
    """Control: had the index counted kept records only, "three" would bear the number 1."""
    folder = lay(tmp_path / "desk", {"late.log": LATE})
    case.add(folder, law=scoped(persons=("heron",)))
    held = case.traces()
    assert {text: int(trace[24:], 16) for trace, text in held.items()} == {"one": 0, "three": 2}
    case.add(folder)
    assert held.items() <= case.traces().items()
    assert {text: int(trace[24:], 16) for trace, text in case.traces().items()} == {"one": 0, "two": 1, "three": 2}


STEPS = [
    pytest.param([{"persons": ("heron",)}, {}], id="to everything"),
    pytest.param([{"since": FEBRUARY}, {"until": FEBRUARY}], id="to the other half"),
    pytest.param([{"kinds": ("mail",)}, {"persons": ("otter", "heron")}], id="to people"),
    pytest.param([{"since": MARCH}, {"since": FEBRUARY}, {"since": 0, "undated": True}], id="backwards in time"),
    pytest.param([{}, {"persons": ("heron",)}], id="narrower: what was read stays"),
    pytest.param([{"persons": ("heron",)}, {"persons": ("otter",)}, {"persons": ("heron",)}], id="and back again"),
]


@pytest.mark.parametrize("steps", STEPS)
def test_another_scope_adds_exactly_what_was_missing(case: Case, tmp_path: Path, pool: Pool, steps: list[dict]) -> None:
    folder = lay(tmp_path / "desk", FILES)
    union: dict[str, str] = {}
    for number, scope in enumerate(steps):
        alone = Case(tmp_path / f"alone {number}", pool)
        alone.add(folder, law=scoped(**scope))
        union |= alone.traces()
        case.add(folder, law=scoped(**scope))
        assert case.traces() == union
        assert case.exhibits()["desk"].out_of_scope == alone.exhibits()["desk"].out_of_scope
        assert case.exhibits()["desk"].complete
    assert case.verify().ok, case.verify().damage
    assert case.digest().partial is False


def test_the_same_scope_again_reads_nothing_again(case: Case, tmp_path: Path) -> None:
    folder = lay(tmp_path / "desk", FILES)
    case.add(folder, law=scoped(persons=("heron",)))
    before = case.exhibits(), case.digest(), case.traces()
    runs = case.add(folder, law=scoped(persons=("heron",)))
    assert not runs.stopped
    assert (case.exhibits(), case.digest(), case.traces()) == before


NARROW = scoped(persons=("heron",))
OTHER = scoped(persons=("otter", "heron@marsh.example"))
PICTURES = scoped(kinds=("media",))


@pytest.mark.parametrize(
    ("one", "other"), [(LAW, NARROW), (NARROW, OTHER), (PICTURES, NARROW), (LAW, PICTURES)], ids=str
)
def test_the_same_sources_under_two_laws_are_the_union_whichever_came_first(
    tmp_path: Path, pool: Pool, one: Law, other: Law
) -> None:
    given = [(lay(tmp_path / "one", FILES), one), (lay(tmp_path / "other", FILES), other)]
    found = []
    for number, order in enumerate(orders(given)):
        case = Case(tmp_path / f"case {number}", pool)
        for folder, law in order:
            case.add(folder, law=law)
        counted = {name: (one.out_of_scope, one.files, one.read) for name, one in case.exhibits().items()}
        found.append((case.traces(), case.digest(), counted, msgspec.to_builtins(case.media())))
        assert case.verify().ok, case.verify().damage
    assert found[0] == found[1]
    alone = {}
    for number, (folder, law) in enumerate(given):
        case = Case(tmp_path / f"alone {number}", pool)
        case.add(folder, law=law)
        alone |= case.traces()
        assert case.exhibits()[folder.name].out_of_scope == found[0][2][folder.name][0]
    assert found[0][0] == alone


def test_order_tells_two_laws_apart_where_each_is_counted_by_its_own(tmp_path: Path, pool: Pool) -> None:
    """The digest is that of exhibits and traces, not of laws: another scope with the same result is equal."""
    one, other = Case(tmp_path / "a", pool), Case(tmp_path / "b", pool)
    folder = lay(tmp_path / "desk", {"late.log": LATE})
    one.add(folder, law=scoped(persons=("heron", "otter")))
    other.add(folder)
    assert one.digest() == other.digest()


# ------------------------------------------------------------------ pictures


def test_a_picture_outside_the_scope_is_no_item_has_no_measurement_and_is_counted(case: Case, tmp_path: Path) -> None:
    files = {"a.jpg": picture(1), "b/again.jpg": picture(1), "c.zip": packed({"c.jpg": picture(2)})}
    folder = lay(tmp_path / "card", files | {"late.log": LATE})
    case.add(folder, law=scoped(kinds=("message",)))
    assert case.media() == []
    assert case.select(select(schema.measure.c.method)) == []
    answer = case.exhibits()["card"]
    assert (answer.files, answer.read, answer.out_of_scope, answer.traces) == (5, 2, 3, 3)
    assert {row.type for row in case.select(select(schema.content.c.type))} == {""}, "nothing is said of its bytes"
    case.add(folder)
    assert len(case.media()) == 2
    assert case.exhibits()["card"].out_of_scope == 0
    assert {row.method for row in case.select(select(schema.measure.c.method))} >= {"pdq"}


def test_a_listed_picture_outside_the_scope_is_not_matched(case: Case, tmp_path: Path) -> None:
    folder = lay(tmp_path / "card", {"a.jpg": picture(1), "late.log": LATE})
    case.add(folder, law=scoped(kinds=("message",)))
    load(str(case.folder), case.pool, lay_out_lists(tmp_path / "lists")[0])
    assert case.media() == []
    case.add(folder)
    assert [one.novelty for one in case.media()] == ["known"]


def test_a_message_in_scope_that_shares_a_picture_outside_it_names_no_item(case: Case, tmp_path: Path) -> None:
    messages = [
        {"id": 1, "type": "message", "date": "2026-02-11T18:02:00", "date_unixtime": "1770832920", "from": "heron",
         "from_id": "user5001", "text": "frost", "photo": "photos/p.jpg", "width": 320, "height": 240}
    ]  # fmt: skip
    chat = {"name": "Marsh", "type": "private_group", "id": 41, "messages": messages}
    folder = lay(tmp_path / "phone", {"result.json": json.dumps(chat).encode(), "photos/p.jpg": picture(1)})
    case.add(folder, law=scoped(kinds=("message",)))
    assert (case.texts(), case.media()) == (["frost"], [])
    case.add(folder)
    (item,) = case.media()
    assert item.sightings["sent"] == 1
    assert item.sightings["possessed"] == 0


def test_where_it_lies_in_two_exhibits_it_is_possessed_in_the_one_whose_law_covers_it(
    tmp_path: Path, pool: Pool
) -> None:
    given = [
        (lay(tmp_path / "one", {"a.jpg": picture(1)}), LAW),
        (lay(tmp_path / "other", {"under/b.jpg": picture(1)}), scoped(kinds=("message",))),
    ]
    for number, order in enumerate(orders(given)):
        case = Case(tmp_path / f"case {number}", pool)
        for folder, law in order:
            case.add(folder, law=law)
        (item,) = case.media()
        assert item.sightings["possessed"] == 1
        assert [(place.exhibit, place.path) for place in item.places] == [("one", "a.jpg")]
        assert item.names == ["a.jpg"]
        assert case.exhibits()["other"].out_of_scope == 1


def test_everything_else_is_answered_the_same_with_an_unlimited_law(tmp_path: Path, pool: Pool) -> None:
    """Control: the scope, not the gate's presence, is what changes answers."""
    folder = lay(tmp_path / "desk", FILES)
    found = []
    for number, law in enumerate([LAW, Law("Invented case, warrant 14", scope=Scope(since=0, undated=True))]):
        case = Case(tmp_path / f"case {number}", pool)
        case.add(folder, law=law)
        said = answers(str(case.folder))
        said["exhibits"] = hashlib.sha256(b"").hexdigest()
        found.append(said)
    assert found[0] == found[1]

"""Law before reading (PRACTICE.md): authority and scope stand in the ledger before the first record is read, an ended
authorisation is refused, and an image is read only where the digest that it stored at acquisition holds."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from built_images import ewf
from sqlalchemy import select

from casework import picture
from intake_cases import BASIS, LAW, Case, instant, lay, log
from trackway.demo.fat import fat12_image
from trackway.intake import run
from trackway.intake.law import Law, Scope
from trackway.intake.run import Progress
from trackway.intake.worker_threads import Threads
from trackway.intake.writer import Writer
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.store import schema

WHOLE = Law(
    BASIS,
    authority="examining judge (invented)",
    decision="RC 26/114",
    seizure="PL-2026-0081",
    ends="2026-04-01",
    scope=Scope(since=instant("2026-02-01T00:00:00Z"), kinds=("message",)),
)


@pytest.fixture(autouse=True)
def _clock(fixed_now: None) -> None:
    pass


@pytest.fixture
def case(tmp_path: Path, pool: Pool) -> Case:
    return Case(tmp_path / "case", pool)


@pytest.fixture
def exhibit(tmp_path: Path) -> Path:
    return lay(tmp_path / "desk", {"birdhide.log": log("19:00 heron the lapwings are back", "19:01 otter good")})


def test_the_entry_says_under_which_law_and_stands_before_the_first_record(
    case: Case, exhibit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[dict[str, Any]]] = []
    given = Writer.traces

    def traces(self: Writer, *what: Any) -> None:
        seen.append(case.ledger("exhibit-added"))
        given(self, *what)

    monkeypatch.setattr(Writer, "traces", traces)
    case.add(exhibit, law=WHOLE, zone="Europe/Amsterdam", acquired=instant("2026-03-01"))
    (first, *_) = seen
    (entry,) = first
    assert (entry["act"], entry["subject"], entry["who"], entry["reason"]) == (
        "exhibit-added",
        "desk",
        "officer 17",
        BASIS,
    )
    assert entry["body"] == {
        "exhibit": "desk",
        "law": {
            "basis": BASIS,
            "authority": "examining judge (invented)",
            "decision": "RC 26/114",
            "seizure": "PL-2026-0081",
            "ends": "2026-04-01",
            "scope": {"since": instant("2026-02-01"), "kinds": ["message"]},
        },
        "zone": "Europe/Amsterdam",
        "acquired": "2026-03-01T00:00:00Z",
    }
    assert case.exhibits()["desk"].law == entry["body"]["law"]
    assert case.ledger()[0] == entry, "nothing was done before it"


def test_without_the_entry_nothing_is_opened(case: Case, exhibit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger that cannot be written costs the reading; control: the same exhibit is read when it can."""

    def full(*_: Any, **__: Any) -> int:
        raise Refused("The disk is full.", "full")

    opened: list[object] = []
    given = Threads._open
    monkeypatch.setattr(Threads, "_open", lambda self, task: opened.append(task) or given(self, task))
    with monkeypatch.context() as patch:
        patch.setattr(run, "record", full)
        with pytest.raises(Refused, match="disk is full"):
            case.add(exhibit)
    assert (opened, case.traces(), case.exhibits()) == ([], {}, {})
    case.add(exhibit)
    assert len(opened) == 1
    assert len(case.traces()) == 2


@pytest.mark.parametrize(
    ("law", "code"),
    [
        (Law(""), "no-basis"),
        (Law(BASIS, ends="2026-02-28"), "authorisation-ended"),
        (Law(BASIS, ends="soon"), "bad-date"),
    ],
)
def test_where_the_law_does_not_hold_nothing_is_written_or_read(case: Case, exhibit: Path, law: Law, code: str) -> None:
    with pytest.raises(Refused) as refused:
        case.add(exhibit, law=law)
    assert refused.value.code == code
    assert (case.ledger(), case.exhibits(), case.traces()) == ([], {}, {})


def test_an_authorisation_that_ended_since_the_first_add_is_refused_too(
    case: Case, exhibit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = Law(BASIS, ends="2026-03-01")
    case.add(exhibit, law=law)
    lay(exhibit, {"later.log": log("19:00 heron one more")})
    monkeypatch.setenv("TRACKWAY_NOW", "2026-03-02T00:00:00+00:00")
    with pytest.raises(Refused, match=r"ended on 2026-03-01; nothing was read"):
        case.add(exhibit, law=law)
    assert len(case.traces()) == 2


def test_another_law_is_recorded_as_a_change_and_the_same_one_is_not(case: Case, exhibit: Path) -> None:
    case.add(exhibit)
    case.add(exhibit)
    case.add(exhibit, law=Law(BASIS, authority="prosecutor (invented)"))
    acts = [
        (one["act"], one["body"]["law"].get("authority")) for one in case.ledger("exhibit-added", "exhibit-law-changed")
    ]
    assert acts == [("exhibit-added", None), ("exhibit-law-changed", "prosecutor (invented)")]
    assert case.exhibits()["desk"].law == {"basis": BASIS, "authority": "prosecutor (invented)"}


def test_one_exhibit_that_is_not_there_costs_itself_only(case: Case, exhibit: Path, tmp_path: Path) -> None:
    added = case.add(tmp_path / "nowhere", exhibit)
    assert [given for given, _ in added.exhibits] == [str(exhibit)]
    assert added.refused == [(str(tmp_path / "nowhere"), f"There is no file or folder {str(tmp_path / 'nowhere')!r}.")]
    with pytest.raises(Refused, match="no file or folder"):
        case.add(tmp_path / "nowhere")


@pytest.mark.parametrize("place", ["case", ".", "case/sub"])
def test_the_case_and_an_exhibit_never_lie_inside_each_other(case: Case, tmp_path: Path, place: str) -> None:
    (tmp_path / "case/sub").mkdir()
    with pytest.raises(Refused, match="keep them apart"):
        case.add(tmp_path / place)


# ------------------------------------------------------------------ the digest that an image stored at acquisition

FILES = {"CHATS/birdhide.log": log("19:00 heron the lapwings are back"), "DCIM/a.jpg": picture(1)}
MEDIUM = fat12_image(FILES)
DIGESTS = {"md5": hashlib.md5(MEDIUM).digest(), "sha1": hashlib.sha1(MEDIUM).digest()}
STORED = {kind: digest.hex() for kind, digest in DIGESTS.items()}
Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def other_medium(files: dict[str, bytes]) -> dict[str, bytes]:
    return ewf(MEDIUM[:-1] + b"!", DIGESTS, per_segment=4)


def other_digest(files: dict[str, bytes]) -> dict[str, bytes]:
    return ewf(MEDIUM, DIGESTS | {"sha1": b"\1" * 20}, per_segment=4)


def flipped_bytes(files: dict[str, bytes]) -> dict[str, bytes]:
    plain = ewf(MEDIUM, DIGESTS, packed=False, per_segment=4)
    piece = FILES["DCIM/a.jpg"][1000:1016]
    return {name: data.replace(piece, bytes(16)) for name, data in plain.items()}


def lost_segment(files: dict[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if name != "evidence.E02"}


@pytest.fixture
def image() -> Iterator[dict[str, bytes]]:
    return ewf(MEDIUM, DIGESTS, per_segment=4)


def test_a_digest_that_holds_stands_in_the_ledger_before_the_first_record(
    case: Case, image: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[dict[str, Any]]] = []
    given = Writer.traces

    def traces(self: Writer, *what: Any) -> None:
        seen.append(case.ledger("acquisition-checked"))
        given(self, *what)

    monkeypatch.setattr(Writer, "traces", traces)
    folder = lay(tmp_path / "seized", image)
    case.add(folder / "evidence.E01")
    check = {"stored": STORED, "computed": STORED, "ok": True}
    (entry,) = seen[0]
    assert (entry["subject"], entry["body"]) == ("evidence.E01", {"image": "evidence.E01", "check": check})
    answer = case.exhibits()["evidence.E01"]
    assert answer.acquisition == {"evidence.E01": check}
    assert (answer.files, answer.read, answer.not_understood) == (3, 3, [])
    assert sorted(case.places()) == ["CHATS/birdhide.log", "DCIM/a.jpg", "evidence.E01"]
    assert case.digest().partial is False


@pytest.mark.parametrize("damage", [other_medium, other_digest, flipped_bytes, lost_segment])
def test_an_image_whose_digest_does_not_hold_is_refused_before_its_first_record(
    case: Case, image: dict[str, bytes], tmp_path: Path, damage: Change
) -> None:
    folder = lay(tmp_path / "seized", damage(image) | {"notes.log": log("19:00 heron beside it")})
    case.add(folder)
    places = case.places()
    outcome, reason = places["evidence.E01"]
    assert outcome == "refused"
    assert reason.startswith("not read: ")
    assert "DCIM/a.jpg" not in places
    assert case.texts() == ["beside it"], "it costs that image only"
    (entry,) = case.ledger("acquisition-checked")
    assert entry["body"]["check"]["ok"] is False
    answer = case.exhibits()["seized"]
    assert answer.acquisition == {"evidence.E01": entry["body"]["check"]}
    assert "evidence.E01" in [one.name for one in answer.not_understood]


def test_the_check_is_what_refuses_it(
    case: Case, image: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: with the check left out, records of what was never seized enter the case."""
    monkeypatch.setattr(Threads, "_check_acquisition", lambda self, task: None)
    case.add(lay(tmp_path / "seized", other_medium(image)) / "evidence.E01")
    assert "the lapwings are back" in case.texts()


def test_an_image_that_stored_no_digest_is_read_and_says_so(case: Case, tmp_path: Path) -> None:
    case.add(lay(tmp_path / "seized", ewf(MEDIUM, {})) / "evidence.E01")
    answer = case.exhibits()["evidence.E01"]
    assert answer.acquisition == {"evidence.E01": {"stored": {}, "computed": {}, "ok": None}}
    assert "the lapwings are back" in case.texts()


def test_a_segment_that_turns_up_later_is_enough(case: Case, image: dict[str, bytes], tmp_path: Path) -> None:
    folder = lay(tmp_path / "seized", lost_segment(image))
    case.add(folder)
    assert case.texts() == []
    lay(folder, {"evidence.E02": image["evidence.E02"]})
    case.add(folder)
    assert case.places()["evidence.E01"] == ("read", "")
    assert [entry["body"]["check"]["ok"] for entry in case.ledger("acquisition-checked")] == [False, True]
    assert "the lapwings are back" in case.texts()
    other = Case(tmp_path / "other", case.pool)
    other.add(lay(tmp_path / "whole", image))
    assert case.digest().digest == other.digest().digest


def test_images_in_a_folder_are_each_known_by_their_path_and_checked_once(
    case: Case, image: dict[str, bytes], tmp_path: Path
) -> None:
    one = {f"one/{name}": data for name, data in ewf(MEDIUM, DIGESTS).items()}
    two = {f"two/{name}": data for name, data in other_medium(image).items()}
    folder = lay(tmp_path / "seized", one | two)
    case.add(folder)
    case.add(folder)
    checks = {entry["body"]["image"]: entry["body"]["check"]["ok"] for entry in case.ledger("acquisition-checked")}
    assert checks == {"one/evidence.E01": True, "two/evidence.E01": False}
    assert len(case.ledger("acquisition-checked")) == 2
    assert set(case.exhibits()["seized"].acquisition or {}) == set(checks)


def test_progress_names_the_exhibit_and_what_was_not_read(case: Case, tmp_path: Path) -> None:
    told: list[tuple[str, str, int, int, int]] = []

    def changed(progress: Progress) -> None:
        told.append((progress.exhibit, progress.stage, progress.places, progress.planned, progress.traces))

    missed: list[Progress] = []
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one"), "b.bin": bytes(range(256)) * 4})
    case.add(folder, changed=lambda progress: (changed(progress), missed.append(progress))[0])
    assert told[0][:2] == ("desk", "reading")
    assert told[-1] == ("desk", "deriving", 2, 2, 1)
    assert [name for name, _ in missed[-1].not_understood] == ["b.bin"]
    assert all(one[2] <= one[3] for one in told), "never more ended than were found"


def test_the_law_of_each_exhibit_is_kept_apart(case: Case, tmp_path: Path) -> None:
    for name, law in (("a", LAW), ("b", WHOLE)):
        case.add(lay(tmp_path / name, {f"{name}.log": log("19:00 heron hello")}), law=law)
    laws = {one.name: one.law for one in case.select(select(schema.exhibit.c.name, schema.exhibit.c.law))}
    assert laws["a"] != laws["b"]

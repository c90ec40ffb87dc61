"""The gate stands in the parent: whatever a worker answers, what enters the store is what this exhibit's law covers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from intake_cases import LAW, Case, lay, scoped
from trackway.intake.law import Gate, Law
from trackway.sandbox.pool import Pool
from trackway.store import schema

FEEDER = Path(__file__).with_name("feeder.py")
LINES = b"\nmessage 100 early\nmessage 200 inside\nmail 200 a letter\nmessage 300 late\nmessage - undated\n"
LAWS = scoped(since=150, until=250, kinds=("message", "media"))


@pytest.fixture(scope="module")
def feeder() -> Iterator[Pool]:
    with Pool(workers=2, files=[FEEDER]) as pool:
        yield pool


@pytest.fixture
def case(tmp_path: Path, feeder: Pool) -> Case:
    return Case(tmp_path / "case", feeder)


@pytest.mark.parametrize("word", [b"FEED", b"LIES"])
def test_a_worker_cannot_widen_the_scope(case: Case, tmp_path: Path, word: bytes) -> None:
    case.add(lay(tmp_path / "desk", {"a.feed": word + LINES}), law=LAWS)
    assert case.texts() == ["inside"]
    assert case.exhibits()["desk"].out_of_scope == 4


def test_the_gate_is_what_keeps_it_out(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with a gate that lets everything through, everything is there."""
    monkeypatch.setattr(Gate, "judge", lambda self, trace: "in")
    case.add(lay(tmp_path / "desk", {"a.feed": b"LIES" + LINES}), law=LAWS)
    assert len(case.texts()) == 5


@pytest.mark.parametrize(
    ("said", "measured"),
    [(b"PICTURE\nmedia 200 inside\n", 1), (b"PICTURE\nmedia 300 late\n", 0), (b"PICTURE\nmail 200 no picture\n", 0)],
)
def test_a_measurement_enters_with_its_picture_only(case: Case, tmp_path: Path, said: bytes, measured: int) -> None:
    case.add(lay(tmp_path / "desk", {"a.jpg": said}), law=LAWS)
    assert len(case.select(select(schema.measure.c.method))) == measured
    assert case.places()["a.jpg"][0] == ("read" if measured else "out-of-scope")


@pytest.mark.parametrize("law", [LAW, LAWS])
def test_members_of_a_container_go_through_the_same_gate(case: Case, tmp_path: Path, law: Law) -> None:
    box = b"BOX\none FEED|message 200 inside|message 300 late\ntwo FEED|message 300 later\n"
    case.add(lay(tmp_path / "desk", {"a.box": box}), law=law)
    assert case.texts() == (["inside"] if law is LAWS else ["inside", "late", "later"])

"""What goes wrong is said in one sentence: on standard error, with ``--json`` as a document too; never a traceback."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import casework

PROGRAM = Path(sys.executable).parent / "trackway"


class Ran(NamedTuple):
    code: int
    answer: Any
    said: str


def trackway(folder: Path, *arguments: object) -> Ran:
    """Run the program in this folder; its standard error is a sentence or empty, never a traceback."""
    environment = {**os.environ, "TRACKWAY_NOW": casework.NOW, "TRACKWAY_OFFICER": "officer 17"}
    command = [str(PROGRAM), *map(str, arguments), "--json"]
    ran = subprocess.run(command, capture_output=True, env=environment, cwd=folder, timeout=300)
    said = ran.stderr.decode()
    assert "Traceback" not in said
    return Ran(ran.returncode, json.loads(ran.stdout), said)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty case ``case`` and all that the commands below are given."""
    made = tmp_path_factory.mktemp("bad-input")
    assert trackway(made, "init", "case").code == 0
    (made / "stick").mkdir()
    (made / "stick" / "birdhide.log").write_bytes(casework.channel(5))
    (made / "a file").write_bytes(b"not a case\n")
    (made / "other").mkdir()
    with sqlite3.connect(made / "other" / "case.db") as other:
        other.execute("CREATE TABLE birds (name TEXT)")
    (made / "text.csv").write_text("a,list\nof,birds\n")
    (made / "empty.txt").write_bytes(b"")
    (made / "terms without columns.csv").write_text("word;meaning\nlantern;live\n")
    (made / "terms.csv").write_text("term,sign,language,note\nlantern,live,en,\n,live,en,\nnest,No Sign!,en,\n")
    (made / "checkpoint").write_text("not a checkpoint\n")
    return made


REFUSED: dict[str, tuple[tuple[str, ...], str, str]] = {
    # what is run, the code, a word of the sentence
    "no case there": (("queue", "nowhere"), "no-case", "nowhere"),
    "a file in the place of a case": (("queue", "a file"), "no-case", "a file"),
    "another program's database": (("queue", "other"), "not-a-case", "not a Trackway case"),
    "a case that stands there already": (("init", "case"), "exists", "already"),
    "a folder with other things": (("init", "stick"), "not-empty", "not empty"),
    "no exhibit there": (("add", "case", "nothing", "--basis", "B"), "no-exhibit", "nothing"),
    "no basis": (("add", "case", "stick"), "usage", "--basis"),
    "an empty basis": (("add", "case", "stick", "--basis", " "), "no-basis", "basis"),
    "an authorisation that has ended": (
        ("add", "case", "stick", "--basis", "B", "--ends", "2026-01-01"), "authorisation-ended", "2026-01-01",
    ),
    "an unknown zone": (("add", "case", "stick", "--basis", "B", "--zone", "Mars"), "bad-zone", "Mars"),
    "a period that ends before it starts": (
        ("add", "case", "stick", "--basis", "B", "--scope-from", "2026-02-02", "--scope-until", "2026-01-01"),
        "bad-period", "ends before",
    ),
    "the case as its own exhibit": (("add", "case", "case", "--basis", "B"), "no-exhibit", "case"),
    "no list there": (("known", "case", "no.json"), "list-refused", "no.json"),
    "a list without hashes": (("known", "case", "text.csv"), "list-refused", "text.csv"),
    "an empty list": (("known", "case", "empty.txt"), "list-refused", "empty.txt"),
    "no terms there": (("terms", "case", "no.csv"), "unreadable", "no.csv"),
    "terms without columns": (("terms", "case", "terms without columns.csv"), "no-columns", "term,sign"),
    "a time that is none": (("queue", "case", "--now", "yesterday"), "bad-time", "yesterday"),
    "an id that nothing bears": (("show", "case", "0" * 32), "no-such-id", "id"),
    "an item that is not there": (("ack", "case", "report:1", "--action", "x"), "no-item", "item"),
    "a claim that is not there": (("judge", "case", "0" * 32, "accepted", "--reason", "x"), "no-claim", "claim"),
    "no judgement": (("judge", "case", "0" * 32, "maybe", "--reason", "x"), "bad-judgement", "maybe"),
    "an unknown option": (("queue", "case", "--loud"), "usage", "--loud"),
    "an unknown command": (("sing", "case"), "usage", "sing"),
    "no checkpoint": (("verify", "case", "--checkpoint", "checkpoint"), "bad-checkpoint", "checkpoint"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_sentence(folder: Path, name: str) -> None:
    arguments, code, word = REFUSED[name]
    ran = trackway(folder, *arguments)
    assert (ran.code, set(ran.answer)) == (2, {"error", "code"})
    assert ran.answer["code"] == code
    assert word in ran.answer["error"]
    assert ran.answer["error"] in ran.said
    assert str(folder) not in ran.said, "no path of the machine stands in a sentence"


def test_the_time_of_the_environment_is_checked_as_well(folder: Path) -> None:
    environment = {**os.environ, "TRACKWAY_NOW": "soon"}
    command = [str(PROGRAM), "queue", "case", "--json"]
    ran = subprocess.run(command, capture_output=True, env=environment, cwd=folder, timeout=60)
    assert (ran.returncode, json.loads(ran.stdout)["code"]) == (2, "bad-time")


# ------------------------------------------------------------------ input that costs itself only


@pytest.fixture
def case(folder: Path, tmp_path: Path) -> Callable[..., Ran]:
    """A case of its own, and the way to run commands on it beside its files."""
    assert trackway(tmp_path, "init", "case").code == 0
    return lambda command, *arguments: trackway(tmp_path, command, "case", *arguments)


def test_an_exhibit_that_is_cut_in_the_middle(case: Callable[..., Ran], tmp_path: Path) -> None:
    whole = casework.export(30)["result.json"]
    (tmp_path / "stick").mkdir()
    (tmp_path / "stick" / "result.json").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "stick" / "birdhide.log").write_bytes(casework.channel(5))
    ran = case("add", "stick", "--basis", "B")
    (exhibit,) = ran.answer["exhibits"]
    assert ran.code == 1
    assert [one["name"] for one in exhibit["not_understood"]] == ["result.json"]
    assert "cut or damaged" in exhibit["not_understood"][0]["reason"]
    assert (exhibit["files"], exhibit["read"]) == (2, 1)
    services = {one["service"] for one in case("personas").answer}
    assert services == {"irc", "telegram"}, "what stands before the cut is read"


def test_one_exhibit_that_is_not_there_costs_itself(case: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "birdhide.log").write_bytes(casework.channel(5))
    ran = case("add", "gone", "birdhide.log", "--basis", "B")
    assert ran.code == 1
    assert [Path(one["exhibit"]).name for one in ran.answer["exhibits"]] == ["birdhide.log"]
    assert [one["name"] for one in ran.answer["refused"]] == ["gone"]


def test_an_empty_folder_is_an_exhibit_with_nothing_in_it(case: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = case("add", "empty", "--basis", "B")
    assert (ran.code, ran.answer["exhibits"][0]["files"]) == (0, 0)


def test_a_broken_row_costs_itself(case: Callable[..., Ran], tmp_path: Path) -> None:
    digests = [f"{i:032x}" for i in range(1, 40)]
    rows = [*digests[:20], "not a digest", *digests[20:]]
    (tmp_path / "list.txt").write_text("\n".join(rows) + "\n")
    ran = case("known", "list.txt")
    (loaded,) = ran.answer["lists"]
    assert (ran.code, loaded["records"]) == (1, 39)
    assert [one["name"] for one in loaded["skipped"]] == ["line 21"]


def test_one_bad_list_leaves_the_others_in_force(case: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text(f"{1:032x}\n")
    (tmp_path / "bad.txt").write_text("no digest\n")
    ran = case("known", "bad.txt", "good.txt")
    assert ran.code == 1
    assert [one["name"] for one in ran.answer["lists"]] == ["good.txt"]
    assert [one["name"] for one in ran.answer["refused"]] == ["bad.txt"]


def test_a_list_that_is_cut_leaves_its_earlier_version_in_force(case: Callable[..., Ran], tmp_path: Path) -> None:
    lists, _ = casework.lay_out_lists(tmp_path)
    assert case("known", lists[0]).code == 0
    whole = lists[0].read_text()
    lists[0].write_text(whole[: len(whole) // 2])
    ran = case("known", lists[0])
    assert (ran.code, ran.answer["code"]) == (2, "list-refused")
    assert [one["records"] for one in case("known").answer["lists"]] == [3]


def test_bad_rows_of_terms_are_passed_over_and_named(case: Callable[..., Ran], folder: Path) -> None:
    ran = case("terms", folder / "terms.csv")
    assert (ran.code, ran.answer["terms"], ran.answer["new"]) == (1, 1, 1)
    assert [one["name"] for one in ran.answer["skipped"]] == ["line 3", "line 4"]


def test_a_file_that_cannot_be_hashed_is_named(folder: Path) -> None:
    ran = trackway(folder, "hash", "empty.txt", "gone.jpg")
    assert ran.code == 1
    assert [row["sha256"] is None for row in ran.answer] == [False, True]
    assert "No such file" in ran.answer[1]["reason"]


def test_a_damaged_case_is_refused_with_a_sentence(case: Callable[..., Ran], tmp_path: Path) -> None:
    database = tmp_path / "case" / "case.db"
    raw = bytearray(database.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    database.write_bytes(raw)
    ran = case("queue")
    assert ran.code == 2
    assert ran.answer["code"] == "damaged"

"""The commands of DESIGN section 8: what each prints, what it leaves in the ledger, and how it exits."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from console_run import Run
from typer.main import get_command

import casework
from casework import picture
from intake_cases import Case, lay, log
from trackway.cli.main import app
from trackway.sandbox.pool import Pool
from trackway.store.case import open_case
from trackway.views import answers
from trackway.views.personas import PersonaAnswer

LOG = log("19:00 heron one", "19:01 otter two")
READING: list[tuple[list[str], Any, str | None]] = [
    (["queue"], list[answers.QueueRow], "queue"),
    (["media"], list[answers.MediaAnswer], "media"),
    (["personas"], list[PersonaAnswer], "personas"),
    (["network"], dict, "network"),
    (["known"], answers.KnownAnswer, "lists"),
    (["digest"], answers.DigestAnswer, None),
    (["verify"], answers.VerifyAnswer, None),
]
"""Command, type of what it prints with --json, the view that the ledger names (None: nothing about people is shown)."""


@pytest.mark.parametrize(("command", "answer", "view"), READING, ids=[" ".join(one[0]) for one in READING])
def test_what_looks_prints_one_document_and_is_one_entry(
    run: Run, made: Case, command: list[str], answer: Any, view: str | None
) -> None:
    before = len(made.ledger())
    done = run(*command, made.folder, "--json")
    assert (done.code, done.err) == (0, "")
    msgspec.convert(done.json, answer)
    entries = made.ledger()[before:]
    assert [(one["act"], one["who"], one["body"]) for one in entries] == (
        [("consulted", "officer 17", {"view": view})] if view else []
    )
    assert str(made.folder.parent) not in done.out


@pytest.mark.parametrize("command", [one[0] for one in READING], ids=" ".join)
def test_people_are_told_without_json(run: Run, made: Case, command: list[str]) -> None:
    done = run(*command, made.folder)
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()
    assert not done.out.startswith(("{", "["))
    assert str(made.folder.parent) not in done.out


@pytest.mark.parametrize("command", ["queue", "media", "personas", "network", "known", "show"])
def test_what_is_revealed_is_said_in_the_ledger(run: Run, made: Case, command: str) -> None:
    names = [made.media()[0].id] if command == "show" else []
    before = len(made.ledger())
    done = run(command, made.folder, *names, "--reveal", "--json")
    assert done.code == 0
    (entry,) = made.ledger()[before:]
    assert entry["body"]["reveal"] is True


def test_names_of_series_are_shown_with_reveal_only(run: Run, made: Case) -> None:
    hidden, shown = run("media", made.folder, "--json"), run("media", made.folder, "--json", "--reveal")
    assert "marshheron" not in hidden.out.lower()
    assert "marshheron" in shown.out.lower()
    assert [one["id"] for one in hidden.json] == [one["id"] for one in shown.json]


def test_show_opens_several_and_each_is_an_entry(run: Run, made: Case) -> None:
    ids = [one.id for one in made.media()[:3]]
    before = len(made.ledger())
    done = run("show", made.folder, *ids)
    assert [one["id"] for one in done.json] == ids
    assert [entry["subject"] for entry in made.ledger()[before:]] == ids
    assert run("show", made.folder, ids[0]).json == done.json[0]


def test_an_id_that_nothing_bears_is_refused_and_is_no_entry(run: Run, made: Case) -> None:
    before = len(made.ledger())
    done = run("show", made.folder, "0" * 32, "--json")
    assert (done.code, done.json["code"]) == (2, "no-such-id")
    assert len(made.ledger()) == before


@pytest.mark.parametrize(
    ("given", "variable", "who"),
    [(None, "officer 17", "officer 17"), ("Officer 3", "officer 17", "Officer 3"), ("zoë ✓", None, "zoë ✓")],
)
def test_who_acts(
    run: Run, made: Case, monkeypatch: pytest.MonkeyPatch, given: str | None, variable: str | None, who: str
) -> None:
    if variable is None:
        monkeypatch.delenv("TRACKWAY_OFFICER")
    run("queue", made.folder, *([] if given is None else ["--as", given]))
    assert made.ledger()[-1]["who"] == who


def test_who_acts_where_nobody_said(run: Run, made: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKWAY_OFFICER")
    monkeypatch.setenv("LOGNAME", "night-shift")
    run("queue", made.folder)
    assert made.ledger()[-1]["who"] == "night-shift"


@pytest.mark.parametrize(
    ("now", "at"),
    [("2026-03-05T10:00:00+02:00", "2026-03-05T08:00:00Z"), ("2026-03-05", "2026-03-05T00:00:00Z")],
)
def test_the_moment_that_clocks_are_reckoned_from(
    run: Run, made: Case, monkeypatch: pytest.MonkeyPatch, now: str, at: str
) -> None:
    run("queue", made.folder, "--now", now)
    assert made.ledger()[-1]["at"] == at
    assert (run("queue", made.folder, "--now", "soon", "--json").json["code"]) == "bad-time"


# ------------------------------------------------------------------ from nothing to a case


def test_a_case_from_init_to_verify(run: Run, where: Path, tmp_path: Path) -> None:
    lists, terms = casework.lay_out_lists(tmp_path / "lists")
    exhibits = casework.lay_out(tmp_path / "exhibits")
    assert run("init", where, "--json").json == {"case": "case"}
    assert run("terms", where, terms, "--json").json == {"terms": 2, "new": 2, "skipped": []}
    known = run("known", where, *lists, "--json")
    assert known.code == 0
    assert sorted(one["name"] for one in known.json["lists"]) == ["harbour.txt", "partner.json"]
    added = run("add", where, *exhibits, "--basis", "warrant 14", "--json")
    assert added.code == 1, "one picture is broken and one file is of no known format: listed"
    said = msgspec.convert(added.json, answers.AddAnswer)
    assert [one.exhibit for one in said.exhibits] == [str(path) for path in exhibits], "as given"
    assert {one.name for exhibit in said.exhibits for one in exhibit.not_understood} >= {
        "pictures/broken.jpg",
        "notes.bin",
    }
    assert (said.refused, said.stopped) == ([], False)
    assert all(one.complete for one in said.exhibits)
    first = run("digest", where, "--json").json
    again = run("add", where, *exhibits, "--basis", "warrant 14", "--json")
    assert (again.code, again.json) == (1, added.json)
    assert run("digest", where, "--json").json == first
    assert run("queue", where, "--json").json[0]["tier"] == 1
    assert run("analyse", where, "--json").json["subjects"] > 0
    verified = run("verify", where, "--json")
    assert (verified.code, verified.json["ok"], verified.json["damage"]) == (0, True, [])
    acts = [entry["act"] for entry in Case.ledger(_Held(where))]
    assert acts[:3] == ["terms-loaded", "list-loaded", "list-loaded"]
    assert "exhibit-added" in acts


class _Held(Case):
    """A case that another hand made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder


def test_only_a_file_that_was_claimed_and_not_read_makes_it_one(run: Run, where: Path, tmp_path: Path) -> None:
    run("init", where)
    clean = lay(tmp_path / "clean", {"a.log": LOG, "b.bin": bytes(range(256)) * 4, "empty": b""})
    done = run("add", where, clean, "--basis", "x", "--json")
    assert done.code == 0, "a file that no reader knows is listed, and is no failure"
    assert {one["name"] for one in done.json["exhibits"][0]["not_understood"]} == {"b.bin", "empty"}
    cut = lay(tmp_path / "cut", {"a.jpg": picture(1)[:900]})
    assert run("add", where, cut, "--basis", "x").code == 1
    assert run("add", where, clean, "--basis", "x").code == 0
    done = run("add", where, tmp_path / "nowhere", clean, "--basis", "x", "--json")
    assert (done.code, [Path(one["name"]).name for one in done.json["refused"]]) == (1, ["nowhere"])


def test_the_law_from_the_command_line(run: Run, where: Path, tmp_path: Path) -> None:
    run("init", where)
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one", "19:01 otter two"), "b.jpg": picture(1)})
    (tmp_path / "contacts.txt").write_text("otter\n")
    done = run(
        "add", where, folder, "--basis", "warrant 14", "--authority", "a judge", "--decision", "RC 1",
        "--seizure", "S 2",
        "--ends", "2026-03-31", "--scope-from", "2026-02-01", "--scope-until", "2026-02-28", "--scope-kind", "message",
        "--privileged", tmp_path / "contacts.txt", "--zone", "UTC", "--acquired", "2026-02-28", "--json",
    )  # fmt: skip
    (answer,) = done.json["exhibits"]
    assert (answer["traces"], answer["out_of_scope"], answer["quarantined"], answer["zone"]) == (1, 1, 1, "UTC")
    law = answer["law"]
    assert (law["basis"], law["authority"], law["decision"], law["seizure"], law["ends"]) == (
        "warrant 14", "a judge", "RC 1", "S 2", "2026-03-31",
    )  # fmt: skip
    assert law["scope"]["kinds"] == ["message"]
    assert law["scope"]["until"] - law["scope"]["since"] == 28 * 86_400_000_000
    told = run("add", where, folder, "--basis", "warrant 14", "--scope-kind", "message").out
    assert "1 records lie outside the scope: counted, not read" in told


REFUSED = [
    (["add", "CASE", "DESK", "--basis", " "], "no-basis"),
    (["add", "CASE", "DESK"], "usage"),
    (["add", "CASE"], "usage"),
    (["add", "CASE", "DESK", "--basis", "x", "--ends", "2026-02-27"], "authorisation-ended"),
    (["add", "CASE", "DESK", "--basis", "x", "--ends", "soon"], "bad-date"),
    (["add", "CASE", "DESK", "--basis", "x", "--scope-from", "soon"], "bad-date"),
    (["add", "CASE", "DESK", "--basis", "x", "--scope-kind", "letter"], "bad-kind"),
    (["add", "CASE", "DESK", "--basis", "x", "--scope-person", ""], "bad-person"),
    (["add", "CASE", "DESK", "--basis", "x", "--zone", "Marsh/Heron"], "bad-zone"),
    (["add", "CASE", "DESK", "--basis", "x", "--acquired", "soon"], "bad-time"),
    (["add", "CASE", "DESK", "--basis", "x", "--privileged", "nowhere.txt"], "unreadable"),
    (["add", "CASE", "nowhere", "--basis", "x"], "no-exhibit"),
    (["add", "CASE", "CASE", "--basis", "x"], "no-exhibit"),
    (["add", "nowhere", "DESK", "--basis", "x"], "no-case"),
    (["init", "CASE"], "exists"),
    (["init", "DESK"], "not-empty"),
    (["queue", "nowhere"], "no-case"),
    (["digest", "DESK"], "no-case"),
    (["queue", "CASE", "--colour"], "usage"),
    (["show", "CASE"], "usage"),
    (["show", "CASE", "0" * 64], "no-such-id"),
    (["personas", "CASE", "--as-of", "soon"], "bad-time"),
    (["judge", "CASE", "x", "accepted", "--reason", "r"], None),
    (["judge", "CASE", "x", "perhaps", "--reason", "r"], None),
    (["ack", "CASE", "media:x", "--action", "r"], "no-item"),
    (["note", "CASE", "media:x", "text"], None),
    (["claim", "CASE", "x", "y", "--reason", "r"], "no-persona"),
    (["verify", "CASE", "--checkpoint", "nowhere"], "unreadable"),
    (["verify", "CASE", "--checkpoint", "LOG"], "bad-checkpoint"),
    (["known", "CASE", "nowhere.json"], "list-refused"),
    (["terms", "CASE", "nowhere.csv"], None),
    (["evaluate", "nothing", "DESK"], "unknown-method"),
    (["bench", "nothing"], "unknown-bench"),
    (["nosuch"], "usage"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code"), REFUSED, ids=[" ".join(one[0]) for one in REFUSED])
def test_what_is_refused_is_one_sentence_and_changes_nothing(
    run: Run, where: Path, tmp_path: Path, arguments: list[str], code: str | None
) -> None:
    run("init", where)
    desk = lay(tmp_path / "desk", {"a.log": LOG})
    places = {"CASE": str(where), "DESK": str(desk), "LOG": str(desk / "a.log"), "nowhere": str(tmp_path / "nowhere")}
    given = [places.get(one, one) for one in arguments]
    done = run(*given, "--json")
    assert done.code == 2
    assert set(done.json) == {"error", "code"}
    if code is not None:
        assert done.json["code"] == code
    assert done.json["code"] != "fault"
    sentence = done.json["error"]
    assert done.err == f"trackway: {sentence}\n"
    assert sentence.strip()
    assert "\n" not in sentence
    assert "Traceback" not in done.err
    plain = run(*given)
    assert (plain.code, plain.out, plain.err) == (2, "", done.err)
    assert Case.ledger(_Held(where)) == []


def test_two_writers_the_second_reads_a_sentence(run: Run, where: Path, tmp_path: Path) -> None:
    run("init", where)
    desk = lay(tmp_path / "desk", {"a.log": LOG})
    store = open_case(str(where))
    with store.intake_lock():
        done = run("add", where, desk, "--basis", "x", "--json")
        looked = run("queue", where, "--json")
    store.close()
    assert (done.code, done.json["code"]) == (2, "busy")
    assert done.err.startswith("trackway: Another intake is at work on this case; wait until it ends")
    assert looked.code == 0, "looking goes on"
    assert run("add", where, desk, "--basis", "x").code == 0


def test_hash_without_a_case(run: Run, tmp_path: Path) -> None:
    folder = lay(tmp_path / "d", {"a.jpg": picture(1), "b.txt": b"", "c.jpg": picture(1)[:500]})
    done = run("hash", folder / "a.jpg", folder / "b.txt", folder / "c.jpg", "--json")
    found = msgspec.convert(done.json, list[answers.HashAnswer])
    assert done.code == 0
    assert [one.name for one in found] == ["a.jpg", "b.txt", "c.jpg"]
    assert [one.pdq is not None for one in found] == [True, False, False]
    assert found[1].sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    missing = run("hash", folder / "a.jpg", folder / "nowhere", "--json")
    assert (missing.code, missing.json[1]["sha256"]) == (1, None)
    assert missing.json[1]["reason"].startswith("cannot be opened")


def test_decisions_are_entries_with_their_reason(run: Run, where: Path, tmp_path: Path, pool: Pool) -> None:
    run("init", where)
    run("add", where, *casework.lay_out(tmp_path / "e", ["desk"]), "--basis", "x")
    people = [one["id"] for one in run("personas", where, "--json").json]
    claim = run("claim", where, people[0], people[1], "--reason", "same words", "--json").json["claim"]
    assert run("judge", where, claim, "accepted", "--reason", "seen together", "--json").code == 0
    assert run("judge", where, claim, "undo", "--reason", "mistaken", "--json").code == 0
    assert run("note", where, f"persona:{people[0]}", "ask the harbour", "--json").code == 0
    kinds = [one["act"] for one in Case.ledger(_Held(where)) if one["act"] in ("claim", "judge", "withdraw", "note")]
    assert kinds == ["claim", "judge", "withdraw", "note"]


def test_verify_says_damage_and_exits_one(run: Run, where: Path, tmp_path: Path) -> None:
    run("init", where)
    run("add", where, lay(tmp_path / "desk", {"a.log": LOG}), "--basis", "x")
    head = run("verify", where, "--json")
    (tmp_path / "head.json").write_text(head.out)
    assert run("verify", where, "--checkpoint", tmp_path / "head.json").code == 0
    database = sqlite3.connect(where / "case.db")
    database.execute("update trace set text = 'three' where text = 'two'")
    database.commit()
    database.close()
    done = run("verify", where, "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    assert len(done.json["damage"]) >= 1
    assert "DAMAGE" in run("verify", where).out


# ------------------------------------------------------------------ as a process


def test_as_a_process_it_prints_json_only_and_reads_no_terminal(where: Path, tmp_path: Path) -> None:
    """With workers of its own, and an empty standard input."""
    environment = os.environ | {"TRACKWAY_NOW": casework.NOW, "TRACKWAY_OFFICER": "night"}

    def trackway(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "trackway.cli.main", *map(str, arguments)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=environment,
            timeout=180,
            check=False,
        )

    assert trackway("init", where).stdout == "Made the case case.\n"
    done = trackway("add", where, lay(tmp_path / "desk", {"a.log": LOG}), "--basis", "x", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["exhibits"][0]["traces"] == 2
    assert all(line.startswith("trackway: WARNING") for line in done.stderr.splitlines())
    assert trackway().stdout.startswith("Usage: ")


def test_every_command_has_help_and_says_what_it_is_for(run: Run) -> None:
    commands: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands) >= 20
    for name, command in commands.items():
        done = run(name, "--help")
        assert (done.code, done.err) == (0, ""), name
        assert done.out.startswith(f"Usage: trackway {name}"), name
        assert command.help
        assert "--json" in done.out or name in ("serve",), name


def test_names_of_files_cannot_steer_a_terminal(run: Run, where: Path, tmp_path: Path) -> None:
    run("init", where)
    name = "a\x1b[2J\x1b]0;owned\x07\n.bin"
    done = run("add", where, lay(tmp_path / "desk", {name: bytes(40)}), "--basis", "x")
    assert "\x1b" not in done.out
    assert "\x07" not in done.out
    assert "not read: a" in done.out

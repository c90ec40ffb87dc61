"""What the machine does to the command line: closed streams, full disks, pipes in the place of files, names and times
that are none. A sentence and exit code 2; never a traceback, never a wait."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from console_run import Run

from trackway.cli import main, output
from trackway.sources.given import open_given, read_given
from trackway.store.case import create_case

PROGRAM = Path(sys.executable).with_name("trackway")


@pytest.fixture
def case(where: Path) -> Path:
    create_case(str(where)).close()
    return where


@pytest.fixture
def alarm() -> Any:
    """A test that waits for ever fails instead."""

    def late(_signal: int, _frame: object) -> None:
        raise TimeoutError("the command waits")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


# ------------------------------------------------------------------ files that a person names

FILES: dict[str, Callable[[Path, Path], tuple[object, ...]]] = {
    "a known list": lambda case, path: ("known", case, path),
    "danger terms": lambda case, path: ("terms", case, path),
    "a checkpoint": lambda case, path: ("verify", case, "--checkpoint", path),
    "privileged contacts": lambda case, path: ("add", case, path.parent, "--basis", "B", "--privileged", path),
}


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("odd", ["pipe", "device"])
@pytest.mark.parametrize("what", FILES)
def test_a_pipe_or_a_device_is_refused_at_once(run: Run, case: Path, tmp_path: Path, what: str, odd: str) -> None:
    (tmp_path / "stick").mkdir()
    path = tmp_path / "stick" / "odd"
    if odd == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    done = run(*FILES[what](case, path), "--json")
    assert done.code == 2
    assert "it is a pipe or a device, not a file" in done.json["error"]


@pytest.mark.usefixtures("alarm")
def test_a_pipe_has_no_digest(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "odd")
    done = run("hash", tmp_path / "odd", "--json")
    assert (done.code, done.json[0]["sha256"]) == (1, None)
    assert "pipe" in done.json[0]["reason"]


def test_what_is_taken_into_memory_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "terms.csv").write_bytes(b"x" * 11)
    assert read_given(tmp_path / "terms.csv", 11) == b"x" * 11
    with pytest.raises(OSError, match="more than"):
        read_given(tmp_path / "terms.csv", 10)
    with pytest.raises(IsADirectoryError):
        open_given(tmp_path)


def test_a_list_with_a_row_that_cannot_be_read_is_no_success(run: Run, case: Path, tmp_path: Path) -> None:
    rows = [f"{number:032x}" for number in range(1, 40)]
    (tmp_path / "whole.txt").write_text("\n".join(rows))
    (tmp_path / "broken.txt").write_text("\n".join([*rows, "not a digest"]))
    assert run("known", case, tmp_path / "whole.txt", "--json").code == 0
    assert run("known", case, tmp_path / "broken.txt", "--json").code == 1


def test_prose_that_holds_a_digest_is_no_list(run: Run, case: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(f"The heron was seen again.\nIts file is {1:032x}, they say.\n")
    done = run("known", case, tmp_path / "notes.txt", "--json")
    assert (done.code, done.json["code"]) == (2, "list-refused")


# ------------------------------------------------------------------ words, names and times

REFUSED: dict[str, tuple[tuple[object, ...], str]] = {
    "a time before the year 1 in UTC": (("--now", "0001-01-01T00:00:00+14:00"), "outside the years 1 to 9999"),
    "a time after the year 9999 in UTC": (("--now", "9999-12-31T23:59:59-14:00"), "outside the years 1 to 9999"),
    "bytes that are no text": (("--as", os.fsdecode(b"\xff")), r"\xff"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_word_that_is_none(run: Run, case: Path, what: str) -> None:
    words, said = REFUSED[what]
    done = run("queue", case, *words, "--json")
    assert done.code == 2
    assert said in done.json["error"]


@pytest.mark.parametrize("name", ["n" * 300, "n/" * 3000, "postgresql://[::1/x?case=a"])
def test_a_case_that_cannot_have_that_name(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("init", "queue"):
        done = run(command, name, "--json")
        assert (done.code, done.json["code"] in ("unwritable", "unreadable", "no-case")) == (2, True)


def test_an_exhibit_whose_name_is_no_utf8(run: Run, case: Path, tmp_path: Path) -> None:
    exhibit = tmp_path / os.fsdecode(b"latin\xe9.txt")
    exhibit.write_text("The heron is back.\n")
    assert run("add", case, exhibit, "--basis", "B", "--json").json["exhibits"][0]["read"] == 1
    assert run("hash", exhibit, "--json").json[0]["name"] == "latin%E9.txt"
    assert run("add", case, exhibit, "--basis", "B").code == 0


def test_no_name_steers_the_terminal(run: Run, case: Path, tmp_path: Path) -> None:
    (tmp_path / "red\x1b[31m.csv").write_text("word;meaning\n")
    done = run("terms", case, tmp_path / "red\x1b[31m.csv")
    assert done.code == 2
    assert "\x1b" not in done.err


# ------------------------------------------------------------------ streams and signals


def _shell(case: Path, words: str, **environment: str) -> tuple[int, bytes, bytes]:
    command = f'"{PROGRAM}" {words}'
    done = subprocess.run(
        ["bash", "-c", command, "bash", str(case)],
        capture_output=True,
        env={"PATH": os.environ["PATH"], **environment},
        timeout=120,
    )
    return done.returncode, done.stdout, done.stderr


STREAMS = {
    # how the shell starts it, its exit code, what standard error says
    'digest "$1" --json >&-': (0, b""),
    'digest "$1" >&- 2>&- <&-': (0, b""),
    'digest "$1" --json >/dev/full': (2, b"No space left on device"),
    'digest "$1" >/dev/full': (2, b"No space left on device"),
    'digest nowhere --json >/dev/full': (2, b"There is no case at 'nowhere'"),
    'digest nowhere >/dev/full 2>&1': (2, b""),
}  # fmt: skip


@pytest.mark.parametrize("words", STREAMS)
def test_standard_streams_that_are_closed_or_full(case: Path, words: str) -> None:
    code, said = STREAMS[words]
    before = (case / "case.db").stat().st_size
    ran, out, err = _shell(case, words)
    assert (ran, out) == (code, b"")
    assert said in err
    assert b"Traceback" not in err
    assert b"Exception" not in err
    assert (case / "case.db").stat().st_size == before, "nothing is printed into the case"


def test_a_terminal_that_knows_ascii_only(case: Path) -> None:
    code, _, err = _shell(case, 'terms "$1" "\u2603.csv"', PYTHONIOENCODING="ascii")
    assert code == 2
    assert b"\\u2603.csv cannot be opened" in err


def test_ctrl_c_is_a_sentence(run: Run, case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_arguments: object, **_options: object) -> int:
        return main.INTERRUPTED  # what typer makes of it

    monkeypatch.setattr(main, "app", interrupted)
    done = run("queue", case, "--json")
    assert (done.code, done.json["code"]) == (2, "stopped")


# ------------------------------------------------------------------ a case that is damaged


def _garbled(path: Path) -> None:
    held = bytearray(path.read_bytes())
    for at in range(4096, len(held), 37):
        held[at] = at * 7 % 256
    path.write_bytes(held)


def _cut(path: Path) -> None:
    os.truncate(path, 60_000)


def _bare(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE entry")


@pytest.mark.parametrize("harm", [_garbled, _cut, _bare])
def test_verify_names_a_damage_that_keeps_the_case_closed(run: Run, case: Path, harm: Callable[[Path], None]) -> None:
    harm(case / "case.db")
    done = run("verify", case, "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    assert done.json["damage"]


def test_what_is_no_utf8_is_spelled_out(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    output.emit({"name": os.fsdecode(b"a\xff")})
    assert capfdbinary.readouterr().out == b'{\n "name": "a\\\\udcff"\n}\n'

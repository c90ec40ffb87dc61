"""Writing: a transaction holds whole or not at all, two intakes never meet, what stops one is said in a sentence."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

import casework
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.store import case as store_case
from trackway.store import schema
from trackway.store.case import DATABASE, CaseStore, create_case, open_case
from trackway.store.journal import Officer, record
from trackway.views.verify import verify

Case = Callable[[str], str]


def terms(store: CaseStore) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).where(schema.term.c.case_no == store.case_no)).scalar_one())


def add_term(connection: object, store: CaseStore, no: int) -> None:
    values = {"no": store.case_no << 20 | no, "case_no": store.case_no, "term": f"lantern {no}", "sign": "live"}
    connection.execute(insert(schema.term).values(**values))  # type: ignore[attr-defined]


def break_off(connection: object, store: CaseStore, last: int) -> None:
    add_term(connection, store, 3)
    add_term(connection, store, last or 1 // last)


def test_a_transaction_that_ends_is_kept_and_one_that_breaks_leaves_nothing(case: Case) -> None:
    store = create_case(case("heron"))
    with store.write() as connection:
        add_term(connection, store, 1)
        add_term(connection, store, 2)
    for last, broken in ((0, ZeroDivisionError), (1, Refused)):
        with pytest.raises(broken), store.write() as connection:
            break_off(connection, store, last)
    assert terms(store) == 2
    store.close()
    again = open_case(case("heron"))
    assert terms(again) == 2
    again.close()


def test_a_reader_sees_one_moment(case: Case) -> None:
    store = create_case(case("heron"))
    mine = select(func.count()).where(schema.term.c.case_no == store.case_no)
    with store.read() as connection:
        assert connection.execute(mine).scalar() == 0
        with store.write() as writer:
            add_term(writer, store, 1)
        assert connection.execute(mine).scalar() == 0
    assert terms(store) == 1
    store.close()


@contextlib.contextmanager
def another_process(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program that says a line when it is ready and ends when its standard input does."""
    with subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()
        process.wait(30)


HOLD_WRITE_LOCK = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("ready", flush=True); sys.stdin.read()
"""


def test_a_case_that_another_program_has_locked_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_case, "BUSY_SECONDS", 0.2)
    create_case(str(tmp_path / "case")).close()
    store = open_case(str(tmp_path / "case"))
    with another_process(HOLD_WRITE_LOCK, str(tmp_path / "case" / DATABASE)):
        with pytest.raises(Refused) as refused, store.write():
            pass
        assert refused.value.code == "locked"
        assert refused.value.sentence.startswith("The case is locked by another program")
        assert terms(store) == 0, "reading goes on"
    with store.write() as connection:
        add_term(connection, store, 1)
    store.close()


HOLD_INTAKE = """
import sys
from trackway.store.case import open_case
with open_case(sys.argv[1]).intake_lock():
    print("ready", flush=True); sys.stdin.read()
"""


def test_a_second_intake_is_refused_and_the_first_goes_on(case: Case, tmp_path: Path, pool: Pool) -> None:
    create_case(case("heron")).close()
    (exhibit,) = casework.lay_out(tmp_path / "exhibits", ["card"])
    with another_process(HOLD_INTAKE, case("heron")) as first:
        with pytest.raises(Refused) as refused:
            casework.add(case("heron"), pool, [exhibit])
        assert refused.value.code == "busy"
        assert refused.value.sentence.startswith("Another intake is at work on this case")
        assert first.poll() is None
    casework.add(case("heron"), pool, [exhibit])
    assert casework.answers(case("heron"))["digest"]["readings"] == 4


def test_the_command_says_that_another_intake_is_at_work(case: Case, tmp_path: Path) -> None:
    create_case(case("heron")).close()
    (exhibit,) = casework.lay_out(tmp_path / "exhibits", ["card"])
    command = [sys.executable, "-m", "trackway.cli.main", "add", case("heron"), str(exhibit), "--basis", "x", "--json"]
    with another_process(HOLD_INTAKE, case("heron")):
        said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert said.returncode == 2
    assert '"code": "busy"' in said.stdout
    assert said.stderr.startswith("trackway: Another intake is at work")


def test_a_killed_intake_holds_no_lock(case: Case, tmp_path: Path) -> None:
    create_case(case("heron")).close()
    with another_process(HOLD_INTAKE, case("heron")) as first:
        first.kill()
        first.wait(30)
    store = open_case(case("heron"))
    with store.intake_lock():
        pass
    store.close()


def test_intakes_of_two_cases_do_not_wait_for_each_other(case: Case) -> None:
    for name in ("heron", "otter"):
        create_case(case(name)).close()
    with another_process(HOLD_INTAKE, case("heron")):
        store = open_case(case("otter"))
        with store.intake_lock():
            pass
        store.close()


def test_two_writers_lose_no_number(case: Case) -> None:
    """1,000 reservations from two threads with a connection each: none twice, none left out."""
    create_case(case("heron")).close()
    taken: list[list[int]] = [[], []]
    name = f"two writers {case('heron')}"

    def reserve(mine: list[int]) -> None:
        store = open_case(case("heron"))
        for _ in range(250):
            with store.write() as connection:
                mine.append(store_case.numbers(connection, name, 2))
        store.close()

    threads = [threading.Thread(target=reserve, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken[0] + taken[1]) == list(range(1, 1001, 2))


def test_two_officers_append_to_one_ledger(case: Case) -> None:
    """From the first entry on, which both write at the same time."""
    create_case(case("heron")).close()
    failures: list[Exception] = []
    together = threading.Barrier(2)

    def act(name: str) -> None:
        store = open_case(case("heron"))
        try:
            together.wait()
            for number in range(20):
                with store.write() as connection:
                    record(connection, store, Officer(name), "judge", f"claim:{number}", project=True)
        except Exception as error:
            failures.append(error)
        store.close()

    threads = [threading.Thread(target=act, args=(name,)) for name in ("officer 1", "officer 2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = open_case(case("heron"))
    answer = verify(store, None)
    assert (answer.ok, answer.ledger.size) == (True, 40), answer.damage
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    (folder := tmp_path / "small").mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", folder], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("Only the superuser can mount a small disk, and not on every machine; the injector fills one too.")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk: Path) -> None:
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass


def grow(store: CaseStore) -> None:
    for no in range(2, 1000):
        values = {"no": no, "case_no": store.case_no, "term": f"{no}", "sign": "live", "note": "reeds " * 2000}
        with store.write() as connection:
            connection.execute(insert(schema.term).values(**values))


def test_a_full_disk_is_said_and_nothing_is_lost(small_disk: Path) -> None:
    create_case(str(small_disk / "case")).close()
    store = open_case(str(small_disk / "case"))
    with store.write() as connection:
        add_term(connection, store, 1)
    fill(small_disk)
    with pytest.raises(Refused) as refused:
        grow(store)
    assert refused.value.code == "full"
    assert refused.value.sentence.startswith("The disk is full. Nothing was lost")
    store.close()
    (small_disk / "filler").unlink()
    again = open_case(str(small_disk / "case"))
    with again.write() as connection:
        add_term(connection, again, 100_000)
    with again.read() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    again.close()


def test_init_on_a_full_disk_leaves_no_half_case(small_disk: Path) -> None:
    fill(small_disk)
    with pytest.raises(Refused):
        create_case(str(small_disk / "case"))
    (small_disk / "filler").unlink()
    create_case(str(small_disk / "case")).close()
    open_case(str(small_disk / "case")).close()


def test_the_store_syncs_every_commit(tmp_path: Path) -> None:
    """What the power-cut tests rest on (TRUST.md, promise 1)."""
    store = create_case(str(tmp_path / "case"))
    with store.read() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "case" / DATABASE)) as db:
        assert db.execute("PRAGMA application_id").fetchone()[0] == store_case.APPLICATION_ID

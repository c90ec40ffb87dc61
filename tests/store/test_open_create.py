"""Making and opening a case: what stands there is never overwritten, and what is no case is refused in a sentence."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from trackway.model.errors import Refused
from trackway.store import schema
from trackway.store.case import APPLICATION_ID, DATABASE, create_case, numbers, open_case

Case = Callable[[str], str]


def refusal(act: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value.code, refused.value.sentence


def test_a_new_case_is_empty_and_opens_again(case: Case) -> None:
    made = create_case(case("heron"))
    made.close()
    store = open_case(case("heron"))
    with store.read() as connection:
        assert connection.execute(select(schema.case.c.name).where(schema.case.c.no == store.case_no)).scalar()
        for table in (schema.exhibit, schema.place, schema.trace, schema.finding, schema.entry):
            assert connection.execute(select(table).where(table.c.case_no == store.case_no)).first() is None
    store.close()


def test_a_second_case_of_the_same_name_is_refused(case: Case) -> None:
    create_case(case("heron")).close()
    code, sentence = refusal(lambda: create_case(case("heron")))
    assert code == "exists"
    assert "stands there already" in sentence


def test_a_case_that_is_missing_is_refused(case: Case) -> None:
    create_case(case("heron")).close()
    code, sentence = refusal(lambda: open_case(case("otter")))
    assert code == "no-case"
    assert "trackway init" in sentence


def _rewrite(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    engine.dispose()


def test_a_newer_format_is_refused_and_left_alone(case: Case) -> None:
    store = create_case(case("heron"))
    _rewrite(store.engine, "9999")
    try:
        code, sentence = refusal(lambda: open_case(case("heron")))
        assert code == "newer"
        assert sentence == "This case was written by a newer Trackway; bring this installation up to date."
        if store.folder is None:  # a second case in the same database
            assert refusal(lambda: create_case(case("otter")))[0] == "newer"
    finally:
        _rewrite(store.engine, "0001")
    open_case(case("heron")).close()


def test_a_damaged_revision_is_refused_in_a_sentence(case: Case) -> None:
    """Control of the test above: what makes the refusal is the revision that the case states."""
    store = create_case(case("heron"))
    _rewrite(store.engine, "0001")
    open_case(case("heron")).close()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-a-case"),
        (b"no database at all", "not-a-case"),
        (b"SQLite format 3\x00" + bytes(84), "not-a-case"),
        (b"SQLite format 3\x00" + bytes(52) + APPLICATION_ID.to_bytes(4, "big") + bytes(28), "damaged"),
    ],
)
def test_a_file_that_is_no_case_is_refused(content: bytes, code: str, tmp_path: Path) -> None:
    (folder := tmp_path / "case").mkdir()
    (folder / DATABASE).write_bytes(content)
    assert refusal(lambda: open_case(str(folder)))[0] == code


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    (folder := tmp_path / "case").mkdir()
    with sqlite3.connect(folder / DATABASE) as other:
        other.execute("CREATE TABLE birds(name TEXT)")
    other.close()
    before = (folder / DATABASE).read_bytes()
    assert refusal(lambda: open_case(str(folder)))[0] == "not-a-case"
    assert (folder / DATABASE).read_bytes() == before


def test_a_folder_with_other_things_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("not a case")
    assert refusal(lambda: create_case(str(tmp_path)))[0] == "not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_what_a_killed_init_left_does_not_stand_in_the_way(tmp_path: Path) -> None:
    for name in (".new.db", ".new.db-wal", ".new.db-shm", ".new.db-journal"):
        (folder := tmp_path / "case").mkdir(exist_ok=True)
        (folder / name).write_bytes(b"half of a case")
    create_case(str(folder)).close()
    open_case(str(folder)).close()


def test_a_case_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    create_case(str(tmp_path / "case")).close()
    assert (tmp_path / "case").stat().st_mode & 0o077 == 0
    assert (tmp_path / "case" / DATABASE).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "address", ["postgresql://nobody@/x?host=/nowhere", "postgresql://nobody@/x?host=/nowhere&case="]
)
def test_an_address_without_a_case_is_refused(address: str) -> None:
    assert refusal(lambda: open_case(address)) == ("no-case", "Say which case: postgresql://...?case=NAME")


@pytest.mark.parametrize("act", [open_case, create_case])
def test_a_server_that_cannot_be_reached_is_refused_without_its_address(
    act: Callable[[str], object], tmp_path: Path
) -> None:
    address = f"postgresql://officer:secretword@/x?host={tmp_path}&case=heron"
    code, sentence = refusal(lambda: act(address))
    assert code == "database"
    assert "secretword" not in sentence
    assert str(tmp_path) not in sentence


@pytest.mark.postgres
def test_an_empty_database_holds_no_case(postgres: str) -> None:
    from sqlalchemy import create_engine

    driver = postgres.replace("postgresql://", "postgresql+psycopg://", 1)
    admin = create_engine(driver, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE bare"))
    admin.dispose()
    assert refusal(lambda: open_case(postgres.replace("/cases", "/bare") + "&case=heron"))[0] == "no-case"


def test_a_read_only_case_is_refused_in_a_sentence_when_written(tmp_path: Path) -> None:
    """As another user: to the superuser nothing is read-only."""
    create_case(str(tmp_path / "case")).close()
    for path in (tmp_path / "case" / DATABASE, tmp_path / "case"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    program = (
        "import os, sys\n"
        "from trackway.model.errors import Refused\n"
        "from trackway.store.case import open_case, numbers\n"
        "os.geteuid() or os.setuid(65534)\n"
        "try:\n"
        "    store = open_case(sys.argv[1])\n"
        "    with store.write() as connection: numbers(connection, 'x', 1)\n"
        "except Refused as refused: print(refused.code, refused.sentence)\n"
    )
    for parent in (tmp_path, *tmp_path.parents[:3]):
        os.chmod(parent, parent.stat().st_mode | 0o011)
    (tmp_path / "case").chmod(0o555)
    (tmp_path / "case" / DATABASE).chmod(0o444)
    run = [sys.executable, "-c", program, str(tmp_path / "case")]
    said = subprocess.run(run, capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout.startswith("read-only The case cannot be written"), said.stderr


def test_numbers_are_reserved_without_gaps_or_repeats(case: Case) -> None:
    store = create_case(case("heron"))
    name = f"test {store.name} {os.getpid()}"
    taken = []
    for count in (1, 5, 2):
        with store.write() as connection:
            taken.append(numbers(connection, name, count))
    assert taken == [1, 2, 7]
    store.close()


@pytest.mark.parametrize(
    "name", ["what? case", "50%20 reeds", "a#b", "héron 木", "file:heron", "-heron", "a&mode=memory"]
)
def test_a_case_may_bear_any_name(name: str, tmp_path: Path) -> None:
    create_case(str(tmp_path / name)).close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert [path.name for path in (tmp_path / name).iterdir()] == [DATABASE]
    open_case(str(tmp_path / name)).close()


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["what? case", "50%20 reeds", "a#b", "héron 木", "a&b=c", "drop'; --"])
def test_a_case_on_a_server_may_bear_any_name(name: str, postgres: str) -> None:
    from casework import case_at

    made = create_case(case_at(postgres, name))
    assert made.name == name
    made.close()
    again = open_case(case_at(postgres, name))
    assert (again.name, again.case_no) == (name, made.case_no)
    again.close()

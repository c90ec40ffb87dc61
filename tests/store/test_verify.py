"""``verify`` on a real case: every changed byte of ledger and store is found (TRUST.md, tests 1 and 3).

Control: the untouched case is whole, and a case that lost its newest entry looks whole without the earlier head."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, func, insert, select, update

import casework
from trackway.ledger import checkpoint
from trackway.ledger.checkpoint import Checkpoint
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.store import schema
from trackway.store.case import DATABASE, CaseStore, create_case, open_case
from trackway.store.journal import record
from trackway.views.answers import VerifyAnswer
from trackway.views.verify import verify

Case = Callable[[str], str]
ENTRIES = 12


def fill(store: CaseStore, entries: int) -> None:
    for number in range(entries):
        with store.write() as connection:
            body = {"judgement": "accepted", "answered": {"sentence": "Two nicks, one hide.", "n": number}}
            record(connection, store, casework.OFFICER, "judge", f"claim:{number}", "same moorland", body, project=True)


def printed_head(store: CaseStore) -> Checkpoint:
    """What ``trackway verify --json`` printed, read back as ``--checkpoint`` reads it."""
    answer = verify(store, None)
    assert answer.ok, answer.damage
    return checkpoint.parse(msgspec.json.encode(answer))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Checkpoint]:
    """A closed case file with a ledger and nothing else, and its head."""
    folder = tmp_path_factory.mktemp("verify") / "case"
    store = create_case(str(folder))
    fill(store, ENTRIES)
    head = printed_head(store)
    store.close()
    return folder, head


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Path:
    """A closed case with an exhibit read."""
    folder = tmp_path_factory.mktemp("whole")
    create_case(str(folder / "case")).close()
    casework.add(str(folder / "case"), pool, casework.lay_out(folder / "exhibits", ["desk"]))
    return folder / "case"


@pytest.fixture
def copy(tmp_path: Path) -> Callable[[Path], str]:
    def make(case: Path) -> str:
        shutil.copytree(case, tmp_path / "copy", dirs_exist_ok=True)
        return str(tmp_path / "copy")

    return make


def found(case: str, head: Checkpoint | None = None) -> VerifyAnswer:
    store = open_case(case)
    try:
        return verify(store, head)
    finally:
        store.close()


def test_an_untouched_case_is_whole(ledger: tuple[Path, Checkpoint], whole: Path) -> None:
    folder, head = ledger
    answer = found(str(folder), head)
    assert (answer.ok, answer.damage, answer.ledger.size) == (True, [], ENTRIES)
    assert found(str(whole)).ok


LEDGER_COLUMNS = {
    "entry": ("commitment", "salt", "body", "leaf"),
    "node": ("hash",),
    "head": ("root",),
    "decision": ("act", "subject", "who", "body"),
}


def changes(path: Path) -> Iterator[tuple[str, str, int, int, bytes | str]]:
    """(table, column, rowid, place, changed value): each byte of each value of the ledger, one bit of it turned."""
    with closing(sqlite3.connect(path)) as db:
        for table, columns in LEDGER_COLUMNS.items():
            for column in columns:
                for rowid, value in db.execute(f"SELECT rowid, {column} FROM {table} ORDER BY rowid").fetchall():
                    held = value.encode() if isinstance(value, str) else value
                    for place, byte in enumerate(held):
                        flipped = held[:place] + bytes([byte ^ 1]) + held[place + 1 :]
                        yield table, column, rowid, place, flipped.decode() if isinstance(value, str) else flipped


def test_every_changed_byte_of_the_ledger_is_found(
    ledger: tuple[Path, Checkpoint], copy: Callable[[Path], str], tmp_path: Path
) -> None:
    folder, _ = ledger
    case = copy(folder)
    cut(case, 4)
    missed, tried = [], 0
    store = open_case(case)
    shutil.copyfile(Path(case) / DATABASE, tmp_path / "untouched.db")
    with closing(sqlite3.connect(Path(case) / DATABASE, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=OFF")
        for table, column, rowid, place, value in changes(tmp_path / "untouched.db"):
            (before,) = db.execute(f"SELECT {column} FROM {table} WHERE rowid = ?", (rowid,)).fetchone()
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
            tried += 1
            if verify(store, None).ok:
                missed.append((table, column, rowid, place))
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (before, rowid))
    assert missed == []
    assert tried > 4 * 300
    assert verify(store, None).ok
    store.close()


NUMBERS = [
    ("UPDATE entry SET no = 99 WHERE no = 7", "missing"),
    ("UPDATE entry SET case_no = 2 WHERE no = 7", "missing"),
    ("DELETE FROM entry WHERE no = 7", "missing"),
    ("UPDATE entry SET no = -no WHERE no IN (6, 7)", "wrong kind"),
    ("UPDATE entry SET salt = NULL WHERE no = 7", "lost only one"),
    ("UPDATE entry SET salt = NULL, body = NULL WHERE no = 7", "no entry says that it was erased"),
    ("UPDATE entry SET body = 'text' WHERE no = 7", "not the one that was entered"),
    ("UPDATE entry SET commitment = 'text' WHERE no = 7", "wrong kind"),
    ("UPDATE entry SET no = 2.5 WHERE no = 7", "wrong kind"),
    ("UPDATE entry SET no = 'seven' WHERE no = 7", "wrong kind"),
    ("UPDATE node SET hash = 'text'", "does not fit"),
    ("UPDATE head SET size = 'many'", "states many entries"),
    ("UPDATE head SET root = 'text'", "not the root"),
    ("UPDATE decision SET body = x'ff' WHERE no = 7", "decision 7"),
    ("UPDATE decision SET body = 'text' WHERE no = 7", "decision 7"),
    ("UPDATE head SET size = 11", "states 11 entries but holds 12"),
    ("DELETE FROM head", "is missing"),
    ("UPDATE head SET case_no = 2", "is missing"),
    ("DELETE FROM node WHERE level = 2 AND i = 1", "is missing"),
    ("UPDATE node SET i = 17 WHERE level = 1 AND i = 1", "not there"),
    ("UPDATE node SET level = 7 WHERE level = 1 AND i = 1", "not there"),
    ("INSERT INTO node SELECT case_no, 9, 9, hash FROM node LIMIT 1", "not there"),
    ("UPDATE decision SET no = 99 WHERE no = 7", "decision 99"),
    ("UPDATE decision SET at = at + 1 WHERE no = 7", "decision 7"),
    ("DELETE FROM decision WHERE no = 7", "decision 7"),
    ("UPDATE decision SET case_no = 2 WHERE no = 7", "decision 7"),
    ("INSERT INTO decision SELECT case_no, 99, act, subject, at, who, body FROM decision WHERE no = 7", "decision 99"),
]


@pytest.mark.parametrize(("change", "said"), NUMBERS, ids=[change for change, _ in NUMBERS])
def test_moved_and_missing_rows_are_found_and_named(
    change: str, said: str, ledger: tuple[Path, Checkpoint], copy: Callable[[Path], str]
) -> None:
    case = copy(ledger[0])
    with closing(sqlite3.connect(Path(case) / DATABASE, isolation_level=None)) as db:
        assert db.execute(change).rowcount > 0
    answer = found(case)
    assert not answer.ok
    assert said in "\n".join(answer.damage)


def cut(case: str, keep: int) -> None:
    """What somebody with full access does to drop the newest entries: nodes, head and decisions made to fit."""
    from trackway.ledger.tree import Frontier

    store = open_case(case)
    with store.write() as connection:
        tree = Frontier()
        nodes = []
        e = schema.entry.c
        leaves = select(e.leaf).where(e.case_no == store.case_no).order_by(e.no).limit(keep)
        for leaf in connection.execute(leaves).scalars():
            tree, made = tree.append(bytes(leaf))
            nodes += made
        for table in (schema.entry, schema.decision):
            connection.execute(delete(table).where(table.c.case_no == store.case_no, table.c.no > keep))
        connection.execute(delete(schema.node).where(schema.node.c.case_no == store.case_no))
        connection.execute(
            insert(schema.node), [{"case_no": store.case_no, "level": a, "i": i, "hash": h} for a, i, h in nodes]
        )
        connection.execute(
            update(schema.head).where(schema.head.c.case_no == store.case_no).values(size=keep, root=tree.root())
        )
    store.close()


def test_a_removed_last_entry_is_found_by_the_head_that_was_printed_before(case: Case) -> None:
    store = create_case(case("heron"))
    fill(store, ENTRIES)
    head = printed_head(store)
    store.close()
    assert found(case("heron"), head).ok
    cut(case("heron"), ENTRIES - 1)
    assert found(case("heron")).ok, "control: without the head nothing shows it"
    answer = found(case("heron"), head)
    assert not answer.ok
    assert "The checkpoint covers 12 entries, of which only 11 are there." in answer.damage[0]


def test_an_older_copy_put_back_is_found_by_the_head_that_was_printed_before(tmp_path: Path) -> None:
    case = tmp_path / "case"
    store = create_case(str(case))
    fill(store, 5)
    store.close()
    shutil.copytree(case, tmp_path / "older")
    store = open_case(str(case))
    fill(store, 5)
    head = printed_head(store)
    store.close()
    shutil.rmtree(case)
    (tmp_path / "older").rename(case)
    assert found(str(case)).ok, "control: without the head nothing shows it"
    assert "checkpoint" in found(str(case), head).damage[0]


def test_a_rewritten_entry_is_found_by_the_head_that_was_printed_before(case: Case) -> None:
    """Another entry in the place of the last: every hash fits, but not the head."""
    store = create_case(case("heron"))
    fill(store, ENTRIES)
    head = printed_head(store)
    store.close()
    cut(case("heron"), ENTRIES - 1)
    store = open_case(case("heron"))
    fill(store, 1)
    store.close()
    assert found(case("heron")).ok, "control: without the head nothing shows it"
    assert "are not those that the checkpoint was made of" in found(case("heron"), head).damage[0]


def test_entries_above_the_head_are_counted(case: Case) -> None:
    store = create_case(case("heron"))
    fill(store, 3)
    head = printed_head(store)
    fill(store, 4)
    answer = verify(store, head)
    store.close()
    assert answer.ok
    assert "7 ledger entries (4 entries lie above the checkpoint)" in answer.checked


STORED = [
    ("UPDATE trace SET text = text || ' ' WHERE n = {n}", "was changed"),
    ("UPDATE trace SET body = zeroblob(length(body)) WHERE n = {n}", "cannot be read"),
    ("UPDATE trace SET leaf = zeroblob(32) WHERE n = {n}", "was changed"),
    ("UPDATE trace SET kind = 'mail' WHERE n = {n}", "was changed where it is looked up"),
    ("UPDATE trace SET instant = instant + 1 WHERE n = {n}", "was changed where it is looked up"),
    ("UPDATE trace SET author = author + 1 WHERE n = {n}", "was changed where it is looked up"),
    ("UPDATE trace SET author = 99999 WHERE n = {n}", "was changed where it is looked up"),
    ("UPDATE trace SET author = NULL WHERE n = {n}", "was changed where it is looked up"),
    ("UPDATE trace SET case_no = 2 WHERE n = {n}", "was changed"),
    ("UPDATE trace SET body = 'text' WHERE n = {n}", "cannot be read"),
    ("UPDATE trace SET text = x'ff' WHERE n = {n}", "was changed"),
    ("UPDATE raw SET block = 'text'", "cannot be read"),
    ("DELETE FROM trace WHERE n = {n}", "was changed where it is looked up"),
    ("UPDATE trace SET n = n + 1000 WHERE n = {n}", "cannot be read"),
    ("DELETE FROM trace WHERE n > {n} AND kind = 'event'", "are not those that were read"),
    ("DELETE FROM raw WHERE first_n = (SELECT max(first_n) FROM raw WHERE first_n <= {n})", "cannot be read"),
    ("UPDATE raw SET block = zeroblob(40)", "cannot be read"),
    ("UPDATE reading SET root = zeroblob(32) WHERE no = {reading}", "are not those that were read"),
    ("UPDATE reading SET kept = kept + 1 WHERE no = {reading}", "are not those that were read"),
    ("UPDATE mention SET role = 'to' WHERE n = {n}", "was changed where it is looked up"),
    ("DELETE FROM mention WHERE n = {n}", "was changed where it is looked up"),
    ("INSERT INTO mention SELECT * FROM mention WHERE n = {n}", "was changed where it is looked up"),
    ("UPDATE share SET kind = 'offered'", "was changed where it is looked up"),
    ("DELETE FROM share", "was changed where it is looked up"),
    ("UPDATE party SET value = value || '2'", "looked up"),
    ("UPDATE party_name SET name = name || '2'", "the names in it"),
    ("UPDATE party_name SET first = first - 1", "the names in it"),
    ("UPDATE reading SET reader = 'mail' WHERE no = {reading}", "reading"),
    ("UPDATE reading SET version = '2' WHERE no = {reading}", "reading"),
    (
        "UPDATE content SET sha256 = zeroblob(32) WHERE no = (SELECT content FROM reading WHERE no = {reading})",
        "reading",
    ),
]


@pytest.mark.parametrize(("change", "said"), STORED, ids=[change for change, _ in STORED])
def test_a_changed_fact_is_found_and_named(change: str, said: str, whole: Path, copy: Callable[[Path], str]) -> None:
    case = copy(whole)
    with closing(sqlite3.connect(Path(case) / DATABASE, isolation_level=None)) as db:
        (n,) = db.execute("SELECT n FROM trace WHERE kind = 'message' ORDER BY n LIMIT 1 OFFSET 3").fetchone()
        assert db.execute(change.format(n=n, reading=n >> 32)).rowcount > 0
    answer = found(case)
    assert not answer.ok
    assert said in "\n".join(answer.damage)


def test_every_changed_byte_of_one_trace_is_found(whole: Path, copy: Callable[[Path], str]) -> None:
    case = copy(whole)
    store = open_case(case)
    missed, tried = [], 0
    with closing(sqlite3.connect(Path(case) / DATABASE, isolation_level=None)) as db:
        n, body, words = db.execute(
            "SELECT n, body, text FROM trace WHERE text LIKE '%lantern%' ORDER BY n LIMIT 1"
        ).fetchone()
        for column, held in (("body", body), ("text", words.encode())):
            for place in range(len(held)):
                turned = held[:place] + bytes([held[place] ^ 1]) + held[place + 1 :]
                db.execute(
                    f"UPDATE trace SET {column} = ? WHERE n = ?", (turned.decode() if column == "text" else turned, n)
                )
                tried += 1
                if verify(store, None).ok:
                    missed.append((column, place))
            db.execute(f"UPDATE trace SET {column} = ? WHERE n = ?", (words if column == "text" else body, n))
    assert missed == []
    assert tried > 100
    assert verify(store, None).ok
    store.close()


def test_a_broken_page_of_the_database_is_said(whole: Path, copy: Callable[[Path], str]) -> None:
    case = copy(whole)
    path = Path(case) / DATABASE
    data = bytearray(path.read_bytes())
    pages = len(data) // 4096
    for page in range(2, pages, 3):
        data[page * 4096 : page * 4096 + 8] = b"\xff" * 8
    path.write_bytes(data)
    said = []
    try:
        said = found(case).damage
    except Refused as refused:
        said = [refused.code]
    assert said == ["damaged"] or said[0].startswith("database: ")


def test_verify_counts_what_it_checked(whole: Path) -> None:
    answer = found(str(whole))
    store = open_case(str(whole))
    with store.read() as connection:
        entries = connection.execute(select(func.count()).select_from(schema.entry)).scalar()
    store.close()
    assert answer.ledger.size == entries
    assert answer.checked[0] == "database structure"

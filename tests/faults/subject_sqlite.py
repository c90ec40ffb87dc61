"""A small case store to cut the power of: batches of traces, each with its ledger entry, one transaction a batch."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from trackway.ledger import tree
from trackway.ledger.append import append
from trackway.ledger.audit import verify
from trackway.ledger.checkpoint import Checkpoint
from trackway.ledger.entry import Row

ROWS = 20
SCHEMA = """
create table if not exists trace(n integer primary key, id blob unique, body blob) strict;
create index if not exists trace_body on trace(body);
create table if not exists done(batch integer primary key) strict;
create table if not exists entry(no integer primary key, commitment blob, salt blob, body blob, leaf blob) strict;
create table if not exists node(level integer, i integer, hash blob, primary key(level, i)) strict, without rowid;
create table if not exists head(one integer primary key check(one = 1), size integer, root blob) strict;
"""


@dataclass(frozen=True)
class Found:
    """What stands in a store after a crash.

    corrupt: the database's complaint; ledger: that of ``verify`` against the checkpoint acknowledged last; half: a
    batch is there in part; lost: acknowledged, and gone."""

    corrupt: str = ""
    ledger: str = ""
    half: bool = False
    lost: bool = False


@contextmanager
def _opened(directory: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(directory / "case.sqlite", isolation_level=None)) as db:
        yield db


def write(
    directory: Path, batches: int, synchronous: str, acknowledge: Callable[[str], None], phase: Callable[[str], None]
) -> None:
    """Write the batches that are not there yet; small checkpoints of the WAL, so that many fall into a short run."""
    with _opened(directory) as db:
        phase("plan")
        db.execute("pragma journal_mode=wal")
        db.execute(f"pragma synchronous={synchronous}")
        db.execute("pragma wal_autocheckpoint=60")
        db.executescript(SCHEMA)
        done = {batch for (batch,) in db.execute("select batch from done")}
        phase("commit")
        for batch in range(batches):
            if batch not in done:
                db.execute("begin immediate")
                size, root = _batch(db, batch)
                db.execute("commit")
                acknowledge(f"{batch} {size} {root.hex()}")


def _batch(db: sqlite3.Connection, batch: int) -> tuple[int, bytes]:
    for row in range(batch * ROWS, (batch + 1) * ROWS):
        digest = sha256(row.to_bytes(8, "big")).digest()
        db.execute("insert into trace values(?, ?, ?)", (row, digest, digest * 10))
    db.execute("insert into done values(?)", (batch,))
    (size,) = db.execute("select coalesce(max(size), 0) from head").fetchone()

    def nodes(level: int, i: int) -> bytes:
        if level == 0:
            found = db.execute("select leaf from entry where no = ?", (i + 1,))
        else:
            found = db.execute("select hash from node where (level, i) = (?, ?)", (level, i))
        return bytes(found.fetchone()[0])

    moment = {"at": "2026-01-02T03:04:05Z", "who": "officer 17", "program": "0.1.0"}
    new = append(tree.frontier(size, nodes), **moment, act="add", subject=None, reason="", body={"batch": batch})
    entry = new.row
    values = (entry.no, entry.commitment, entry.salt, entry.body, entry.leaf)
    db.execute("insert into entry values(?, ?, ?, ?, ?)", values)
    db.executemany("insert into node values(?, ?, ?)", new.nodes)
    root = new.frontier.root()
    db.execute("insert or replace into head values(1, ?, ?)", (new.frontier.size, root))
    return new.frontier.size, root


def check(directory: Path, acked: list[str]) -> Found:
    """Open what a crash left, as the next start of the program would, and judge it."""
    promised = [line.split() for line in acked]
    with _opened(directory) as db:
        try:
            complaint = db.execute("pragma integrity_check").fetchone()[0]
            if complaint != "ok":
                return Found(corrupt=complaint)
            if not db.execute("select count(*) from sqlite_master where name = 'head'").fetchone()[0]:
                return Found(lost=bool(promised))
            done = {batch for (batch,) in db.execute("select batch from done")}
            (rows,) = db.execute("select count(*) from trace").fetchone()
            lost = {int(batch) for batch, _, _ in promised} - done
            return Found("", _ledger(db, promised), rows != ROWS * len(done), bool(lost))
        except sqlite3.DatabaseError as error:
            return Found(corrupt=str(error))


def _ledger(db: sqlite3.Connection, promised: list[list[str]]) -> str:
    """The ledger must hold at least what was acknowledged last, or it looks like tampering."""
    rows = (Row(*row) for row in db.execute("select no, commitment, salt, body, leaf from entry order by no"))
    nodes = db.execute("select level, i, hash from node")
    head = db.execute("select size, root from head").fetchone()
    kept = Checkpoint(int(promised[-1][1]), bytes.fromhex(promised[-1][2])) if promised else None
    verdict = verify(rows, nodes, head, kept)
    return "" if verdict.ok else verdict.damage[0].sentence


def content(directory: Path) -> list[tuple[object, ...]]:
    """What must be the same after a crash and another run: all of it but the salts."""
    with _opened(directory) as db:
        return [*db.execute("select * from trace order by n"), *db.execute("select no, body from entry order by no")]

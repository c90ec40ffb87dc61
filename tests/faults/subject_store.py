"""The real store under a power cut: exhibits registered in the ledger, then batches of traces, as an intake commits."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event, func, select
from subject_sqlite import Found

from trackway.intake.law import Gate, Scope
from trackway.intake.spool import Bytes
from trackway.intake.tasks import Task
from trackway.intake.writer import Writer
from trackway.ledger.checkpoint import Checkpoint
from trackway.model.errors import Refused
from trackway.model.times import stated
from trackway.model.trace import Digests, Identifier, PersonaRef, Share, Trace
from trackway.store import case as store_case
from trackway.store import schema
from trackway.store.case import CaseStore, create_case, open_case
from trackway.store.journal import Officer, record
from trackway.views.verify import verify

ROWS = 20
OFFICER = Officer("officer 17")


def write(
    directory: Path, batches: int, synchronous: str, acknowledge: Callable[[str], None], phase: Callable[[str], None]
) -> None:
    """Write the batches that are not there yet; small checkpoints of the WAL, so that many fall into a short run."""
    phase("plan")
    store_case.SYNCHRONOUS = synchronous
    case = str(directory / "case")
    store = open_case(case) if (directory / "case" / store_case.DATABASE).exists() else create_case(case)
    store.engine.dispose()
    event.listen(store.engine, "connect", lambda db, _: db.execute("PRAGMA wal_autocheckpoint=60"))
    phase("commit")
    held = set(_held(store))
    for batch in range(batches):
        if _source(batch) not in held:
            acknowledge(_write(store, batch))
    store.close()


def _write(store: CaseStore, batch: int) -> str:
    """One source with its traces, then the ledger's entry that it is there; what may be promised of it."""
    source = _source(batch)
    hexadecimal = hashlib.md5(source).hexdigest(), hashlib.sha1(source).hexdigest(), source.hex()
    held = Bytes(os.open(os.devnull, os.O_RDONLY), ROWS, Digests(*hexadecimal))
    task = Task(1, f"log {batch}.txt", bytes=held, name=f"log {batch}.txt")
    writer = Writer(store)
    writer.place(task)
    reading = writer.begin(task, "irc", "1", {}, Gate(Scope()))
    writer.traces(reading, 0, [_trace(batch, row) for row in range(ROWS)])
    writer.end(reading, task, "done")
    task.outcome = "read"
    writer.ended(task)
    writer.commit()
    with store.write() as connection:
        record(connection, store, OFFICER, "judge", f"batch:{batch}", body={"batch": batch}, project=True)
    with store.read() as connection:
        h = schema.head.c
        size, root = connection.execute(select(h.size, h.root).where(h.case_no == store.case_no)).one()
    return f"{batch} {size} {bytes(root).hex()}"


def _source(batch: int) -> bytes:
    return hashlib.sha256(f"batch {batch}".encode()).digest()


def _trace(batch: int, row: int) -> Trace:
    from datetime import UTC, datetime

    return Trace(
        kind="message",
        locator=f"line {row}",
        when=stated("19:00", datetime(2026, 2, 28, 19, row, tzinfo=UTC)),
        author=PersonaRef("irc", f"heron{row % 3}", (f"Heron {row % 3}",)),
        text=f"{batch}: {row} lapwings on the far bank",
        identifiers=(Identifier("mail", f"reed{row}@marsh.example"),),
        shares=(Share("record_only", digests=Digests(md5=hashlib.md5(b"%d %d" % (batch, row)).hexdigest())),),
        raw=b"19:00 " + hashlib.sha256(b"%d %d" % (batch, row)).digest() * 4,
    )


def _held(store: CaseStore) -> dict[bytes, int]:
    """How many traces stand of each source that is read to its end, and whose entry stands."""
    r, c, t, d = schema.reading.c, schema.content.c, schema.trace.c, schema.decision.c
    with store.read() as connection:
        readings = connection.execute(
            select(r.no, c.sha256).select_from(schema.reading.join(schema.content, r.content == c.no))
        ).all()
        entered = set(connection.execute(select(d.subject)).scalars())
        counts = {
            int(row.no): connection.execute(
                select(func.count()).where(t.n.between(int(row.no) << 32, (int(row.no) << 32) + 0xFFFFFFFF))
            ).scalar_one()
            for row in readings
        }
    sources = {_source(int(subject.split(":")[1])) for subject in entered}
    return {bytes(row.sha256): counts[int(row.no)] for row in readings if bytes(row.sha256) in sources}


def check(directory: Path, acked: list[str]) -> Found:
    """Open what a crash left, as the next start of the program would, and let ``verify`` judge it."""
    promised = [line.split() for line in acked]
    if not (directory / "case" / store_case.DATABASE).exists():
        return Found(lost=bool(promised))
    try:
        store = open_case(str(directory / "case"))
    except Refused as refused:
        return Found(corrupt=refused.code)
    try:
        kept = Checkpoint(int(promised[-1][1]), bytes.fromhex(promised[-1][2])) if promised else None
        damage = verify(store, kept).damage
        held = _held(store)
    except Refused as refused:
        return Found(corrupt=refused.code)
    finally:
        store.close()
    lost = any(held.get(_source(int(batch))) != ROWS for batch, _, _ in promised)
    named = {kind: next((one for one in damage if one.startswith(kind)), "") for kind in ("database", "ledger")}
    half = any(not one.startswith(("database", "ledger")) for one in damage) or set(held.values()) - {ROWS} != set()
    return Found(named["database"], named["ledger"], half, lost)


def content(directory: Path) -> list[tuple[object, ...]]:
    """What must be the same after a crash and another run."""
    store = open_case(str(directory / "case"))
    try:
        return [(source, count) for source, count in sorted(_held(store).items())]
    finally:
        store.close()

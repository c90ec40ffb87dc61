"""Is everything whole? Ledger, store and what rests on it; damage is named."""

import hashlib
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from trackway.intake.writer import root_of
from trackway.ledger.checkpoint import Checkpoint
from trackway.ledger.tree import Node
from trackway.ledger.verify import verify as verify_ledger
from trackway.store import schema
from trackway.store.case import CaseStore
from trackway.store.journal import rows
from trackway.views.answers import LedgerHead, VerifyAnswer


def verify(store: CaseStore, checkpoint: Checkpoint | None) -> VerifyAnswer:
    """Check the database's own structure, the ledger against its head (and a head printed earlier), the look-up table
    of decisions against the ledger, and every finished reading against its root."""
    damage: list[str] = []
    with store.read() as connection:
        if store.embedded:
            said = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
            damage.extend(f"database: {line}" for line in said if line != "ok")
        n, h = schema.node.c, schema.head.c
        nodes = (
            Node(int(row.level), int(row.i), bytes(row.hash))
            for row in connection.execute(select(schema.node).where(n.case_no == store.case_no))
        )
        head = connection.execute(select(h.size, h.root).where(h.case_no == store.case_no)).first()
        verdict = verify_ledger(
            rows(connection, store.case_no),
            nodes,
            (int(head.size), bytes(head.root)) if head is not None else None,
            checkpoint,
        )
        damage.extend(f"ledger: {one.sentence}" for one in verdict.damage)
        if verdict.more:
            damage.append(f"ledger: {verdict.more} more of these")
        damage.extend(_decisions(connection, store.case_no))
        damage.extend(_readings(connection, store.case_no))
    covered = f"{verdict.uncovered} entries lie above the checkpoint" if checkpoint else "no checkpoint was given"
    checked = ["database structure", f"{verdict.size} ledger entries ({covered})", "decisions", "readings"]
    size, root = verdict.size, verdict.root or b""
    return VerifyAnswer(not damage, damage, LedgerHead(size, root.hex()), checked)


def _decisions(connection: Connection, case_no: int) -> list[str]:
    """The table of decisions is a copy of what the ledger says; where it differs, the ledger is right."""
    d, e = schema.decision.c, schema.entry.c
    found = connection.execute(
        select(schema.decision, e.body.label("entry"))
        .select_from(schema.decision.outerjoin(schema.entry, (e.no == d.no) & (e.case_no == d.case_no)))
        .where(d.case_no == case_no)
    )
    return [f"decision {row.no} differs from its ledger entry" for row in found if not _agrees(row)]


def _agrees(row: Any) -> bool:
    if row.entry is None:
        return False
    try:
        entry = msgspec.json.decode(bytes(row.entry))
        body = msgspec.json.decode(row.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return bool(
        entry.get("act") == row.act
        and entry.get("subject") == row.subject
        and entry.get("who") == row.who
        and entry.get("body") == body
    )


def _readings(connection: Connection, case_no: int) -> list[str]:
    """Every trace against its leaf, every finished reading against its root and count."""
    r, t = schema.reading.c, schema.trace.c
    damage = []
    for row in connection.execute(select(schema.reading).where(r.case_no == case_no, r.root.is_not(None))).all():
        name = bytes(row.key).hex()[:16]
        low = int(row.no) << 32
        count = sum(1 for _ in connection.execute(select(t.n).where(t.n.between(low, low | 0xFFFFFFFF))).scalars())
        if root_of(connection, int(row.no)) != bytes(row.root) or count != row.kept:
            damage.append(f"reading {name} ({row.reader}): its traces are not those that were read")
            continue
        damage.extend(_traces(connection, int(row.no), name))
    return damage


def _traces(connection: Connection, reading: int, name: str) -> list[str]:
    from trackway.store.raw import Raw, whole_trace

    t = schema.trace.c
    low = reading << 32
    raw = Raw(connection)
    for row in connection.execute(
        select(t.n, t.body, t.text, t.leaf).where(t.n.between(low, low | 0xFFFFFFFF)).order_by(t.n)
    ):
        try:
            trace = whole_trace(row.body, row.text, raw.of(int(row.n)))
        except (msgspec.DecodeError, ValueError):
            return [f"reading {name}: record {row.n & 0xFFFFFFFF} cannot be read"]
        if hashlib.sha256(msgspec.msgpack.encode(trace)).digest() != bytes(row.leaf):
            return [f"reading {name}: record {row.n & 0xFFFFFFFF} was changed"]
    return []

"""Is everything whole? Ledger, store and what rests on it; damage is named.

Whoever changed the store may have written anything into it: no value has the type that its column states."""

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from trackway.ledger.checkpoint import Checkpoint
from trackway.ledger.verify import verify as verify_ledger
from trackway.model.errors import Refused
from trackway.model.times import instant_of, moment_of
from trackway.store import schema
from trackway.store.case import CaseStore
from trackway.store.journal import LOOKED_UP, rows
from trackway.views.answers import LedgerHead, VerifyAnswer
from trackway.views.verify_facts import readings

MOST_NAMED = 200
"""Damages of one kind that are named one by one; the rest are counted."""


def verify(store: CaseStore, checkpoint: Checkpoint | None) -> VerifyAnswer:
    """Check the database's own structure, the ledger against its head (and a head printed earlier), the look-up table
    of decisions against the ledger, and every reading against its source, its traces and their look-up tables."""
    damage: list[str] = []
    with store.read() as connection:
        if store.embedded:
            said = connection.exec_driver_sql("PRAGMA integrity_check(20)").scalars().all()
            damage.extend(f"database: {line}" for line in said if line != "ok")
        n, h = schema.node.c, schema.head.c
        nodes = connection.execute(select(n.level, n.i, n.hash).where(n.case_no == store.case_no))
        head = connection.execute(select(h.size, h.root).where(h.case_no == store.case_no)).first()
        verdict = verify_ledger(
            rows(connection, store.case_no),
            ((row.level, row.i, row.hash) for row in nodes),
            (head.size, head.root) if head is not None else None,
            checkpoint,
        )
        damage.extend(f"ledger: {one.sentence}" for one in verdict.damage)
        if verdict.more:
            damage.append(f"ledger: {verdict.more} more of these")
        damage.extend(_bounded(_decisions(connection, store.case_no), "decisions"))
        damage.extend(_bounded(readings(connection, store.case_no), "readings"))
    covered = f"{verdict.uncovered} entries lie above the checkpoint" if checkpoint else "no checkpoint was given"
    checked = ["database structure", f"{verdict.size} ledger entries ({covered})", "decisions", "readings"]
    size, root = verdict.size, verdict.root or b""
    return VerifyAnswer(not damage, damage, LedgerHead(size, root.hex()), checked)


def _bounded(found: Iterator[str], what: str) -> Iterator[str]:
    more = 0
    for number, one in enumerate(found):
        if number < MOST_NAMED:
            yield one
        else:
            more += 1
    if more:
        yield f"{what}: {more} more of these"


def _decisions(connection: Connection, case_no: int) -> Iterator[str]:
    """The table of decisions is a copy of what the ledger says; where it differs, the ledger is right."""
    d, e = schema.decision.c, schema.entry.c
    both = schema.decision.outerjoin(schema.entry, (e.no == d.no) & (e.case_no == d.case_no))
    copies = connection.execute(
        select(schema.decision, e.body.label("entry")).select_from(both).where(d.case_no == case_no).order_by(d.no)
    )
    seen = set()
    for row in copies:
        seen.add(row.no)
        if not _agrees(row):
            yield f"decision {row.no} differs from its ledger entry"
    for entry in rows(connection, case_no):
        if entry.no not in seen and _said(entry.body).get("act") in LOOKED_UP:
            yield f"decision {entry.no} stands in the ledger but not in the look-up table"


def _agrees(row: Any) -> bool:
    entry = _said(row.entry)
    try:
        body = msgspec.json.decode(row.body)
    except (msgspec.DecodeError, TypeError, UnicodeDecodeError):
        return False
    said = (entry.get("act"), entry.get("subject"), entry.get("who"), entry.get("body"))
    return said == (row.act, row.subject, row.who, body) and _instant(entry.get("at")) == row.at


def _said(body: Any) -> dict[str, Any]:
    """What an entry says; nothing where that cannot be read (the ledger's own check names it then)."""
    try:
        entry = msgspec.json.decode(body)
    except (msgspec.DecodeError, TypeError, UnicodeDecodeError):
        return {}
    return entry if isinstance(entry, dict) else {}


def _instant(written: Any) -> int | None:
    try:
        return instant_of(moment_of(str(written), "at"))
    except (Refused, OverflowError):
        return None

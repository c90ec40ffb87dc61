"""The ledger for people to read: is the chain whole, and who did, or looked at, what."""

from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import LargeBinary, func, literal, select

from trackway.ledger.tree import Node
from trackway.ledger.verify import verify as verify_ledger
from trackway.model.times import iso
from trackway.store import schema
from trackway.store.journal import rows
from trackway.views.door import View

CONSULTED = "consulted"
SHOWN = 20
"""Damages named on the page; the rest are counted."""


class LedgerLine(Struct, frozen=True):
    """One entry. After a lawful erasure only its number and its hashes are left: ``erased``."""

    no: int
    at: str
    who: str
    act: str
    subject: str
    reason: str
    details: dict[str, Any]
    erased: bool


class ChainState(Struct, frozen=True):
    """``whole_to``: the last entry up to which every stored hash is right, this consultation included."""

    size: int
    root: str
    whole_to: int
    damage: list[str]
    damage_total: int

    @property
    def whole(self) -> bool:
        return not self.damage


def chain(view: View) -> ChainState:
    """Reckon the whole ledger again: entries, stored nodes, head. About .1 s for 50,000 entries."""
    connection, case_no = view.connection, view.case_no
    n, h = schema.node.c, schema.head.c
    nodes = (
        Node(int(row.level), int(row.i), bytes(row.hash))
        for row in connection.execute(select(schema.node).where(n.case_no == case_no))
    )
    head = connection.execute(select(h.size, h.root).where(h.case_no == case_no)).first()
    stated = (int(head.size), bytes(head.root)) if head is not None else None
    verdict = verify_ledger(rows(connection, case_no), nodes, stated)
    broken = [one.no for one in verdict.damage if one.no is not None]
    whole_to = verdict.size if verdict.ok else min(broken, default=1) - 1
    sentences = [one.sentence for one in verdict.damage]
    root = (verdict.root or b"").hex()
    return ChainState(verdict.size, root, whole_to, sentences[:SHOWN], len(sentences) + verdict.more)


def ledger_page(view: View, before: int | None, count: int, consultations: bool) -> list[LedgerLine]:
    """Up to ``count`` entries below the number ``before``, newest first; without ``consultations`` what people did."""
    e = schema.entry.c
    statement = select(e.no, e.body).where(e.case_no == view.case_no)
    if before is not None:
        statement = statement.where(e.no < before)
    if not consultations:
        # Bytes, not text: the entry is stored as its canonical spelling, in which this can stand in one place only.
        statement = statement.where(e.body.is_(None) | ~_holds_act(CONSULTED))
    found = view.connection.execute(statement.order_by(e.no.desc()).limit(count))
    return [_line(int(row.no), row.body) for row in found]


def _holds_act(act: str) -> Any:
    mark = f'{{"act":"{act}",'.encode()
    return func.substr(schema.entry.c.body, 1, len(mark)) == literal(mark, LargeBinary)


def _line(no: int, body: Any) -> LedgerLine:
    if body is None:
        return LedgerLine(no, "", "", "", "", "", {}, True)
    try:
        said = msgspec.json.decode(bytes(body))
        subject = said["subject"] if isinstance(said["subject"], str) else msgspec.json.encode(said["subject"]).decode()
        return LedgerLine(
            no, said["at"], said["who"], said["act"], subject, said["reason"], said.get("body", {}), False
        )
    except (msgspec.DecodeError, KeyError, TypeError):
        return LedgerLine(no, "", "", "unreadable", "", "", {}, False)


def address_key(view: View) -> bytes:
    """32 bytes that are this case's own and stay the same: the workspace seals into its addresses what must not be
    read there. They come from the commitment of the ledger's first entry, which is random and never erased."""
    e = schema.entry.c
    first = view.connection.execute(
        select(e.commitment).where(e.case_no == view.case_no).order_by(e.no).limit(1)
    ).scalar_one()
    return bytes(first)


def history(view: View, subject: str) -> list[LedgerLine]:
    """What people, and the program, decided about a subject ("kind:id"), newest first; at most a hundred."""
    d = schema.decision.c
    found = view.connection.execute(
        select(schema.decision).where(d.case_no == view.case_no, d.subject == subject).order_by(d.no.desc()).limit(100)
    )
    return [
        LedgerLine(int(row.no), iso(row.at) or "", row.who, row.act, subject, "", msgspec.json.decode(row.body), False)
        for row in found
    ]

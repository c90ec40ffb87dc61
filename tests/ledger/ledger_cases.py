"""A small ledger as a store would hold it, for the tests of this folder."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256

from trackway.ledger import audit
from trackway.ledger.append import append
from trackway.ledger.checkpoint import Checkpoint
from trackway.ledger.entry import ERASE, Row, erased, erasure, read_body, seal, write_body
from trackway.ledger.tree import Frontier, Node


@dataclass
class Stored:
    """The three tables: entries, nodes, head."""

    rows: list[Row] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    tree: Frontier = field(default_factory=Frontier)

    @property
    def head(self) -> audit.Head:
        return audit.Head(self.tree.size, self.tree.root())

    def add(self, act: str = "judge", body: dict[str, object] | None = None, reason: str = "same moorland") -> None:
        new = append(
            self.tree,
            at="2026-01-02T03:04:05Z",
            who="officer 17",
            act=act,
            subject={"kind": "claim", "id": str(self.tree.size)},
            reason=reason,
            program="0.1.0",
            body=body or {"judgement": "accepted"},
        )
        self.rows.append(new.row)
        self.nodes += new.nodes
        self.tree = new.frontier

    def erase(self, no: int) -> None:
        self.rows[no - 1] = erased(self.rows[no - 1])
        self.add(ERASE, erasure([no]), "ordered by the court")

    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.tree.size, self.tree.root())

    def verify(self, checkpoint: Checkpoint | None = None) -> audit.Verdict:
        return audit.verify(self.rows, self.nodes, self.head, checkpoint)


def ledger(size: int, erase: int | None = None) -> Stored:
    """A ledger of ``size`` entries; the last erases entry ``erase`` where one is given."""
    stored = Stored()
    for _ in range(size - (erase is not None)):
        stored.add()
    if erase is not None:
        stored.erase(erase)
    return stored


def rewritten(rows: Iterable[Row]) -> Stored:
    """What an attacker with full access makes of these entries: numbered anew, every hash recomputed."""
    stored = Stored()
    for no, row in enumerate(rows, start=1):
        body = row.body
        if body is not None:
            said = read_body(body)
            fields = {name: said[name] for name in ("at", "who", "act", "subject", "reason", "program", "body")}
            body = write_body(no, **fields)
        salt = row.salt or sha256(b"%d" % no).digest()
        sealed = seal(no, body or b"", salt)
        stored.tree, nodes = stored.tree.append(sealed.leaf)
        stored.rows.append(sealed if body is not None else erased(sealed))
        stored.nodes += nodes
    return stored


def edited(row: Row, old: bytes, new: bytes) -> Row:
    """The row with other text, hashes left alone."""
    assert row.body is not None
    assert old in row.body
    return replace(row, body=row.body.replace(old, new))

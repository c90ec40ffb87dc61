"""The ledger's tables, and the one function that writes an entry. It is called by ``acts`` and ``views``, and by
``intake`` and ``lists`` for what they put in force."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from trackway import __version__
from trackway.ledger.append import append
from trackway.ledger.entry import Row
from trackway.ledger.tree import EMPTY_ROOT, Frontier, frontier
from trackway.model.times import instant_of, iso, now
from trackway.store import schema
from trackway.store.case import CaseStore

LOOKED_UP = frozenset(
    ("claim", "judge", "withdraw", "note", "item-opened", "acknowledged", "item-closed", "list-loaded", "category")
)
"""Acts that also stand in ``decision``, where views look them up; ``verify`` holds the two against each other."""


class Officer(Struct, frozen=True):
    """Who acts. Named accounts with roles come with the duty desk; until then the name is what the machine says."""

    name: str


def _size_of(connection: Connection, case_no: int) -> int:
    """How many entries stand, and from now nobody else appends until this transaction ends."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    # The row must stand before it can be locked, also for two who write the first entry at the same time.
    empty = dialect.insert(schema.head).values(case_no=case_no, size=0, root=EMPTY_ROOT)
    connection.execute(empty.on_conflict_do_nothing())
    statement = select(schema.head.c.size).where(schema.head.c.case_no == case_no)
    return int(connection.execute(statement.with_for_update()).scalar_one())


def _frontier(connection: Connection, case_no: int, size: int) -> Frontier:
    def node(level: int, index: int) -> bytes:
        if level == 0:
            e = schema.entry.c
            found = connection.execute(select(e.leaf).where(e.case_no == case_no, e.no == index + 1)).scalar_one()
        else:
            n = schema.node.c
            found = connection.execute(
                select(n.hash).where(n.case_no == case_no, n.level == level, n.i == index)
            ).scalar_one()
        return bytes(found)

    return frontier(size, node)


def record(
    connection: Connection,
    store: CaseStore,
    officer: Officer,
    act: str,
    subject: str,
    reason: str = "",
    body: dict[str, Any] | None = None,
    project: bool = False,
) -> int:
    """Append one entry inside the caller's writing transaction; returns its number.

    ``body`` embeds what the act answered (a finding with its sentence and traces): that copy is never changed.
    ``project``: also write it to ``decision``, where views look decisions up."""
    assert project == (act in LOOKED_UP), "what is looked up, and only that, stands in the look-up table"
    size = _size_of(connection, store.case_no)
    at = instant_of(now())
    added = append(
        _frontier(connection, store.case_no, size),
        at=iso(at) or "",
        who=officer.name,
        act=act,
        subject=subject,
        reason=reason,
        program=__version__,
        body=body or {},
    )
    row = added.row
    connection.execute(
        insert(schema.entry).values(
            case_no=store.case_no,
            no=row.no,
            commitment=row.commitment,
            salt=row.salt,
            body=row.body,
            leaf=row.leaf,
        )
    )
    if added.nodes:
        connection.execute(
            insert(schema.node),
            [{"case_no": store.case_no, "level": level, "i": i, "hash": held} for level, i, held in added.nodes],
        )
    connection.execute(
        update(schema.head)
        .where(schema.head.c.case_no == store.case_no)
        .values(size=added.frontier.size, root=added.frontier.root())
    )
    if project:
        connection.execute(
            insert(schema.decision).values(
                case_no=store.case_no,
                no=row.no,
                act=act,
                subject=subject,
                at=at,
                who=officer.name,
                body=msgspec.json.encode(body or {}).decode(),
            )
        )
    return row.no


def rows(connection: Connection, case_no: int) -> Iterator[Row]:
    """All entries in order, as stored: in a store that somebody changed, a number may be anything."""
    c = schema.entry.c
    for row in connection.execute(select(schema.entry).where(c.case_no == case_no).order_by(c.no)).yield_per(1000):
        yield Row(row.no, _bytes(row.commitment), _maybe(row.salt), _maybe(row.body), _bytes(row.leaf))


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else str(value).encode()


def _maybe(value: Any) -> bytes | None:
    return None if value is None else _bytes(value)

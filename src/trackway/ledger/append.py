"""Adding to the ledger: everything a store writes, in one transaction, for one new entry."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trackway.ledger.entry import SALT_BYTES, Row, seal, write_body
from trackway.ledger.tree import Frontier, Node


@dataclass(frozen=True, slots=True)
class Appended:
    """What one new entry adds.

    row: insert into the table of entries; nodes: insert into the table of nodes (level 1 and up, often none);
    frontier: the new tree; write its ``size`` and ``root()`` into the head row.
    """

    row: Row
    nodes: list[Node]
    frontier: Frontier


def append(
    frontier: Frontier, *, at: str, who: str, act: str, subject: Any, reason: str, program: str, body: Mapping[str, Any]
) -> Appended:
    """The entry that follows on ``frontier``, its number being ``frontier.size + 1``. Fields as in ``write_body``.

    Raises ValueError with a sentence where a field does not hold; nothing was changed then."""
    no = frontier.size + 1
    text = write_body(no, at=at, who=who, act=act, subject=subject, reason=reason, program=program, body=body)
    row = seal(no, text, secrets.token_bytes(SALT_BYTES))
    grown, nodes = frontier.append(row.leaf)
    return Appended(row, nodes, grown)

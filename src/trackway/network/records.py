"""Reading the case's records for the network: one pass in bounded memory, only the fields that make edges."""

import hashlib
from array import array
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from sqlalchemy import Connection, select

from trackway.model.trace import Conversation, Identifier, Moment, PersonaRef
from trackway.store import schema

ROWS = 2000
"""Rows held at once while streaming."""


class Fields(Struct, frozen=True, omit_defaults=True):
    """Of a trace's fields those that say who did what to whom. Their types are the source's, so anything."""

    event: Any = None
    replied: Any = None
    reply_to_message_id: Any = None
    reply_to_peer_id: Any = None
    members: Any = None
    reason: Any = None


class Record(Struct, omit_defaults=True):
    """A trace, without what the network does not ask for."""

    kind: str
    when: Moment | None = None
    author: PersonaRef | None = None
    to: tuple[PersonaRef, ...] = ()
    conversation: Conversation | None = None
    id: str = ""
    identifiers: tuple[Identifier, ...] = ()
    others: tuple[PersonaRef, ...] = ()
    fields: Fields = Fields()


class Seen(Struct):
    """One record on its way: ``order`` as in ``tally``; ``key`` is the same for the same record in two exports."""

    order: int
    key: int
    instant: int | None
    record: Record


_decode = msgspec.msgpack.Decoder(Record).decode


class Orders:
    """An order of traces that is the same in every store and order of intake: by their readings' keys."""

    def __init__(self, connection: Connection, case_no: int) -> None:
        r = schema.reading.c
        rows = connection.execute(
            select(r.no, r.key, r.content).where(r.case_no == case_no, r.current.is_(True), r.reader != "media")
        ).all()
        ordered = sorted(rows, key=lambda row: bytes(row.key))
        self.contents = [int(row.content) for row in ordered]
        """Content number by rank."""
        self._ranks = {int(row.no): rank for rank, row in enumerate(ordered)}
        self._numbers = [int(row.no) for row in ordered]

    def of(self, n: int) -> int | None:
        """The order of a trace number; None where its reading is not current."""
        rank = self._ranks.get(n >> 32)
        return None if rank is None else rank << 32 | (n & 0xFFFFFFFF)

    def number(self, order: int) -> int:
        """The trace number of an order."""
        return self._numbers[order >> 32] << 32 | (order & 0xFFFFFFFF)


def records(connection: Connection, case_no: int, orders: Orders) -> Iterator[Seen]:
    """Every record with an author in the current readings."""
    t = schema.trace.c
    rows = connection.execute(
        select(t.n, t.instant, t.body)
        .where(t.case_no == case_no, t.author.is_not(None), t.kind != "media")
        .execution_options(yield_per=ROWS)
    )
    for n, instant, body in rows:
        order = orders.of(int(n))
        if order is None:
            continue
        record = _decode(body)
        yield Seen(order, record_key(record, instant, order), None if instant is None else int(instant), record)


def record_key(record: Record, instant: int | None, order: int) -> int:
    """The same record in two exports has one key: service, conversation, id, and the second it was written in (some
    services number messages per account). A record without an id is its own."""
    if not record.id or record.conversation is None:
        return order
    second = "" if instant is None else str(instant // 1_000_000)
    return _hashed(record.conversation.service, record.conversation.id, record.id, second)


def _hashed(*words: str) -> int:
    """Below zero, so that it never meets an order."""
    digest = hashlib.blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return -1 - (int.from_bytes(digest, "big") >> 1)


class Replies:
    """Answers to a message that stands in another export of the same conversation (a reader sees one file at a time).

    Sixteen bytes a message, and only where the service numbers the messages of a conversation once for everybody
    (Telegram's channels and supergroups); elsewhere equal numbers on two phones are two messages. An id that two
    authors bear says nothing."""

    NUMBERED_ONCE = "channel"

    def __init__(self) -> None:
        self._known = array("q")
        self._pending: list[tuple[int, int, int, int | None, int]] = []

    def saw(self, seen: Seen, author: int) -> None:
        """Note who wrote this message, and whom it answers where its reader could not say."""
        record = seen.record
        if record.conversation is None or not record.id or not record.conversation.id.startswith(self.NUMBERED_ONCE):
            return
        where = (record.conversation.service, record.conversation.id)
        self._known.extend((_hashed(*where, record.id), author))
        answered = record.fields.reply_to_message_id
        elsewhere = record.fields.replied is not None or record.fields.reply_to_peer_id is not None
        if isinstance(answered, int) and not elsewhere:
            self._pending.append((_hashed(*where, str(answered)), author, seen.key, seen.instant, seen.order))

    def found(self) -> Iterator[tuple[int, int, int, int | None, int]]:
        """(author, answered author, record key, instant, order) of each that could be resolved."""
        if not self._pending:
            return
        known = np.unique(np.frombuffer(self._known, dtype=np.int64).reshape(-1, 2), axis=0)
        for target, author, key, instant, order in self._pending:
            low, high = np.searchsorted(known[:, 0], target, "left"), np.searchsorted(known[:, 0], target, "right")
            if high - low == 1 and (answered := int(known[low, 1])) != author:
                yield author, answered, key, instant, order

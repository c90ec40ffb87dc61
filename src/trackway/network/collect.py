"""From records to edges: contacts, answers, rooms, identifiers mentioned, and acts that indicate a role."""

from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct, field
from sqlalchemy import Connection, func, select

from trackway.measure.wallets import wallets
from trackway.model.trace import Identifier, PersonaRef
from trackway.network.parts import EdgeKind, NodeKind
from trackway.network.records import Orders, Record, Replies, Seen, records
from trackway.network.roles import deeds_of
from trackway.network.tally import Tally
from trackway.network.thresholds import INDICATION_TRACES
from trackway.store import schema
from trackway.store.ids import persona_key

NodeKey = tuple[NodeKind, str]
"""Kind and value; the public id is the value, but where two kinds bear one value (``assemble``)."""
EdgeKey = tuple[EdgeKind, NodeKey, NodeKey]
Contact = Literal["wrote-to", "replied"]


class Span(Struct):
    """How many records, from when to when (microseconds UTC)."""

    count: int = 0
    first: int | None = None
    last: int | None = None

    def widen(self, instant: int | None, count: int = 1) -> None:
        self.count += count
        if instant is not None:
            self.first = instant if self.first is None else min(self.first, instant)
            self.last = instant if self.last is None else max(self.last, instant)


class Collected(Struct):
    """What one pass over the records gives. ``rooms``: (conversation, persona); ``deeds``: (role, persona);
    ``authors``: personas with a record of their own; ``spans``: by reading (rank)."""

    edges: Tally[EdgeKey] = field(default_factory=Tally)
    rooms: Tally[tuple[tuple[str, str], NodeKey]] = field(default_factory=lambda: Tally(1))
    deeds: Tally[tuple[str, NodeKey]] = field(default_factory=lambda: Tally(INDICATION_TRACES))
    authors: set[NodeKey] = field(default_factory=set)
    spans: dict[int, Span] = field(default_factory=dict)


def collect(connection: Connection, case_no: int, orders: Orders) -> Collected:
    """One pass over all records."""
    collector = _Collector(_borne_by_several(connection, case_no))
    for seen in records(connection, case_no, orders):
        collector.take(seen)
    collector.resolve_replies()
    collector.join_hosts()
    return collector.found


def _borne_by_several(connection: Connection, case_no: int) -> set[tuple[str, str]]:
    """(kind, value) of the identifiers that two or more personas own or mention."""
    m, p = schema.mention.c, schema.party.c
    rows = connection.execute(
        select(p.service, p.value)
        .select_from(schema.mention.join(schema.party, m.party == p.no))
        .where(p.case_no == case_no, p.kind == "identifier", m.by.is_not(None))
        .group_by(p.no, p.service, p.value)
        .having(func.count(m.by.distinct()) >= 2)
    )
    return {(row.service, row.value) for row in rows}


class _Collector:
    def __init__(self, several: set[tuple[str, str]]) -> None:
        self.found = Collected()
        self._several = several
        self._personas: dict[tuple[str, str], NodeKey] = {}
        self._valid: dict[str, bool] = {}
        self._nodes: set[NodeKey] = set()
        self._replies = Replies()
        self._numbers: dict[NodeKey, int] = {}
        self._numbered: list[NodeKey] = []

    def take(self, seen: Seen) -> None:
        record, found = seen.record, self.found
        if record.author is None:
            return
        author = self._persona(record.author)
        found.authors.add(author)
        found.spans.setdefault(seen.order >> 32, Span()).widen(seen.instant)
        for other in record.to:
            self._contact("wrote-to", author, self._persona(other), seen)
        if (answered := _answered(record)) is not None:
            self._contact("replied", author, self._persona(answered), seen)
        self._replies.saw(seen, self._number(author))
        if record.conversation is not None and record.conversation.visibility != "private":
            room = (record.conversation.service, record.conversation.id)
            found.rooms.add((room, author), seen.key, seen.instant, seen.order)
        for kind, node in {pair for one in record.identifiers for pair in self._nodes_of(one)}:
            self._nodes.add(node)
            found.edges.add((kind, author, node), seen.key, seen.instant, seen.order)
        for role in deeds_of(record):
            found.deeds.add((role, author), seen.key, seen.instant, seen.order)

    def resolve_replies(self) -> None:
        for author, answered, key, instant, order in self._replies.found():
            edge: EdgeKey = ("replied", self._numbered[author], self._numbered[answered])
            self.found.edges.add(edge, key, instant, order)

    def join_hosts(self) -> None:
        """An address that is somebody's end of a line here and a site that is linked to there is one node: the host."""
        hosts = {node for node in self._nodes if node[0] == "host"}

        def host_of(key: EdgeKey) -> EdgeKey:
            kind, a, (end, value) = key
            host: NodeKey = ("host", value)
            return (kind, a, host) if end == "identifier" and host in hosts else key

        self.found.edges.fold(host_of)

    def _contact(self, kind: Contact, author: NodeKey, other: NodeKey, seen: Seen) -> None:
        if other != author:
            self.found.edges.add((kind, author, other), seen.key, seen.instant, seen.order)

    def _persona(self, ref: PersonaRef) -> NodeKey:
        key = (ref.service, ref.key)
        found = self._personas.get(key)
        if found is None:
            found = self._personas[key] = ("persona", persona_key(*key).hex())
        return found

    def _number(self, persona: NodeKey) -> int:
        number = self._numbers.setdefault(persona, len(self._numbers))
        if number == len(self._numbered):
            self._numbered.append(persona)
        return number

    def _nodes_of(self, one: Identifier) -> Iterator[tuple[EdgeKind, NodeKey]]:
        """What is drawn for an identifier. A host that is only somebody's own end of a line is an identifier like any
        other; one that is named or linked to is infrastructure."""
        kind, value = one.kind, one.value
        if kind == "wallet":
            if self._checksum_holds(value):
                yield ("paid" if one.role == "own" else "mentions"), ("wallet", value)
            return
        if kind == "host" and one.role != "own":
            yield "mentions", ("host", value)
            return
        if kind == "url" and (host := _host_of(value)):
            yield "mentions", ("host", host)
        if (kind, value) in self._several:
            yield "mentions", ("identifier", value)

    def _checksum_holds(self, address: str) -> bool:
        if address not in self._valid:
            self._valid[address] = address in wallets(address)
        return self._valid[address]


def _answered(record: Record) -> PersonaRef | None:
    """Whom the record answers, as its reader resolved it."""
    answered = record.fields.replied
    if not isinstance(answered, str):
        return None
    return next((other for other in record.others if other.key == answered), None)


def _host_of(url: str) -> str:
    """The host of an address on the web; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""

"""Small cases for the tests of this folder: hand-made traces, written by the one writer of facts."""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert, select

from trackway.findings.engine import Settings, work_off
from trackway.intake.law import Gate, Scope
from trackway.intake.spool import Bytes
from trackway.intake.tasks import Task
from trackway.intake.writer import Writer
from trackway.match.contents import CONTENTS
from trackway.match.shares import EXHIBITS, READINGS
from trackway.model.trace import Conversation, Digests, Identifier, Moment, PersonaRef, Share, Trace
from trackway.network.assemble import Network, network
from trackway.network.parts import Edge, Node
from trackway.parties.claims import claim_id
from trackway.parties.stages import PARTY_STAGES
from trackway.store import schema
from trackway.store.case import CaseStore, create_case, numbers
from trackway.store.ids import persona_key

HOUR = 3_600_000_000
START = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
ROOM = Conversation("telegram", "channel77", "Birds", "group")
WALLET = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"  # BIP-173's own example


def at(hour: float, basis: Any = "stated") -> Moment:
    return Moment(f"hour {hour}", START + int(hour * HOUR), basis)


def who(key: str, service: str = "telegram") -> PersonaRef:
    return PersonaRef(service, key, (key.title(),))


def ident(key: str, service: str = "telegram") -> str:
    """The public id of a persona."""
    return persona_key(service, key).hex()


def direct(author: str, to: str, hour: float, **more: Any) -> Trace:
    """A private message."""
    where = Conversation("telegram", "-".join(sorted((author, to))))
    return Trace("message", f"{author} {hour}", at(hour), who(author), (who(to),), where, f"{author}{hour}", **more)


def posted(author: str, hour: float, id: str = "", room: Conversation | None = ROOM, **more: Any) -> Trace:
    """A message in a room."""
    return Trace("message", f"{author} {hour}", at(hour), who(author), (), room, id or f"{author}{hour}", **more)


def answered(author: str, to: str, hour: float) -> Trace:
    """A public answer, as a reader resolved it."""
    return posted(author, hour, others=(who(to),), fields={"replied": to})


def notice(author: str, hour: float, event: str, others: tuple[PersonaRef, ...] = (), **fields: Any) -> Trace:
    """A service's own notice of what somebody did."""
    fields = {"event": event, **fields}
    return Trace(
        "event", f"{author} {hour}", at(hour), who(author), (), ROOM, f"n{author}{hour}", others=others, fields=fields
    )


def picture(name: str, kind: Any = "sent") -> Share:
    """A share of a file that only its digest names."""
    return Share(kind, name, name=name, digests=Digests(md5=hashlib.md5(name.encode()).hexdigest()))


def media_key(name: str) -> str:
    return "md5:" + hashlib.md5(name.encode()).hexdigest()


def own(kind: Any, value: str) -> Identifier:
    return Identifier(kind, value, "own")


def mentions(*pairs: tuple[Any, str]) -> tuple[Identifier, ...]:
    return tuple(Identifier(kind, value) for kind, value in pairs)


class Case:
    """A case under test."""

    def __init__(self, at: Path | str) -> None:
        self.store: CaseStore = create_case(str(at))
        self._exhibits = 0

    def exhibit(self, name: str, *sources: Sequence[Trace]) -> None:
        """Take in one exhibit whose files say this, as an intake would, and derive the sightings."""
        with self.store.write() as connection:  # numbers are the database's, which other cases share
            self._exhibits = numbers(connection, "exhibit", 1)
        values = {"no": self._exhibits, "case_no": self.store.case_no, "key": f"/{self._exhibits}", "name": name}
        with self.store.write() as connection:
            connection.execute(insert(schema.exhibit).values(law="{}", added=START, **values))
        for nth, traces in enumerate(sources):
            self._source(f"{nth}.json", traces)
        work_off(self.store, (EXHIBITS, CONTENTS, READINGS), Settings())

    def _source(self, name: str, traces: Sequence[Trace]) -> None:
        writer = Writer(self.store)
        content = msgspec.msgpack.encode(traces)
        fd = os.memfd_create("source")
        digests = Digests(*(hashlib.new(one, content).hexdigest() for one in ("md5", "sha1", "sha256")))
        task = Task(self._exhibits, name, name=name, bytes=Bytes(fd, len(content), digests))
        writer.place(task)
        reading = writer.begin(task, "hand", "1", {}, Gate(Scope()))
        writer.traces(reading, 0, traces)
        writer.end(reading, task, "done")
        task.outcome = "read"
        writer.ended(task)
        writer.commit()

    def category(self, key: str, category: str, no: int = 1) -> None:
        """A person sets somebody's category."""
        self._decide(no, "category", f"persona:{ident(key)}", {"category": category})

    def judge(self, one: str, other: str, judgement: str) -> None:
        """Derive the claims, and judge that between these two."""
        work_off(self.store, PARTY_STAGES, Settings())
        claim = claim_id(ident(one), ident(other))
        f = schema.finding.c
        with self.store.read() as connection:
            body = connection.execute(select(f.body).where(f.kind == "claim", f.subject == claim)).scalar_one()
        answered = {"body": msgspec.json.decode(body)}
        said = {"judgement": judgement, "answered": answered, "reason": "by hand"}
        if judgement:
            self._decide(1, "judge", f"claim:{claim}", said)

    def _decide(self, no: int, act: str, subject: str, body: dict[str, Any]) -> None:
        values = {
            "act": act,
            "subject": subject,
            "at": START,
            "who": "officer",
            "body": msgspec.json.encode(body).decode(),
        }
        with self.store.write() as connection:
            connection.execute(insert(schema.decision).values(case_no=self.store.case_no, no=no, **values))

    def finding(self, kind: str, subject: str, body: dict[str, Any]) -> None:
        values = {"kind": kind, "subject": subject, "method": "by hand", "version": 1}
        text = msgspec.json.encode(body).decode()
        with self.store.write() as connection:
            connection.execute(insert(schema.finding).values(case_no=self.store.case_no, body=text, **values))

    def network(self) -> Network:
        with self.store.read() as connection:
            return network(connection, self.store.case_no)


def edge(found: Network, kind: str, a: str, b: str) -> Edge:
    """The one edge of this kind between these ids."""
    edges = [one for one in found.edges if (one.kind, one.a, one.b) == (kind, a, b)]
    assert len(edges) == 1, [one for one in found.edges if one.kind == kind]
    return edges[0]


def node(found: Network, id: str) -> Node:
    nodes = [one for one in found.nodes if one.id == id]
    assert len(nodes) == 1, [(one.kind, one.id) for one in found.nodes]
    return nodes[0]


def persona(found: Network, key: str) -> Node:
    return node(found, ident(key))

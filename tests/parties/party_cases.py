"""Small cases for the tests of this folder: hand-made traces, written by the one writer of facts."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from trackway.findings.engine import Settings, rebuild, work_off
from trackway.intake.law import Gate, Scope
from trackway.intake.spool import Bytes
from trackway.intake.tasks import Task
from trackway.intake.writer import Writer
from trackway.match.contents import CONTENTS
from trackway.match.shares import EXHIBITS, READINGS
from trackway.match.verdict import VERDICTS
from trackway.model.trace import Conversation, Digests, Identifier, Moment, PersonaRef, Share, Trace
from trackway.parties.claims import Claim
from trackway.parties.identity import claims_of
from trackway.parties.persona import Persona
from trackway.parties.stages import PARTY_STAGES
from trackway.store import schema
from trackway.store.case import CaseStore, create_case
from trackway.store.ids import persona_key

KINDS = ("persona", "claim", "common")
"""Findings of the party stages."""

STAGES = (EXHIBITS, CONTENTS, READINGS, VERDICTS, *PARTY_STAGES)
HOUR = 3_600_000_000
DAY = 24 * HOUR
START = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z


def at(hours: int) -> Moment:
    return Moment(f"hour {hours}", START + hours * HOUR)


def who(service: str, key: str, *names: str) -> PersonaRef:
    return PersonaRef(service, key, names or (key,))


def said(author: PersonaRef, hours: int, *identifiers: Identifier, text: str = "", **more: Any) -> Trace:
    """A message of ``author``; its id is made of who and when."""
    where = Conversation(author.service, "room", visibility="open")
    own = f"{author.key}-{hours}"
    head = Trace("message", own, at(hours), author, (), where, own, text, identifiers=identifiers)
    return msgspec.structs.replace(head, **more)


def renamed(old: str, new: str, hours: int) -> Trace:
    """A server's notice on IRC."""
    fields = {"event": "rename"}
    return Trace("event", f"line {hours}", at(hours), who("irc", old), others=(who("irc", new),), fields=fields)


def reported(key: str, report: str, *identifiers: Identifier, **more: Any) -> Trace:
    """A hotline report on an account."""
    where = Conversation("ncmec", report)
    return Trace(
        "report", "report[0]", at(1), who("ncmec", key), (), where, report,
        identifiers=identifiers, fields={"report": report}, **more,
    )  # fmt: skip


def own(kind: Any, value: str) -> Identifier:
    return Identifier(kind, value, "own")


def mentioned(kind: Any, value: str) -> Identifier:
    return Identifier(kind, value)


def picture(name: str) -> Share:
    """A share of a file that only its digest names."""
    return Share("sent", name, name=name, digests=Digests(md5=hashlib.md5(name.encode()).hexdigest()))


def source(name: str) -> Bytes:
    fd = os.memfd_create("source")
    os.write(fd, name.encode())
    digests = (hashlib.new(one, name.encode()).hexdigest() for one in ("md5", "sha1", "sha256"))
    return Bytes(fd, len(name), Digests(*digests))


@dataclass
class Case:
    """A case under test."""

    store: CaseStore
    settings: Settings = field(default_factory=Settings)
    places: int = 0

    def read(self, name: str, traces: Sequence[Trace], analyse: bool = True, reader: str = "hand") -> None:
        """Take in one source with these traces, as an intake would."""
        writer = Writer(self.store)
        self.places += 1
        task = Task(1, name, self.places, name=name, bytes=source(name))
        writer.place(task)
        reading = writer.begin(task, reader, "1", {}, Gate(Scope()))
        writer.traces(reading, 0, traces)
        writer.end(reading, task, "done")
        task.outcome = "read"
        writer.ended(task)
        writer.commit()
        if analyse:
            self.analyse()

    def analyse(self, scratch: bool = False) -> None:
        if scratch:
            rebuild(self.store, STAGES)
        work_off(self.store, STAGES, self.settings)

    def findings(self) -> dict[tuple[str, str], str]:
        """Everything derived about parties: (kind, subject) -> body."""
        f, k = schema.finding.c, schema.finding_link.c
        with self.store.read() as connection:
            rows = connection.execute(select(f.kind, f.subject, f.body).where(f.kind.in_(KINDS))).all()
            links = connection.execute(select(k.kind, k.subject, k.to).where(k.kind.in_(KINDS))).all()
        return {(row.kind, row.subject): row.body for row in rows} | {
            (f"link {row.kind}", f"{row.subject} {row.to}"): "" for row in links
        }

    def persona(self, service: str, key: str) -> Persona:
        return msgspec.json.decode(self.findings()["persona", ident(service, key)], type=Persona)

    def claims(self) -> list[Claim]:
        """The claims that the program proposes."""
        found = self.findings().items()
        return [msgspec.json.decode(body, type=Claim) for (kind, _), body in sorted(found) if kind == "claim"]

    def views(self, service: str, key: str, as_of: int | None = None) -> Any:
        with self.store.read() as connection:
            return claims_of(connection, self.store.case_no, ident(service, key), as_of)


def ident(service: str, key: str) -> str:
    """The public id of a persona."""
    return persona_key(service, key).hex()


def case_at(folder: Path, settings: Settings | None = None) -> Case:
    return Case(create_case(str(folder)), settings or Settings())


@contextmanager
def clock(day: int) -> Iterator[int]:
    """The officers' clock stands on this day of the case; yields the instant."""
    before = os.environ.get("TRACKWAY_NOW")
    os.environ["TRACKWAY_NOW"] = f"2026-03-{day:02d}T09:00:00Z"
    try:
        yield 1_772_355_600_000_000 + (day - 1) * DAY
    finally:
        if before is None:
            del os.environ["TRACKWAY_NOW"]
        else:
            os.environ["TRACKWAY_NOW"] = before

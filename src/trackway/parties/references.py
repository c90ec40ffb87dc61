"""Where else a persona's identifiers stand: hints to look, never claims.

Sentences name other personas by service and account, never by a display name: those come and go, an account stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import select

from trackway.findings.engine import Desk, chunks
from trackway.model.trace import Trace
from trackway.parties.bonds import CAMERA, EXAMPLES, ROLES, Bond, Key, Role, bonds_with, pick, shown
from trackway.parties.common import Crowd
from trackway.store import schema

_trace = msgspec.msgpack.Decoder(Trace).decode

NOUNS = {
    "mail": "mail address",
    "phone": "phone number",
    "ip": "address",
    "ip-port": "address and port",
    "url": "link",
    "pgp": "key",
    CAMERA: "camera's serial number",
    "device": "device number",
}
"""What a sentence calls a kind of identifier; the others go by their kind's own name."""


class Also(Struct, frozen=True):
    """Where an identifier also stands: with which persona (public id), in which role there, and what shows it."""

    persona: str
    role: Role
    sentence: str
    traces: list[str]


class CrossReference(Struct, frozen=True):
    """An identifier of this persona that other personas have too. A hint to look, never a claim."""

    kind: str
    value: str
    role: Role
    also: list[Also]


class References:
    """Cross references of the personas of one batch."""

    def __init__(self, desk: Desk, around: dict[Key, Crowd]) -> None:
        self._desk = desk
        shared = {key for key, crowd in around.items() if len(crowd.personas) > 1 and not crowd.common(desk)}
        self._bonds: dict[Key, dict[int, Bond]] = defaultdict(dict)
        for bond in bonds_with(desk, shared):
            held = self._bonds[bond.key].get(bond.persona)
            if held is None or ROLES.index(bond.role) < ROLES.index(held.role):
                self._bonds[bond.key][bond.persona] = bond
        bonds = [bond for others in self._bonds.values() for bond in others.values()]
        self._ids = shown(desk, bonds)
        self._accounts = accounts(desk, {bond.persona for bond in bonds})
        self._reports = self._report_numbers(bonds)

    def of(self, number: int, bonds: Sequence[Bond]) -> list[CrossReference]:
        """The cross references of one persona, through its own identifiers first; one an identifier."""
        found: dict[Key, CrossReference] = {}
        for bond in bonds:
            others = [other for other in self._bonds.get(bond.key, {}).values() if other.persona != number]
            if others and bond.key not in found:
                also = sorted(map(self._also, others), key=lambda one: (ROLES.index(one.role), one.persona))
                found[bond.key] = CrossReference(*bond.key, bond.role, also)
        return list(found.values())

    def _also(self, bond: Bond) -> Also:
        public, service, account = self._accounts[bond.persona]
        noun = NOUNS.get(bond.key[0], bond.key[0])
        if (reports := self._reports.get((bond.persona, bond.key))) is not None:
            sentence = f"This {noun} also stands in {reports}."
        elif bond.role == "own":
            sentence = f"This {noun} is also {account}'s own on {service}."
        elif bond.role == "shared":
            sentence = f"This {noun} also stands in files that {account} shared on {service}."
        elif bond.role == "to":
            sentence = f"This {noun} is also a recipient's in what {account} sent on {service}."
        else:
            sentence = f"This {noun} was also written by {account} on {service}."
        return Also(public, bond.role, sentence, pick(bond.examples, self._ids))

    def _report_numbers(self, bonds: Iterable[Bond]) -> dict[tuple[int, Key], str]:
        """For a reported account: the reports that its traces stand in, in words."""
        reported = [bond for bond in bonds if self._accounts[bond.persona][1] == "ncmec"]
        t = schema.trace.c
        numbers: dict[int, str] = {}
        for part in chunks(sorted({n for bond in reported for _, n in bond.examples})):
            for n, body in self._desk.connection.execute(select(t.n, t.body).where(t.n.in_(part))):
                if report := _trace(body).fields.get("report"):
                    numbers[int(n)] = str(report)
        found = {}
        for bond in reported:
            names = sorted({numbers[n] for _, n in bond.examples if n in numbers})[:EXAMPLES]
            if names:
                word = "report" if len(names) == 1 else "reports"
                found[(bond.persona, bond.key)] = f"{word} {', '.join(names)}"
        return found


def accounts(desk: Desk, numbers: Iterable[int]) -> dict[int, tuple[str, str, str]]:
    """Number -> (public id, service, account)."""
    p = schema.party.c
    found: dict[int, tuple[str, str, str]] = {}
    for part in chunks(sorted(numbers)):
        rows = desk.connection.execute(select(p.no, p.key, p.service, p.value).where(p.no.in_(part)))
        found |= {int(row.no): (bytes(row.key).hex(), row.service, row.value) for row in rows}
    return found

"""The finding on each persona: its names, identifiers, acts, and where else its identifiers stand.

What CONTRACT.md prints for ``personas`` is what is stored here, whole, but for the claims: those are findings of their
own (``parties.claims``), looked up from here. Sentences name other personas by service and account, never by a display
name: those come and go, an account stays.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from trackway.findings.engine import Desk, Stage, chunks
from trackway.match.sightings import COUNTED, KINDS
from trackway.model.times import iso
from trackway.parties.bonds import (
    ROLES,
    Bond,
    Key,
    Presence,
    Role,
    accounts_own,
    bonds_of,
    earliest,
    latest,
    pick,
    presences,
    replaced,
    shown,
)
from trackway.parties.common import Crowd, crowds, spread
from trackway.parties.references import CrossReference, References
from trackway.store import schema
from trackway.store.ids import trace_ids

METHOD, VERSION = "persona", 1
NAMES_DATED = 1000
IDENTIFIERS_SHOWN = 1000
REFERENCES_SHOWN = 200


class Named(Struct, frozen=True):
    """A name as seen, from when to when, and the first trace that bears it."""

    name: str
    first: str | None
    last: str | None
    trace: str


class Held(Struct, frozen=True):
    """An identifier of a persona, in one role (see ``parties.bonds``). ``common``: too many are connected with it for
    it to refer to anybody, so it gives no cross reference."""

    kind: str
    value: str
    role: Role
    first: str | None
    last: str | None
    traces_total: int
    traces: list[str]
    common: bool


class Persona(Struct, frozen=True, kw_only=True):
    """One pseudonym on one service. ``traces``: those in which it stands in any role; ``written``: its own.
    Times are ISO 8601 in UTC; None where no trace is dated. ``sightings``: the acts of which it is the sender."""

    id: str
    service: str
    key: str
    names: list[str]
    names_dated: list[Named]
    identifiers: list[Held]
    identifiers_total: int
    traces: int
    written: int
    first: str | None
    last: str | None
    sightings: dict[str, int]
    cross_references: list[CrossReference]
    cross_references_total: int


# ------------------------------------------------------------------ who is looked at again


def _all_parties(connection: Connection, case_no: int) -> Iterable[str]:
    p = schema.party.c
    return map(str, connection.execute(select(p.no).where(p.case_no == case_no)).scalars())


def _all_personas(connection: Connection, case_no: int) -> Iterable[str]:
    p = schema.party.c
    return map(str, connection.execute(select(p.no).where(p.case_no == case_no, p.kind == "persona")).scalars())


def _derive_parties(desk: Desk, subjects: Sequence[str]) -> None:
    """A record named these parties: a persona is looked at again, and all that share its, or this, identifier."""
    p = schema.party.c
    for part in chunks([int(subject) for subject in subjects]):
        rows = desk.connection.execute(select(p.no, p.kind, p.service, p.value).where(p.no.in_(part))).all()
        personas = [row for row in rows if row.kind == "persona"]
        desk.mark("persona", (str(row.no) for row in personas))
        keys = [(row.service, row.value) for row in rows if row.kind == "identifier"]
        spread(desk, keys + [key for row in personas for key in accounts_own(row.service, row.value)])


def _derive_personas(desk: Desk, subjects: Sequence[str]) -> None:
    """A persona's own records or acts changed: it, and those that share files of the same camera."""
    numbers = [int(subject) for subject in subjects]
    desk.mark("profile", subjects)
    for part in chunks(numbers):
        spread(desk, {bond.key for bond in bonds_of(desk, part) if bond.role == "shared"})


# ------------------------------------------------------------------ the finding


def _derive_profiles(desk: Desk, subjects: Sequence[str]) -> None:
    for part in chunks([int(subject) for subject in subjects], 400):
        _derive_part(desk, part)
    desk.mark("claim", subjects)


def _derive_part(desk: Desk, numbers: list[int]) -> None:
    p, f = schema.party.c, schema.finding.c
    connection = desk.connection
    rows = connection.execute(select(schema.party).where(p.no.in_(numbers), p.kind == "persona")).all()
    there = presences(desk, numbers)
    bonds = _bonds(desk, rows, there)
    names, acts = _names(desk, numbers), _acts(desk, numbers)
    around = crowds(desk, {bond.key for held in bonds.values() for bond in held})
    references = References(desk, around)
    ids = shown(desk, (bond for held in bonds.values() for bond in held))
    found = []
    for row in rows:
        number, public = int(row.no), bytes(row.key).hex()
        if number not in there:
            continue
        presence, mine = there[number], bonds[number]
        crossed = references.of(number, mine)
        persona = Persona(
            id=public,
            service=row.service,
            key=row.value,
            names=sorted({one.name for one in names[number]}),
            names_dated=names[number][:NAMES_DATED],
            identifiers=[_held(desk, bond, around[bond.key], ids) for bond in mine[:IDENTIFIERS_SHOWN]],
            identifiers_total=len(mine),
            traces=presence.traces,
            written=presence.written,
            first=iso(presence.first),
            last=iso(presence.last),
            sightings=acts[number],
            cross_references=crossed[:REFERENCES_SHOWN],
            cross_references_total=len(crossed),
        )
        found.append({"subject": public, "body": msgspec.json.encode(persona, order="deterministic").decode()})
    stamp = {"case_no": desk.case_no, "kind": "persona", "method": METHOD, "version": VERSION}
    subjects = [bytes(row.key).hex() for row in rows]
    connection.execute(
        delete(schema.finding).where(f.case_no == desk.case_no, f.kind == "persona", f.subject.in_(subjects))
    )
    if found:
        connection.execute(insert(schema.finding), [stamp | one for one in found])


def _bonds(desk: Desk, rows: Sequence[Any], there: dict[int, Presence]) -> dict[int, list[Bond]]:
    """The bonds of each persona, its own first; the account itself is one of them."""
    found: dict[int, dict[tuple[Key, Role], Bond]] = {int(row.no): {} for row in rows}
    for bond in bonds_of(desk, found):
        found[bond.persona][(bond.key, bond.role)] = bond
    for row in rows:
        number = int(row.no)
        for key in accounts_own(row.service, row.value) if number in there else ():
            found[number][(key, "own")] = there[number].bond(number, key)
    return {
        number: sorted(held.values(), key=lambda bond: (ROLES.index(bond.role), bond.key))
        for number, held in found.items()
    }


def _held(desk: Desk, bond: Bond, crowd: Crowd, ids: dict[int, str]) -> Held:
    first, last = iso(bond.first), iso(bond.last)
    return Held(*bond.key, bond.role, first, last, bond.total, pick(bond.examples, ids), crowd.common(desk))


def _names(desk: Desk, numbers: Sequence[int]) -> dict[int, list[Named]]:
    c = schema.party_name.c
    rows = desk.connection.execute(
        select(schema.party_name).where(c.party.in_(numbers), c.reading.not_in(replaced(desk)))
    ).all()
    ids = trace_ids(desk.connection, (int(row.n) for row in rows))
    grouped: dict[int, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        grouped[int(row.party)][row.name].append(row)
    found: dict[int, list[Named]] = defaultdict(list)
    for number, names in grouped.items():
        for name, seen in sorted(names.items()):
            first = last = None
            for row in seen:
                first, last = earliest(first, row.first), latest(last, row.last)
            trace = pick(((row.first, int(row.n)) for row in seen), ids, 1)[0]
            found[number].append(Named(name, iso(first), iso(last), trace))
    return found


def _acts(desk: Desk, numbers: Sequence[int]) -> dict[int, dict[str, int]]:
    """Acts on media items by kind; one file in one message is one act, in however many exports it stands."""
    s, f = schema.sighting.c, schema.finding.c
    is_item = (f.case_no == s.case_no) & (f.kind == "media") & (f.subject == s.media)
    strongest: dict[tuple[int, str, bytes], str] = {}
    for row in desk.connection.execute(
        select(s.party, s.media, s.act, s.kind)
        .select_from(schema.sighting.join(schema.finding, is_item))
        .where(s.case_no == desk.case_no, s.party.in_(numbers))
    ):
        act = (int(row.party), row.media, bytes(row.act))
        strongest[act] = min(strongest.get(act, row.kind), row.kind, key=KINDS.index)
    counts: dict[int, dict[str, int]] = {number: dict.fromkeys(COUNTED, 0) for number in numbers}
    for (number, _, _), kind in strongest.items():
        counts[number][kind] += 1
    return counts


PARTIES = Stage("party", _derive_parties, _all_parties)
PERSONAS = Stage("persona", _derive_personas, _all_personas)
PROFILES = Stage("profile", _derive_profiles)

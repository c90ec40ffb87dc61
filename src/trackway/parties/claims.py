"""Claims that the program proposes: two personas that a sourced fact links. One claim a pair; never a merge.

Where two personas own the same identifier, or a server says that one is now known as the other, that fact is the
basis. It states no figure. What somebody merely mentions gives cross references (``parties.persona``), never a claim.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import delete, insert, select

from trackway.findings.engine import Desk, Stage, chunks
from trackway.model.trace import Trace
from trackway.parties.bonds import (
    CAMERA,
    Bond,
    Key,
    accounts_own,
    bonds_of,
    bonds_with,
    current,
    earliest,
    identifier_numbers,
    latest,
    pick,
    shown,
)
from trackway.parties.common import crowds
from trackway.parties.evidence import (
    LEVELS,
    RENAME,
    SHARED_IDENTIFIERS,
    Kind,
    Level,
    Persona,
    hd_of,
    hp_of,
    rename_sentence,
    shared_sentence,
)
from trackway.store import schema
from trackway.store.ids import trace_ids

METHOD, VERSION = "sourced claims", 1
NO_FIGURE = "A sourced fact. How often such a fact misleads was not measured, so it states no likelihood ratio."
_trace = msgspec.msgpack.Decoder(Trace).decode
Pair = tuple[int, int]
"""Internal numbers of two personas, the one with the lower public id first."""


class Basis(Struct, frozen=True):
    """One piece of evidence: its kind, its log10 LR where one was measured, its sentence, and what shows it."""

    evidence: str
    log10_lr: float | None
    sentence: str
    traces: list[str]


class Claim(Struct, frozen=True, kw_only=True):
    """A is the same as B, or as a person: at what level, on what basis, against which alternative. ``low`` to
    ``high`` is the interval of ``log10_lr``, within the bounds; all None where nothing was measured."""

    id: str
    a: str
    b: str
    b_kind: Literal["persona", "person"] = "persona"
    level: Level
    log10_lr: float | None = None
    low: float | None = None
    high: float | None = None
    bound_low: float | None = None
    bound_high: float | None = None
    reason: str
    basis: list[Basis]
    proposed_by: Literal["computed", "officer"]
    hp: str
    hd: str


class _Fact(Struct):
    """Evidence about one pair, before it is counted into its claim."""

    kind: Kind
    sentence: str
    traces: list[str]


def claim_id(a: str, b: str) -> str:
    """The id of the proposed claim between two personas (public ids, in either order)."""
    return hashlib.sha256("\0".join(("claim", *sorted((a, b)))).encode()).digest()[:16].hex()


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    for part in chunks([int(subject) for subject in subjects]):
        _derive_part(desk, part)


def _derive_part(desk: Desk, numbers: list[int]) -> None:
    mine = frozenset(numbers)
    owned = _owned_pairs(desk, mine)
    renames = _renames(desk, mine)
    people = _people(desk, mine.union(*owned, *renames))
    facts: dict[Pair, list[_Fact]] = defaultdict(list)
    _count_owned(desk, owned, people, facts)
    _count_renames(desk, renames, people, facts)
    claims = [_claim(people[pair[0]], people[pair[1]], found) for pair, found in facts.items()]
    _replace(desk, [people[number].id for number in numbers if number in people], claims)


def _claim(one: Persona, other: Persona, facts: list[_Fact]) -> Claim:
    ordered = sorted(facts, key=lambda fact: (-LEVELS.index(fact.kind.level), fact.kind.evidence, fact.sentence))
    level = ordered[0].kind.level
    alternatives = list(dict.fromkeys(f"or {fact.kind.alternative}" for fact in ordered))
    return Claim(
        id=claim_id(one.id, other.id),
        a=one.id,
        b=other.id,
        level=level,
        reason=NO_FIGURE,
        basis=[Basis(fact.kind.evidence, None, fact.sentence, fact.traces) for fact in ordered],
        proposed_by="computed",
        hp=hp_of(level, one, other),
        hd=hd_of(level, one, other, alternatives),
    )


def _replace(desk: Desk, personas: list[str], claims: list[Claim]) -> None:
    """Put these claims in the place of all that stand for these personas (public ids)."""
    f, k = schema.finding.c, schema.finding_link.c
    old: set[str] = set()
    for part in chunks([f"persona:{public}" for public in personas]):
        old |= set(
            desk.connection.execute(
                select(k.subject).where(k.case_no == desk.case_no, k.kind == "claim", k.to.in_(part))
            ).scalars()
        )
    for part in chunks(sorted(old)):
        desk.connection.execute(
            delete(schema.finding).where(f.case_no == desk.case_no, f.kind == "claim", f.subject.in_(part))
        )
        desk.connection.execute(
            delete(schema.finding_link).where(k.case_no == desk.case_no, k.kind == "claim", k.subject.in_(part))
        )
    if not claims:
        return
    mine = {"case_no": desk.case_no, "kind": "claim"}
    stamp = mine | {"method": METHOD, "version": VERSION}
    encode = msgspec.json.Encoder(order="deterministic").encode
    desk.connection.execute(
        insert(schema.finding), [stamp | {"subject": one.id, "body": encode(one).decode()} for one in claims]
    )
    desk.connection.execute(
        insert(schema.finding_link),
        [mine | {"subject": one.id, "to": f"persona:{end}"} for one in claims for end in (one.a, one.b)],
    )


def _people(desk: Desk, numbers: Iterable[int]) -> dict[int, Persona]:
    p = schema.party.c
    found: dict[int, Persona] = {}
    for part in chunks(sorted(numbers)):
        rows = desk.connection.execute(
            select(p.no, p.key, p.service, p.value).where(p.no.in_(part), p.kind == "persona")
        )
        found |= {int(row.no): Persona(bytes(row.key).hex(), row.service, row.value) for row in rows}
    return found


# ------------------------------------------------------------------ one identifier, two owners


def _owned_pairs(desk: Desk, mine: frozenset[int]) -> dict[Pair, dict[Key, tuple[Bond, Bond]]]:
    """For every pair with one of ``mine`` in it: the identifiers that both own, and their bonds."""
    keys = {bond.key for bond in bonds_of(desk, mine) if bond.role == "own"}
    for who in _people(desk, mine).values():
        keys |= set(accounts_own(who.service, who.account))
    keys = {key for key in keys if key[0] in SHARED_IDENTIFIERS}
    around = {
        key: crowd
        for key, crowd in crowds(desk, keys).items()
        if len(crowd.owners) > 1 and not crowd.owned_by_many(desk)
    }
    owners: dict[Key, list[Bond]] = defaultdict(list)
    for bond in bonds_with(desk, around):
        if bond.role == "own":
            owners[bond.key].append(bond)
    names = _people(desk, {bond.persona for bonds in owners.values() for bond in bonds})
    found: dict[Pair, dict[Key, tuple[Bond, Bond]]] = defaultdict(dict)
    for key, bonds in owners.items():
        ordered = sorted(bonds, key=lambda bond: names[bond.persona].id)
        for one, other in combinations(ordered, 2):
            if one.persona in mine or other.persona in mine:
                found[(one.persona, other.persona)][key] = (one, other)
    return found


def _count_owned(
    desk: Desk,
    owned: dict[Pair, dict[Key, tuple[Bond, Bond]]],
    people: dict[int, Persona],
    facts: dict[Pair, list[_Fact]],
) -> None:
    ids = shown(desk, (bond for bonds in owned.values() for both in bonds.values() for bond in both))
    media = _media(desk, {key for bonds in owned.values() for key in bonds if key[0] == CAMERA})
    for pair, bonds in owned.items():
        for key, both in bonds.items():
            files = [media.get((key, bond.persona), set()) for bond in both]
            if key[0] == CAMERA and all(files) and not _distinct(*files):
                continue
            kind = SHARED_IDENTIFIERS[key[0]]
            sentence = shared_sentence(kind, key[1], [(people[bond.persona], bond) for bond in both])
            traces = [public for bond in both for public in pick(bond.examples, ids)]
            facts[pair].append(_Fact(kind, sentence, list(dict.fromkeys(traces))))


def _distinct(one: set[str], other: set[str]) -> bool:
    """Whether each has a file that the other has not. The very same picture with two accounts was passed on: that says
    nothing about who holds the camera."""
    return bool(one - other) and bool(other - one)


def _media(desk: Desk, keys: set[Key]) -> dict[tuple[Key, int], set[str]]:
    """The files of the traces that give each owner its camera's serial number."""
    m, s = schema.mention.c, schema.sighting.c
    numbers = {number: key for key, number in identifier_numbers(desk, keys).items()}
    found: dict[tuple[Key, int], set[str]] = defaultdict(set)
    for part in chunks(sorted(numbers)):
        rows = desk.connection.execute(
            select(m.party, m.by, s.media)
            .distinct()
            .select_from(schema.mention.join(schema.sighting, s.n == m.n))
            .where(m.party.in_(part), m.role == "own", m.by.is_not(None), s.case_no == desk.case_no, *current(desk))
        )
        for row in rows:
            found[(numbers[int(row.party)], int(row.by))].add(row.media)
    return found


# ------------------------------------------------------------------ a server's word


class _Renamed(Struct):
    times: int = 0
    first: int | None = None
    last: int | None = None
    examples: list[tuple[int | None, int]] = []


def _renames(desk: Desk, mine: frozenset[int]) -> dict[Pair, _Renamed]:
    """(old, new) -> how often, when and where a server said so; only with one of ``mine``."""
    m, t = schema.mention.c, schema.trace.c
    rows: dict[tuple[int, int], Any] = {}
    for part in chunks(sorted(mine)):
        for end in (m.by.in_(part), m.party.in_(part)):
            found = desk.connection.execute(
                select(m.by, m.party, m.n, m.instant, t.body)
                .select_from(schema.mention.join(schema.trace, t.n == m.n))
                .where(m.role == "other", t.kind == "event", m.by != m.party, end, *current(desk))
            )
            for row in found:
                if (int(row.party), int(row.n)) not in rows and _trace(row.body).fields.get("event") == "rename":
                    rows[(int(row.party), int(row.n))] = row
    renames: dict[Pair, _Renamed] = defaultdict(_Renamed)
    for row in rows.values():
        held = renames[(int(row.by), int(row.party))]
        held.times += 1
        held.first, held.last = earliest(held.first, row.instant), latest(held.last, row.instant)
        held.examples.append((row.instant, int(row.n)))
    return renames


def _count_renames(
    desk: Desk, renames: dict[Pair, _Renamed], people: dict[int, Persona], facts: dict[Pair, list[_Fact]]
) -> None:
    ids = trace_ids(desk.connection, {n for held in renames.values() for _, n in held.examples})
    for (old, new), held in renames.items():
        pair = (old, new) if people[old].id < people[new].id else (new, old)
        sentence = rename_sentence(people[old], people[new], held.times, held.first, held.last)
        facts[pair].append(_Fact(RENAME, sentence, pick(held.examples, ids)))


CLAIMS = Stage("claim", _derive)

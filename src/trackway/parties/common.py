"""Identifiers that many bear refer to nobody: a service's own address, a site that everybody links to.

An identifier that is connected with more personas than the team's limit gives no cross references; one that more own
than the limit gives no claims. What stands for a common one is not derived again each time somebody names it.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from msgspec import Struct
from sqlalchemy import delete, insert, select

from trackway.findings.engine import Desk, chunks
from trackway.parties.bonds import CAMERA, Key, accounts_with, current, identifier_numbers
from trackway.store import schema
from trackway.store.ids import identifier_key

METHOD, VERSION = "common identifiers", 1
KIND = "common"


class Crowd(Struct, frozen=True):
    """The personas (internal numbers) that are connected with an identifier in any role, and those that own it."""

    personas: frozenset[int] = frozenset()
    owners: frozenset[int] = frozenset()

    def common(self, desk: Desk) -> bool:
        """It gives no cross references."""
        return len(self.personas) > desk.settings.common_identifier

    def owned_by_many(self, desk: Desk) -> bool:
        """It gives no claims."""
        return len(self.owners) > desk.settings.common_identifier


class Mark(Struct, frozen=True):
    """What stands for a common identifier: ``claims`` says whether so few own it that it still gives claims."""

    kind: str
    value: str
    claims: bool


def crowds(desk: Desk, keys: Iterable[Key]) -> dict[Key, Crowd]:
    """Who is connected with each of these identifiers. The large ones are reckoned once a run."""
    held: dict[Key, Crowd] = desk.cache.setdefault("crowds", {})
    wanted = list(dict.fromkeys(keys))
    found = {key: held[key] for key in wanted if key in held}
    fresh = [key for key in wanted if key not in found]
    everybody: dict[Key, set[int]] = defaultdict(set)
    owners: dict[Key, set[int]] = defaultdict(set)
    for key, persona, role in _connections(desk, fresh):
        everybody[key].add(persona)
        if role == "own":
            owners[key].add(persona)
    for key in fresh:
        crowd = Crowd(frozenset(everybody[key]), frozenset(owners[key]))
        found[key] = crowd
        if crowd.common(desk):
            held[key] = crowd
    return found


def spread(desk: Desk, keys: Iterable[Key]) -> None:
    """Something about these identifiers changed: the personas connected with them are looked at again.

    Those of a common one only when it becomes common, or when too many come to own it."""
    found = crowds(desk, keys)
    marks = _marks(desk, found)
    personas: set[int] = set()
    for key, crowd in found.items():
        mark = Mark(*key, claims=not crowd.owned_by_many(desk)) if crowd.common(desk) else None
        if mark is None or mark != marks.get(key):
            personas |= crowd.personas
        if mark != marks.get(key):
            _write(desk, key, mark)
    desk.mark("profile", map(str, personas))


def _connections(desk: Desk, keys: list[Key]) -> Iterable[tuple[Key, int, str]]:
    m, g, s = schema.mention.c, schema.tie_group.c, schema.sighting.c
    numbers = {number: key for key, number in identifier_numbers(desk, keys).items()}
    for part in chunks(sorted(numbers)):
        rows = desk.connection.execute(
            select(m.party, m.by, m.role).distinct().where(m.party.in_(part), m.by.is_not(None), *current(desk))
        )
        yield from ((numbers[int(row.party)], int(row.by), row.role) for row in rows)
    for part in chunks(sorted(value for kind, value in keys if kind == CAMERA)):
        shares = desk.connection.execute(
            select(g.value, s.party)
            .distinct()
            .select_from(schema.tie_group.join(schema.sighting, (s.media == g.media) & (s.case_no == g.case_no)))
            .where(g.case_no == desk.case_no, g.kind == "camera", g.value.in_(part), s.party.is_not(None))
        )
        yield from (((CAMERA, row.value), int(row.party), "shared") for row in shares)
    for key, accounts in accounts_with(desk, keys).items():
        yield from ((key, account, "own") for account in accounts)


def _marks(desk: Desk, keys: Iterable[Key]) -> dict[Key, Mark]:
    f = schema.finding.c
    found: dict[Key, Mark] = {}
    for part in chunks(sorted(identifier_key(*key).hex() for key in keys)):
        bodies = desk.connection.execute(
            select(f.body).where(f.case_no == desk.case_no, f.kind == KIND, f.subject.in_(part))
        ).scalars()
        for body in bodies:
            mark = msgspec.json.decode(body, type=Mark)
            found[(mark.kind, mark.value)] = mark
    return found


def _write(desk: Desk, key: Key, mark: Mark | None) -> None:
    f = schema.finding.c
    subject = identifier_key(*key).hex()
    desk.connection.execute(
        delete(schema.finding).where(f.case_no == desk.case_no, f.kind == KIND, f.subject == subject)
    )
    if mark is not None:
        desk.connection.execute(
            insert(schema.finding).values(
                case_no=desk.case_no,
                kind=KIND,
                subject=subject,
                method=METHOD,
                version=VERSION,
                body=msgspec.json.encode(mark, order="deterministic").decode(),
            )
        )

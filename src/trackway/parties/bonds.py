"""Bonds: which persona is connected with which identifier, in what role, how often, when, and by which traces.

Four roles, strongest first. ``own``: a record says that it belongs to the persona, or it is the account itself;
``shared``: a camera's serial number in a file that the persona shared; ``to``: the persona's record names it as a
recipient's; ``mentioned``: it stands in what the persona wrote.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import ColumnElement, case, func, literal_column, select

from trackway.findings.engine import Desk, chunks
from trackway.model.times import iso
from trackway.store import schema
from trackway.store.ids import identifier_key, persona_key, trace_ids

Key = tuple[str, str]
"""An identifier: its kind and its normalised value."""
Role = Literal["own", "shared", "to", "mentioned"]
ROLES: tuple[Role, ...] = ("own", "shared", "to", "mentioned")
EXAMPLES = 5
"""Traces that stand for a bond; the rest is counted."""
CAMERA = "camera-serial"
_PHONE_ACCOUNT = re.compile(r"\+?(\d{7,15})(?:@s\.whatsapp\.net)?")


class Bond(Struct, frozen=True):
    """One persona (internal number) and one identifier in one role. ``first``/``last``: microseconds UTC.
    ``examples``: (instant, trace number), the first few of each reading, so that they do not depend on the order of
    intake."""

    persona: int
    key: Key
    role: Role
    total: int
    first: int | None
    last: int | None
    examples: tuple[tuple[int | None, int], ...]


class Presence(Struct, frozen=True):
    """How a persona appears in the case: traces in which it stands in any role, and those that it wrote itself."""

    traces: int = 0
    written: int = 0
    first: int | None = None
    last: int | None = None
    examples: tuple[tuple[int | None, int], ...] = ()

    def bond(self, persona: int, key: Key) -> Bond:
        """The bond of an account with itself."""
        return Bond(persona, key, "own", self.traces, self.first, self.last, self.examples)


def accounts_own(service: str, key: str) -> list[Key]:
    """What an account is by itself: a mail address, a nick, a telephone number, else an account of its service."""
    if service == "email":
        return [("mail", key)]
    if service == "irc":
        return [("nick", key)]
    found = _PHONE_ACCOUNT.fullmatch(key) if service == "whatsapp" else None
    return [("account", key)] + ([("phone", f"+{found[1]}")] if found else [])


def accounts_named(key: Key) -> list[bytes]:
    """The public ids of the personas that an identifier is the account of (see ``accounts_own``)."""
    kind, value = key
    if kind == "mail":
        return [persona_key("email", value)]
    if kind == "nick":
        return [persona_key("irc", value)]
    if kind == "phone":
        digits = value.lstrip("+")
        return [persona_key("whatsapp", form) for form in (digits, value, f"{digits}@s.whatsapp.net")]
    return []


def presences(desk: Desk, personas: Iterable[int]) -> dict[int, Presence]:
    """How each of these personas (internal numbers) appears; those without any trace are left out."""
    m = schema.mention.c
    found: dict[int, Presence] = {}
    for part in chunks(sorted(set(personas))):
        rows = desk.connection.execute(
            select(
                m.party,
                func.count(m.n.distinct()).label("traces"),
                func.sum(case((m.role == "author", 1), else_=0)).label("written"),
                func.min(m.instant).label("first"),
                func.max(m.instant).label("last"),
                func.min(m.n).label("n"),
            )
            .where(m.party.in_(part), *current(desk))
            .group_by(m.party, _reading())
        )
        for row in rows:
            held = found.get(int(row.party), Presence())
            found[int(row.party)] = Presence(
                held.traces + int(row.traces),
                held.written + int(row.written),
                earliest(held.first, row.first),
                latest(held.last, row.last),
                (*held.examples, (row.first, int(row.n))),
            )
    return found


def bonds_of(desk: Desk, personas: Iterable[int]) -> list[Bond]:
    """All bonds that records make for these personas; what an account is by itself is not among them."""
    m, s = schema.mention.c, schema.sighting.c
    found = []
    for part in chunks(sorted(set(personas))):
        found += _recorded(desk, m.by.in_(part), m.party != m.by)
        found += _cameras(desk, s.party.in_(part))
    return found


def bonds_with(desk: Desk, keys: Iterable[Key]) -> list[Bond]:
    """All bonds of these identifiers, with whichever persona, the accounts themselves included."""
    held = list(keys)
    m, g = schema.mention.c, schema.tie_group.c
    found = []
    for part in chunks(sorted(identifier_numbers(desk, held).values())):
        found += _recorded(desk, m.party.in_(part))
    for part in chunks(sorted(value for kind, value in held if kind == CAMERA)):
        found += _cameras(desk, g.value.in_(part))
    accounts = accounts_with(desk, held)
    there = presences(desk, {number for numbers in accounts.values() for number in numbers})
    own = {(number, key) for key, numbers in accounts.items() for number in numbers if number in there}
    return [bond for bond in found if bond.role != "own" or (bond.persona, bond.key) not in own] + [
        there[number].bond(number, key) for number, key in sorted(own)
    ]


def identifier_numbers(desk: Desk, keys: Iterable[Key]) -> dict[Key, int]:
    """The internal number of each of these identifiers that a record names."""
    return _numbers(desk, {identifier_key(*key): key for key in keys})


def accounts_with(desk: Desk, keys: Iterable[Key]) -> dict[Key, list[int]]:
    """The internal numbers of the personas that these identifiers are the accounts of."""
    wanted = {public: key for key in keys for public in accounts_named(key)}
    p = schema.party.c
    found: dict[Key, list[int]] = defaultdict(list)
    for part in chunks(sorted(wanted)):
        for public, number in desk.connection.execute(
            select(p.key, p.no).where(p.case_no == desk.case_no, p.key.in_(part))
        ):
            found[wanted[bytes(public)]].append(int(number))
    return found


def shown(desk: Desk, bonds: Iterable[Bond]) -> dict[int, str]:
    """The public ids of all example traces of these bonds, by their numbers."""
    return trace_ids(desk.connection, {n for bond in bonds for _, n in bond.examples})


def pick(examples: Iterable[tuple[int | None, int]], ids: dict[int, str], count: int = EXAMPLES) -> list[str]:
    """Public ids of the earliest of these traces; those without an instant come last."""
    dated = sorted((at is None, at or 0, ids[n]) for at, n in examples)
    return [public for _, _, public in dated[:count]]


def period(first: int | None, last: int | None) -> str:
    """ "2026-01-02", "2026-01-02 to 2026-03-04", or that no date is known."""
    start, end = (iso(first) or "")[:10], (iso(last) or "")[:10]
    return "no date" if not start else start if start == end else f"{start} to {end}"


def earliest(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def latest(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else max(one, other)


def _numbers(desk: Desk, wanted: dict[bytes, Key]) -> dict[Key, int]:
    p = schema.party.c
    found: dict[Key, int] = {}
    for part in chunks(sorted(wanted)):
        rows = desk.connection.execute(select(p.key, p.no).where(p.case_no == desk.case_no, p.key.in_(part)))
        found |= {wanted[bytes(public)]: int(number) for public, number in rows}
    return found


def _reading() -> ColumnElement[int]:
    # The 32 is spelled out: as a bound value PostgreSQL would not see the grouped and the shown one as the same.
    return schema.mention.c.n.op(">>")(literal_column("32"))


def replaced(desk: Desk) -> list[int]:
    """The readings that a newer one has replaced: what they say stands in the newer one again."""
    if "replaced" not in desk.cache:
        r = schema.reading.c
        desk.cache["replaced"] = list(
            desk.connection.execute(select(r.no).where(r.case_no == desk.case_no, r.current.is_(False))).scalars()
        )
    held: list[int] = desk.cache["replaced"]
    return held


def current(desk: Desk) -> list[ColumnElement[bool]]:
    """The condition that leaves mentions of replaced readings out."""
    old = replaced(desk)
    return [_reading().not_in(old)] if old else []


def _recorded(desk: Desk, *conditions: ColumnElement[bool]) -> list[Bond]:
    m, p = schema.mention.c, schema.party.c
    group = (m.by, m.party, m.role)
    place = func.row_number().over(partition_by=[*group, _reading()], order_by=m.n)
    ranked = (
        select(
            m.by,
            m.role,
            p.service,
            p.value,
            m.n,
            m.instant,
            func.count().over(partition_by=group).label("total"),
            func.min(m.instant).over(partition_by=group).label("first"),
            func.max(m.instant).over(partition_by=group).label("last"),
            place.label("place"),
        )
        .select_from(schema.mention.join(schema.party, p.no == m.party))
        .where(p.kind == "identifier", m.by.is_not(None), *conditions, *current(desk))
        .subquery()
    )
    grouped: dict[tuple[int, Key, Role], list[Any]] = defaultdict(list)
    for row in desk.connection.execute(select(ranked).where(ranked.c.place <= EXAMPLES)):
        grouped[(int(row.by), (row.service, row.value), row.role)].append(row)
    return [
        Bond(*whose, int(rows[0].total), rows[0].first, rows[0].last, tuple((row.instant, int(row.n)) for row in rows))
        for whose, rows in grouped.items()
    ]


def _cameras(desk: Desk, condition: ColumnElement[bool]) -> list[Bond]:
    """Serial numbers in the files that personas shared. A file passes through many hands: no bond of ownership."""
    s, g, t = schema.sighting.c, schema.tie_group.c, schema.trace.c
    rows = desk.connection.execute(
        select(s.party, g.value, s.n, t.instant)
        .distinct()
        .select_from(
            schema.tie_group.join(schema.sighting, (s.media == g.media) & (s.case_no == g.case_no)).join(
                schema.trace, t.n == s.n
            )
        )
        .where(g.case_no == desk.case_no, g.kind == "camera", s.party.is_not(None), condition)
        .order_by(s.n)
    )
    grouped: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for row in rows:
        grouped[(int(row.party), row.value)].append(row)
    return [_camera(persona, serial, found) for (persona, serial), found in grouped.items()]


def _camera(persona: int, serial: str, rows: Sequence[Any]) -> Bond:
    dates = [int(row.instant) for row in rows if row.instant is not None]
    per_reading: dict[int, list[tuple[int | None, int]]] = defaultdict(list)
    for row in rows:
        kept = per_reading[int(row.n) >> 32]
        if len(kept) < EXAMPLES:
            kept.append((row.instant, int(row.n)))
    examples = tuple(example for kept in per_reading.values() for example in kept)
    return Bond(
        persona, (CAMERA, serial), "shared", len(rows), min(dates, default=None), max(dates, default=None), examples
    )

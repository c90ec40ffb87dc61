"""Who is who, as a view: the claims and what people judged of them, now or on any earlier day. Pure reads.

A merge is never stored. Now, a claim shows what is derived now; on an earlier day it shows what the decision that
stood then answered: the figures and sentences embedded in it, whatever was recomputed since. Which open claims were
proposed on an earlier day is not kept, so a view of the past holds claims that somebody made or judged by then.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import Connection, select

from trackway.findings.engine import chunks
from trackway.model.times import iso
from trackway.parties.claims import Basis, Claim
from trackway.parties.evidence import LEVELS, Level
from trackway.parties.judgement import Judgement
from trackway.store import schema

CLAIM_ACTS = ("claim", "judge", "withdraw")


class Party(Struct, frozen=True, order=True):
    """One end of a claim: a persona by its public id, or a person by the id that the statement gave."""

    kind: Literal["persona", "person"]
    id: str


class ClaimView(Struct, frozen=True, kw_only=True):
    """A claim as one persona sees it (CONTRACT.md). ``judgement`` None: nobody judged it. ``changed``: what is derived
    now differs from what was judged; ``lapsed``: it is not derived any more, the judged copy is shown.
    ``second_needed``: accepted to the level of a person by one officer only."""

    id: str
    other: Party
    person_name: str | UnsetType = UNSET
    """The name that an officer stated, where ``other`` is a person and names were asked for (``reveal``)."""
    level: Level
    log10_lr: float | None
    low: float | None
    high: float | None
    bound_low: float | None
    bound_high: float | None
    basis: list[Basis]
    reason: str
    hp: str
    hd: str
    proposed_by: str
    judgement: Judgement | None
    judged_by: str | None
    judged_at: str | None
    judged_reason: str | None
    decision: int | None
    """Number of the ledger entry that stands."""
    changed: bool
    lapsed: bool
    second_needed: bool


class Joined(Struct, frozen=True):
    """One accepted claim of an identity, with both its ends."""

    a: Party
    b: Party
    claim: ClaimView


class Identity(Struct, frozen=True):
    """Personas and persons that accepted claims connect. ``level`` is the weakest among them: a chain is as strong as
    its weakest link. ``against``: rejected claims between two of these, shown first."""

    id: str
    personas: list[str]
    persons: list[str]
    level: Level
    claims: list[Joined]
    against: list[str]


class Step(Struct, frozen=True):
    """One decision about a claim that stands: the claim's statement, or a judgement."""

    no: int
    act: str
    at: int
    who: str
    body: dict[str, Any]


class Standing(Struct):
    """What people said of one claim, in order, without what was withdrawn."""

    steps: list[Step] = []

    @property
    def statement(self) -> Step | None:
        """The officer's own proposal, where it is one."""
        return next((step for step in reversed(self.steps) if step.act == "claim"), None)

    @property
    def judgement(self) -> Step | None:
        """The latest judgement."""
        return next((step for step in reversed(self.steps) if step.act == "judge"), None)

    @property
    def stated(self) -> Claim | None:
        """The claim as its officer proposed it."""
        step = self.statement
        return None if step is None else msgspec.convert(step.body["claim"], Claim)

    @property
    def answered(self) -> Claim | None:
        """The claim as it stood when it was judged."""
        step = self.judgement
        return None if step is None else msgspec.convert(step.body["answered"]["body"], Claim)

    @property
    def accepted_by(self) -> set[str]:
        """Who accepted it since anybody last judged otherwise."""
        names: set[str] = set()
        for step in self.steps:
            if step.act == "judge":
                names = names | {step.who} if step.body["judgement"] == Judgement.ACCEPTED else set()
        return names


def standing(connection: Connection, case_no: int, as_of: int | None = None) -> dict[str, Standing]:
    """Claim id -> what stands of it, as of an instant (microseconds UTC, inclusive; None: now)."""
    d = schema.decision.c
    statement = select(schema.decision).where(d.case_no == case_no, d.act.in_(CLAIM_ACTS))
    if as_of is not None:
        statement = statement.where(d.at <= as_of)
    found: dict[str, Standing] = defaultdict(Standing)
    for row in connection.execute(statement.order_by(d.no)):
        steps = found[row.subject.removeprefix("claim:")].steps
        step = Step(int(row.no), row.act, int(row.at), row.who, msgspec.json.decode(row.body))
        if row.act != "withdraw":
            steps.append(step)
        else:
            steps[:] = [one for one in steps if one.no != step.body["withdraws"]]
    return {claim: held for claim, held in found.items() if held.steps}


def claims_of(connection: Connection, case_no: int, persona_id: str, as_of: int | None = None) -> list[ClaimView]:
    """All claims about one persona (public id), now or as of an instant; those judged first, then by the other end."""
    return claims_of_all(connection, case_no, [persona_id], as_of)[persona_id]


def claims_of_all(
    connection: Connection, case_no: int, personas: Iterable[str], as_of: int | None = None
) -> dict[str, list[ClaimView]]:
    """``claims_of`` for many personas in one go."""
    wanted = list(personas)
    said = standing(connection, case_no, as_of)
    derived = {} if as_of is not None else _derived(connection, case_no, wanted)
    found: dict[str, list[ClaimView]] = {persona: [] for persona in wanted}
    for claim_id in sorted({*said, *derived}):
        now, held = derived.get(claim_id), said.get(claim_id, Standing())
        claim = _shown(now, held, as_of)
        for me, other in ((claim.a, Party(claim.b_kind, claim.b)), (claim.b, Party("persona", claim.a))):
            if me in found:
                found[me].append(_view(claim, other, now, held, as_of))
    for views in found.values():
        views.sort(key=lambda view: (view.judgement is None, view.other, view.level, view.id))
    return found


def identities(connection: Connection, case_no: int, as_of: int | None = None) -> list[Identity]:
    """Connected components over the claims accepted at an instant (None: now), in the order of their ids."""
    said = standing(connection, case_no, as_of)
    accepted, rejected = [], []
    judged = {claim_id: held for claim_id, held in said.items() if held.judgement is not None}
    derived = {} if as_of is not None else _by_id(connection, case_no, judged)
    for claim_id, held in sorted(judged.items()):
        now = derived.get(claim_id)
        claim = _shown(now, held, as_of)
        view = _view(claim, Party(claim.b_kind, claim.b), now, held, as_of)
        joined = Joined(Party("persona", claim.a), view.other, view)
        if view.judgement is Judgement.ACCEPTED:
            accepted.append(joined)
        elif view.judgement is Judgement.REJECTED:
            rejected.append(joined)
    return sorted((_identity(part, rejected) for part in _components(accepted)), key=lambda one: one.id)


def names_of_persons(connection: Connection, case_no: int) -> dict[str, str]:
    """Person id -> the name that an officer stated. Names stand in statements only: shown where they are asked for."""
    found = {}
    for held in standing(connection, case_no).values():
        step = held.statement
        if step is not None and "name" in step.body:
            found[str(step.body["claim"]["b"])] = str(step.body["name"])
    return found


def _derived(connection: Connection, case_no: int, personas: Iterable[str]) -> dict[str, Claim]:
    k = schema.finding_link.c
    subjects: set[str] = set()
    for part in chunks([f"persona:{persona}" for persona in personas]):
        subjects |= set(
            connection.execute(
                select(k.subject).where(k.case_no == case_no, k.kind == "claim", k.to.in_(part))
            ).scalars()
        )
    return _by_id(connection, case_no, subjects)


def _by_id(connection: Connection, case_no: int, claim_ids: Iterable[str]) -> dict[str, Claim]:
    f = schema.finding.c
    found: dict[str, Claim] = {}
    for part in chunks(sorted(claim_ids)):
        rows = connection.execute(
            select(f.subject, f.body).where(f.case_no == case_no, f.kind == "claim", f.subject.in_(part))
        )
        found |= {row.subject: msgspec.json.decode(row.body, type=Claim) for row in rows}
    return found


def _shown(now: Claim | None, held: Standing, as_of: int | None) -> Claim:
    """Now: what is derived now, else what was stated, else what was judged. Of the past: what was judged then."""
    past, present = (held.answered or held.stated), (now or held.stated or held.answered)
    claim = present if as_of is None else past
    assert claim is not None, "a claim is derived, or somebody made a decision about it"
    return claim


def _view(claim: Claim, other: Party, now: Claim | None, held: Standing, as_of: int | None) -> ClaimView:
    step, answered = held.judgement, held.answered
    judgement = None if step is None else Judgement(step.body["judgement"])
    current = now or held.stated
    return ClaimView(
        id=claim.id,
        other=other,
        level=claim.level,
        log10_lr=claim.log10_lr,
        low=claim.low,
        high=claim.high,
        bound_low=claim.bound_low,
        bound_high=claim.bound_high,
        basis=claim.basis,
        reason=claim.reason,
        hp=claim.hp,
        hd=claim.hd,
        proposed_by=claim.proposed_by,
        judgement=judgement,
        judged_by=None if step is None else step.who,
        judged_at=None if step is None else iso(step.at),
        judged_reason=None if step is None else str(step.body["reason"]),
        decision=None if step is None else step.no,
        changed=as_of is None and answered is not None and current is not None and answered != current,
        lapsed=as_of is None and current is None,
        second_needed=claim.level == "person" and judgement is Judgement.ACCEPTED and len(held.accepted_by) < 2,
    )


def _components(claims: list[Joined]) -> list[list[Joined]]:
    """The claims, put together where they have an end in common."""
    root: dict[Party, Party] = {}

    def find(party: Party) -> Party:
        while root.setdefault(party, party) != party:
            root[party] = party = root[root[party]]
        return party

    for one in claims:
        root[find(one.a)] = find(one.b)
    parts: dict[Party, list[Joined]] = defaultdict(list)
    for one in claims:
        parts[find(one.a)].append(one)
    return list(parts.values())


def _identity(claims: list[Joined], rejected: list[Joined]) -> Identity:
    ends = {end for one in claims for end in (one.a, one.b)}
    personas = sorted(end.id for end in ends if end.kind == "persona")
    persons = sorted(end.id for end in ends if end.kind == "person")
    level = min((one.claim.level for one in claims), key=LEVELS.index)
    against = sorted(one.claim.id for one in rejected if {one.a, one.b} <= ends)
    name = hashlib.sha256("\0".join(("identity", *personas, *persons)).encode()).digest()[:16].hex()
    return Identity(name, personas, persons, level, claims, against)

"""The pseudonyms of a case: what is derived of each, and its claims as they stand (or stood on a day)."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import select

from trackway.findings.engine import chunks
from trackway.parties.claims import Claim
from trackway.parties.identity import (
    ClaimView,
    Identity,
    Standing,
    claims_of,
    claims_of_all,
    identities,
    names_of_persons,
    standing,
)
from trackway.parties.persona import Held, Named, Persona
from trackway.parties.references import CrossReference
from trackway.store import schema
from trackway.views.door import View


class PersonaAnswer(Struct, frozen=True, kw_only=True):
    """One persona. Claims are dated by the view, not stored: identity is what accepted claims say on a day."""

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
    claims: list[ClaimView]


class ClaimAnswer(Struct, frozen=True, kw_only=True):
    """One claim, as it stands at ``as_of`` (or now), with every decision about it that was not withdrawn."""

    id: str
    claim: Claim
    derived_now: Claim | None
    decisions: list[dict[str, Any]]


def personas(view: View, as_of: int | None = None) -> list[PersonaAnswer]:
    """All personas, in the order of their ids."""
    return list(_answers(view, _bodies(view, "", None), as_of))


def personas_page(view: View, after: str, count: int, as_of: int | None = None) -> list[PersonaAnswer]:
    """Up to ``count`` personas after the id ``after`` (keyset)."""
    return list(_answers(view, _bodies(view, after, count), as_of))


def persona(view: View, persona_id: str, as_of: int | None = None) -> PersonaAnswer | None:
    """One persona by its id."""
    f = schema.finding.c
    body = view.connection.execute(
        select(f.body).where(f.case_no == view.case_no, f.kind == "persona", f.subject == persona_id)
    ).scalar()
    if body is None:
        return None
    held = msgspec.json.decode(body, type=Persona)
    return _answer(held, claims_of(view.connection, view.case_no, persona_id, as_of), person_names(view))


def claim(view: View, claim_id: str, as_of: int | None = None) -> ClaimAnswer | None:
    """One claim by its id."""
    f = schema.finding.c
    body = view.connection.execute(
        select(f.body).where(f.case_no == view.case_no, f.kind == "claim", f.subject == claim_id)
    ).scalar()
    now = None if body is None else msgspec.json.decode(body, type=Claim)
    held = standing(view.connection, view.case_no, as_of).get(claim_id, Standing())
    said = held.answered or held.stated
    shown = said if as_of is not None else now or said
    if shown is None:
        return None
    steps = [
        {
            "entry": step.no,
            "act": step.act,
            "who": step.who,
            "judgement": step.body.get("judgement"),
            "reason": step.body.get("reason"),
        }
        for step in held.steps
    ]
    return ClaimAnswer(id=claim_id, claim=shown, derived_now=now, decisions=steps)


def identity(view: View, as_of: int | None = None) -> list[Identity]:
    """Who is one with whom, by the claims accepted at that moment."""
    return identities(view.connection, view.case_no, as_of)


def person_names(view: View) -> dict[str, str]:
    """Names that officers gave to persons; shown only where they are asked for (``reveal``)."""
    return names_of_persons(view.connection, view.case_no) if view.reveal else {}


def _bodies(view: View, after: str, count: int | None) -> Iterable[str]:
    f = schema.finding.c
    statement = (
        select(f.body).where(f.case_no == view.case_no, f.kind == "persona", f.subject > after).order_by(f.subject)
    )
    if count is not None:
        statement = statement.limit(count)
    return view.connection.execute(statement).scalars().all()


def _answers(view: View, bodies: Iterable[str], as_of: int | None) -> Iterator[PersonaAnswer]:
    names = person_names(view)
    for part in chunks(list(bodies)):
        held = [msgspec.json.decode(body, type=Persona) for body in part]
        claims = claims_of_all(view.connection, view.case_no, (one.id for one in held), as_of)
        for one in held:
            yield _answer(one, claims[one.id], names)


def _answer(held: Persona, claims: list[ClaimView], names: dict[str, str]) -> PersonaAnswer:
    claims = [
        msgspec.structs.replace(one, person_name=names[one.other.id])
        if one.other.kind == "person" and one.other.id in names
        else one
        for one in claims
    ]
    return PersonaAnswer(**{name: getattr(held, name) for name in Persona.__struct_fields__}, claims=claims)

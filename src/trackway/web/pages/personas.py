"""Pseudonyms: what stands against and what is open first, then names, identifiers, the timeline, the rest."""

import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trackway.model.errors import Refused
from trackway.model.times import instant_of, moment_of
from trackway.views.custody import history
from trackway.views.personas import persona as one_persona
from trackway.views.personas import personas_page
from trackway.views.timeline import persona_traces, timeline
from trackway.web.charts import bars
from trackway.web.pages.panes import Panes, show
from trackway.web.problem import Missing, Stale
from trackway.web.workspace import PAGE, Workspace, address, space

MONTH = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])")
NAMES_SHOWN = 60
IDENTIFIERS_SHOWN = 100


def personas(request: Request) -> Response:
    """The list, and beside it what ``at`` opens."""
    work, panes = space(request), Panes.of(request, "after", "as_of")
    listing = None if panes.inner_only else _listing(work, panes)
    detail = None
    if panes.at is not None:
        detail = persona_detail(work, panes.at, panes.kept.get("as_of")) | {"back": panes.list_address}
    return show(request, work, panes, "personas", "Personas", listing, detail)


def one(request: Request) -> Response:
    """One persona by itself."""
    work, panes = space(request), Panes.of(request, "as_of")
    detail = persona_detail(work, request.path_params["id"], panes.kept.get("as_of")) | {"back": None}
    return show(request, work, panes, "personas", "Persona", None, detail)


def traces(request: Request) -> Response:
    """The dated traces of one persona, all or of one month."""
    work, panes = space(request), Panes.of(request, "month", "after")
    public, month = request.path_params["id"], panes.kept.get("month")
    if month is not None and not MONTH.fullmatch(month):
        raise Missing
    listing = None
    if not panes.inner_only:
        with work.consult("persona-traces", public[:64]) as view:
            try:
                lines = view.masked(persona_traces(view, public, panes.kept.get("after", ""), PAGE + 1, month))
            except ValueError as error:
                raise Missing from error
        more = lines[PAGE - 1].id if len(lines) > PAGE else None
        listing = {
            "template": "_persona_traces.html",
            "lines": lines[:PAGE],
            "persona": public,
            "month": month,
            "first": "after" not in panes.kept,
            "next": address(panes.path, month=month, after=more) if more else None,
        }
    return show(request, work, panes, "personas", "Traces of a persona", listing, None)


def persona_detail(work: Workspace, public: str, as_of: str | None) -> dict[str, Any]:
    """One persona for the detail pane. Raises Missing, or Stale where the date is none."""
    instant = _instant(as_of)
    with work.consult("persona", public[:64]) as view:
        found = one_persona(view, public, instant)
        if found is None:
            raise Missing
        who = view.masked(found)
        months = timeline(view, public)
        steps = view.masked(history(view, f"persona:{public}"))
    open_claims = [claim for claim in who.claims if claim.judgement is None]
    against = [claim for claim in who.claims if claim.judgement == "rejected" or claim.changed or claim.lapsed]
    settled = [claim for claim in who.claims if claim not in open_claims and claim not in against]
    return {
        "template": "_persona.html",
        "who": who,
        "against": [claim for claim in against if claim not in open_claims],
        "open": open_claims,
        "settled": settled,
        "timeline": months,
        "chart": bars([(month.month, month.traces, month.written) for month in months.months]),
        "history": steps,
        "as_of": as_of,
        "subject": work.addresses.seal(f"persona:{public}", "subject"),
        "names_shown": NAMES_SHOWN,
        "identifiers_shown": IDENTIFIERS_SHOWN,
    }


def _instant(as_of: str | None) -> int | None:
    """The end of a day, or a moment, as microseconds UTC."""
    if not as_of:
        return None
    try:
        return instant_of(moment_of(f"{as_of}T23:59:59.999999Z" if len(as_of) == 10 else as_of, "As of"))
    except Refused as refusal:
        raise Stale(refusal.sentence) from refusal


def _listing(work: Workspace, panes: Panes) -> dict[str, Any]:
    as_of = panes.kept.get("as_of")
    with work.consult("personas") as view:
        found = view.masked(personas_page(view, panes.kept.get("after", ""), PAGE + 1, _instant(as_of)))
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return {
        "template": "_personas.html",
        "people": found[:PAGE],
        "as_of": as_of,
        "first": "after" not in panes.kept,
        "next": address(panes.path, as_of=as_of, after=more) if more else None,
    }

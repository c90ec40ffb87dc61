"""Intake: what of each exhibit was read and what was not, by name and reason."""

from starlette.requests import Request
from starlette.responses import Response

from trackway.views.exhibits import exhibits
from trackway.web.workspace import space

NAMED = 100
"""Files named on the page; the rest are counted, and `trackway add --json` prints all."""


def intake(request: Request) -> Response:
    """Every exhibit."""
    work = space(request)
    with work.consult("intake") as view:
        found = view.masked(exhibits(view))
    return work.page(
        request,
        "intake.html",
        "intake",
        "Intake",
        # What was left out stands first.
        exhibits=sorted(found, key=lambda one: (one.complete, not one.not_understood)),
        files=sum(one.files for one in found),
        read=sum(one.read for one in found),
        missed=sum(len(one.not_understood) for one in found),
        named=NAMED,
    )

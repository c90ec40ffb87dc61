"""Custody: is the chain whole, and who did or looked at what. Looking at this is an entry too."""

from starlette.requests import Request
from starlette.responses import Response

from trackway.views.custody import chain, ledger_page
from trackway.web.problem import Missing
from trackway.web.workspace import PAGE, address, space


def custody(request: Request) -> Response:
    """The state of the chain, then the entries, newest first."""
    work = space(request)
    show = request.query_params.get("show", "acts")
    given = request.query_params.get("before")
    if show not in ("acts", "all") or (given is not None and not (given.isdecimal() and len(given) < 19)):
        raise Missing
    with work.consult("custody") as view:
        state = chain(view)
        before = int(given) if given else None
        lines = view.masked(ledger_page(view, before, PAGE + 1, consultations=show == "all"))
    more = str(lines[PAGE - 1].no) if len(lines) > PAGE else None
    return work.page(
        request,
        "custody.html",
        "custody",
        "Custody",
        chain=state,
        lines=lines[:PAGE],
        show=show,
        first=before is None,
        next=address("/custody", show=show, before=more) if more else None,
    )

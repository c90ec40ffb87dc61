"""One trace, opened: what the source says, where it stands, its record as it was read."""

from starlette.requests import Request
from starlette.responses import Response

from trackway.web.pages.panes import trace_detail
from trackway.web.workspace import space


def trace(request: Request) -> Response:
    """One trace by itself."""
    work = space(request)
    found = trace_detail(work, request.path_params["id"])["trace"]
    return work.page(request, "trace.html", "", "Trace", trace=found, level=1)

"""List, detail, evidence: three panes of one page, all in its address (``at``: what is open; ``trace``: which trace).

Wide screens show them side by side, narrow ones the innermost. A script on a wide screen asks for the inner panes
only; the answer is the same page without its list. Opening each thing is a consultation of its own.
"""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trackway.store.ids import trace_number
from trackway.views.show import trace_answer
from trackway.web.problem import Missing
from trackway.web.workspace import Workspace, address

PANES = ("detail", "evidence")


@dataclass(frozen=True, slots=True)
class Panes:
    """Which panes a request asks for. ``list_address``: the list as it stands, with filter and cursor."""

    path: str
    kept: dict[str, str]
    at: str | None
    trace: str | None
    inner_only: bool

    @classmethod
    def of(cls, request: Request, *kept: str) -> "Panes":
        """From the address; ``kept`` names the parameters of the list."""
        given = request.query_params
        inner = request.headers.get("hx-target") in PANES and "hx-history-restore-request" not in request.headers
        held = {name: given[name] for name in kept if name in given}
        return cls(request.url.path, held, given.get("at"), given.get("trace"), inner)

    @property
    def list_address(self) -> str:
        return address(self.path, **self.kept)

    @property
    def detail_address(self) -> str:
        return address(self.path, **self.kept, at=self.at)

    def open(self, at: str) -> str:
        """The address that opens this in the detail pane."""
        return address(self.path, **self.kept, at=at)

    def open_trace(self, trace: str) -> str:
        """The address that opens this trace in the evidence pane."""
        return address(self.path, **self.kept, at=self.at, trace=trace)


def evidence_of(space: Workspace, panes: Panes) -> dict[str, Any] | None:
    """The opened trace, or None."""
    return None if panes.trace is None else trace_detail(space, panes.trace)


def trace_detail(space: Workspace, trace: str) -> dict[str, Any]:
    """One trace for the evidence pane. Raises Missing."""
    with space.consult("trace", trace[:64]) as view:
        number = trace_number(view.connection, view.case_no, trace)
        found = None if number is None else trace_answer(view, number)
        if found is None:
            raise Missing
        return {"template": "_trace.html", "trace": view.masked(found)}


def show(
    request: Request,
    space: Workspace,
    panes: Panes,
    nav: str,
    title: str,
    listing: dict[str, Any] | None,
    detail: dict[str, Any] | None,
) -> Response:
    """The page with its panes."""
    evidence = evidence_of(space, panes)
    opened = "evidence" if evidence else "detail" if detail else "list"
    return space.page(
        request,
        "panes.html",
        nav,
        title,
        panes=panes,
        listing=listing,
        detail=detail,
        evidence=evidence,
        opened=opened,
        level=1 if listing is None and not panes.inner_only else 2,
    )

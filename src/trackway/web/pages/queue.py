"""The queue and its items: what needs a person first."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trackway.views.answers import QueueRow
from trackway.views.custody import history
from trackway.views.queue import queue_page, queue_row
from trackway.web.pages.panes import Panes, show
from trackway.web.problem import Missing
from trackway.web.workspace import PAGE, Workspace, address, space

SETTLED = ("acknowledged", "closed")


def queue(request: Request) -> Response:
    """List, and beside it what ``at`` opens."""
    work, panes = space(request), Panes.of(request, "after")
    listing = None if panes.inner_only else _listing(work, panes)
    detail = None
    if panes.at is not None:
        kind, _, part = panes.at.partition("/")
        detail = item_detail(work, kind, part) | {"back": panes.list_address}
    return show(request, work, panes, "queue", "Queue", listing, detail)


def item(request: Request) -> Response:
    """One item by itself."""
    work, panes = space(request), Panes.of(request)
    detail = item_detail(work, request.path_params["kind"], request.path_params["id"])
    return show(request, work, panes, "queue", "Item", None, detail | {"back": None})


def item_detail(work: Workspace, kind: str, part: str) -> dict[str, Any]:
    """One item for the detail pane. Raises Missing."""
    subject = work.addresses.subject(kind, part)
    with work.consult("item", subject) as view:
        row = queue_row(view, work.settings, subject)
        if row is None:
            raise Missing
        row, steps = view.masked(row), view.masked(history(view, subject))
    return {"template": "_item.html", "row": row, "history": steps, "subject": work.addresses.seal(subject, "subject")}


def _listing(work: Workspace, panes: Panes) -> dict[str, Any]:
    cursor = panes.kept.get("after")
    after = work.addresses.unseal(cursor, "queue") if cursor else None
    with work.consult("queue") as view:
        page = queue_page(view, work.settings, after, PAGE)
        rows, spots = view.masked(page.rows), page.blind_spots
    waiting = [row for row in rows if not _settled(row)]
    # Overdue on top of its tier; the order of the rest is the view's own.
    waiting.sort(key=lambda row: (row.tier, 0 if row.clock is not None and row.clock.state == "overdue" else 1))
    more = work.addresses.seal(page.more, "queue") if page.more else None
    return {
        "template": "_queue.html",
        "blind_spots": spots,
        "rows": [(row, work.addresses.seal(row.subject.key, "subject")) for row in waiting],
        "settled": [row for row in rows if _settled(row)],
        "newest": max((row.clock.since for row in rows if row.clock is not None), default=None),
        "first": cursor is None,
        "next": address(panes.path, after=more) if more else None,
    }


def _settled(row: QueueRow) -> bool:
    return row.clock is not None and row.clock.state in SETTLED

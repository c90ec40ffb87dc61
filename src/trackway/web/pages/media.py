"""Media as text cards, one a stack: no picture leaves here."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trackway.views.custody import history
from trackway.views.media import one_media
from trackway.views.stacks import stack, stack_page
from trackway.web.pages.panes import Panes, show
from trackway.web.problem import Missing
from trackway.web.workspace import PAGE, Workspace, address, space

NOVELTIES = {
    "": "All stacks",
    "known": "Known",
    "near": "Near",
    "unlisted": "Unlisted",
    "undetermined": "Undetermined",
}


def media(request: Request) -> Response:
    """Cards, and beside them what ``at`` opens."""
    work, panes = space(request), Panes.of(request, "novelty", "after")
    listing = None if panes.inner_only else _listing(work, panes)
    detail = media_detail(work, panes.at) | {"back": panes.list_address} if panes.at is not None else None
    return show(request, work, panes, "media", "Media", listing, detail)


def one(request: Request) -> Response:
    """One media item by itself."""
    work, panes = space(request), Panes.of(request)
    detail = media_detail(work, request.path_params["id"]) | {"back": None}
    return show(request, work, panes, "media", "Media item", None, detail)


def media_detail(work: Workspace, part: str) -> dict[str, Any]:
    """One media item with its stack, for the detail pane. Raises Missing."""
    key = work.addresses.named(part)
    with work.consult("media", key) as view:
        found = one_media(view, key)
        if found is None:
            raise Missing
        held = view.masked(stack(view, found))
        steps = view.masked(history(view, f"media:{key}"))
    subject = work.addresses.seal(f"media:{key}", "subject")
    return {"template": "_media_item.html", "stack": held, "history": steps, "subject": subject}


def _listing(work: Workspace, panes: Panes) -> dict[str, Any]:
    novelty = panes.kept.get("novelty", "")
    if novelty not in NOVELTIES:
        raise Missing
    cursor = panes.kept.get("after")
    after = work.addresses.named(cursor) if cursor else ""
    with work.consult("media") as view:
        stacks = view.masked(stack_page(view, after, PAGE + 1, novelty or None))
    more = len(stacks) > PAGE
    stacks = stacks[:PAGE]
    cursor = work.addresses.id(stacks[-1].media.id) if more else None
    return {
        "template": "_media.html",
        "stacks": stacks,
        "novelties": [(name, word, address("/media", novelty=name)) for name, word in NOVELTIES.items()],
        "novelty": novelty,
        "first": "after" not in panes.kept,
        "next": address("/media", novelty=novelty, after=cursor) if cursor else None,
    }

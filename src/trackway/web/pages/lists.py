"""Known lists: where they contradict each other first; nothing is merged or adopted."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from trackway.views.answers import Conflict
from trackway.views.lists import conflicts
from trackway.views.lists import lists as all_lists
from trackway.web.workspace import PAGE, address, space


def lists(request: Request) -> Response:
    """Conflicts, a page at a time, then the lists in force."""
    work = space(request)
    with work.consult("lists") as view:
        found, held = view.masked(conflicts(view)), view.masked(all_lists(view))
    given = request.query_params.get("page", "1")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1
    part = found[(page - 1) * PAGE : page * PAGE]
    return work.page(
        request,
        "lists.html",
        "lists",
        "Known lists",
        conflicts=[_row(conflict) for conflict in part],
        columns=sorted({says.list for conflict in part for says in conflict.says}),
        total=len(found),
        lists=held,
        first=page == 1,
        next=address("/lists", page=str(page + 1)) if len(found) > page * PAGE else None,
    )


def _row(conflict: Conflict) -> dict[str, Any]:
    """What each list says: {list: [(entry, value)]}; a list may hold a file twice."""
    said: dict[str, list[tuple[str, str]]] = {}
    for says in conflict.says:
        said.setdefault(says.list, []).append((says.entry, _value(conflict.field, says.value)))
    return {"field": conflict.field, "digest": conflict.digest, "said": said}


def _value(field: str, value: Any) -> str:
    if field == "victim_identified":
        return "victim identified" if value else "victim not identified"
    return str(value)

"""The network as a ranked list: prominence among those seen, with its interval, and what was not seized."""

from starlette.requests import Request
from starlette.responses import Response

from trackway.views.network import network as network_view
from trackway.web.workspace import PAGE, address, space


def network(request: Request) -> Response:
    """Personas by rank, a page at a time."""
    work = space(request)
    answer = network_view(work.store, work.officer)
    ranked = sorted((node for node in answer.nodes if node.rank is not None), key=lambda node: (node.rank, node.id))
    given = request.query_params.get("page", "1")
    page = max(1, int(given)) if given.isdecimal() and len(given) < 6 else 1
    return work.page(
        request,
        "network.html",
        "network",
        "Network",
        nodes=ranked[(page - 1) * PAGE : page * PAGE],
        total=len(ranked),
        nodes_total=len(answer.nodes),
        edges_total=len(answer.edges),
        coverage=answer.coverage,
        first=page == 1,
        next=address("/network", page=str(page + 1)) if len(ranked) > page * PAGE else None,
    )

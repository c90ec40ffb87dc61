"""The network, as an answer: it is reckoned when somebody asks for it."""

from trackway.network.assemble import Network
from trackway.network.assemble import network as network_of
from trackway.store.case import CaseStore
from trackway.store.journal import Officer
from trackway.views.door import consult


def network(store: CaseStore, officer: Officer, reveal: bool = False) -> Network:
    """Nodes, edges, prominence among those seen, coverage (CONTRACT.md).

    Reckoned before the consultation is written, since writing keeps everybody else from it; answered after."""
    with store.read() as connection:
        answer = network_of(connection, store.case_no)
    with consult(store, officer, "network", reveal=reveal) as view:
        return view.masked(answer)

"""The network, as an answer: it is reckoned when somebody asks for it."""

from trackway.network.assemble import Network
from trackway.network.assemble import network as network_of
from trackway.views.door import View


def network(view: View) -> Network:
    """Nodes, edges, prominence among those seen, coverage (CONTRACT.md). The case's one writer waits meanwhile."""
    return network_of(view.connection, view.case_no)

"""What an answer about the network is made of (CONTRACT.md, ``network``)."""

from typing import Literal

from msgspec import Struct

NodeKind = Literal["persona", "identifier", "media", "series", "host", "wallet", "exhibit"]
EdgeKind = Literal[
    "wrote-to",
    "replied",
    "shared",
    "paid",
    "same-room",
    "mentions",
    "claimed-same",
    "in-series",
    "possessed",
]


class Indication(Struct, frozen=True):
    """What traces show a persona doing, from ``since`` to ``until`` (ISO 8601). Never a verdict; a person sets roles.

    ``total``: acts that show it; ``traces``: public ids of some of them; ``rule``: version of the thresholds."""

    role: str
    sentence: str
    since: str | None
    until: str | None
    traces: list[str]
    total: int
    rule: int


class Node(Struct, frozen=True):
    """``hollow``: a persona of whom no record of its own was seen, only others' records about it.

    ``rank`` (1 is best) is the place by prominence among the personas seen, ``interval`` [best, worst] where it lies
    under the stated missing share; both None without ranked edges and for people whom a person set to victim, minor,
    witness or family."""

    id: str
    kind: NodeKind
    label: str
    indications: list[Indication]
    rank: int | None
    interval: list[int] | None
    hollow: bool


class Edge(Struct, frozen=True):
    """``a`` to ``b`` (ids of nodes); ``count`` records, ``first``, ``last`` ISO 8601, ``traces`` the earliest few."""

    a: str
    b: str
    kind: EdgeKind
    count: int
    first: str | None
    last: str | None
    traces: list[str]

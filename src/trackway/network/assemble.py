"""The network of a case, put together: nodes, edges, prominence with its interval, indications, coverage.

Reckoned on demand from records, sightings and decisions, on one core: one pass over the records (some 15,000 a second),
then 0.1 s for each of 100 resamples at 10^5 edges between personas: some twenty seconds in all at that size. Memory
grows with edges (2 KiB each) and by 32 bytes a record, not with what records hold.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from trackway.model.times import iso
from trackway.network import names
from trackway.network.collect import Collected, EdgeKey, NodeKey, collect
from trackway.network.coverage import coverage
from trackway.network.media import First, media_net
from trackway.network.parts import Edge, Indication, Node
from trackway.network.prominence import Graph, ranks_of, seed_of
from trackway.network.records import Orders
from trackway.network.roles import RULES
from trackway.network.tally import NEVER, Counted
from trackway.network.thresholds import (
    COMMON_ITEM,
    EDGE_TRACES,
    INDICATION_TRACES,
    LARGE_ROOM,
    RANKED_KINDS,
    VERSION,
)
from trackway.parties.identity import claims_of_all
from trackway.parties.judgement import Judgement
from trackway.store.ids import trace_ids


class Network(Struct, frozen=True):
    """CONTRACT.md, ``network``: personas first, best rank first, then the other nodes; edges by kind and ends."""

    nodes: list[Node]
    edges: list[Edge]
    coverage: dict[str, Any]


class _Line(Struct):
    """One edge or indication before its traces get public ids. ``traces``: trace numbers."""

    key: EdgeKey
    count: int
    first: int | None
    last: int | None
    traces: list[int]
    ids: list[str] = []


def network(connection: Connection, case_no: int) -> Network:
    """The network of a case."""
    orders = Orders(connection, case_no)
    found = collect(connection, case_no, orders)
    media = media_net(connection, case_no, orders, found.edges)
    counted = list(found.edges.counted())
    people = names.personas(connection, case_no)
    exhibits = names.exhibits(connection, case_no)
    lines = [_Line(one.key, one.count, one.first, one.last, [orders.number(t) for t in one.traces]) for one in counted]
    rooms, large = _same_room(found, orders)
    lines += rooms
    lines += _possessed(media.possessed, exhibits)
    lines += [_Line(("in-series", ("media", key), ("series", token)), 1, None, None, []) for key, token in media.series]
    _name_traces(connection, lines)
    lines += _claimed(connection, case_no, people)
    indications = _indications(connection, found, media.firsts, orders)
    pairs, common = _contacts(counted)
    hidden = names.protected(connection, case_no)
    ranks = _ranks(pairs, hidden)
    nodes = _nodes(lines, people, found.authors, indications, ranks)
    homes = names.exhibits_of_readings(connection, case_no, orders.contents)
    facts = {
        "personas": len(people),
        "hollow": len(people.keys() - found.authors),
        "ranked": len(ranks),
        "common": common,
        "large_rooms": large,
    }
    ids = names.public_ids(nodes.keys())
    return Network(
        sorted(
            (replace(node, id=ids[key]) for key, node in nodes.items()),
            key=lambda n: (names.ORDER.index(n.kind), n.rank is None, n.rank, n.id),
        ),
        sorted((_edge(line, ids) for line in lines), key=lambda e: (e.kind, e.a, e.b)),
        coverage(counted, found.spans, homes, exhibits, facts),
    )


# ------------------------------------------------------------------ rank


def _contacts(counted: Iterable[Counted[EdgeKey]]) -> tuple[set[tuple[str, str]], int]:
    """Pairs of personas (lower id first) who are counterparts, and how many items were too common to link anybody.

    Who wrote to or answered whom; and who shared the same file or own the same wallet, where so few do that it says
    something: each such file or wallet makes all its personas counterparts of each other."""
    pairs: set[tuple[str, str]] = set()
    by_item: dict[NodeKey, set[str]] = defaultdict(set)
    for one in counted:
        kind, (_, a), b = one.key
        if kind not in RANKED_KINDS:
            continue
        if b[0] == "persona":
            pairs.add((min(a, b[1]), max(a, b[1])))
        else:
            by_item[b].add(a)
    common = 0
    for bearers in by_item.values():
        if len(bearers) > COMMON_ITEM:
            common += 1
        else:
            pairs.update(combinations(sorted(bearers), 2))
    return pairs, common


def _ranks(pairs: Collection[tuple[str, str]], hidden: Collection[NodeKey]) -> dict[NodeKey, tuple[int, list[int]]]:
    """Rank and interval of every persona with a counterpart, but for those who are never ranked. The latter still
    count as counterparts of others."""
    people = sorted({one for pair in pairs for one in pair})
    number = {one: i for i, one in enumerate(people)}
    edges = np.array(sorted((number[a], number[b]) for a, b in pairs), dtype=np.int64).reshape(-1, 2)
    ranked = [i for i, one in enumerate(people) if ("persona", one) not in hidden]
    found = ranks_of(Graph(len(people), edges, seed_of(people, edges)), ranked)
    rows = zip(ranked, found.rank, found.low, found.high, strict=True)
    return {("persona", people[i]): (rank, [low, high]) for i, rank, low, high in rows}


# ------------------------------------------------------------------ edges beside the records


class _Together(Struct):
    count: int = 0
    first: int | None = None
    last: int | None = None
    traces: list[tuple[int, int]] = []


def _same_room(found: Collected, orders: Orders) -> tuple[list[_Line], int]:
    """Who wrote or acted in one room (``count``: records of both there), and how many rooms were too large to draw."""
    rooms: dict[tuple[str, str], list[Counted[tuple[tuple[str, str], NodeKey]]]] = defaultdict(list)
    for one in found.rooms.counted():
        rooms[one.key[0]].append(one)
    together: dict[tuple[NodeKey, NodeKey], _Together] = defaultdict(_Together)
    for present in rooms.values():
        if len(present) > LARGE_ROOM:
            continue
        for pair in combinations(sorted(present, key=lambda one: one.key[1]), 2):
            held = together[(pair[0].key[1], pair[1].key[1])]
            for one in pair:
                held.count += one.count
                held.first = min((t for t in (held.first, one.first) if t is not None), default=None)
                held.last = max((t for t in (held.last, one.last) if t is not None), default=None)
                held.traces.append((NEVER if one.first is None else one.first, one.traces[0]))
            held.traces = sorted(set(held.traces))[:EDGE_TRACES]
    lines = [
        _Line(("same-room", a, b), held.count, held.first, held.last, [orders.number(t) for _, t in held.traces])
        for (a, b), held in together.items()
    ]
    return lines, sum(len(present) > LARGE_ROOM for present in rooms.values())


def _possessed(held: Iterable[tuple[int, str, int | None]], exhibits: Mapping[int, str]) -> list[_Line]:
    lines = {}
    for exhibit, key, trace in held:
        edge: EdgeKey = ("possessed", ("exhibit", exhibits[exhibit]), ("media", key))
        lines[edge] = _Line(edge, 1, None, None, [] if trace is None else [trace])
    return list(lines.values())


def _claimed(connection: Connection, case_no: int, people: Mapping[NodeKey, str]) -> list[_Line]:
    """Claims between personas, open or accepted. Drawn; no measure walks them (NETWORK.md)."""
    lines: dict[EdgeKey, _Line] = {}
    for persona, claims in claims_of_all(connection, case_no, [key for _, key in people]).items():
        for claim in claims:
            if claim.other.kind != "persona" or claim.judgement is Judgement.REJECTED:
                continue
            a, b = sorted((persona, claim.other.id))
            edge: EdgeKey = ("claimed-same", ("persona", a), ("persona", b))
            held = lines.setdefault(edge, _Line(edge, 0, None, None, []))
            if persona == a:
                held.count += 1
                basis = [trace for one in claim.basis for trace in one.traces]
                held.ids = sorted({*held.ids, *basis})[:EDGE_TRACES]
    return [line for line in lines.values() if {line.key[1], line.key[2]} <= people.keys()]


def _name_traces(connection: Connection, lines: Sequence[_Line]) -> None:
    """Put public ids in the place of numbers."""
    ids = trace_ids(connection, {n for line in lines for n in line.traces})
    for line in lines:
        line.ids = [ids[n] for n in line.traces if n in ids]


def _edge(line: _Line, ids: Mapping[NodeKey, str]) -> Edge:
    kind, a, b = line.key
    return Edge(ids[a], ids[b], kind, line.count, iso(line.first), iso(line.last), line.ids)


# ------------------------------------------------------------------ nodes


def _indications(
    connection: Connection, found: Collected, firsts: Mapping[NodeKey, First], orders: Orders
) -> dict[NodeKey, list[Indication]]:
    """What the traces show of each persona, by role, where the rule's number of acts is reached."""
    shown: list[tuple[NodeKey, str, _Line]] = []
    for one in found.deeds.counted():
        role, who = one.key
        traces = [orders.number(t) for t in one.traces]
        shown.append((who, role, _Line(("mentions", who, who), one.count, one.first, one.last, traces)))
    for who, first in firsts.items():
        items = sorted(first.items)
        if len(items) > first.after:
            traces = [orders.number(order) for _, order in items[:INDICATION_TRACES]]
            line = _Line(("shared", who, who), len(items), items[0][0], items[-1][0], traces)
            shown.append((who, "supplier", line))
    shown = [one for one in shown if one[2].count >= RULES[one[1]].needs]
    _name_traces(connection, [line for _, _, line in shown])
    indications: dict[NodeKey, list[Indication]] = defaultdict(list)
    for who, role, line in sorted(shown, key=lambda one: (one[0], one[1])):
        sentence = RULES[role].sentence.format(n=line.count)
        indications[who].append(
            Indication(role, sentence, iso(line.first), iso(line.last), line.ids, line.count, VERSION)
        )
    return indications


def _nodes(
    lines: Iterable[_Line],
    people: Mapping[NodeKey, str],
    authors: Collection[NodeKey],
    indications: Mapping[NodeKey, list[Indication]],
    ranks: Mapping[NodeKey, tuple[int, list[int]]],
) -> dict[NodeKey, Node]:
    """Every persona seen, and every end of an edge. Ids are given afterwards."""
    nodes = {}
    for key in {*people, *(end for line in lines for end in line.key[1:])}:
        kind, value = key
        label = people.get(key, value) if kind == "persona" else names.media_label(value) if kind == "media" else value
        rank, interval = ranks.get(key, (None, None))
        hollow = kind == "persona" and key not in authors
        nodes[key] = Node(value, kind, label, indications.get(key, []), rank, interval, hollow)
    return nodes

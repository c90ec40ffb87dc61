"""Public ids and labels of nodes, and what a person said about people."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from trackway.network.collect import NodeKey
from trackway.network.parts import NodeKind
from trackway.network.thresholds import PROTECTED
from trackway.store import schema

ORDER: tuple[NodeKind, ...] = ("persona", "media", "series", "wallet", "host", "exhibit", "identifier")
"""Of two nodes of different kinds with one value the earlier kind keeps it as its id."""
MEDIA_LABEL = 12


def public_ids(keys: Collection[NodeKey]) -> dict[NodeKey, str]:
    """The id of each node: its value, which the contract asks for. Where two kinds bear one value, the later kind is
    told apart by its name in front ("exhibit:example.org")."""
    taken: dict[str, NodeKind] = {}
    found: dict[NodeKey, str] = {}
    for kind, value in sorted(keys, key=lambda one: (ORDER.index(one[0]), one[1])):
        own = taken.setdefault(value, kind) == kind
        found[(kind, value)] = value if own else f"{kind}:{value}"
    return found


def personas(connection: Connection, case_no: int) -> dict[NodeKey, str]:
    """Every persona seen and a name it was seen under: the one seen last, else its account."""
    p, n = schema.party.c, schema.party_name.c
    rows = connection.execute(select(p.no, p.key, p.value).where(p.case_no == case_no, p.kind == "persona"))
    labels = {int(row.no): (bytes(row.key).hex(), row.value) for row in rows}
    best: dict[int, tuple[int, str]] = {}
    names = connection.execute(
        select(n.party, n.name, n.last)
        .select_from(schema.party_name.join(schema.party, n.party == p.no))
        .where(p.case_no == case_no)
        .execution_options(yield_per=2000)
    )
    for row in names:
        if row.name:
            found = (-int(row.last) if row.last is not None else 1 << 62, row.name)
            best[int(row.party)] = min(best.get(int(row.party), found), found)
    return {("persona", key): best[no][1] if no in best else value for no, (key, value) in labels.items()}


def media_label(key: str) -> str:
    """The beginning of a digest: a file's name may carry a child's."""
    return key.rpartition(":")[2][:MEDIA_LABEL]


def exhibits(connection: Connection, case_no: int) -> dict[int, str]:
    """Exhibit (internal number) -> what tells it apart: its name; of two with one name also the beginning of a digest
    over what lies in them, since where they lie on this machine is never shown."""
    e = schema.exhibit.c
    rows = connection.execute(select(e.no, e.name).where(e.case_no == case_no)).all()
    often = Counter(row.name for row in rows)
    return {
        int(row.no): row.name if often[row.name] == 1 else f"{row.name} ({_mark(connection, int(row.no))})"
        for row in rows
    }


def _mark(connection: Connection, exhibit: int) -> str:
    p, c = schema.place.c, schema.content.c
    rows = connection.execute(
        select(p.path, c.sha256)
        .select_from(schema.place.outerjoin(schema.content, p.content == c.no))
        .where(p.exhibit == exhibit, p.parent == 0)
    )
    held = sorted((row.path, bytes(row.sha256 or b"").hex()) for row in rows)
    return hashlib.sha256(msgspec.json.encode(held)).hexdigest()[:8]


def protected(connection: Connection, case_no: int) -> frozenset[NodeKey]:
    """Personas that a person's latest word calls victim, minor, witness or family."""
    d = schema.decision.c
    rows = connection.execute(select(d.subject, d.body).where(d.case_no == case_no, d.act == "category").order_by(d.no))
    latest: dict[str, str] = {}
    for row in rows:
        body: Any = msgspec.json.decode(row.body)
        latest[row.subject.removeprefix("persona:")] = str(body.get("category", "")) if isinstance(body, dict) else ""
    return frozenset(("persona", key) for key, category in latest.items() if category.casefold() in PROTECTED)


def exhibits_of_readings(connection: Connection, case_no: int, contents: list[int]) -> dict[int, set[int]]:
    """Reading (rank) -> the exhibits (internal numbers) that its source lies in. ``contents`` by rank."""
    p = schema.place.c
    where: Mapping[int, set[int]] = defaultdict(set)
    rows = connection.execute(
        select(p.content, p.exhibit)
        .distinct()
        .where(p.case_no == case_no, p.content.in_(select(schema.reading.c.content).where(_mine(case_no))))
    )
    for row in rows:
        where[int(row.content)].add(int(row.exhibit))
    return {rank: where[content] for rank, content in enumerate(contents)}


def _mine(case_no: int) -> Any:
    r = schema.reading.c
    return (r.case_no == case_no) & (r.reader != "media")

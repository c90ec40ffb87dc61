"""Are the facts those that were read? Each reading against its source, its traces, and the tables that look them up.

Everything about a trace follows from the trace itself (its leaf is what was read): the rows that intake wrote for it
are reckoned again and held against those that stand.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import zstandard
from sqlalchemy import Connection, select

from trackway.findings.engine import chunks
from trackway.intake.rows import Rows
from trackway.intake.writer import reading_key
from trackway.store import schema
from trackway.store.raw import Raw, whole_trace

CHUNK = 2000
"""Traces whose rows are reckoned at once."""


def readings(connection: Connection, case_no: int) -> Iterator[str]:
    """A sentence for each reading that is not whole."""
    r, c = schema.reading.c, schema.content.c
    joined = schema.reading.outerjoin(schema.content, r.content == c.no)
    found = connection.execute(
        select(schema.reading, c.sha256).select_from(joined).where(r.case_no == case_no).order_by(r.no)
    ).all()
    for row in found:
        name = f"reading {_hex(row.key)} ({row.reader})"
        if not _is_of_its_source(row):
            yield f"{name}: its source, its reader, its version or its options are not those that it was made with"
        elif row.root is not None and (said := _damage(connection, case_no, row)):
            yield f"{name}: {said}"


def _hex(value: Any) -> str:
    return value.hex()[:16] if isinstance(value, bytes) else "without a key"


def _is_of_its_source(row: Any) -> bool:
    try:
        options = msgspec.json.decode(row.options, type=dict[str, str])
        return bool(row.key == reading_key(row.sha256, row.reader, row.version, options))
    except (msgspec.DecodeError, TypeError, AttributeError, UnicodeDecodeError):
        return False


def _damage(connection: Connection, case_no: int, reading: Any) -> str:
    """What is wrong with the traces of a reading; "" where nothing is."""
    t = schema.trace.c
    low = int(reading.no) << 32
    root, count = hashlib.sha256(), 0
    raw, rows = Raw(connection), Rows(zstandard.ZstdCompressor())
    stored = connection.execute(select(schema.trace).where(t.n.between(low, low | 0xFFFFFFFF)).order_by(t.n))
    for chunk in stored.partitions(CHUNK):
        whole = []
        for row in chunk:
            count += 1
            i = row.n & 0xFFFFFFFF
            try:
                trace = whole_trace(row.body, row.text, raw.of(int(row.n)))
            except (msgspec.MsgspecError, ValueError, TypeError):
                return f"record {i} cannot be read"
            leaf = hashlib.sha256(msgspec.msgpack.encode(trace)).digest()
            root.update(i.to_bytes(4, "big") + leaf)
            if leaf != row.leaf or row.case_no != case_no:
                return f"record {i} was changed"
            whole.append((i, trace))
        rows.traces, rows.raws, rows.mentions, rows.shares = [], [], [], []
        rows.add(int(reading.no), whole, None)
        changed = list(_changed(connection, case_no, chunk, rows))
        if changed:
            return f"record {min(changed) & 0xFFFFFFFF} was changed where it is looked up"
    if root.digest() != reading.root or count != reading.kept:
        return "its traces are not those that were read"
    return (
        ""
        if _names_stand(connection, int(reading.no), rows)
        else "the names in it were changed where they are looked up"
    )


def _changed(connection: Connection, case_no: int, traces: Sequence[Any], rows: Rows) -> Iterator[int]:
    """The numbers of traces whose rows are not those that follow from them (``rows``)."""
    m, s = schema.mention.c, schema.share.c
    low, high = traces[0].n, traces[-1].n
    mentions = connection.execute(select(schema.mention).where(m.n.between(low, high))).all()
    shares = connection.execute(select(schema.share).where(s.n.between(low, high))).all()
    numbers = (
        {row.author for row in traces} | {row.party for row in (*mentions, *shares)} | {row.by for row in mentions}
    )
    key = _keys(connection, case_no, numbers, rows)
    pairs: tuple[tuple[list[tuple[Any, ...]], int, list[tuple[Any, ...]]], ...] = (
        (rows.traces, 0, [(r.n, r.kind, r.instant, key(r.author), r.text, r.body, r.leaf) for r in traces]),
        (rows.mentions, 1, [(key(r.party), r.n, r.role, r.instant, key(r.by)) for r in mentions]),
        (
            rows.shares,
            0,
            [(r.n, r.k, r.act, r.kind, key(r.party), r.path, r.name, r.md5, r.sha1, r.sha256) for r in shares],
        ),
    )
    for reckoned, place, stood in pairs:
        expected, found = Counter(reckoned), Counter(stood)
        yield from (row[place] for row in (expected - found) + (found - expected))


class _Keys:
    """From a party's number to its key, where the stored party is the one that the traces name; else to nothing."""

    def __init__(self, keys: dict[Any, bytes]) -> None:
        self._keys = keys

    def __call__(self, number: Any) -> bytes | None:
        return None if number is None else self._keys.get(number, b"")


def _keys(connection: Connection, case_no: int, numbers: Iterable[Any], rows: Rows) -> _Keys:
    p = schema.party.c
    keys: dict[Any, bytes] = {}
    for part in chunks({number for number in numbers if isinstance(number, int)}):
        for row in connection.execute(select(schema.party).where(p.no.in_(part), p.case_no == case_no)):
            if rows.parties.get(row.key) == (row.kind, row.service, row.value):
                keys[row.no] = row.key
    return _Keys(keys)


def _names_stand(connection: Connection, reading: int, rows: Rows) -> bool:
    n, p = schema.party_name.c, schema.party.c
    joined = schema.party_name.outerjoin(schema.party, n.party == p.no)
    stood = connection.execute(
        select(p.key, n.name, n.reading, n.first, n.last, n.n).select_from(joined).where(n.reading == reading)
    )
    return Counter(tuple(row) for row in stood) == Counter((*key, *dates) for key, dates in rows.names.items())

"""Who shared which file: from the shares that records name to sightings, and to the groups that tie files together.

A share names a file by a path beside its source, by digests, or both. The path is looked up wherever the source lies:
the same export in two exhibits finds its files in each.
"""

import hashlib
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from trackway.findings.engine import Desk, Stage, chunks
from trackway.match.homes import note_shape
from trackway.match.keys import resolve_digests
from trackway.match.series import NAME_KEPT, SERIES_NAMED
from trackway.model.trace import Trace
from trackway.store import schema

_trace = msgspec.msgpack.Decoder(Trace).decode
MESSAGES = ("message", "mail")
GROUPS = ("message", "album", "report", "label")
"""Kinds of group that a record makes; ``camera`` and ``name`` come with the file itself."""


def span(reading: int) -> tuple[int, int]:
    """The numbers of a reading's traces: from, to (inclusive)."""
    return reading << 32, reading << 32 | 0xFFFFFFFF


def _exhibit_subjects(connection: Connection, case_no: int) -> list[str]:
    c = schema.exhibit.c
    return [str(no) for no in connection.execute(select(c.no).where(c.case_no == case_no)).scalars()]


def _derive_exhibits(desk: Desk, subjects: Sequence[str]) -> None:
    """New places may be what a record of the same exhibit names by path: those readings are looked at again."""
    p, r, s = schema.place.c, schema.reading.c, schema.share.c
    for exhibit in subjects:
        readings = desk.connection.execute(
            select(r.no)
            .distinct()
            .select_from(schema.reading.join(schema.place, p.content == r.content))
            .where(p.exhibit == int(exhibit), r.reader != "media")
        ).scalars()
        paths = []
        for no in readings:
            low, high = span(int(no))
            if desk.connection.execute(select(s.n).where(s.n.between(low, high), s.path.is_not(None)).limit(1)).first():
                paths.append(str(no))
        desk.mark("reading", paths)
        desk.mark("media", note_shape(desk, int(exhibit)))
    desk.mark("date", subjects)


def _reading_subjects(connection: Connection, case_no: int) -> list[str]:
    c = schema.reading.c
    return [str(no) for no in connection.execute(select(c.no).where(c.case_no == case_no)).scalars()]


def _derive_readings(desk: Desk, subjects: Sequence[str]) -> None:
    p, r = schema.place.c, schema.reading.c
    for subject in subjects:
        _derive_reading(desk, int(subject))
    for part in chunks([int(subject) for subject in subjects]):
        exhibits = desk.connection.execute(
            select(p.exhibit)
            .distinct()
            .select_from(schema.reading.join(schema.place, p.content == r.content))
            .where(r.no.in_(part))
        ).scalars()
        desk.mark("date", map(str, exhibits))
    desk.mark("report", subjects)


def _derive_reading(desk: Desk, reading: int) -> None:
    low, high = span(reading)
    connection = desk.connection
    touched = _forget(connection, low, high)
    current = connection.execute(select(schema.reading.c.current).where(schema.reading.c.no == reading)).scalar()
    shares = connection.execute(
        select(schema.share).where(schema.share.c.n.between(low, high)).order_by(schema.share.c.n, schema.share.c.k)
    ).all()
    named: set[str] = set()
    if shares and current:  # what an earlier version of a reader said stays, but counts no more
        keys = _keys(desk, reading, shares)
        traces = _traces(connection, sorted({int(row.n) for row, found in zip(shares, keys, strict=True) if found}))
        touched |= _write(desk, shares, keys, traces)
        named = {trace.label.series for trace in traces.values() if trace.label is not None and trace.label.series}
    _name_series(desk, str(reading), named)
    desk.mark("match", (key for key in touched if ":" in key))
    desk.mark("media", touched)
    if touched:
        desk.mark("item", _writers(connection, low, high))
    desk.mark("persona", {str(row.party) for row in shares if row.party is not None})


def _writers(connection: Connection, low: int, high: int) -> Iterable[str]:
    """The items of those who wrote a listed term in this reading: they name the files shared with it."""
    h, p = schema.term_hit.c, schema.party.c
    keys = connection.execute(
        select(p.key)
        .distinct()
        .select_from(schema.term_hit.join(schema.party, h.author == p.no))
        .where(h.n.between(low, high))
    ).scalars()
    return [f"persona:{bytes(key).hex()}" for key in keys]


def _name_series(desk: Desk, reading: str, names: Iterable[str]) -> None:
    """Keep the names that imported records give to series: every answer masks them, as it masks those of lists."""
    f = schema.finding_link.c
    mine = (f.case_no == desk.case_no) & (f.kind == SERIES_NAMED) & (f.subject == reading)
    desk.connection.execute(delete(schema.finding_link).where(mine))
    kept = {name[:NAME_KEPT] for name in names}
    rows = [{"case_no": desk.case_no, "kind": SERIES_NAMED, "subject": reading, "to": name} for name in sorted(kept)]
    if rows:
        desk.connection.execute(insert(schema.finding_link), rows)


def _forget(connection: Connection, low: int, high: int) -> set[str]:
    touched: set[str] = set()
    for table in (schema.sighting, schema.tie_group):
        where = [table.c.n.between(low, high)]
        if table is schema.tie_group:
            where.append(table.c.kind.in_(GROUPS))
        touched |= set(connection.execute(select(table.c.media).where(*where)).scalars())
        connection.execute(delete(table).where(*where))
    return touched


def _keys(desk: Desk, reading: int, shares: Sequence[Any]) -> list[set[str]]:
    """The media that each share names: by path in every place of the source, else by digest."""
    connection = desk.connection
    by_digest = resolve_digests(connection, desk.case_no, (row._mapping for row in shares))
    by_path = _by_path(connection, reading, {row.path for row in shares if row.path})
    return [
        set(by_path.get(row.path, ())) or ({digest} if digest else set())
        for row, digest in zip(shares, by_digest, strict=True)
    ]


def _by_path(connection: Connection, reading: int, paths: Iterable[str]) -> dict[str, set[str]]:
    wanted = list(paths)
    if not wanted:
        return {}
    p, c = schema.place.c, schema.content.c
    found: dict[str, set[str]] = defaultdict(set)
    places = connection.execute(
        select(p.exhibit, p.parent, p.path).where(
            p.content == select(schema.reading.c.content).where(schema.reading.c.no == reading).scalar_subquery()
        )
    ).all()
    for place in places:
        folder = posixpath.dirname(place.path)
        targets: dict[str, list[str]] = defaultdict(list)
        for path in wanted:
            target = posixpath.normpath(posixpath.join(folder, path))
            if not target.startswith(("../", "/")):
                targets[target].append(path)
        for part in chunks(sorted(targets)):
            rows = connection.execute(
                select(p.path, c.sha256)
                .select_from(schema.place.join(schema.content, p.content == c.no))
                .where(
                    p.exhibit == place.exhibit, p.parent == place.parent, p.path.in_(part), p.outcome != "out-of-scope"
                )
            )
            for target, sha256 in rows:
                for path in targets[target]:
                    found[path].add(bytes(sha256).hex())
    return found


def _write(desk: Desk, shares: Sequence[Any], keys: Sequence[set[str]], traces: Mapping[int, Trace]) -> set[str]:
    connection = desk.connection
    sightings: dict[tuple[str, bytes, int], dict[str, Any]] = {}
    groups: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for row, found in zip(shares, keys, strict=True):
        trace = traces.get(int(row.n))
        for key in found:
            sightings[(key, bytes(row.act), int(row.n))] = {
                "media": key,
                "act": bytes(row.act),
                "n": int(row.n),
                "case_no": desk.case_no,
                "kind": row.kind,
                "party": row.party,
            }
            if trace is None:
                continue
            for kind, value in _groups_of(trace, int(row.n)):
                groups[(key, kind, value, int(row.n))] = {
                    "media": key,
                    "kind": kind,
                    "value": value,
                    "n": int(row.n),
                    "case_no": desk.case_no,
                }
    if sightings:
        connection.execute(insert(schema.sighting), list(sightings.values()))
    if groups:
        connection.execute(insert(schema.tie_group), list(groups.values()))
    return {key for found in keys for key in found}


def _groups_of(trace: Trace, n: int) -> Iterable[tuple[str, str]]:
    """What ties the files of this record together: its message, its album, its report, an imported label."""
    if trace.kind in MESSAGES:
        yield "message", str(n)
        if trace.album and trace.conversation is not None:
            named = "\0".join((trace.conversation.service, trace.conversation.id, trace.album))
            yield "album", hashlib.sha256(named.encode()).hexdigest()[:32]  # a name may be longer than a store indexes
    elif trace.kind in ("upload", "report"):
        yield "report", str(trace.fields.get("report") or trace.id)
    elif trace.kind == "record" and trace.label is not None and trace.label.category not in (None, "0"):
        # In Project VIC's schemes 0 says that nobody has judged the file, or that it is not pertinent: no tie.
        yield "label", trace.label.category


def _traces(connection: Connection, numbers: Sequence[int]) -> dict[int, Trace]:
    found = {}
    for part in chunks(numbers):
        for n, body in connection.execute(
            select(schema.trace.c.n, schema.trace.c.body).where(schema.trace.c.n.in_(part))
        ):
            found[int(n)] = _trace(body)
    return found


EXHIBITS = Stage("exhibit", _derive_exhibits, _exhibit_subjects)
READINGS = Stage("reading", _derive_readings, _reading_subjects)

"""Loading a known list: whole or not at all.

The rows are read by the same readers, in the same locked workers, as evidence is. Entries are written under a version
that is not yet in force; only when the last row is there does it take the earlier version's place, in one transaction.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from trackway.findings.engine import Desk, Settings
from trackway.intake.rows import storable
from trackway.intake.spool import digest_descriptor
from trackway.match.contents import distinctive
from trackway.match.series import NAME_KEPT, series_token
from trackway.measure.digests import EMPTY_DIGESTS
from trackway.model.errors import Refused
from trackway.model.trace import Digests, Label, Trace
from trackway.sandbox import protocol
from trackway.sandbox.pool import Pool
from trackway.sources.folder import shown
from trackway.sources.given import open_given
from trackway.store import schema
from trackway.store.case import CaseStore, numbers
from trackway.store.journal import Officer, record

BATCH = 5000
NO_LISTS = frozenset({"text", "telegram", "mail", "irc"})
"""Readers of what people write to each other: a digest in it is no record of a list, and what stands around it would
be passed over unsaid."""
NO_READER = "no reader knows this format as a list of hashes"
PHOTODNA_ONLY = "only a PhotoDNA value, which is kept out of matching"
EMPTY_FILE = "names the empty file"
SKIPPED_KEPT = 200
"""Rows passed over that are kept by name; all are counted."""


@dataclass(slots=True)
class Loaded:
    """What a list gave: ``records`` entries, of them ``photodna`` with a PhotoDNA value (kept, counted, not matched);
    ``skipped`` [locator, reason]."""

    name: str
    format: str = ""
    country: str = ""
    version: str = ""
    records: int = 0
    photodna: int = 0
    series: dict[str, str] = field(default_factory=dict)  # name as written -> token
    known_before: bool = False
    skipped: list[tuple[str, str]] = field(default_factory=list)
    skipped_total: int = 0
    failure: str = ""

    @property
    def broken(self) -> bool:
        """Whether a row could not be read; one that is left out on purpose is none."""
        return any(reason not in (PHOTODNA_ONLY, EMPTY_FILE) for _, reason in self.skipped)

    def skip(self, locator: str, reason: str) -> None:
        """Count a row that is passed over; the first ones by name."""
        self.skipped_total += 1
        if len(self.skipped) < SKIPPED_KEPT:
            self.skipped.append((locator, reason))


def load(
    store: CaseStore, pool: Pool, path: Path, officer: Officer, tell: Callable[[int], None] = lambda n: None
) -> Loaded:
    """Load one list file and put it in force. Raises Refused with the reason; then nothing has changed."""
    name = shown(os.fsencode(path.name))
    try:
        fd = open_given(path)
    except OSError as error:
        raise Refused(f"The list {name} cannot be opened: {error.strerror}.", "unreadable") from error
    try:
        held = digest_descriptor(fd)
        loaded = Loaded(name)
        job = protocol.Job(name=name, size=held.size, accept="records")
        traces = _traces(pool.run(job, fd, lambda sibling: None), loaded)
        return load_entries(store, loaded, bytes.fromhex(held.digests.sha256 or ""), traces, officer, tell)
    except OSError as error:
        raise Refused(f"The list {name} cannot be read: {error.strerror}.", "unreadable") from error
    finally:
        os.close(fd)


def load_entries(
    store: CaseStore,
    loaded: Loaded,
    sha256: bytes,
    traces: Iterator[Trace],
    officer: Officer,
    tell: Callable[[int], None] = lambda n: None,
) -> Loaded:
    """Put a list in force whose records are these traces; ``sha256`` is its file's, ``loaded`` names it and is filled.

    The very version that is in force already is not drawn again. Raises Refused; then nothing has changed."""
    found = _version_held(store, loaded.name, sha256)
    if found is not None:
        return found
    version = _begin(store, loaded.name, sha256)
    try:
        for rows in _batches(_entries(traces, loaded)):
            _insert(store, version, rows)
            loaded.records += len(rows)
            tell(loaded.records)
        _check(loaded, loaded.name)
    except BaseException:
        _abandon(store, version)
        raise
    _put_in_force(store, version, loaded, officer)
    return loaded


def _insert(store: CaseStore, version: int, rows: Sequence[dict[str, Any]]) -> None:
    with store.write() as connection:
        first = numbers(connection, "list_entry", len(rows))
        names = [
            {"list_entry": first + i, "list": version, "pattern": pattern, "series": series}
            for i, row in enumerate(rows)
            for pattern, series in row.pop("patterns")
        ]
        entries = [row | {"no": first + i, "list": version} for i, row in enumerate(rows)]
        connection.execute(insert(schema.list_entry), entries)
        if names:
            connection.execute(insert(schema.list_name), names)


def _check(loaded: Loaded, name: str) -> None:
    if loaded.failure:
        raise Refused(f"The list {name} could not be read whole ({loaded.failure}); the earlier state stands.", "cut")
    if loaded.records == 0:
        reason = f": {loaded.skipped[0][1]}" if loaded.skipped else ""
        raise Refused(f"The list {name} holds no hash that could be matched{reason}.", "no-hash")


def _entries(traces: Iterator[Trace], loaded: Loaded) -> Iterator[dict[str, Any]]:
    for trace in map(storable, traces):
        _describe(trace, loaded)
        yield from _rows(trace, loaded)


def _traces(events: Iterator[protocol.Event], loaded: Loaded) -> Iterator[Trace]:
    """The list's records; what the worker says beside them goes into ``loaded``."""
    for event in events:
        match event:
            case protocol.Claimed():
                loaded.format = event.name
                if event.name in NO_LISTS:
                    loaded.failure = NO_READER
            case protocol.Traces():
                yield from event.traces
            case protocol.NotUnderstood():
                loaded.skip(event.locator, event.reason)
            case protocol.Incomplete() | protocol.Failed():
                loaded.failure = event.reason
            case protocol.Unclaimed():
                loaded.failure = NO_READER
            case _:
                pass


def _describe(trace: Trace, loaded: Loaded) -> None:
    """Country and version of the data model, where the list's envelope says them."""
    envelope = trace.fields.get("envelope")
    if isinstance(envelope, dict):
        loaded.country = str(envelope.get("country") or "")
        loaded.version = str(envelope.get("version") or "")


def _rows(trace: Trace, loaded: Loaded) -> Iterator[dict[str, Any]]:
    label = trace.label or Label(entry="")
    names = sorted({name for share in trace.shares if (name := share.name.rsplit("/", 1)[-1])})
    seen: set[Digests] = set()
    for share in trace.shares:
        digests = share.digests
        if digests is None or digests in seen:
            continue
        seen.add(digests)
        loaded.photodna += digests.photodna is not None
        held = {kind: _raw(getattr(digests, kind)) for kind in ("md5", "sha1", "sha256", "pdq")}
        if not any(held.values()):
            loaded.skip(trace.locator, PHOTODNA_ONLY)
            continue
        if any((getattr(digests, kind) or "") in EMPTY_DIGESTS for kind in ("md5", "sha1", "sha256")):
            loaded.skip(trace.locator, EMPTY_FILE)
            continue
        token = series_token(label.series)
        if token is not None and label.series is not None:
            loaded.series[label.series[:NAME_KEPT]] = token
        entry = label.entry or digests.sha256 or digests.sha1 or digests.md5 or digests.pdq
        yield held | {
            "entry": entry,
            "names": msgspec.json.encode(names).decode(),
            "label": msgspec.json.encode(label).decode(),
            "patterns": _patterns(names, label),
        }


def _patterns(names: Sequence[str], label: Label) -> list[tuple[str, str]]:
    token = series_token(label.series)
    if token is None:
        return []
    patterns = {distinctive(name) for name in names} - {None}
    return [(pattern, token) for pattern in sorted(filter(None, patterns))]


def _raw(hexadecimal: str | None) -> bytes | None:
    return bytes.fromhex(hexadecimal) if hexadecimal else None


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _version_held(store: CaseStore, name: str, sha256: bytes) -> Loaded | None:
    c = schema.listver.c
    with store.read() as connection:
        row = connection.execute(
            select(schema.listver).where(
                c.case_no == store.case_no, c.name == name, c.sha256 == sha256, c.current.is_(True)
            )
        ).first()
    if row is None:
        return None
    skipped = msgspec.json.decode(row.skipped, type=list[tuple[str, str]])
    return Loaded(
        name, row.format, row.country, row.version, row.records, row.photodna, known_before=True, skipped=skipped
    )


def _begin(store: CaseStore, name: str, sha256: bytes) -> int:
    c = schema.listver.c
    with store.write() as connection:
        left = connection.execute(
            select(c.no).where(c.case_no == store.case_no, c.name == name, c.sha256 == sha256)
        ).scalar()
        if left is not None:  # an earlier load of these bytes was cut short, or its version was replaced since
            _drop(connection, int(left))
        number = numbers(connection, "listver", 1)
        connection.execute(
            insert(schema.listver).values(no=number, case_no=store.case_no, sha256=sha256, name=name, format="")
        )
    return number


def _abandon(store: CaseStore, version: int) -> None:
    with store.write() as connection:
        _drop(connection, version)


def _drop(connection: Connection, version: int) -> None:
    for table in (schema.list_entry, schema.list_name, schema.list_series):
        connection.execute(delete(table).where(table.c.list == version))
    connection.execute(delete(schema.listver).where(schema.listver.c.no == version))


def _put_in_force(store: CaseStore, version: int, loaded: Loaded, officer: Officer) -> None:
    c = schema.listver.c
    with store.write() as connection:
        seq = connection.execute(
            select(func.coalesce(func.max(c.seq), 0)).where(c.case_no == store.case_no, c.name == loaded.name)
        ).scalar_one()
        connection.execute(
            update(schema.listver)
            .where(c.case_no == store.case_no, c.name == loaded.name, c.no != version)
            .values(current=False)
        )
        connection.execute(
            update(schema.listver)
            .where(c.no == version)
            .values(
                current=True,
                seq=int(seq) + 1,
                format=loaded.format,
                country=loaded.country,
                version=loaded.version,
                records=loaded.records,
                photodna=loaded.photodna,
                skipped=msgspec.json.encode(loaded.skipped).decode(),
            )
        )
        if loaded.series:
            connection.execute(
                insert(schema.list_series),
                [{"list": version, "name": name, "token": token} for name, token in sorted(loaded.series.items())],
            )
        body = {"format": loaded.format, "records": loaded.records, "skipped": loaded.skipped_total}
        record(connection, store, officer, "list-loaded", loaded.name, body=body, project=True)
        mark_all(connection, store.case_no)


def mark_all(connection: Connection, case_no: int) -> None:
    """A list came or went: every content and every digest that a record names is held against the lists again."""
    c = schema.content.c
    desk = Desk(connection, case_no, Settings())
    desk.mark("content", (str(no) for no in connection.execute(select(c.no).where(c.case_no == case_no)).scalars()))
    s = schema.share.c
    named = s.md5.is_not(None) | s.sha1.is_not(None) | s.sha256.is_not(None)
    readings = connection.execute(
        select((s.n // (1 << 32)).label("reading")).where(s.case_no == case_no, named).distinct()
    ).scalars()
    desk.mark("reading", (str(int(no)) for no in readings))

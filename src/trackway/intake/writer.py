"""The one writer of facts: collects what workers said and commits it in batches that hold whole or not at all.

A kill at any moment loses at most the batch that was not acknowledged; the next run reads those sources again and
meets, for each record, the same id (reading and index), so nothing is doubled. Rows are inserted in key order.
"""

import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import zstandard
from msgspec import Struct
from sqlalchemy import Connection, Table, insert, select, update

from trackway.intake.law import Gate
from trackway.intake.rows import NUL_SHOWN, Rows
from trackway.intake.tasks import Task
from trackway.model.source import Measurement
from trackway.model.trace import Trace
from trackway.store import schema
from trackway.store.bulk import insert_rows
from trackway.store.case import CaseStore, numbers

BATCH_TRACES = 16_000
BATCH_PLACES = 400
BATCH_SECONDS = 1.0
LOOKUP = 500  # values in one IN (...)

_packed = msgspec.msgpack.Encoder().encode
_unpacked = msgspec.msgpack.Decoder(Trace).decode
_json = msgspec.json.Encoder(order="deterministic").encode


def reading_key(sha256: bytes, reader: str, version: str, options: dict[str, str]) -> bytes:
    """The identity of a reading (DESIGN section 2): source, reader, version, options."""
    return hashlib.sha256(_json([sha256.hex(), reader, version, options])).digest()


class Pass(Struct, omit_defaults=True):
    """How far a reading came under one scope: ``next_i`` records seen (in scope or not), and how it ended."""

    next_i: int = 0
    out_of_scope: int = 0
    quarantined: int = 0
    state: str = "open"

    @property
    def kept_all(self) -> bool:
        """Whether everything seen so far lies inside the scope."""
        return not self.out_of_scope and not self.quarantined


@dataclass(slots=True)
class OpenReading:
    """A reading under way in this run. The same bytes at two places are one reading: ``users`` tasks feed it together,
    each from record 0, and whoever comes further first adds the record."""

    task: Task
    key: bytes
    reader: str
    version: str
    options: str
    gate: Gate
    no: int | None = None
    kept: int = 0
    progress: Pass = field(default_factory=Pass)
    passes: dict[str, Pass] = field(default_factory=dict)
    held: frozenset[int] = frozenset()
    skip: bool = False  # read to its end before, under this scope
    state: str = "open"
    reason: str = ""
    pending: list[tuple[int, Trace]] = field(default_factory=list)
    touched: bool = True
    running: Any = field(default_factory=hashlib.sha256)  # the root so far; None for a reading that goes on from before
    users: int = 1


class Writer:
    """Facts of one intake on their way into the store. Not thread-safe: one thread owns it."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store
        self._case = store.case_no
        self._parties: dict[bytes, int] = {}
        self._contents: dict[bytes, int] = {}
        self._tasks: list[Task] = []
        self._ended: list[Task] = []
        self._readings: list[OpenReading] = []
        self._measures: list[tuple[Task, Measurement]] = []
        self._types: dict[bytes, str] = {}
        self._traces = 0
        self._since = time.monotonic()
        self.committed_traces = 0
        self._zstd = zstandard.ZstdCompressor(level=3)

    # -- what workers said

    def place(self, task: Task) -> None:
        """A place was seen (its bytes digested, unless they cannot be had)."""
        self._tasks.append(task)

    def ended(self, task: Task) -> None:
        """A place and everything inside it is done; its outcome is committed with what it gave."""
        self._ended.append(task)

    def begin(self, task: Task, reader: str, version: str, options: dict[str, str], gate: Gate) -> OpenReading:
        """A reader claimed the source. Finds the reading again when it was begun or done before."""
        key = reading_key(_sha256(task), reader, version, options)
        for other in self._readings:
            if other.key == key:
                other.users += 1
                return other
        reading = OpenReading(task, key, reader, version, _json(options).decode(), gate)
        c = schema.reading.c
        with self._store.read() as connection:
            row = connection.execute(
                select(c.no, c.kept, c.passes, c.state, c.reason).where(c.case_no == self._case, c.key == key)
            ).first()
            if row is not None:
                self._resume(connection, reading, row)
        self._readings.append(reading)
        return reading

    def _resume(self, connection: Connection, reading: OpenReading, row: Any) -> None:
        reading.no = int(row.no)
        reading.running = None
        reading.passes = msgspec.json.decode(row.passes, type=dict[str, Pass])
        own = reading.passes.get(reading.gate.digest)
        whole = reading.passes.get("all")
        if own is None and whole is not None and whole.state != "open":
            # Everything was read under an unlimited scope. What this exhibit's narrower law leaves out was lawfully
            # read under the other exhibit's; it is counted here all the same, whichever came first.
            own = _judged(connection, reading, whole)
        if own is not None and own.state != "open":
            reading.skip = True
            # Another scope's pass may be under way: what counts here is how this one ended.
            reading.state, reading.reason = (own.state if row.state == "open" else row.state), row.reason
        reading.progress = own or Pass()
        low = reading.no << 32
        c = schema.trace.c
        # Held already: by an interrupted pass under this scope (below its mark), or by a pass under another one.
        if not reading.skip:
            start = low | reading.progress.next_i
            held = connection.execute(select(c.n).where(c.n.between(start, low | 0xFFFFFFFF))).scalars()
            reading.held = frozenset(n & 0xFFFFFFFF for n in held)
            reading.kept = int(row.kept)

    def traces(self, reading: OpenReading, first: int, traces: Sequence[Trace]) -> None:
        """Records ``first`` and following. The gate decides; what a resumed reading holds already is passed over."""
        if reading.skip:
            return
        gate, pending, held, progress = reading.gate, reading.pending, reading.held, reading.progress
        start = max(0, progress.next_i - first)
        for i, trace in enumerate(traces[start:] if start else traces, first + start):
            if not gate.open:
                verdict = gate.judge(trace)
                if verdict == "out":
                    progress.out_of_scope += 1
                    continue
                if verdict == "quarantined":
                    progress.quarantined += 1
                    continue
            if not held or i not in held:
                pending.append((i, trace))
        progress.next_i = max(progress.next_i, first + len(traces))
        reading.touched = True
        self._traces += max(0, len(traces) - start)
        self.commit_when_due()

    def measured(self, task: Task, measurement: Measurement) -> None:
        self._measures.append((task, measurement))

    def typed(self, task: Task, media_type: str) -> None:
        """The type of a content, as its bytes say."""
        if task.bytes is not None:
            self._types[_sha256(task)] = media_type

    def end(self, reading: OpenReading, task: Task, state: str, reason: str = "") -> None:
        """The reading came to its end at this place: ``done``, ``partial`` or ``failed``. It is done when it is done at
        one place, and partial when it came to its end at none."""
        reading.users -= 1
        if not reading.skip and reading.state != "done" and (state == "done" or reading.users == 0):
            reading.state, reading.reason = state, reason
            reading.progress.state = state
            reading.task = task
            reading.touched = True
        task.out_of_scope += reading.progress.out_of_scope
        task.quarantined += reading.progress.quarantined

    # -- commit

    def commit_when_due(self) -> None:
        """Commit when the batch is large or old enough."""
        if (
            self._traces >= BATCH_TRACES
            or len(self._tasks) + len(self._ended) >= BATCH_PLACES
            or time.monotonic() - self._since > BATCH_SECONDS
        ):
            self.commit()

    def commit(self) -> None:
        """One transaction with everything collected so far."""
        self._since = time.monotonic()
        if not (self._tasks or self._ended or self._traces or self._measures or self._readings):
            return
        with self._store.write() as connection:
            self._write_contents(connection)
            self._write_places(connection)
            fresh = self._write_measures(connection)
            self._write_readings(connection, fresh)
            self._write_outcomes(connection)
            _insert_dirty(connection, self._case, fresh)
        for task in self._ended:
            if task.bytes is not None:
                task.bytes.close()
                task.bytes = None
        self._readings = [r for r in self._readings if r.users]
        self._tasks, self._ended, self._measures, self._traces = [], [], [], 0
        self._types.clear()

    def _write_contents(self, connection: Connection) -> None:
        wanted = {_sha256(task): task.bytes for task in self._tasks if task.bytes is not None}
        unknown = sorted(key for key in wanted if key not in self._contents)
        c = schema.content.c
        self._contents.update(_numbers_of(connection, c.no, c.sha256, c.case_no == self._case, unknown))
        missing = [key for key in unknown if key not in self._contents]
        if missing:
            no = numbers(connection, "content", len(missing))
            rows = []
            for i, key in enumerate(missing):
                held = wanted[key]
                self._contents[key] = no + i
                rows.append(
                    {
                        "no": no + i,
                        "case_no": self._case,
                        "sha256": key,
                        "md5": bytes.fromhex(held.digests.md5 or ""),
                        "sha1": bytes.fromhex(held.digests.sha1 or ""),
                        "size": held.size,
                        "type": self._types.get(key, ""),
                    }
                )
            connection.execute(insert(schema.content), rows)
        for task in self._tasks:
            if task.bytes is not None:
                task.content_no = self._contents[_sha256(task)]
        for key, media_type in self._types.items():
            if key in self._contents and key not in missing:
                connection.execute(
                    update(schema.content).where(c.no == self._contents[key], c.type == "").values(type=media_type)
                )

    def _write_places(self, connection: Connection) -> None:
        p = schema.place.c
        for task in self._tasks:
            if task.place_no is not None and task.content_no is not None:  # its bytes may not have been had before
                connection.execute(
                    update(schema.place)
                    .where(p.no == task.place_no, p.content.is_(None))
                    .values(content=task.content_no, times=_json(task.times).decode())
                )
        fresh = [task for task in self._tasks if task.place_no is None]
        if not fresh:
            return
        no = numbers(connection, "place", len(fresh))
        rows = []
        for i, task in enumerate(fresh):
            task.place_no = no + i
            rows.append(
                {
                    "no": task.place_no,
                    "case_no": self._case,
                    "exhibit": task.exhibit,
                    "parent": task.parent.place_no if task.parent else 0,
                    "path": task.path,
                    "nth": task.nth,
                    "content": task.content_no,
                    "state": task.state,
                    "times": _json(task.times).decode(),
                }
            )
        connection.execute(insert(schema.place), rows)

    def _write_measures(self, connection: Connection) -> "_Dirty":
        fresh = _Dirty()
        rows = {}
        for task, measurement in self._measures:
            key = (self._number_of(task), measurement.method, measurement.version)
            rows[key] = {
                "content": key[0],
                "method": key[1],
                "version": key[2],
                "case_no": self._case,
                "value": _json(measurement.value).decode(),
            }
        _insert_new(connection, schema.measure, list(rows.values()), ("content", "method", "version"))
        for task in self._tasks:
            if task.content_no is not None:
                fresh.add("content", str(task.content_no))
            if task.place_no is not None:
                fresh.add("exhibit", str(task.exhibit))
        return fresh

    def _number_of(self, task: Task) -> int:
        assert task.content_no is not None, "a source is committed before what was read from it"
        return task.content_no

    def _write_readings(self, connection: Connection, fresh: "_Dirty") -> None:
        new = [r for r in self._readings if r.no is None]
        if new:
            no = numbers(connection, "reading", len(new))
            for i, reading in enumerate(new):
                reading.no = no + i
            connection.execute(insert(schema.reading), [self._row_of(r) | {"case_no": self._case} for r in new])
        rows = Rows(self._zstd)
        for reading in self._readings:
            if reading.pending:
                rows.add(reading.no or 0, reading.pending, reading.running)
                fresh.add("words", f"{reading.no}:{reading.pending[0][0]}:{reading.pending[-1][0]}")
            if not reading.skip:
                fresh.add("reading", str(reading.no))
                fresh.add("report", str(reading.no))
                fresh.add("exhibit", str(reading.task.exhibit))
        self._write_traces(connection, rows, fresh)
        for reading in self._readings:
            if not reading.skip and reading.touched:
                reading.kept += len(reading.pending)
                reading.pending = []
                self._update_reading(connection, reading, fresh)
                reading.touched = False

    def _row_of(self, reading: OpenReading) -> dict[str, Any]:
        return {
            "no": reading.no,
            "key": reading.key,
            "content": self._number_of(reading.task),
            "reader": reading.reader,
            "version": reading.version,
            "options": reading.options,
        }

    def _update_reading(self, connection: Connection, reading: OpenReading, fresh: "_Dirty") -> None:
        passes = reading.passes | {reading.gate.digest: reading.progress}
        values: dict[str, Any] = {
            "kept": reading.kept,
            "passes": _json(passes).decode(),
            "state": reading.state,
            "reason": reading.reason.replace("\0", NUL_SHOWN),
        }
        if reading.state != "open":
            running = reading.running
            values["root"] = running.digest() if running is not None else root_of(connection, reading.no or 0)
            values["notes"] = _json(reading.task.notes[:100]).decode()
            self._succeed(connection, reading, fresh)
        else:  # read further under a wider scope: the root of what was read before holds no more
            values["root"] = None
        connection.execute(update(schema.reading).where(schema.reading.c.no == reading.no).values(**values))

    def _succeed(self, connection: Connection, reading: OpenReading, fresh: "_Dirty") -> None:
        """A reading by another version of the same reader takes the earlier one's place, in this transaction. The
        earlier one stays, since decisions may cite it, and what rested on it is derived again."""
        r, m = schema.reading.c, schema.mention.c
        earlier = connection.execute(
            update(schema.reading)
            .where(
                r.case_no == self._case,
                r.content == self._number_of(reading.task),
                r.reader == reading.reader,
                r.options == reading.options,
                r.version != reading.version,
                r.current.is_(True),
            )
            .values(current=False)
            .returning(r.no)
        ).scalars()
        for no in earlier.all():
            low = int(no) << 32
            for stage in ("reading", "report"):
                fresh.add(stage, str(no))
            fresh.add("words", f"{no}:0:{0xFFFFFFFF}")
            parties = connection.execute(select(m.party).where(m.n.between(low, low | 0xFFFFFFFF)).distinct())
            for party in parties.scalars():
                fresh.add("party", str(party))

    def _write_traces(self, connection: Connection, rows: Rows, fresh: "_Dirty") -> None:
        self._number_parties(connection, rows)
        numbered = self._parties
        case = self._case
        insert_rows(
            connection,
            schema.trace,
            [
                (n, case, kind, at, numbered.get(who), text, body, leaf)
                for n, kind, at, who, text, body, leaf in rows.traces
            ],
        )
        insert_rows(connection, schema.raw, rows.raws)
        insert_rows(
            connection,
            schema.mention,
            [(numbered[key], n, role, at, numbered.get(who)) for key, n, role, at, who in rows.mentions],
        )
        insert_rows(
            connection,
            schema.share,
            [(n, k, case, act, kind, numbered.get(who), *rest) for n, k, act, kind, who, *rest in rows.shares],
        )
        names = [
            {"party": numbered[key], "name": name, "reading": reading, "first": first, "last": last, "n": n}
            for (key, name, reading), (first, last, n) in rows.names.items()
        ]
        _merge_names(connection, names)
        for key in rows.parties:
            fresh.add("party", str(numbered[key]))
        self.committed_traces += len(rows.traces)

    def _number_parties(self, connection: Connection, rows: Rows) -> None:
        unknown = sorted(key for key in rows.parties if key not in self._parties)
        c = schema.party.c
        self._parties.update(_numbers_of(connection, c.no, c.key, c.case_no == self._case, unknown))
        missing = [key for key in unknown if key not in self._parties]
        if missing:
            no = numbers(connection, "party", len(missing))
            values = []
            for i, key in enumerate(missing):
                kind, service, value = rows.parties[key]
                self._parties[key] = no + i
                values.append(
                    {"no": no + i, "case_no": self._case, "kind": kind, "service": service, "value": value, "key": key}
                )
            connection.execute(insert(schema.party), values)

    def _write_outcomes(self, connection: Connection) -> None:
        c = schema.place.c
        for task in self._ended:
            notes = task.notes + ([("", f"{task.notes_dropped} more of this kind")] if task.notes_dropped else [])
            values: dict[str, Any] = {"outcome": task.outcome, "reason": task.reason.replace("\0", NUL_SHOWN)}
            if not task.stands:
                values |= {
                    "notes": _json(notes).decode(),
                    "out_of_scope": task.out_of_scope,
                    "quarantined": task.quarantined,
                }
            connection.execute(update(schema.place).where(c.no == task.place_no).values(**values))


def _sha256(task: Task) -> bytes:
    assert task.bytes is not None, "only a place whose bytes were had is read"
    return bytes.fromhex(task.bytes.digests.sha256 or "")


def _judged(connection: Connection, reading: OpenReading, whole: Pass) -> Pass:
    """The pass that this scope would have made over a reading whose every record is held."""
    found = Pass(next_i=whole.next_i, state=whole.state)
    low = (reading.no or 0) << 32
    c = schema.trace.c
    bodies = connection.execute(select(c.body).where(c.n.between(low, low | 0xFFFFFFFF))).scalars()
    for body in bodies.yield_per(10_000):
        verdict = reading.gate.judge(_unpacked(body))
        found.out_of_scope += verdict == "out"
        found.quarantined += verdict == "quarantined"
    return found


class _Dirty(defaultdict[str, set[str]]):
    """Subjects that the batch touched, by the stage that must look at them again."""

    def __init__(self) -> None:
        super().__init__(set)

    def add(self, stage: str, subject: str) -> None:
        self[stage].add(subject)


def root_of(connection: Connection, reading: int) -> bytes:
    """The ordered root of a reading: SHA-256 over the leaves of its traces in order."""
    low = reading << 32
    c = schema.trace.c
    root = hashlib.sha256()
    for n, leaf in connection.execute(
        select(c.n, c.leaf).where(c.n.between(low, low | 0xFFFFFFFF)).order_by(c.n)
    ).yield_per(10_000):
        root.update((n & 0xFFFFFFFF).to_bytes(4, "big") + leaf)
    return root.digest()


def _numbers_of(
    connection: Connection, number: Any, key: Any, condition: Any, keys: Sequence[bytes]
) -> Iterable[tuple[bytes, int]]:
    for start in range(0, len(keys), LOOKUP):
        found = connection.execute(select(key, number).where(condition, key.in_(keys[start : start + LOOKUP])))
        for value, no in found:
            yield bytes(value), int(no)


def _insert_new(connection: Connection, table: Table, rows: list[dict[str, Any]], keys: tuple[str, ...]) -> None:
    """Insert rows whose key does not stand there yet."""
    if not rows:
        return
    from sqlalchemy.dialects import postgresql, sqlite

    rows.sort(key=lambda row: tuple(row[key] for key in keys))
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).on_conflict_do_nothing(), rows)


def _insert_dirty(connection: Connection, case_no: int, fresh: _Dirty) -> None:
    rows = [{"case_no": case_no, "stage": stage, "subject": s} for stage, subjects in fresh.items() for s in subjects]
    _insert_new(connection, schema.dirty, rows, ("stage", "subject"))


def _merge_names(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Names widen their dates: the earliest and latest instant under which a reading shows them."""
    if not rows:
        return
    from sqlalchemy import func
    from sqlalchemy.dialects import postgresql, sqlite

    rows.sort(key=lambda row: (row["party"], row["name"], row["reading"]))
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(schema.party_name)
    c, new = schema.party_name.c, statement.excluded
    least, most = (func.min, func.max) if dialect is sqlite else (func.least, func.greatest)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=[c.party, c.name, c.reading],
            set_={
                "first": least(func.coalesce(c.first, new.first), func.coalesce(new.first, c.first)),
                "n": least(c.n, new.n),
                "last": most(func.coalesce(c.last, new.last), func.coalesce(new.last, c.last)),
            },
        ),
        rows,
    )

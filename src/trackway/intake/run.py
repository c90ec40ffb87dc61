"""One intake: exhibit by exhibit, place by place, from bytes to committed traces.

The calling thread is the writer; ``Threads`` digest and drive the locked workers. Progress is told as it happens.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update

from trackway.intake.exhibit import Exhibit, Opener, plan
from trackway.intake.law import Gate, Law
from trackway.intake.phase import phase
from trackway.intake.tasks import Outcome, Stop, Task
from trackway.intake.worker_threads import CHANGED, Message, Threads
from trackway.intake.writer import OpenReading, Writer
from trackway.model.times import instant_of, iso, now
from trackway.sandbox import protocol
from trackway.sandbox.pool import Pool
from trackway.store import schema
from trackway.store.case import CaseStore, numbers
from trackway.store.journal import Officer, record

MESSAGES = 16
"""Messages of the threads between two tellings of the progress."""
MEDIA = "media"
"""The reader whose one trace is the file itself: outside the scope, the file is no item either."""
MAIL = "mail"
"""The reader whose record i (from 0) carries the members below ``<i + 1>/``: they go where the mail goes."""


@dataclass(slots=True)
class Progress:
    """What a person sees while it runs. ``changed`` is called after each place and each batch."""

    exhibit: str = ""
    stage: str = ""
    places: int = 0
    planned: int = 0
    traces: int = 0
    not_understood: list[tuple[str, str]] = field(default_factory=list)
    changed: Callable[["Progress"], None] = lambda progress: None

    def tell(self) -> None:
        self.changed(self)


@dataclass(frozen=True, slots=True)
class Held:
    """A place that an earlier run knows."""

    no: int
    outcome: str
    reason: str
    sha256: bytes | None
    times: str


class Intake:
    """Reads one exhibit. Resumable: what an earlier run ended is passed over, what it left open is read again."""

    def __init__(
        self, store: CaseStore, pool: Pool, progress: Progress, stop: Stop, privileged: frozenset[str] = frozenset()
    ) -> None:
        self._store, self._pool, self._progress, self._stop = store, pool, progress, stop
        self._privileged = privileged
        self._writer = Writer(store)
        self._open: dict[int, OpenReading] = {}
        self._under_way = 0
        self._left: list[Task] = []

    def run(
        self, exhibit: Exhibit, law: Law, zone: str | None, acquired: int | None, officer: Officer, again: bool = False
    ) -> int:
        """Read the exhibit under this law; returns its internal number. ``again``: also what was read before, as after
        a reader's new version. Raises Refused."""
        phase("plan")
        number, zone = register(self._store, exhibit, law, zone, acquired, officer)
        self._doubted = self._doubted_images(number)
        if again:
            _reopen(self._store, number)
        self._officer = officer
        self._gate = Gate(law.scope, self._privileged)
        self._held = self._known_places(number)
        self._listed: set[int] = set()
        self._progress.exhibit, self._progress.stage = exhibit.name, "reading"
        self._progress.planned, self._progress.places = 0, 0
        opener = Opener(exhibit)
        workers = os.cpu_count() or 1
        try:
            phase("read")
            with Threads(self._pool, workers, opener, zone, self._stop) as threads:
                self._drive(exhibit, number, threads)
                phase("commit")
                self._writer.commit()
                self._progress.traces = self._writer.committed_traces
                self._progress.tell()
        finally:
            opener.close()
            for task in self._left:
                if task.bytes is not None:
                    task.bytes.close()
            self._left.clear()
        if not self._stop.is_set():
            with self._store.write() as connection:
                if self._listed:
                    connection.execute(delete(schema.place).where(schema.place.c.no.in_(self._listed)))
                connection.execute(update(schema.exhibit).where(schema.exhibit.c.no == number).values(done=True))
        return number

    def _known_places(self, number: int) -> dict[tuple[int, str, int], Held]:
        p, c = schema.place.c, schema.content.c
        statement = (
            select(p.parent, p.path, p.nth, p.no, p.outcome, p.reason, c.sha256, p.times)
            .select_from(schema.place.outerjoin(schema.content, p.content == c.no))
            .where(p.exhibit == number)
        )
        with self._store.read() as connection:
            return {
                (int(row.parent), row.path, int(row.nth)): Held(
                    int(row.no), row.outcome, row.reason, None if row.sha256 is None else bytes(row.sha256), row.times
                )
                for row in connection.execute(statement)
            }

    def _doubted_images(self, number: int) -> frozenset[str]:
        """Images whose acquisition digest did not hold when it was looked at last."""
        e = schema.exhibit.c
        with self._store.read() as connection:
            held = connection.execute(select(e.acquisition).where(e.no == number)).scalar()
        images = msgspec.json.decode(held, type=dict[str, dict[str, Any]]) if held else {}
        return frozenset(path for path, check in images.items() if check.get("ok") is False)

    def _drive(self, exhibit: Exhibit, number: int, threads: Threads) -> None:
        tasks = plan(exhibit, number)
        waiting: Task | None = None
        more = True
        while more or waiting is not None or self._under_way:
            if more and waiting is None:
                waiting = next(tasks, None)
                more = waiting is not None and not self._stop.is_set()
                if waiting is not None:
                    self._progress.planned += 1
                    self._note_folders(waiting)
                    if self._passed_over(waiting):
                        waiting = None
            if self._stop.is_set():
                waiting = None
            if waiting is not None and threads.try_give(waiting):
                self._under_way += 1
                waiting = None
            block = waiting is not None or not more
            self._listen(threads, block and self._under_way > 0)

    def _note_folders(self, task: Task) -> None:
        """A folder that could not be listed in an earlier run is a place of its own until what lies in it is seen."""
        parts = task.path.split("/")
        for depth in range(1, len(parts)):
            held = self._held.get((0, "/".join(parts[:depth]), 0))
            if held is not None and held.outcome == "refused" and held.sha256 is None:
                self._listed.add(held.no)

    def _passed_over(self, task: Task) -> bool:
        """True where an earlier run ended this place and the file has not changed since."""
        held = self._held.get((0, task.path, task.nth))
        if held is None:
            return False
        task.place_no = held.no
        if held.sha256 is not None:
            task.expected = held.sha256.hex()
        if self._again(task, held):
            return False
        if held.outcome and held.times == msgspec.json.encode(task.times, order="deterministic").decode():
            self._progress.places += 1
            return True
        return False

    def _again(self, task: Task, held: Held) -> bool:
        """Whether what was refused may be had now: a medium is back, a segment was found, a file is what it was."""
        return held.outcome == "refused" and (
            held.sha256 is None or held.reason == CHANGED or task.path in self._doubted
        )

    def _listen(self, threads: Threads, block: bool) -> None:
        """Take in what the threads said, so much at a time that progress is told; waits for the first message where
        ``block``."""
        for _ in range(MESSAGES):
            if not block and threads.messages.empty():
                break
            block = False
            self._hear(threads.messages.get())
        self._writer.commit_when_due()
        self._progress.traces = self._writer.committed_traces
        self._progress.tell()

    def _hear(self, message: Message) -> None:
        task = message.task
        match message.what:
            case "seen":
                self._seen(task)
            case "opened":
                assert task.parent is not None
                task.parent.open_members += 1
                self._progress.planned += 1
            case "acquired":
                self._acquired(task)
            case "event":
                assert message.event is not None
                self._event(task, message.event)
            case "ended":
                self._withhold(task)  # again: its thread may have found a reason of its own meanwhile
                task.ended = True
                self._settle(task)
            case "dropped":
                self._drop(task)
            case "crash":
                assert message.error is not None
                raise message.error

    def _seen(self, task: Task) -> None:
        if task.parent is not None and task.parent.place_no is not None and task.place_no is None:
            held = self._held.get((task.parent.place_no, task.path, task.nth))
            if held is not None:
                task.place_no = held.no
        self._withhold(task)
        self._writer.place(task)
        self._writer.commit_when_due()

    def _acquired(self, task: Task) -> None:
        """Write what the check of an image's stored digest gave, before its first record is committed."""
        e = schema.exhibit.c
        with self._store.write() as connection:
            held = connection.execute(select(e.acquisition).where(e.no == task.exhibit)).scalar()
            images = msgspec.json.decode(held) if held else {}
            if images.get(task.inner_path) == task.acquisition:
                return
            images[task.inner_path] = task.acquisition
            body = {"image": task.inner_path, "check": task.acquisition}
            record(connection, self._store, self._officer, "acquisition-checked", self._progress.exhibit, body=body)
            connection.execute(
                update(schema.exhibit)
                .where(e.no == task.exhibit)
                .values(acquisition=msgspec.json.encode(images, order="deterministic").decode())
            )

    def _withhold(self, task: Task) -> None:
        """What a mail outside the scope carries is outside it too, and what lies inside that."""
        parent = task.parent
        if parent is None:
            return
        verdict = parent.withheld.get(task.path.partition("/")[0]) or parent.withheld.get("")
        if verdict is not None:
            task.outcome, task.reason = "out-of-scope", "the mail that carries it lies outside the scope"
            task.withheld[""] = verdict
            task.out_of_scope, task.quarantined = int(verdict == "out"), int(verdict == "quarantined")

    def _carried(self, task: Task, event: protocol.Traces) -> None:
        """Note which mails lie outside the scope, before their attachments come."""
        for i, trace in enumerate(() if self._gate.open else event.traces, event.first):
            if (verdict := self._gate.carries(trace)) != "in":
                task.withheld[str(i + 1)] = verdict

    def _event(self, task: Task, event: protocol.Event) -> None:
        if task.outcome is not None:
            return
        reading = self._open.get(id(task))
        match event:
            case protocol.Claimed(kind="reader"):
                reading = self._writer.begin(task, event.name, str(event.version), event.options, self._gate)
                self._open[id(task)] = reading
                if event.name == MEDIA and (reading.skip or reading.state == "done"):
                    # The same picture was read before, elsewhere: its thread stops here and spares the decoding.
                    task.reason = reading.reason
                    self._close(task, "read" if reading.state == "done" else "incomplete", reading.state)
            case protocol.Traces():
                assert reading is not None
                self._writer.traces(reading, event.first, event.traces)
                if reading.reader == MAIL:
                    self._carried(task, event)
                if reading.reader == MEDIA and event.traces and reading.progress.kept_all:
                    self._writer.typed(task, str(event.traces[0].fields.get("type", "")))
            case protocol.Measured():
                if reading is None or reading.progress.kept_all:
                    self._writer.measured(task, event.measurement)
            case protocol.NotUnderstood():
                task.note(event.locator, event.reason)
            case protocol.Incomplete():
                task.reason = task.reason or event.reason
            case protocol.Done():
                self._close(task, "incomplete" if task.reason else "read", "partial" if task.reason else "done")
            case protocol.Failed():
                task.reason = event.reason
                # How far a worker came before a limit or a crash is chance: such a reading is "cut", and `digest`
                # counts that it is there, not what of it is.
                state = "partial" if event.how == "unreadable" else "cut"
                self._close(task, "incomplete" if reading is not None else "refused", state)
            case protocol.Unclaimed():
                task.reason = f"no reader knows this format ({event.type})"
                self._close(task, "unclaimed", "done")

    def _close(self, task: Task, outcome: Outcome, state: str) -> None:
        reading = self._open.pop(id(task), None)
        if reading is not None:
            self._writer.end(reading, task, state, task.reason)
            if reading.reader == MEDIA and not reading.progress.kept_all:
                outcome = "out-of-scope"
        task.outcome = outcome

    def _settle(self, task: Task) -> None:
        """A place is done when it has ended and so has everything inside it; then its container may be."""
        current: Task | None = task
        while current is not None and current.ended and current.open_members == 0:
            if current.outcome is None or current.cut:  # stopped in the middle: stays open in the store
                self._drop(current)
                return
            self._writer.ended(current)
            self._progress.places += 1
            if current.outcome in ("refused", "incomplete", "unclaimed"):
                self._progress.not_understood.append((current.inner_path, current.reason))
            if current.parent is None:
                self._under_way -= 1
                return
            current.parent.open_members -= 1
            current = current.parent

    def _drop(self, task: Task) -> None:
        """Not read because of a stop; neither it nor its containers are marked as ended."""
        top = task
        while top.parent is not None:
            top = top.parent
        self._open.pop(id(task), None)
        self._left.append(task)
        if task is top:
            self._under_way -= 1
            return
        assert task.parent is not None
        task.parent.open_members -= 1
        task.parent.cut = True
        self._settle(task.parent)


def _reopen(store: CaseStore, exhibit: int) -> None:
    """Have every place of an exhibit read again. What the same reader read before stands and adds nothing."""
    p = schema.place.c
    with store.write() as connection:
        connection.execute(
            update(schema.place).where(p.exhibit == exhibit).values(outcome="", out_of_scope=0, quarantined=0)
        )


def register(
    store: CaseStore, exhibit: Exhibit, law: Law, zone: str | None, acquired: int | None, officer: Officer
) -> tuple[int, str | None]:
    """Record the exhibit and its law in the ledger before the first record is read.

    An exhibit that is known keeps its zone and its date. Another law than before is recorded as a change, and another
    scope or list of privileged contacts means that every source is read again under it. Returns its number and the
    zone in force."""
    e, p = schema.exhibit.c, schema.place.c
    written = msgspec.json.encode(law).decode()
    body = {"exhibit": exhibit.name, "law": msgspec.to_builtins(law), "zone": zone, "acquired": iso(acquired)}
    with store.write() as connection:
        row = connection.execute(
            select(e.no, e.law, e.zone).where(e.case_no == store.case_no, e.key == exhibit.key)
        ).first()
        if row is None:
            record(connection, store, officer, "exhibit-added", exhibit.name, law.basis, body)
            number = numbers(connection, "exhibit", 1)
            connection.execute(
                insert(schema.exhibit).values(
                    no=number,
                    case_no=store.case_no,
                    key=exhibit.key,
                    name=exhibit.name,
                    law=written,
                    zone=zone,
                    added=instant_of(now()),
                    acquired=acquired,
                )
            )
            return number, zone
        connection.execute(update(schema.exhibit).where(e.no == row.no).values(done=False))
        if row.law != written:
            record(connection, store, officer, "exhibit-law-changed", exhibit.name, law.basis, body)
            connection.execute(update(schema.exhibit).where(e.no == row.no).values(law=written))
            before = msgspec.json.decode(row.law, type=Law)
            if (before.scope, before.privileged) != (law.scope, law.privileged):
                connection.execute(
                    update(schema.place).where(p.exhibit == row.no).values(outcome="", out_of_scope=0, quarantined=0)
                )
    return int(row.no), row.zone

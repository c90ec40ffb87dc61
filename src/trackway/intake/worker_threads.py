"""The threads between the locked workers and the one writer: each drives one job at a time.

A thread takes a place, digests its bytes, hands the descriptor to a worker and passes on what the worker says. Members
of containers become tasks of their own; when all threads are busy the thread reads the member itself at once, so that
the spool stays small however large the container is.
"""

import errno
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from trackway.intake.exhibit import Opener
from trackway.intake.rows import NUL_SHOWN
from trackway.intake.spool import Spool, digest_descriptor
from trackway.intake.tasks import MAX_DEPTH, MEMBER, Stop, Task, kept_path
from trackway.model.errors import Refused
from trackway.sandbox import protocol
from trackway.sandbox.pool import Pool

EWF = b"EVF\x09\x0d\x0a\xff\x00"
CHANGED = "the file has changed since it was first read; the first reading stands"
BEYOND = "what lies in it, container in container, expands to far more than it holds: the rest is not read"
OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT})
"""Errors that speak of this machine (descriptors, memory, room for spooled members), not of the evidence."""
Say = Callable[["Message"], None]


@dataclass(frozen=True, slots=True)
class Message:
    """What a thread tells the writer: ``seen``, ``opened`` (a member was begun in this container), ``acquired`` (an
    image's digests were checked), ``event`` (of a worker), ``ended``, or ``crash`` (a fault of ours)."""

    what: str
    task: Task
    event: protocol.Event | None = None
    error: BaseException | None = None


class Threads:
    """A small crew of threads over one pool of workers. Use as a context; ``give`` it tasks, read ``messages``."""

    def __init__(self, pool: Pool, count: int, opener: Opener, zone: str | None, stop: Stop) -> None:
        self.messages: queue.Queue[Message] = queue.Queue(maxsize=128)
        self._tasks: queue.Queue[Task | None] = queue.Queue(maxsize=count)
        self._pool, self._opener, self._zone, self._stop = pool, opener, zone, stop
        self._threads = [threading.Thread(target=self._loop, daemon=True) for _ in range(count)]

    def __enter__(self) -> "Threads":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # nothing new is begun: a full disk must not wait for the end of a large image
            self._stop.set()
        self._stop_threads()

    def _stop_threads(self) -> None:
        for _ in self._threads:
            while True:
                try:
                    self._tasks.put(None, timeout=0.05)
                    break
                except queue.Full:
                    _drain(self.messages)
        for thread in self._threads:
            while thread.is_alive():
                _drain(self.messages)
                thread.join(0.05)

    def try_give(self, task: Task) -> bool:
        """Hand over a task unless all threads are busy."""
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            return False
        return True

    def _loop(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._work(task)

    def _work(self, task: Task) -> None:
        try:
            self._read(task)
        except OSError as error:
            self.messages.put(Message("crash", task, error=_shortage(error)))
        except BaseException as error:
            self.messages.put(Message("crash", task, error=error))

    def _read(self, task: Task) -> None:
        say = self.messages.put
        if self._stop.is_set():
            self._close(task)
            return
        if task.outcome is None and task.bytes is None:
            self._open(task)
        if task.outcome is None and self._is_image(task):
            self._check_acquisition(task)
        say(Message("seen", task))
        if task.outcome is None:
            self._run(task)
        say(Message("ended", task))

    def _open(self, task: Task) -> None:
        try:
            fd = self._opener.open(task.path)
        except OSError as error:
            if error.errno in OURS:
                raise
            task.outcome, task.reason = "refused", f"cannot be opened: {error.strerror}"
            return
        try:
            task.bytes = digest_descriptor(fd)
        except OSError as error:
            os.close(fd)
            task.outcome, task.reason = "refused", f"the medium cannot be read: {error.strerror}"
            return
        if task.expected not in ("", task.bytes.digests.sha256):
            # Evidence does not change. Where it did, the place keeps what stood there first, and says so.
            task.bytes.close()
            task.bytes, task.stands = None, True
            task.outcome, task.reason = "refused", CHANGED

    def _is_image(self, task: Task) -> bool:
        """Whether this is the first segment of an EnCase image, which stores digests of what was acquired."""
        if task.bytes is None or task.bytes.size < 13:
            return False
        try:
            head = os.pread(task.bytes.fd, 13, 0)
        except OSError as error:  # the medium went between its digest and now: it is read when it is back
            task.bytes.close()
            task.bytes = None
            task.outcome, task.reason = "refused", f"the medium cannot be read: {error.strerror}"
            return False
        return head.startswith(EWF) and int.from_bytes(head[9:11], "little") == 1

    def _check_acquisition(self, task: Task) -> None:
        """The digests that an image stored at acquisition, before its first record is read. One that does not hold
        stops the reading: what lies in it is not what was seized."""
        assert task.bytes is not None
        job = protocol.Job(name=task.name, size=task.bytes.size, kind="acquire")
        reason = ""
        for event in self._pool.run(job, task.bytes.fd, self._siblings(task)):
            match event:
                case protocol.Measured(measurement=measurement):
                    task.acquisition = measurement.value
                case protocol.Incomplete() | protocol.Failed():
                    reason = event.reason
                case _:
                    pass
        if task.acquisition is not None:
            self.messages.put(Message("acquired", task))
        if reason or (task.acquisition is not None and task.acquisition.get("ok") is False):
            task.outcome, task.reason = "refused", f"not read: {reason or 'its acquisition digest does not hold'}"

    def _siblings(self, task: Task) -> Callable[[str], int | None]:
        """Files beside a file of the exhibit (segments of an image); members of containers have none."""
        if task.parent is not None:
            return _no_sibling
        return lambda name: self._opener.sibling(task.path, name)

    def _close(self, task: Task) -> None:
        """Nothing new is begun after a stop; the place stays open in the store and is read next time."""
        if task.bytes is not None:
            task.bytes.close()
            task.bytes = None
        self.messages.put(Message("dropped", task))

    def _run(self, task: Task) -> None:
        assert task.bytes is not None
        if task.bytes.size == 0:
            task.outcome, task.reason = "unclaimed", "the file is empty"
            return
        if task.depth > MAX_DEPTH:
            task.outcome, task.reason = "refused", f"more than {MAX_DEPTH} containers lie inside each other"
            return
        job = protocol.Job(name=task.name, size=task.bytes.size, zone=self._zone)
        members = _Members(self, task)
        events = self._pool.run(job, task.bytes.fd, self._siblings(task))
        try:
            for event in events:
                if members.take(event):
                    if members.beyond:
                        self.messages.put(Message("event", task, protocol.Failed(BEYOND, "memory")))
                    if members.beyond or self._stop.is_set():
                        break
                    continue
                self.messages.put(Message("event", task, event))
                if task.outcome is not None or self._stop.is_set():
                    break
        finally:
            events.close()
            members.close()

    def member(self, child: Task) -> None:
        """A complete member: to a free thread, or read here and now."""
        self.messages.put(Message("opened", child))
        if child.outcome is not None or not self.try_give(child):
            self._read(child)


def _shortage(error: OSError) -> Exception:
    """What this machine lacks costs the run, not the file: the place stays open and is read next time."""
    if error.errno not in OURS:
        return error
    return Refused(f"This machine ran short: {error.strerror}. What was read stands; run it again to go on.", "short")


def _no_sibling(name: str) -> int | None:
    return None


def _drain(messages: "queue.Queue[Message]") -> None:
    while True:
        try:
            messages.get_nowait()
        except queue.Empty:
            return


class _Members:
    """Turns the member events of one container into tasks."""

    def __init__(self, threads: Threads, container: Task) -> None:
        self._threads, self._container = threads, container
        self._spool: Spool | None = None
        self._child: Task | None = None
        self._seen: dict[str, int] = {}
        self.beyond = False

    def take(self, event: protocol.Event) -> bool:
        """True where the event was about a member."""
        match event:
            case protocol.MemberBegin():
                self.beyond = not self._container.expand(MEMBER)
                self._begin(event)
            case protocol.MemberBytes():
                assert self._spool is not None
                self.beyond = not self._container.expand(len(event.data))
                self._spool.write(event.data)
            case protocol.MemberEnd():
                self._end(event)
            case _:
                return False
        return True

    def _begin(self, event: protocol.MemberBegin) -> None:
        parent = self._container
        whole = event.path.replace("\0", NUL_SHOWN)
        path = kept_path(whole)
        nth = self._seen.get(path, 0)
        self._seen[path] = nth + 1
        name = whole.rsplit("/", 1)[-1]
        child = Task(parent.exhibit, path, nth, parent, event.times, event.state, depth=parent.depth + 1, name=name)
        if not event.readable:
            child.outcome, child.reason = "refused", event.reason
            self._threads.member(child)
            return
        self._child, self._spool = child, Spool()

    def _end(self, event: protocol.MemberEnd) -> None:
        child, spool = self._child, self._spool
        assert child is not None
        assert spool is not None
        self._child = self._spool = None
        child.bytes = spool.finish()
        if not event.ok:
            child.note("", event.reason)
            if child.bytes.size == 0:
                child.bytes.close()
                child.bytes = None
                child.outcome, child.reason = "refused", event.reason
        self._threads.member(child)

    def close(self) -> None:
        """A container that failed inside a member: the piece that was had is dropped, and the container says why."""
        if self._spool is not None:
            self._spool.drop()
            self._spool = None

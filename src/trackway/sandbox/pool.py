"""Locked workers, shared by the threads of one parent. The only door through which evidence is decoded.

    with Pool(workers=2) as pool:
        for event in pool.run(Job(name, size), fd):
            ...

The pool is the safeguard of promise "a hostile file costs one file" (DESIGN.md, section 9): whatever a worker does, a
job yields what came and exactly one end (``Done``, ``Failed``, ``Unclaimed``), and the pool goes on.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections import Counter, deque
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from socket import AF_UNIX, SOCK_SEQPACKET, recv_fds, socket, socketpair
from types import TracebackType
from typing import Self, TypeVar

import msgspec

from trackway.model.errors import Refused
from trackway.sandbox.channel import Gone, Overdue, SiblingOf, Worker, no_sibling
from trackway.sandbox.order import Disorder
from trackway.sandbox.protocol import (
    Done,
    Ended,
    EndRequest,
    Event,
    Failed,
    Forked,
    ForkRequest,
    How,
    Job,
    Layer,
    Limits,
    Unclaimed,
    Warm,
    answer_decoder,
    message,
)

START_S = 120.0
SIGSYS, SIGKILL, SIGXCPU = 31, 9, 24
ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": os.defpath, "MALLOC_ARENA_MAX": "1"}
"""One arena: each further one would reserve 64 MiB of the address space that the lock bounds."""
SINGLE = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
"""A process with threads cannot be forked safely."""
AGAIN: tuple[How, ...] = ("crashed", "memory", "killed", "protocol")
"""A job that ends so at once in a worker that an earlier file may have harmed has its chance in a new one."""
Answer = TypeVar("Answer", Warm, Forked, Ended)


class Pool:
    """``workers`` locked workers at once. ``files``: readers to use instead of the installed ones; ``locked`` False
    leaves the lock off (both for tests and controls). Refused (code ``sandbox``) where no worker can be started.

    ``layers`` says which layers of the lock hold; a caller prints those that do not. ``peak_mib`` is the largest
    resident memory of any worker that has ended, complete after the pool is closed."""

    def __init__(
        self, workers: int = 1, limits: Limits | None = None, *, files: tuple[Path, ...] = (), locked: bool = True
    ) -> None:
        self.limits = limits or Limits()
        self.layers: tuple[Layer, ...] = ()
        self.warm = Warm(0.0)
        self.peak_mib = 0
        self._files = files
        self._locked = locked
        self._workers = workers
        self._guard = threading.Lock()
        self._zygote_lock = threading.Lock()
        self._free = threading.Semaphore(workers)
        self._idle: deque[Worker] = deque()
        self._holding: Counter[int] = Counter()
        self._control: socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._start()
        try:
            self._idle.append(self._fork())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def missing(self) -> tuple[str, ...]:
        """A sentence for each layer of the lock that does not hold on this machine."""
        return tuple(f"sandbox layer {one.name} does not hold: {one.detail}" for one in self.layers if not one.holds)

    def close(self) -> None:
        """End all workers and the zygote. Jobs still running in other threads end as ``killed``."""
        with self._guard:
            idle, self._idle = list(self._idle), deque()
        for worker in idle:
            self._end(worker)
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def run(self, job: Job, fd: int, sibling: SiblingOf = no_sibling) -> Generator[Event, None, None]:
        """Read one source. ``fd`` stays the caller's; ``sibling`` gives a descriptor of another file of the same
        folder, which the pool closes, or None.

        Yields events as they come (the worker waits while the caller is busy), the last one an end. A caller that
        stops early closes the iterator: the worker is then ended. Jobs may be nested: a caller that starts one while
        it is still drawing from another gets a further worker, so that it never waits for itself."""
        holder = threading.get_ident()
        extra = self._enter(holder)
        try:
            worker = self._borrow()
            fresh = not worker.jobs
            with closing(self._attempt(worker, job, fd, sibling)) as events:
                first = next(events)
                harmed = not fresh and isinstance(first, Failed) and first.how in AGAIN
                if not harmed:
                    yield first
                    yield from events
            if harmed:
                with closing(self._attempt(self._fork(), job, fd, sibling)) as events:
                    yield from events
        finally:
            self._leave(holder, extra=extra)

    def _attempt(self, worker: Worker, job: Job, fd: int, sibling: SiblingOf) -> Generator[Event, None, None]:
        """The job in this worker, which afterwards is idle again or ended."""
        unhurt = False
        ended = False
        try:
            for event in worker.run(job, fd, sibling):
                unhurt = isinstance(event, Done | Unclaimed) or (
                    isinstance(event, Failed) and event.how == "unreadable"
                )
                yield event
        except (Gone, Overdue, Disorder) as fault:
            ended = True
            yield _failed(fault, self._end(worker))
        finally:
            if not ended:
                self._return(worker, unhurt=unhurt)

    def _enter(self, holder: int) -> bool:
        with self._guard:
            nested = self._holding[holder] > 0
            self._holding[holder] += 1
        if nested:
            return not self._free.acquire(blocking=False)
        self._free.acquire()
        return False

    def _leave(self, holder: int, *, extra: bool) -> None:
        with self._guard:
            self._holding[holder] -= 1
            if not self._holding[holder]:
                del self._holding[holder]
        if not extra:
            self._free.release()

    def _borrow(self) -> Worker:
        with self._guard:
            if self._idle:
                return self._idle.pop()
        return self._fork()

    def _return(self, worker: Worker, *, unhurt: bool) -> None:
        with self._guard:
            keep = unhurt and worker.jobs < self.limits.jobs_per_worker and len(self._idle) < self._workers
            if keep:
                self._idle.append(worker)
        if not keep:
            self._end(worker)

    def _start(self) -> None:
        ours, theirs = socketpair(AF_UNIX, SOCK_SEQPACKET)
        number = str(theirs.fileno())
        command = [
            sys.executable,
            "-I",
            "-m",
            "trackway.sandbox.zygote",
            str(os.getpid()),
            number,
            *map(str, self._files),
        ]
        environment = ENVIRONMENT | dict.fromkeys(SINGLE, "1")
        with theirs, tempfile.TemporaryFile() as said:
            self._control = ours
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=said,
                    env=environment,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C is for the parent
                    cwd="/",
                )
            except OSError as error:
                self.close()
                raise Refused(f"The locked workers could not be started: {error.strerror}.", "sandbox") from error
            theirs.close()
            ours.settimeout(START_S)
            try:
                self.warm, _ = self._hear(Warm)
            except Refused:
                self.close()
                said.seek(0)
                last = said.read().decode("utf-8", "replace").strip().splitlines()[-1:]
                raise Refused(f"The locked workers could not be started. {' '.join(last)}", "sandbox") from None

    def _hear(self, kind: type[Answer]) -> tuple[Answer, list[int]]:
        assert self._control is not None
        try:
            data, fds, _flags, _address = recv_fds(self._control, 65536, 1)
            answer = answer_decoder.decode(data)
        except (OSError, msgspec.MsgspecError) as error:
            raise Refused("The parent of the locked workers does not answer.", "sandbox") from error
        if not isinstance(answer, kind):
            raise Refused("The parent of the locked workers gave a wrong answer.", "sandbox")
        return answer, fds

    def _ask(self, request: ForkRequest | EndRequest, kind: type[Answer]) -> tuple[Answer, list[int]]:
        if self._control is None:
            raise Refused("The locked workers are not started.", "sandbox")
        with self._zygote_lock:
            try:
                self._control.send(message(request))
            except OSError as error:
                raise Refused("The parent of the locked workers is gone.", "sandbox") from error
            return self._hear(kind)

    def _fork(self) -> Worker:
        forked, fds = self._ask(ForkRequest(self.limits, self._locked), Forked)
        worker = Worker(forked.pid, socket(fileno=fds[0]), self.limits)
        try:
            self.layers = worker.hello().layers
        except (Gone, Overdue, Disorder) as fault:
            status = self._end(worker).status
            raise Refused(f"A locked worker did not start ({type(fault).__name__}, {status}).", "sandbox") from fault
        return worker

    def _end(self, worker: Worker) -> Ended:
        worker.close()
        try:
            ended, _ = self._ask(EndRequest(worker.pid), Ended)
        except Refused:
            return Ended(-SIGKILL, 0)  # the zygote is gone, and its workers with it
        self.peak_mib = max(self.peak_mib, -(-ended.peak_kib // 1024))
        return ended


def _failed(fault: Gone | Overdue | Disorder, ended: Ended) -> Failed:
    match fault:
        case Overdue():
            return Failed(str(fault), "timed-out")
        case Disorder():
            return Failed(f"the worker broke the protocol: {fault}", "protocol")
    return Failed(*_death(ended.status))


def _death(status: int) -> tuple[str, How]:
    """What the exit status of a worker means."""
    if status == -SIGSYS:
        return "it made the reader do what the lock forbids", "killed"
    if status in (-SIGKILL, -SIGXCPU):
        return "its worker was ended from outside", "killed"
    if status < 0:
        return f"it made the reader crash (signal {-status})", "crashed"
    return f"its worker ended before its work did (exit {status})", "crashed"

"""The parent's end of one locked worker."""

import os
import socket
from collections.abc import Callable, Generator
from fcntl import F_GETFL, fcntl

import msgspec

from trackway.sandbox.clock import Clock
from trackway.sandbox.order import Disorder, Sequence
from trackway.sandbox.protocol import (
    FRAME_MAX,
    HEADER,
    AskSibling,
    Done,
    Event,
    Failed,
    Frame,
    Job,
    Limits,
    Order,
    Progress,
    Ready,
    Sibling,
    Unclaimed,
    frame_decoder,
    packed,
)

TICK_S = 0.5
START_S = 30.0
RECEIVE = 1 << 20
ASKS_MAX = 100_000
"""Questions for siblings in one job."""
SiblingOf = Callable[[str], int | None]


class Gone(Exception):
    """The worker closed its socket, or cannot be written to."""


class Overdue(Exception):
    """The worker had its time; the text is the sentence."""


def no_sibling(name: str) -> int | None:
    """For sources that stand alone."""
    return None


class Worker:
    """One forked worker: its process id, its socket, the layers that hold in it, the jobs that it did."""

    def __init__(self, pid: int, sock: socket.socket, limits: Limits) -> None:
        self.pid = pid
        self.jobs = 0
        self._sock = sock
        self._limits = limits
        self._buffer = bytearray()
        sock.settimeout(TICK_S)

    def close(self) -> None:
        self._sock.close()

    def hello(self) -> Ready:
        """The worker's first frame. Gone, Overdue or Disorder where it does not come."""
        clock = Clock(self.pid, msgspec.structs.replace(self._limits, silence_s=START_S), 0)
        ready = self._next(clock)
        if not isinstance(ready, Ready):
            raise Disorder("no greeting")
        return ready

    def run(self, job: Job, fd: int, sibling: SiblingOf) -> Generator[Event, None, None]:
        """Everything that comes of the job, its end included. Raises Gone, Overdue or Disorder instead of an end."""
        clock = Clock(self.pid, self._limits, job.size)
        sequence = Sequence(job)
        self.jobs += 1
        self._send(job, fd)
        asked = 0
        while True:
            frame = self._next(clock)
            if isinstance(frame, Progress):
                continue
            sequence.take(frame)
            if isinstance(frame, AskSibling):
                asked += 1
                if asked > ASKS_MAX:
                    raise Disorder("too many questions")
                self._answer(frame.name, sibling)
                clock.resume()
                continue
            assert not isinstance(frame, Ready)
            yield frame
            if isinstance(frame, Done | Failed | Unclaimed):
                return
            clock.resume()

    def _answer(self, name: str, sibling: SiblingOf) -> None:
        plain = name not in ("", ".", "..") and "/" not in name and "\0" not in name
        fd = sibling(name) if plain else None
        if fd is None:
            self._send(Sibling(False))
            return
        try:
            self._send(Sibling(True, os.fstat(fd).st_size), fd)
        finally:
            os.close(fd)

    def _send(self, order: Order, fd: int | None = None) -> None:
        frame = packed(order)
        try:
            if fd is None:
                self._sock.sendall(frame)
                return
            with _ReadOnly(fd) as given:
                sent = socket.send_fds(self._sock, [frame], [given])
            self._sock.sendall(frame[sent:])
        except (BrokenPipeError, ConnectionResetError, TimeoutError) as error:
            raise Gone from error

    def _next(self, clock: Clock) -> Frame:
        length = int.from_bytes(self._take(HEADER, clock), "little")
        if length > FRAME_MAX:
            raise Disorder("a frame beyond the limit")
        body = self._take(length, clock)
        clock.heard(length)
        if (late := clock.overdue()) is not None:
            raise Overdue(late)
        try:
            return frame_decoder.decode(body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise Disorder("not a frame of the protocol") from error

    def _take(self, size: int, clock: Clock) -> bytes:
        while len(self._buffer) < size:
            try:
                block = self._sock.recv(RECEIVE)
            except TimeoutError:
                if (late := clock.overdue()) is not None:
                    raise Overdue(late) from None
                continue
            except ConnectionResetError as error:
                raise Gone from error
            if not block:
                raise Gone
            self._buffer += block
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


class _ReadOnly:
    """The descriptor, or a read-only one of the same file: a worker never holds one that it could write to."""

    def __init__(self, fd: int) -> None:
        self._writable = bool(fcntl(fd, F_GETFL) & (os.O_WRONLY | os.O_RDWR))
        self._fd = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_CLOEXEC) if self._writable else fd

    def __enter__(self) -> int:
        return self._fd

    def __exit__(self, *exception: object) -> None:
        if self._writable:
            os.close(self._fd)

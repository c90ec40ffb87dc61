"""The job loop of a locked worker: one source at a time, everything that comes out of it as frames.

Runs in a process forked from the zygote. Nothing here is trusted by the parent; what this module adds is order:
each fault becomes one sentence without content, and a worker that met a fault ends and is replaced.
"""

import io
import logging
import os
import socket
import sys
import time
import traceback
import warnings
from collections.abc import Callable
from typing import NoReturn

from trackway.model.errors import Unreadable
from trackway.model.source import Container, Member, Reader
from trackway.sandbox.batch import Batcher, fit
from trackway.sandbox.lock import lock, unlocked
from trackway.sandbox.magic import guess
from trackway.sandbox.probes import PROBES
from trackway.sandbox.protocol import (
    BLOCK,
    HEADER,
    AskSibling,
    Claimed,
    Done,
    Failed,
    How,
    Incomplete,
    Job,
    Limits,
    Measured,
    MemberBegin,
    MemberBytes,
    MemberEnd,
    NotUnderstood,
    Order,
    Probed,
    Progress,
    Ready,
    Sibling,
    Unclaimed,
    Wire,
    line,
    order_decoder,
    packed,
)
from trackway.sandbox.stream import Evidence
from trackway.sandbox.tools import MEDIA, Tools

SEND_AT = 64 << 10
TICK_S = 1.0
"""How often reading without anything to say is said."""


class Line:
    """The worker's end of the socket: frames out (gathered, sent when large, on a tick, or at the end), orders in."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._out = bytearray()
        self._sent_at = 0.0
        self._in = bytearray()

    def put(self, frame: bytes) -> None:
        self._out += frame
        if len(self._out) >= SEND_AT or time.monotonic() - self._sent_at > TICK_S:
            self.flush()

    def send(self, event: Wire) -> None:
        self.put(fit(event))

    def tick(self) -> None:
        """Called on every read of evidence."""
        if time.monotonic() - self._sent_at > TICK_S:
            self._out += packed(Progress())
            self.flush()

    def flush(self) -> None:
        self._sent_at = time.monotonic()
        if self._out:
            self._sock.sendall(self._out)
            self._out.clear()

    def receive(self) -> tuple[Order, list[int]]:
        """The next order and its descriptors. EOFError when the parent is gone."""
        fds: list[int] = []
        while len(self._in) < HEADER or len(self._in) < HEADER + int.from_bytes(self._in[:HEADER], "little"):
            block, new, _flags, _address = socket.recv_fds(self._sock, 65536, 2)
            fds += new
            if not block:
                raise EOFError
            self._in += block
        end = HEADER + int.from_bytes(self._in[:HEADER], "little")
        order = order_decoder.decode(self._in[HEADER:end])
        del self._in[:end]
        return order, fds


class Said:
    """The ``Report`` that readers and containers speak to."""

    def __init__(self, send: Callable[[Wire], None]) -> None:
        self._send = send

    def not_understood(self, locator: str, reason: str) -> None:
        self._send(NotUnderstood(line(locator), line(reason)))

    def incomplete(self, reason: str) -> None:
        self._send(Incomplete(line(reason)))


class Work:
    """One job. ``run`` sends everything, its end included, and says whether the worker may go on."""

    def __init__(self, job: Job, source: Evidence, tools: Tools, out: Line) -> None:
        self._job = job
        self._source = source
        self._tools = tools
        self._out = out
        self._report = Said(out.send)
        self._batch = Batcher(out.put, tools.enrich)

    def run(self) -> bool:
        try:
            self._out.send(self._acquired() if self._job.kind == "acquire" else self._read())
            return True
        except Unreadable as refused:
            return self._fail(refused.reason, "unreadable")
        except RecursionError:
            return self._fail("it is nested too deeply", "unreadable")
        except MemoryError:
            return self._fail("it needs more memory than a worker may use", "memory", goes_on=False)
        except Exception as fault:
            return self._fail(describe(fault), "crashed", goes_on=False)

    def _acquired(self) -> Done:
        self._out.send(Measured(self._tools.acquisition(self._source, self._report)))
        return Done(0)

    def _read(self) -> Done | Unclaimed:
        claimed = self._claim()
        if claimed is None:
            return Unclaimed(guess(self._source.head))
        self._use(*claimed)
        return Done(self._batch.records)

    def _fail(self, reason: str, how: How, *, goes_on: bool = True) -> bool:
        try:
            self._batch.flush()
        except Exception:  # what the enricher or the encoder cannot take was the fault, or will be no better
            goes_on = False
        self._out.send(Failed(line(reason), how))
        return goes_on

    def _candidates(self) -> list[Reader | Container]:
        job, tools = self._job, self._tools
        known: list[Reader | Container] = [*tools.containers, *tools.readers]
        if job.only is not None:
            chosen = [one for one in known if one.name == job.only]
            if not chosen:
                raise Unreadable(f"there is no reader named {job.only}")
            return chosen
        if job.accept == "records":
            return [one for one in tools.readers if one.name != MEDIA]
        return known

    def _claim(self) -> tuple[Reader | Container, str] | None:
        """The first that claims the source. One that fails while sniffing does not keep the others from it."""
        fault: Exception | None = None
        for one in self._candidates():
            try:
                reason = one.claims(self._source)
            except (Unreadable, MemoryError):
                raise
            except Exception as error:
                fault = fault or error
                continue
            if reason is not None or self._job.only is not None:
                return one, reason or "asked for by name"
        if fault is not None:
            raise fault
        return None

    def _use(self, one: Reader | Container, reason: str) -> None:
        if isinstance(one, Container):
            self._members(one, reason)
            return
        options = {line(key, 300): line(value) for key, value in one.options(self._source).items()}
        self._out.send(Claimed("reader", line(one.name, 300), one.version, options, line(reason)))
        self._out.flush()  # known even if the next thing is a crash
        for trace in one.read(self._source, self._report):
            self._batch.add(trace)
        self._batch.flush()
        if one.name == MEDIA:
            for measurement in self._tools.measure(self._source):
                self._out.send(Measured(measurement))
        companion = self._tools.companions.get(one.name)
        if companion is not None and (inside := companion.claims(self._source)) is not None:
            self._members(companion, inside)

    def _members(self, container: Container, reason: str) -> None:
        self._out.send(Claimed("container", line(container.name, 300), container.version, {}, line(reason)))
        self._out.flush()
        for member in container.members(self._source, self._report):
            self._member(member)

    def _member(self, member: Member) -> None:
        readable = member.open is not None
        path = line(member.path, 32768)
        begin = MemberBegin(path, member.size, member.times, member.state, line(member.reason), readable)
        self._out.send(begin)
        if member.open is None:
            return
        try:
            with member.open() as stream:
                while block := stream.read(BLOCK):
                    self._out.send(MemberBytes(bytes(block)))
        except MemoryError:
            raise
        except Unreadable as refused:
            self._out.send(MemberEnd(False, line(refused.reason)))
        except Exception as fault:
            # Damage inside one member; the libraries beneath raise what they please.
            self._out.send(MemberEnd(False, line(describe(fault))))
        else:
            self._out.send(MemberEnd(True))


def describe(fault: Exception) -> str:
    """Type of the fault and where in the program it happened; never its message, which may quote the evidence."""
    frames = [(frame.f_code.co_filename, number) for frame, number in traceback.walk_tb(fault.__traceback__)]
    ours = [(file, number) for file, number in frames if "trackway" in file and "sandbox" not in file]
    place = "".join(f" in {os.path.basename(file)} line {number}" for file, number in (ours or frames)[-1:])
    number = f" {fault.errno}" if isinstance(fault, OSError) and fault.errno is not None else ""
    return f"a fault in the reader: {type(fault).__name__}{number}{place}"


class _Nowhere(io.TextIOBase):
    """Standard output and error of a worker: what libraries print is dropped."""

    def write(self, text: str) -> int:
        return len(text)


def be_quiet() -> None:
    """Libraries warn and log about evidence; that must reach nobody's terminal or log."""
    sys.stdout = sys.stderr = _Nowhere()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)


def _probe(job: Job) -> Probed:
    try:
        return Probed(True, line(PROBES[job.only or ""](job.name)))
    except (OSError, MemoryError) as refused:
        return Probed(False, f"refused: {type(refused).__name__}")


def serve(sock: socket.socket, limits: Limits, tools: Tools, *, locked: bool, resident: int) -> NoReturn:
    """Lock this process, then do jobs until the parent closes the socket. Never returns."""
    be_quiet()
    out = Line(sock)
    layers = lock(limits, sock.fileno(), resident) if locked else unlocked()
    out.send(Ready(layers))
    out.flush()
    goes_on = True
    while goes_on:
        try:
            job, fds = out.receive()
        except EOFError:
            break
        assert isinstance(job, Job)
        goes_on = _do(job, fds, tools, out)
        out.flush()
    os._exit(0)


def _do(job: Job, fds: list[int], tools: Tools, out: Line) -> bool:
    if job.kind == "probe":
        out.send(_probe(job))
        out.send(Done(0))
        return True

    def ask(name: str) -> tuple[int, int] | None:
        out.send(AskSibling(line(name, 300)))
        out.flush()
        answer, given = out.receive()
        assert isinstance(answer, Sibling)
        return (given[0], answer.size) if answer.found and given else None

    try:
        source = Evidence(fds[0], job.name, job.size, job.zone, ask, out.tick)
    except Unreadable as refused:
        out.send(Failed(line(refused.reason), "unreadable"))
        os.close(fds[0])
        return True
    try:
        return Work(job, source, tools, out).run()
    finally:
        source.close()

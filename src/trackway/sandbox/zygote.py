"""The clean parent: imports everything once, then forks locked workers on request.

``python -I -m trackway.sandbox.zygote DESCRIPTOR [FILE...]``, started by ``trackway.sandbox.pool``. Requests and
answers are single messages on a SOCK_SEQPACKET socket. It never sees evidence. It ends when the pool closes the socket
or dies, and takes its workers with it. FILE: readers to use instead of the installed ones (``tools.only_files``).
"""

import gc
import os
import signal
import socket
import sys
import time
from typing import NoReturn

from trackway.sandbox.lock import die_with_parent, memory_now
from trackway.sandbox.protocol import Ended, EndRequest, Forked, ForkRequest, Warm, message, request_decoder
from trackway.sandbox.tools import Tools, installed, only_files
from trackway.sandbox.warmup import warm_up
from trackway.sandbox.worker import be_quiet, serve

REQUEST_MAX = 65536


def _child(sock: socket.socket, request: ForkRequest, tools: Tools, resident: int) -> NoReturn:
    """What a forked worker does before its lock: keep its socket, lose everything else."""
    try:
        die_with_parent(signal.SIGKILL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nowhere, standard)
        own = os.dup2(sock.fileno(), 3) if sock.fileno() != 3 else 3
        os.closerange(4, 65536)
        sock.detach()
        serve(socket.socket(fileno=own), request.limits, tools, locked=request.locked, resident=resident)
    finally:
        os._exit(1)


def _fork(control: socket.socket, request: ForkRequest, tools: Tools, resident: int) -> int:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs:
        pid = os.fork()
        if pid == 0:
            _child(theirs, request, tools, resident)
        socket.send_fds(control, [message(Forked(pid))], [ours.fileno()])
    return pid


def _end(pid: int) -> Ended:
    os.kill(pid, signal.SIGKILL)  # changes nothing for one that has ended: its status stands until it is waited for
    _, status, usage = os.wait4(pid, 0)
    return Ended(os.waitstatus_to_exitcode(status), usage.ru_maxrss)


def _answer(control: socket.socket, tools: Tools) -> None:
    """Requests until the pool is gone."""
    _, resident = memory_now()
    living: set[int] = set()
    while data := control.recv(REQUEST_MAX):
        request = request_decoder.decode(data)
        if isinstance(request, ForkRequest):
            living.add(_fork(control, request, tools, resident))
        elif isinstance(request, EndRequest) and request.pid in living:
            living.discard(request.pid)
            control.send(message(_end(request.pid)))
        else:
            control.send(message(Ended(0, 0)))
    for pid in living:
        _end(pid)


def _orphaned(parent: int) -> None:
    """The death signal also comes when the *thread* that started us ends; only a new parent means death."""

    def handler(number: int, frame: object) -> None:
        if os.getppid() != parent:
            os._exit(0)

    signal.signal(signal.SIGTERM, handler)
    die_with_parent(signal.SIGTERM)


def main() -> None:
    """Warm up, say so, serve."""
    start = time.perf_counter()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent, descriptor, files = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    _orphaned(parent)
    with socket.socket(fileno=descriptor) as control:
        tools = only_files(files) if files else installed()
        be_quiet()
        cold = warm_up(tools, samples=not files)
        gc.collect()
        gc.freeze()
        control.send(message(Warm(time.perf_counter() - start, cold)))
        _answer(control, tools)


if __name__ == "__main__":
    main()

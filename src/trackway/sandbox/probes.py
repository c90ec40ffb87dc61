"""What a worker that was taken over would try. Run inside a worker, by name (``Job.kind`` ``probe``).

Each takes a target from its caller and returns a sentence when it got through; being refused is an OSError or
MemoryError, or the end of the worker. A probe that gets through without the lock is the control of the test.
"""

import ctypes
import mmap
import os
import resource
import socket
import time
from collections.abc import Callable

from trackway.sandbox.protocol import Done, Event, Failed, Probed, Unclaimed


def _open(target: str) -> str:
    with open(target, "rb") as file:
        return f"read {len(file.read(16))} bytes of a file"


def _create(target: str) -> str:
    with open(target + ".new", "wb") as file:
        file.write(b"x")
    return "wrote a file"


def _list(target: str) -> str:
    return f"listed {len(os.listdir(os.path.dirname(target)))} names"


def _stat(target: str) -> str:
    return f"learnt that a file has {os.stat(target).st_size} bytes"


def _stat_empty_path_flag(target: str) -> str:
    """``stat`` by path under the flag that a careless filter lets through."""
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(256)
    if libc.fstatat(-100, target.encode(), buffer, 0x1000):
        raise OSError(ctypes.get_errno(), "fstatat")
    return "learnt that a file exists"


def _unlink(target: str) -> str:
    os.unlink(target)
    return "removed a file"


def _memory_file(target: str) -> str:
    return f"kept {os.write(os.memfd_create('x'), b'x' * 4096)} bytes in a nameless file"


def _kill(target: str) -> str:
    os.kill(os.getppid(), 0)
    return "could signal its parent"


def _exec(target: str) -> str:
    os.execv("/bin/true", ["true"])


def _fork(target: str) -> str:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "made a process"


def _socket(target: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM):
        return "made a socket"


def _executable_memory(target: str) -> str:
    with mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC):
        return "got memory that it may write and run"


def _memory(target: str) -> str:
    with mmap.mmap(-1, 2 << 30) as memory:
        return f"got {len(memory) >> 30} GiB"


def _raise_limits(target: str) -> str:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard - 1, hard))
    return "changed its own limits"


def _loop(target: str) -> str:
    """Computes for ``target`` seconds (as long as its caller's patience and more)."""
    end = time.process_time() + float(target)
    while time.process_time() < end:
        pass
    return "computed as long as it liked"


PROBES: dict[str, Callable[[str], str]] = {
    "open": _open,
    "create": _create,
    "list": _list,
    "stat": _stat,
    "stat with AT_EMPTY_PATH": _stat_empty_path_flag,
    "unlink": _unlink,
    "memory file": _memory_file,
    "kill": _kill,
    "exec": _exec,
    "fork": _fork,
    "socket": _socket,
    "executable memory": _executable_memory,
    "2 GiB": _memory,
    "raise limits": _raise_limits,
    "endless loop": _loop,
}


def reached(events: list[Event]) -> tuple[bool, str]:
    """Whether a probe got through, from all that ``Pool.run`` yielded for it, and how that is known."""
    match events:
        case [Probed(reached=got, detail=detail), Done()]:
            return got, detail
        case [Failed(how="killed" | "timed-out" | "memory", reason=reason)]:
            return False, reason
        case [*_, Failed(reason=reason)]:
            return True, f"left the worker's program: {reason}"
        case [*_, Unclaimed()] | _:
            return True, "no answer that makes sense"

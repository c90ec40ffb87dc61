"""The lock that a worker puts on itself before it sees a byte of evidence.

Layers: resource limits, no core dump and no tracing, no new privileges, Landlock without any rule (no
path at all; where the kernel knows them also no TCP and no signals or abstract sockets outside), seccomp
(``trackway.sandbox.seccomp``). Landlock is three system calls, made here directly: the packaged binding knows
only files. Each layer says whether it holds; a kernel that lacks one is reported, never passed over.
Sources: landlock(7), seccomp(2), setrlimit(2), prctl(2).
"""

import ctypes
import os
import resource
from collections.abc import Callable

from trackway.sandbox import seccomp
from trackway.sandbox.protocol import Layer, Limits, line

CREATE_RULESET, RESTRICT_SELF = 444, 446
RULESET_VERSION = 1
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
"""Landlock: number of file rights that each ABI knows; they are handled all, and none is granted."""
PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
MARGIN_MIB = 48
"""Pages of libraries that are mapped already and become resident later, without new address space."""
DESCRIPTORS = 16
CPU_BACKSTOP_S = 86400
"""The parent stops a job by its own clock (``trackway.sandbox.clock``); this holds when the parent hangs."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


def memory_now() -> tuple[int, int]:
    """Bytes of address space and bytes resident of this process, as /proc says."""
    with open("/proc/self/statm", "rb") as statm:
        pages, resident = statm.read().split()[:2]
    return int(pages) * resource.getpagesize(), int(resident) * resource.getpagesize()


def _limits(limits: Limits, resident: int) -> str:
    """Only address space can be bounded: what is mapped now may stay, and it may grow by what the resident limit
    leaves. ``resident``: bytes of the warmed-up parent, whose pages count for the worker too."""
    mapped, _ = memory_now()
    room = max((limits.memory_mib - MARGIN_MIB << 20) - resident, 64 << 20)
    wanted = {
        resource.RLIMIT_AS: mapped + room,
        resource.RLIMIT_CPU: CPU_BACKSTOP_S,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
    }
    for which, value in wanted.items():
        resource.setrlimit(which, (value, value))
        if resource.getrlimit(which) != (value, value):
            raise OSError(0, "a resource limit did not take")
    return f"{room >> 20} MiB more memory, no file written, {DESCRIPTORS} descriptors"


def _private() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "dumpable")
    return "no core dump, not traceable"


def _landlock() -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    abi = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), RULESET_VERSION)
    if abi < 1:
        raise OSError(ctypes.get_errno(), "this kernel has no Landlock")
    rights = max(count for known, count in FILE_RIGHTS.items() if known <= abi)
    rules = _Ruleset((1 << rights) - 1, 0b11 if abi >= 4 else 0, 0b11 if abi >= 6 else 0)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "Landlock ruleset refused")
    try:
        if libc.prctl(seccomp.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.syscall(RESTRICT_SELF, ruleset, 0):
            raise OSError(ctypes.get_errno(), "Landlock refused to restrict")
    finally:
        os.close(ruleset)
    return f"ABI {abi}: no path" + (", no TCP" if abi >= 4 else "") + (", no signals outside" if abi >= 6 else "")


def die_with_parent(signal_number: int) -> str:
    """Ask the kernel for this signal when the parent (for a worker: the zygote) dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "death signal")
    return "ends with its parent"


def _layer(name: str, put_on: Callable[[], str]) -> Layer:
    try:
        return Layer(name, True, line(put_on()))
    except (OSError, ValueError, AttributeError) as error:
        return Layer(name, False, line(f"{type(error).__name__}: {error}"))


def lock(limits: Limits, sock: int, resident: int) -> tuple[Layer, ...]:
    """Lock this process for good. ``sock`` is the only descriptor that it may talk on."""
    return (
        _layer("limits", lambda: _limits(limits, resident)),
        _layer("private", _private),
        _layer("landlock", _landlock),
        _layer("seccomp", lambda: seccomp.apply(sock)),
    )


LAYERS = ("limits", "private", "landlock", "seccomp")


def unlocked() -> tuple[Layer, ...]:
    """What a worker without the lock reports (the controls of tests)."""
    return tuple(Layer(name, False, "switched off") for name in LAYERS)

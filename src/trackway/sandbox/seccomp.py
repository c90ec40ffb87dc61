"""The system-call filter as classic BPF, written by hand.

By hand, because libseccomp is a system library that a plain installation may lack (a lock that depends on a package
being there is one that is silently absent one day), and because the whole policy then stands on one page.
Sources: seccomp(2), linux/audit.h, linux/filter.h; numbers of x86_64 and aarch64 from the kernel's tables.

Policy: what is listed is allowed; calls that only an attacker makes kill the process; everything else answers EPERM,
so that a library that merely tries something carries on. ``mmap`` and ``mprotect`` never executable. ``stat`` by path
is not let through at all: with AT_EMPTY_PATH alone a filter cannot see whether the path is empty, so ``newfstatat`` and
``statx`` are refused and ``fstat`` serves. Sending and receiving only on the worker's own socket. ``clone3`` answers
ENOSYS (its flags lie behind a pointer), whereupon the C library falls back to ``clone``, which may start a thread with
exactly the flags of ``pthread_create`` (the HEIC decoder works in threads; they share the lock) and nothing else.
"""

import ctypes
import errno
import os
import struct
from typing import NamedTuple

LOAD, JUMP_EQ, JUMP_GE, JUMP_SET, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
KILL, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
EPERM, ENOSYS = ERRNO | errno.EPERM, ERRNO | errno.ENOSYS
AT_NR, AT_ARCH, AT_ARGS = 0, 4, 16
X32 = 0x40000000
PROT_EXEC = 0x4
THREAD_FLAGS = 0x3D0F00
"""VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID: clone(2), as glibc makes threads."""
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


class Machine(NamedTuple):
    """One processor architecture: its audit number and its call numbers."""

    audit: int
    calls: dict[str, int]


# fmt: off
X86_64 = Machine(0xC000003E, {
    "read": 0, "write": 1, "close": 3, "fstat": 5, "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "pread64": 17, "readv": 19, "sched_yield": 24,
    "mremap": 25, "madvise": 28, "nanosleep": 35, "getpid": 39, "socket": 41, "connect": 42, "sendto": 44,
    "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "bind": 49, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58,
    "execve": 59, "exit": 60, "gettimeofday": 96, "getrusage": 98, "ptrace": 101, "sigaltstack": 131, "mount": 165,
    "gettid": 186, "time": 201, "futex": 202, "sched_getaffinity": 204, "restart_syscall": 219, "clock_gettime": 228,
    "clock_getres": 229, "clock_nanosleep": 230, "exit_group": 231, "keyctl": 250, "unshare": 272,
    "set_robust_list": 273, "rseq": 334,
    "perf_event_open": 298, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "getrandom": 318,
    "bpf": 321, "execveat": 322, "userfaultfd": 323, "io_uring_setup": 425, "clone3": 435,
})
AARCH64 = Machine(0xC00000B7, {
    "mount": 40, "close": 57, "lseek": 62, "read": 63, "write": 64, "readv": 65, "pread64": 67, "fstat": 80,
    "exit": 93, "exit_group": 94, "unshare": 97, "futex": 98, "set_robust_list": 99, "nanosleep": 101,
    "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115, "ptrace": 117,
    "sched_getaffinity": 123, "sched_yield": 124,
    "restart_syscall": 128, "sigaltstack": 132, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
    "getrusage": 165, "gettimeofday": 169, "getpid": 172, "gettid": 178, "socket": 198, "socketpair": 199,
    "bind": 200, "connect": 203, "sendto": 206, "recvfrom": 207, "sendmsg": 211, "recvmsg": 212, "brk": 214,
    "munmap": 215, "mremap": 216, "keyctl": 219, "clone": 220, "execve": 221, "mmap": 222, "mprotect": 226,
    "madvise": 233, "perf_event_open": 241, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
    "getrandom": 278, "bpf": 280, "execveat": 281, "userfaultfd": 282, "rseq": 293, "io_uring_setup": 425,
    "clone3": 435,
})
# fmt: on
MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}

ALLOWED = (
    "pread64 brk munmap mremap madvise futex clock_gettime close fstat lseek read readv rt_sigreturn rt_sigaction "
    "rt_sigprocmask sigaltstack exit exit_group clock_getres clock_nanosleep nanosleep gettimeofday time getrandom "
    "sched_yield sched_getaffinity restart_syscall getpid gettid getrusage "
    "set_robust_list rseq"
).split()
ON_OWN_SOCKET = "sendto recvfrom sendmsg recvmsg write".split()
NOT_EXECUTABLE = "mmap mprotect".split()
DEADLY = (
    "execve execveat fork vfork ptrace process_vm_readv process_vm_writev connect socket socketpair bind "
    "io_uring_setup bpf userfaultfd mount unshare setns keyctl perf_event_open"
).split()


def _op(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, k)


def _when(number: int, *body: bytes) -> list[bytes]:
    """Run ``body`` (which must return) when the loaded call number is ``number``; else go past it."""
    return [_op(JUMP_EQ, number, 0, len(body)), *body]


def program(machine: Machine, sock: int) -> bytes:
    """The filter's instructions (8 bytes each) for one architecture; ``sock`` is the worker's own descriptor."""
    calls = machine.calls
    code = [
        _op(LOAD, AT_ARCH),
        _op(JUMP_EQ, machine.audit, 1, 0),
        _op(RETURN, KILL),
        _op(LOAD, AT_NR),
        _op(JUMP_GE, X32, 0, 1),
        _op(RETURN, KILL),
    ]
    for name in ON_OWN_SOCKET:
        code += _when(calls[name], _op(LOAD, AT_ARGS), _op(JUMP_EQ, sock, 0, 1), _op(RETURN, ALLOW), _op(RETURN, EPERM))
    for name in NOT_EXECUTABLE:
        protection = AT_ARGS + 2 * 8
        code += _when(
            calls[name], _op(LOAD, protection), _op(JUMP_SET, PROT_EXEC, 1, 0), _op(RETURN, ALLOW), _op(RETURN, EPERM)
        )
    for name in ALLOWED:
        if name in calls:
            code += _when(calls[name], _op(RETURN, ALLOW))
    for name in DEADLY:
        if name in calls:
            code += _when(calls[name], _op(RETURN, KILL))
    code += _when(calls["clone3"], _op(RETURN, ENOSYS))
    code += _when(
        calls["clone"], _op(LOAD, AT_ARGS), _op(JUMP_EQ, THREAD_FLAGS, 0, 1), _op(RETURN, ALLOW), _op(RETURN, KILL)
    )
    code.append(_op(RETURN, EPERM))
    return b"".join(code)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def apply(sock: int) -> str:
    """Put the filter on this process, for good. Returns a sentence; OSError where it cannot be had."""
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        raise OSError(errno.ENOSYS, f"no call table for {os.uname().machine}")
    code = program(machine, sock)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    # c_char_p would stop at a zero byte when read back, but only its address is handed to the kernel.
    filled = _Program(len(code) // 8, code)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filled), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
    return f"{len(ALLOWED) + len(ON_OWN_SOCKET) + len(NOT_EXECUTABLE)} calls allowed, {len(code) // 8} instructions"

"""Run a program with injector.c preloaded: record what it does to the files below a directory, or spoil the n-th thing.

A program under test may say which phase it is in, and what it has acknowledged, by writing lines to two files in the
directory: ``.phase`` (the name of the phase that begins) and ``.ack`` (what it has promised to keep). It learns that it
is watched from ``TRACKWAY_FAULTS=1`` and of the directory from ``TRACKWAY_FAULT_DIR``.
"""

import functools
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest

What = Literal["kill", "eio", "enospc", "short"]
Run = Callable[[Sequence[str], Mapping[str, str]], subprocess.CompletedProcess[str]]
"""How a command is run, with these variables in its environment."""
Kind = Literal[
    "write", "sync", "truncate", "extend", "punch", "create", "unlink", "rename", "link", "mkdir", "rmdir", "open",
    "read", "net", "phase", "ack",
]  # fmt: skip
KINDS: dict[str, Kind] = {
    "W": "write", "S": "sync", "T": "truncate", "F": "extend", "H": "punch", "C": "create", "U": "unlink",
    "R": "rename", "L": "link", "M": "mkdir", "D": "rmdir", "O": "open", "r": "read", "N": "net", "P": "phase",
    "A": "ack",
}  # fmt: skip
MARKERS = (".phase", ".ack")
HEADER = struct.Struct("<cIQqQ")
SECONDS = 120
SOURCE = Path(__file__).with_name("injector.c")


@dataclass(frozen=True, slots=True)
class Op:
    """One operation. ``no`` is the number that ``run_with_fault(at=)`` takes; markers carry that of the operation
    before them.

    path and target (of rename and link) are relative to the directory, "" being itself; offset: of a write, or the new
    size of truncate and extend; data: what was written, or the lines of a marker; phase: "" before the first marker.
    """

    no: int
    kind: Kind
    path: str
    offset: int
    data: bytes
    target: str | None
    phase: str


@dataclass(frozen=True)
class Recording:
    """ops: in the order in which they reached the disk; before: the files that stood in the directory at the start."""

    ops: list[Op]
    before: dict[str, bytes]
    process: subprocess.CompletedProcess[str]

    @property
    def count(self) -> int:
        """How many operations a fault can be put at."""
        return max((op.no for op in self.ops), default=0)

    def phases(self) -> dict[str, list[int]]:
        """The numbers of the operations of each phase."""
        numbers: dict[str, list[int]] = {}
        for op in self.ops:
            if op.kind not in ("phase", "ack") and op.no not in (of := numbers.setdefault(op.phase, []))[-1:]:
                of.append(op.no)
        return numbers


def record(
    cmd: Sequence[str],
    directory: Path,
    env: Mapping[str, str] | None = None,
    reads: bool = False,
    sockets: bool = False,
    run: Run | None = None,
) -> Recording:
    """Run ``cmd`` undisturbed and record it. With ``reads``, opening and reading below the directory count as well,
    with ``sockets`` sending and receiving. ``run`` starts it in another way than as a process of its own."""
    directory = directory.resolve()
    before = snapshot(directory)
    with tempfile.TemporaryDirectory(prefix="trackway-faults-") as scratch:
        log = Path(scratch, "log")
        watched = {"TRACKWAY_FAULT_LOG": str(log), **_watch(directory, reads, sockets)}
        process = (run or started)(cmd, {**(env or {}), **watched})
        return Recording(list(_read(log, directory)) if log.exists() else [], before, process)


def run_with_fault(
    cmd: Sequence[str],
    directory: Path,
    at: int,
    what: What,
    sticky: bool = False,
    env: Mapping[str, str] | None = None,
    reads: bool = False,
    sockets: bool = False,
    phase: str = "",
    run: Run | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run ``cmd``; at operation ``at`` (1 and up) kill it, fail the call, or write only half.

    ``sticky``: every later operation fails too, as on a disk that is full or gone. A killed process has returncode -9.
    ``phase``: operations are counted from the beginning of that phase. ``reads``, ``sockets``, ``run`` as in record.
    """
    fault = {"TRACKWAY_FAULT_AT": str(at), "TRACKWAY_FAULT_WHAT": what, "TRACKWAY_FAULT_PHASE": phase}
    watched = {**_flag("TRACKWAY_FAULT_STICKY", sticky), **_watch(directory.resolve(), reads, sockets)}
    return (run or started)(cmd, {**(env or {}), **fault, **watched})


def points(recording: Recording, count: int) -> list[int]:
    """``count`` operation numbers (fewer where there are fewer), spread evenly over each phase, every phase present."""
    phases = [numbers for numbers in recording.phases().values() if numbers]
    chosen: set[int] = set()
    for numbers in phases:
        share = max(1, min(len(numbers), round(count * len(numbers) / recording.count)))
        chosen |= {numbers[place * len(numbers) // share] for place in range(share)}
    return sorted(chosen)


def python(*arguments: str | Path) -> list[str]:
    """The command of this interpreter itself: a shim in its place would be watched instead of it."""
    return [_interpreter(), *map(str, arguments)]


def snapshot(directory: Path) -> dict[str, bytes]:
    """Every file below the directory with its content, but for markers and SQLite's shared memory."""
    files = (path for path in sorted(directory.rglob("*")) if path.is_file() and not path.is_symlink())
    kept = (path for path in files if path.name not in MARKERS and not path.name.endswith("-shm"))
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in kept}


@functools.cache
def library() -> Path:
    """The compiled injector. Skips the test where this machine cannot make one."""
    if sys.platform != "linux" or sys.maxsize < 2**63 - 1:
        pytest.skip("The fault injector needs 64-bit Linux.")
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.skip("The fault injector needs a C compiler (cc, gcc or clang), and this machine has none.")
    built = Path(_scratch().name, "injector.so")
    flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-pthread"]
    made = subprocess.run([compiler, *flags, "-o", built, SOURCE], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return built


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="trackway-injector-")


@functools.cache
def _interpreter() -> str:
    for candidate in (sys.executable, os.path.realpath("/proc/self/exe")):
        with open(candidate, "rb") as file:
            if file.read(4) == b"\x7fELF":
                return candidate
    pytest.skip("The fault injector needs an interpreter that is a program, not a script.")


def environment() -> dict[str, str]:
    """What a process needs that the injector is to be in."""
    # The packages of this process, also where its interpreter had to be started by another name.
    found = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **found, "LD_PRELOAD": str(library())}


def started(cmd: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """The usual ``Run``: a process of its own."""
    whole = {**environment(), **env}
    return subprocess.run(cmd, env=whole, capture_output=True, text=True, timeout=SECONDS, check=False)


def _watch(directory: Path, reads: bool, sockets: bool) -> dict[str, str]:
    flags = _flag("TRACKWAY_FAULT_READS", reads) | _flag("TRACKWAY_FAULT_SOCKETS", sockets)
    return {"TRACKWAY_FAULTS": "1", "TRACKWAY_FAULT_DIR": str(directory)} | flags


def _flag(name: str, on: bool) -> dict[str, str]:
    return {name: "1"} if on else {}


def _read(log: Path, directory: Path) -> Iterator[Op]:
    phase = ""
    with log.open("rb") as file:
        while len(header := file.read(HEADER.size)) == HEADER.size:
            letter, path_length, no, offset, length = HEADER.unpack(header)
            kind = KINDS[letter.decode()]
            path = _relative(file.read(path_length), directory)
            data = file.read(length)
            if kind == "phase":
                phase = data.decode().split()[-1] if data.split() else phase
            pair = kind in ("rename", "link")
            target = _relative(data, directory) if pair else None
            yield Op(no, kind, path, offset, b"" if pair else data, target, phase)


def _relative(path: bytes, directory: Path) -> str:
    relative = os.path.relpath(os.fsdecode(path), directory)
    return "" if relative == "." else relative

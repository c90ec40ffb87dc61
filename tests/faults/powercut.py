"""From a recording of one run to the disks that a power cut could have left.

The model, of a file: what was written before its last completed fsync is safe; of the later writes and truncations
any subset may have reached the disk, each possibly torn at a sector of 512 bytes. Of names: creating, renaming, linking
and unlinking is safe after an fsync of the directory (or of any directory concerned); before that, any number of them
may have happened, in their order. Directories themselves are never lost.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from injector import Op, Recording, snapshot

SECTOR = 512
TORN = 0.2
"""How often a write that has reached the disk without an fsync is torn."""


@dataclass(frozen=True)
class Image:
    """The disk after a power cut right behind operation ``cut`` of the recording (an index into its ops).

    files: path relative to the directory -> content; acked: the lines that were acknowledged before the cut."""

    cut: int
    files: dict[str, bytes]
    acked: list[str]

    def lay_out(self, directory: Path) -> Path:
        """Write the image into an empty directory."""
        for name, content in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return directory


def images(recording: Recording, count: int, seed: int = 0) -> Iterator[Image]:
    """``count`` images, at cuts spread by chance over the whole run, in the order of the cuts; the seed decides."""
    chance = random.Random(seed)
    cuts = sorted(chance.randrange(1, len(recording.ops) + 1) for _ in range(count))
    disk, done = Disk(recording.before), 0
    for cut in cuts:
        for op in recording.ops[done:cut]:
            disk.do(op)
        done = cut
        yield Image(cut, disk.after_power_cut(chance), acked(recording.ops, cut))


def acked(ops: Sequence[Op], cut: int) -> list[str]:
    """The lines that had been written to .ack when the power went."""
    return b"".join(op.data for op in ops[:cut] if op.kind == "ack").decode().splitlines()


def unseen(recording: Recording, directory: Path) -> list[str]:
    """Files that are not what the recording makes of them: written through mmap or stdio, which it does not see.

    Call it right after recording. A test that ignores such a file proves nothing about it."""
    disk = Disk(recording.before)
    for op in recording.ops:
        disk.do(op)
    expected, found = disk.live(), snapshot(directory)
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


@dataclass
class _File:
    """safe: content as of the last fsync; pending: what was done since, in order."""

    safe: bytearray = field(default_factory=bytearray)
    pending: list[Op] = field(default_factory=list)

    def sync(self) -> None:
        for op in self.pending:
            _apply(self.safe, op)
        self.pending.clear()

    def after_power_cut(self, chance: random.Random) -> bytes:
        content = bytearray(self.safe)
        fate = chance.choice(["none", "all", "subset", "subset", "prefix"])
        reached = chance.randrange(len(self.pending) + 1)
        for place, op in enumerate(self.pending):
            if {"none": False, "all": True, "subset": chance.random() < 0.5, "prefix": place < reached}[fate]:
                _apply(content, _torn(op, chance) if chance.random() < TORN else op)
        return bytes(content)


class Disk:
    """Files by their names: the names that are safe, and the changes of names that are not yet."""

    def __init__(self, before: Mapping[str, bytes]) -> None:
        self.safe = {name: _File(bytearray(content)) for name, content in before.items()}
        self.now = dict(self.safe)
        self.pending: list[tuple[Op, _File | None]] = []

    def do(self, op: Op) -> None:
        """Let one recorded operation happen."""
        if op.kind in ("write", "truncate", "extend"):
            self._file(op.path).pending.append(op)
        elif op.kind == "sync":
            if op.path in self.now:
                self.now[op.path].sync()
            else:
                self._sync_directory(op.path)
        elif op.kind in ("create", "unlink", "rename", "link"):
            made = _File() if op.kind == "create" else None
            _rename(self.now, op, made)
            self.pending.append((op, made))

    def after_power_cut(self, chance: random.Random) -> dict[str, bytes]:
        """One of the disks that a power cut could leave now."""
        names = dict(self.safe)
        for op, made in self.pending[: chance.choice([0, len(self.pending), chance.randrange(len(self.pending) + 1)])]:
            _rename(names, op, made)
        contents = {id(file): file.after_power_cut(chance) for file in names.values()}
        return {name: contents[id(file)] for name, file in names.items()}

    def live(self) -> dict[str, bytes]:
        """What the running machine sees."""
        whole = deepcopy(self.now)
        for file in whole.values():
            file.sync()
        return {name: bytes(file.safe) for name, file in whole.items()}

    def _file(self, path: str) -> _File:
        if path not in self.now:  # opened before the recording began, or made in a way that it does not see
            self.now[path] = self.safe[path] = _File()
        return self.now[path]

    def _sync_directory(self, directory: str) -> None:
        """Changes of names here are safe now, and the earlier ones of other directories too, since they are ordered."""
        concerned = [place for place, (op, _) in enumerate(self.pending) if directory in _directories(op)]
        for op, made in self.pending[: concerned[-1] + 1 if concerned else 0]:
            _rename(self.safe, op, made)
        del self.pending[: concerned[-1] + 1 if concerned else 0]


def _directories(op: Op) -> set[str]:
    parents = (PurePosixPath(path).parent.as_posix() for path in (op.path, op.target) if path is not None)
    return {"" if parent == "." else parent for parent in parents}


def _rename(names: dict[str, _File], op: Op, made: _File | None) -> None:
    if made is not None:
        names[op.path] = made
    elif op.kind == "unlink":
        names.pop(op.path, None)
    elif op.target is not None:
        for name in [name for name in names if name == op.path or name.startswith(op.path + "/")]:
            names[op.target + name.removeprefix(op.path)] = names[name]
            if op.kind == "rename":
                del names[name]


def _apply(content: bytearray, op: Op) -> None:
    if op.kind == "truncate":
        del content[op.offset :]
    content.extend(bytes(max(0, op.offset - len(content))))
    if op.kind == "write":
        content[op.offset : op.offset + len(op.data)] = op.data


def _torn(op: Op, chance: random.Random) -> Op:
    first = SECTOR - op.offset % SECTOR
    if op.kind != "write" or len(op.data) <= first:
        return op
    kept = first + SECTOR * chance.randrange(1 + (len(op.data) - first - 1) // SECTOR)
    return replace(op, data=op.data[:kept])

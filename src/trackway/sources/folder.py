"""A folder of an exhibit, walked by the parent process: names and facts only, no byte of a file is read.

Order is by bytes of the name, folder by folder, the same on every machine. Names that are no UTF-8 or hold control
characters are percent-escaped (``guard.escaped``); ``open_below`` undoes that. Links are told, never followed.
"""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from msgspec import Struct

from trackway.model.source import FileTimes
from trackway.sources.guard import escaped, utc_text

Kind = Literal["file", "link", "device", "pipe", "socket", "folder"]

DEPTH = 1000
_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderEntry(Struct, frozen=True):
    """A file, or what stands in its place. ``path``: below the root, "/" between components, escaped; ``os_path``:
    the same as the system has it; ``size`` in bytes (files only); ``reason``: why it cannot be read ("" for files)."""

    path: str
    os_path: bytes
    kind: Kind
    size: int = 0
    times: FileTimes = FileTimes()
    reason: str = ""


_KINDS: tuple[tuple[int, Kind, str], ...] = (
    (stat.S_IFLNK, "link", "a symbolic link: not followed"),
    (stat.S_IFCHR, "device", "a device: not read"),
    (stat.S_IFBLK, "device", "a device: not read"),
    (stat.S_IFIFO, "pipe", "a pipe: not read"),
    (stat.S_IFSOCK, "socket", "a socket: not read"),
)


def walk(root: Path) -> Iterator[FolderEntry]:
    """Every file below ``root``, sorted by the bytes of names; a folder's files stand where its name sorts.

    A folder that cannot be listed is an entry of kind "folder" with its reason. OSError where ``root`` itself cannot
    be listed. Paths of any length are walked: one folder is open at a time, and names are asked of it."""
    with _Here(root) as here:
        frames = [(b"", here.names(b""))]
        while frames:
            below, names = frames[-1]
            if not names:
                frames.pop()
                continue
            path = below + names.pop()
            try:
                facts = here.facts(path)
                if stat.S_ISDIR(facts.st_mode) and len(frames) <= DEPTH:
                    frames.append((path + b"/", here.names(path)))
                    continue
            except OSError as error:
                kind: Kind = "folder" if error.filename == _FOLDER else "file"
                yield FolderEntry(shown(path), path, kind, reason=f"cannot be read: {error.strerror}")
                continue
            yield _entry(path, facts)


_FOLDER = b"(folder)"


class _Here:
    """The folder that was asked last, open; folders are opened from the root on, no link is followed."""

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, _FOLDER_FLAGS)
        self._open: tuple[bytes, int] | None = None

    def __enter__(self) -> "_Here":
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        os.close(self._root)

    def _close(self) -> None:
        if self._open is not None:
            os.close(self._open[1])
            self._open = None

    def _folder(self, path: bytes) -> int:
        if self._open is None or self._open[0] != path:
            opened = open_folder(self._root, path.split(b"/") if path else [])
            self._close()
            self._open = (path, opened)
        return self._open[1]

    def facts(self, path: bytes) -> os.stat_result:
        folder, _, name = path.rpartition(b"/")
        return os.stat(name, dir_fd=self._folder(folder), follow_symlinks=False)

    def names(self, path: bytes) -> list[bytes]:
        """The folder's names, the first one last (they are popped)."""
        try:
            return sorted(map(os.fsencode, os.listdir(self._folder(path))), reverse=True)
        except OSError as error:
            raise OSError(error.errno, error.strerror, _FOLDER) from error


def _entry(path: bytes, facts: os.stat_result) -> FolderEntry:
    times = file_times(facts)
    if stat.S_ISDIR(facts.st_mode):
        return FolderEntry(shown(path), path, "folder", times=times, reason="nested too deeply: not entered")
    for kind_bits, kind, reason in _KINDS:
        if stat.S_IFMT(facts.st_mode) == kind_bits:
            return FolderEntry(shown(path), path, kind, times=times, reason=reason)
    return FolderEntry(shown(path), path, "file", facts.st_size, times)


def file_times(facts: os.stat_result) -> FileTimes:
    """Instants to the nanosecond, of the copy that was handed in (not of the seized medium)."""
    birth = getattr(facts, "st_birthtime_ns", None)
    return FileTimes(
        created=utc_text(birth),
        written=utc_text(facts.st_mtime_ns),
        accessed=utc_text(facts.st_atime_ns),
        changed=utc_text(facts.st_ctime_ns),
    )


def shown(path: bytes | str) -> str:
    """A path below the root as it is shown and kept; injective, undone by ``hidden``."""
    return escaped(os.fsdecode(path) if isinstance(path, bytes) else path)


_ESCAPE = re.compile(rb"%([0-9A-F]{2})")


def hidden(path: str) -> bytes:
    """The path as the system has it, of one that ``shown`` gave."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), os.fsencode(path))


def open_below(root_fd: int, path: str) -> int:
    """A read-only descriptor of a regular file below the folder ``root_fd``, by the path that ``walk`` gave.

    No link is followed, at no component; "..", absolute paths and other kinds of file are refused. The time of last
    access is left alone where the system permits it. A path that was never escaped is accepted too, if no file has
    it in its escaped reading. OSError where it cannot be opened."""
    readings = list(dict.fromkeys((hidden(path), os.fsencode(path))))
    for number, reading in enumerate(readings, 1):
        try:
            return _open_plain(root_fd, reading)
        except FileNotFoundError:
            if number == len(readings):
                raise
    raise FileNotFoundError(path)


def _open_plain(root_fd: int, path: bytes) -> int:
    *folders, name = path.split(b"/")
    if any(part in (b"", b".", b"..") or b"\0" in part for part in (*folders, name)):
        raise PermissionError(1, "the path leads out of the exhibit")
    folder = open_folder(root_fd, folders)
    try:
        return _open_file(folder, name)
    finally:
        os.close(folder)


def open_folder(root_fd: int, parts: list[bytes]) -> int:
    """A descriptor of the folder at ``parts`` below ``root_fd``, no link followed. OSError where there is none."""
    at = os.dup(root_fd)
    try:
        for part in parts:
            below = os.open(part, _FOLDER_FLAGS, dir_fd=at)
            os.close(at)
            at = below
    except OSError:
        os.close(at)
        raise
    return at


def _open_file(folder: int, name: bytes) -> int:
    # O_NONBLOCK: opening a pipe must not wait for a writer before its kind is known.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        opened = os.open(name, flags | getattr(os, "O_NOATIME", 0), dir_fd=folder)
    except PermissionError:
        # Only the owner of a file may leave its access time alone.
        opened = os.open(name, flags, dir_fd=folder)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise PermissionError(1, "not a regular file")
    os.set_blocking(opened, True)
    return opened

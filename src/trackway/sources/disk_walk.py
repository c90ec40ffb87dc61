"""The files of a file system that dissect.target opens: ext2/3/4, XFS, btrfs, APFS, SquashFS, cramfs.

Symbolic links are members whose bytes are the link's text, as The Sleuth Kit gives them; they are not followed.
Deleted files: dissect tells none in these file systems, so none are listed.
"""

import io
import logging
import stat
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from dissect.target.filesystem import Filesystem
from dissect.target.filesystems.apfs import ApfsFilesystem
from dissect.target.filesystems.btrfs import BtrfsFilesystem
from dissect.target.filesystems.cramfs import CramfsFilesystem
from dissect.target.filesystems.extfs import ExtFilesystem
from dissect.target.filesystems.squashfs import SquashFSFilesystem
from dissect.target.filesystems.xfs import XfsFilesystem

from trackway.model.errors import Unreadable
from trackway.model.source import FileTimes, Member
from trackway.sources.disk_media import Context
from trackway.sources.guard import damage, safe_name, utc_text

FILESYSTEMS: dict[str, type[Filesystem]] = {
    "ext": ExtFilesystem,
    "xfs": XfsFilesystem,
    "btrfs": BtrfsFilesystem,
    "apfs": ApfsFilesystem,
    "squashfs": SquashFSFilesystem,
    "cramfs": CramfsFilesystem,
}
DEPTH = 250
FOLDER_BYTES = 1 << 30
LINK_BYTES = 65536
LISTED_BLOCKS = 1 << 22
"""Blocks of a file whose places ext2 and ext3 keep one by one; dissect holds them all in memory."""


def members(kind: str, volume: BinaryIO, prefix: str, context: Context) -> Iterator[Member]:
    """All files of one file system, paths under ``prefix``."""
    with damage(f"the file system ({kind})"):
        opened = FILESYSTEMS[kind](volume)
        trees = [(prefix, opened)] if kind != "apfs" else []
        for number, tree in enumerate(opened.iter_subfs(), 1):
            trees.append((f"{prefix}{_subvolume_name(tree, number)}/", tree))
    if not trees:
        raise Unreadable("the file system holds no volume that can be opened (it may be encrypted)")
    for start, tree in trees:
        walk = _Walk(context)
        with damage(f"the file system ({kind})"):
            root = tree.get("/")
        yield from walk.folder(root, start)


def _subvolume_name(tree: Any, number: int) -> str:
    """APFS volumes and btrfs subvolumes by their own name where they tell one."""
    for owner in (getattr(tree, "volume", None), getattr(tree, "apfs", None), getattr(tree, "subvolume", None)):
        name = getattr(owner, "name", None) or getattr(owner, "path", None)
        if isinstance(name, str) and name:
            return safe_name(name)
    return f"volume{number}"


class _Heard(logging.Handler):
    """What dissect logs as critical: it ends a damaged folder there, as if that were its end. Nothing is printed."""

    def __init__(self) -> None:
        super().__init__(logging.CRITICAL)
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += 1


HEARD = _Heard()
_library = logging.getLogger("dissect")
_library.addHandler(HEARD)
_library.propagate = False
"""dissect's words may hold names of evidence, which belong in no log."""


class _Walk:
    """One walk over a tree: folders visited once, depth bounded, what cannot be read is said and passed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._report = context.report
        self._visited: set[int] = set()

    def folder(self, root: Any, prefix: str) -> Iterator[Member]:
        """Members below ``root``, folder by folder, each in the order of the medium."""
        waiting = [(root, prefix, 0)]
        while waiting:
            entry, path, depth = waiting.pop()
            folders = []
            for child_path, child in self._children(entry, path):
                self._context.watched.progress()
                member, is_folder = self._child(child, child_path)
                if member is not None:
                    yield member
                elif is_folder and depth < DEPTH:
                    folders.append((child, f"{child_path}/", depth + 1))
                elif is_folder:
                    self._report.not_understood(child_path, "a folder nested too deeply: not entered")
            waiting.extend(reversed(folders))

    def _children(self, entry: Any, path: str) -> Iterator[tuple[str, Any]]:
        try:
            with damage("the folder"):
                heard = HEARD.count
                facts = entry.lstat()
                number = facts.st_ino
                if _beyond_belief(entry, facts.st_size) or facts.st_size > FOLDER_BYTES:
                    raise Unreadable(f"a folder of {facts.st_size} bytes cannot be believed: not entered")
                if number in self._visited:
                    raise Unreadable("the folder stands in another place too (a loop): entered once")
                self._visited.add(number)
                listed = iter(entry.scandir())
            while True:
                with damage("the folder"):
                    found = next(listed, None)
                    if found is None:
                        break
                    child = found.get()
                if found.name not in (".", ".."):
                    yield path + safe_name(found.name), child
            if HEARD.count > heard:
                raise Unreadable("the folder is damaged: what stands in it after this is not read")
        except Unreadable as error:
            self._report.not_understood(path.rstrip("/") or "/", error.reason)

    def _child(self, entry: Any, path: str) -> tuple[Member | None, bool]:
        try:
            with damage("its inode"):
                facts = entry.lstat()
                if stat.S_ISDIR(facts.st_mode):
                    return None, True
                if stat.S_ISLNK(facts.st_mode):
                    if facts.st_size > LINK_BYTES:
                        raise Unreadable("a symbolic link too long to be believed")
                    text = _link_text(entry)
                    return Member(path, lambda: io.BytesIO(text), len(text), _times(facts)), False
        except Unreadable as error:
            return Member(path, None, reason=error.reason), False
        if not stat.S_ISREG(facts.st_mode):
            return Member(path, None, None, _times(facts), reason="a device, pipe or socket: it has no bytes"), False
        size = int(facts.st_size)
        reason = self._why_not(entry, size)
        opener = None if reason else self._opener(entry, size, path)
        return Member(path, opener, size, _times(facts), reason=reason), False

    def _why_not(self, entry: Any, size: int) -> str:
        if _beyond_belief(entry, size):
            return f"its {size} bytes are more than this kind of inode can be believed to hold"
        return self._context.too_large(size)

    def _opener(self, entry: Any, size: int, path: str) -> Callable[[], BinaryIO]:
        def opened() -> BinaryIO:
            with damage(path):
                stream = entry.open()
            return self._context.stream(stream, size, path)

        return opened


def _beyond_belief(entry: Any, size: int) -> bool:
    """Whether an ext inode that lists its blocks one by one (flag EXTENTS not set) claims more than a sane number."""
    file_system: Any = getattr(getattr(entry, "entry", None), "extfs", None)
    if file_system is None or entry.entry.inode.i_flags & 0x80000:
        return False
    return bool(size // file_system.block_size > LISTED_BLOCKS)


def _link_text(entry: Any) -> bytes:
    """A symbolic link's own bytes (dissect's ``readlink`` may tidy them)."""
    node = getattr(entry, "entry", None)
    text = getattr(node, "link", None)
    if not isinstance(text, str):
        text = entry.readlink()
    return str(text).encode("utf-8", "surrogateescape")[:LINK_BYTES]


def _times(facts: Any) -> FileTimes:
    """Instants to the nanosecond. Zero means that none was written."""
    return FileTimes(
        created=utc_text(getattr(facts, "st_birthtime_ns", None) or None),
        written=utc_text(facts.st_mtime_ns or None),
        accessed=utc_text(facts.st_atime_ns or None),
        changed=utc_text(facts.st_ctime_ns or None),
    )

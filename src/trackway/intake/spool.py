"""Members of containers on their way to the next worker.

A member's bytes come from a locked worker, which can write nothing itself. The parent keeps them in memory, or, when
they are large, in a file without a name that the kernel drops with the last descriptor. Nothing enters the case.
"""

import errno
import fcntl
import os
import tempfile
from dataclasses import dataclass

from trackway.measure.digests import Hashing
from trackway.model.trace import Digests

IN_MEMORY = 32 << 20
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Bytes:
    """A digested source: an open descriptor, its size in bytes, and its three digests (lower-case hex)."""

    fd: int
    size: int
    digests: Digests

    def close(self) -> None:
        os.close(self.fd)


def digest_descriptor(fd: int) -> Bytes:
    """Digest an open file from its start. Raises OSError where the medium cannot be read, or the file grows meanwhile:
    one that is written to as fast as it is read would never end."""
    hashes = Hashing()
    offset, size = 0, os.fstat(fd).st_size
    while block := os.pread(fd, BLOCK, offset):
        hashes.update(block)
        offset += len(block)
        if offset > size:
            raise OSError(errno.EBUSY, "it grew while it was read")
    return Bytes(fd, hashes.size, hashes.digests())


class Spool:
    """Collects one member. ``write`` as it arrives, then ``finish``; ``drop`` when it does not end well."""

    def __init__(self) -> None:
        self._fd = os.memfd_create("member", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self._hashes = Hashing()
        self._on_disk = False

    @property
    def size(self) -> int:
        return self._hashes.size

    def write(self, block: bytes) -> None:
        self._hashes.update(block)
        if not self._on_disk and self._hashes.size > IN_MEMORY:
            self._move_to_disk()
        view = memoryview(block)
        while view:
            view = view[os.write(self._fd, view) :]

    def _move_to_disk(self) -> None:
        with tempfile.TemporaryFile(buffering=0) as nameless:
            target = os.dup(nameless.fileno())
        size = os.lseek(self._fd, 0, os.SEEK_END)
        os.lseek(self._fd, 0, os.SEEK_SET)
        sent = 0
        while sent < size:
            sent += os.sendfile(target, self._fd, sent, size - sent)
        os.close(self._fd)
        self._fd = target
        self._on_disk = True

    def finish(self) -> Bytes:
        if not self._on_disk:  # what a worker gets can be changed by nobody any more
            fcntl.fcntl(self._fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        return Bytes(self._fd, self._hashes.size, self._hashes.digests())

    def drop(self) -> None:
        os.close(self._fd)

"""Files that a person names on the command line: lists, terms, checkpoints. Only regular files are opened, since a
pipe would hold the program up and a device has no end; what is taken into memory whole is bounded."""

import errno
import os
import stat
from pathlib import Path

MIB = 1 << 20


def open_given(path: Path) -> int:
    """A read-only descriptor of a regular file, links followed. OSError where there is none."""
    # O_NONBLOCK: opening a pipe must not wait for a writer before its kind is known.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    mode = os.fstat(fd).st_mode
    if stat.S_ISREG(mode):
        return fd
    os.close(fd)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "it is a pipe or a device, not a file")


def read_given(path: Path, most: int) -> bytes:
    """All bytes of a regular file of at most ``most`` bytes. OSError where it cannot be read or holds more."""
    with os.fdopen(open_given(path), "rb") as file:
        held = file.read(most + 1)
    if len(held) > most:
        raise OSError(errno.EFBIG, f"it holds more than {most // MIB} MiB")
    return held

"""Evidence inside a locked worker: seekable read-only streams over descriptors that the parent handed in.

No path is ever opened. All reading is ``pread``, so that streams over one descriptor (which shares its offset with the
parent) do not disturb one another.
"""

import io
import os
from collections import OrderedDict
from collections.abc import Callable
from typing import BinaryIO

from trackway.model.errors import Unreadable
from trackway.model.source import HEAD

BUFFER = 128 << 10
SIBLINGS_OPEN = 8
"""Descriptors kept for siblings; a set of segments may be larger, the oldest is then dropped and asked for again."""


class Raw(io.RawIOBase):
    """Unbuffered reads from ``descriptor()``, which is asked anew each time. ``tick`` is called on every read.

    There is no ``fileno``: libraries that would hand it to C code must take the stream."""

    def __init__(self, descriptor: Callable[[], int], size: int, tick: Callable[[], None]) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._size = size
        self._tick = tick
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError(22, "seek before the start")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        self._tick()
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        room = max(min(len(view), self._size - self._position), 0)
        if not room:
            return 0
        try:
            block = os.pread(self._descriptor(), room, self._position)
        except (OSError, OverflowError) as error:
            raise Unreadable(f"the medium gave a read error at byte {self._position}") from error
        view[: len(block)] = block
        self._position += len(block)
        return len(block)


class Evidence:
    """The ``Source`` of ``trackway.model.source``. ``ask`` asks the parent for a sibling: (descriptor, size) or None.
    Every descriptor is closed by ``close``."""

    def __init__(
        self,
        fd: int,
        name: str,
        size: int,
        zone: str | None,
        ask: Callable[[str], tuple[int, int] | None],
        tick: Callable[[], None],
    ) -> None:
        self.name = name
        self.size = size
        self.zone = zone
        self._fd = fd
        self._ask = ask
        self._tick = tick
        self._siblings: OrderedDict[str, int] = OrderedDict()
        try:
            self.head = os.pread(fd, min(HEAD, size), 0)
        except OSError as error:
            raise Unreadable("the medium gave a read error at byte 0") from error

    def open(self) -> BinaryIO:
        return io.BufferedReader(Raw(lambda: self._fd, self.size, self._tick), BUFFER)

    def sibling(self, name: str) -> BinaryIO | None:
        found = self._fetch(name)
        if found is None:
            return None

        def descriptor() -> int:
            if name not in self._siblings and self._fetch(name) is None:
                raise OSError(2, "the sibling is gone")
            self._siblings.move_to_end(name)
            return self._siblings[name]

        return io.BufferedReader(Raw(descriptor, found, self._tick), BUFFER)

    def _fetch(self, name: str) -> int | None:
        """Size of the sibling, whose descriptor now stands in ``_siblings``; None where there is none."""
        while len(self._siblings) >= SIBLINGS_OPEN:
            os.close(self._siblings.popitem(last=False)[1])
        answer = self._ask(name)
        if answer is None:
            return None
        fd, size = answer
        if (old := self._siblings.pop(name, None)) is not None:
            os.close(old)
        self._siblings[name] = fd
        return size

    def close(self) -> None:
        for fd in (self._fd, *self._siblings.values()):
            os.close(fd)
        self._siblings.clear()

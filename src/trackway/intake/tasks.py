"""What intake works on: one place at a time, and how far each has come."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from typing import Literal

from trackway.intake.spool import Bytes
from trackway.model.source import FileTimes

Outcome = Literal["read", "unclaimed", "incomplete", "refused", "out-of-scope"]
"""How a place ended. ``unclaimed``: no reader knows the format; ``incomplete``: claimed, but not all could be read;
``refused``: no byte or no record could be had; ``out-of-scope``: counted, not read."""

MAX_DEPTH = 12
"""Containers inside containers beyond this are refused: archives that contain themselves go on for ever."""

SPACE, RATIO = 8 << 30, 1000
"""Bytes that may come out of one file of an exhibit, containers inside containers included: so many, or so many times
its size. Each container has limits of its own; sixteen in each of sixteen in each of sixteen keep to those, and go on
for years."""
PATH_KEPT = 2000
"""Bytes of a path in the store: PostgreSQL indexes no longer value than 2,704 bytes."""
MEMBER = 4096
"""Bytes that a member counts for beside its own: a million empty files are work too."""


@dataclass(slots=True)
class Task:
    """One place of an exhibit. ``parent`` is the container it lies in (None at the top).

    A container is done when everything inside it is: ``open_members`` counts what is still under way.
    """

    exhibit: int
    path: str
    nth: int = 0
    parent: Task | None = None
    times: FileTimes = field(default_factory=FileTimes)
    state: str = "present"
    bytes: Bytes | None = None
    depth: int = 0
    name: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    notes_dropped: int = 0
    out_of_scope: int = 0
    quarantined: int = 0
    open_members: int = 0
    expanded: int = 0
    """Of a place at the top: what came out of it and of everything inside it (``SPACE``), in bytes."""
    ended: bool = False
    cut: bool = False
    """Something inside it was not read because of a stop: it stays open, however its own reading ended."""
    expected: str = ""
    """SHA-256 (hex) of what stood here when the place was first read; "" where it was not."""
    stands: bool = False
    """An earlier reading of this place stands; of this one only the outcome is kept."""
    withheld: dict[str, str] = field(default_factory=dict)
    """Members that records outside the scope carry (attachments of such a mail): first part of their paths, and
    ``out`` or ``quarantined``."""
    place_no: int | None = None
    content_no: int | None = None
    acquisition: dict[str, object] | None = None
    """What an image says of its own acquisition: digests stored and computed, and whether they agree."""

    @property
    def inner_path(self) -> str:
        """The path inside the exhibit, containers included ("disk.img/chats.zip/result.json")."""
        return self.path if self.parent is None else f"{self.parent.inner_path}/{self.path}"

    @property
    def top(self) -> Task:
        """The place of the exhibit itself that this one lies in, however deep."""
        task = self
        while task.parent is not None:
            task = task.parent
        return task

    def expand(self, count: int) -> bool:
        """Count bytes that came out of this container. False once all that came out of its top is beyond the limit."""
        top = self.top
        top.expanded += count
        size = top.bytes.size if top.bytes is not None else 0
        return top.expanded <= max(SPACE, RATIO * size)

    def note(self, locator: str, reason: str) -> None:
        """Keep what was not understood; bounded, the rest is counted."""
        if len(self.notes) < 1000:
            self.notes.append((locator[:300], reason[:300]))
        else:
            self.notes_dropped += 1


def kept_path(path: str) -> str:
    """The path, or, where it is longer than the store can index, its beginning and a digest of the whole."""
    whole = path.encode()
    if len(whole) <= PATH_KEPT:
        return path
    return f"{whole[: PATH_KEPT - 40].decode(errors='ignore')}~{hashlib.sha256(whole).hexdigest()[:32]}"


class Stop(threading.Event):
    """Set by the first Ctrl-C: what is under way is finished, nothing new is begun."""

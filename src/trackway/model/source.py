"""A source (a string of bytes) as readers see it, and the seam that readers and containers are written to."""

from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Literal, Protocol

from msgspec import Struct

from trackway.model.trace import Trace

HEAD = 65536
"""Bytes of a source that are at hand for sniffing."""


class FileTimes(Struct, frozen=True, omit_defaults=True):
    """File-system times, never a capture time. ISO 8601 with zone where the medium keeps an instant, without where
    it keeps wall clock (FAT); None where it says nothing."""

    created: str | None = None
    written: str | None = None
    accessed: str | None = None
    changed: str | None = None


class Source(Protocol):
    """One string of bytes. ``name`` as its container gives it; ``zone`` is the exhibit's, if one was given."""

    name: str
    size: int
    head: bytes
    zone: str | None

    def open(self) -> BinaryIO:
        """A fresh, seekable, read-only stream over all bytes."""

    def sibling(self, name: str) -> BinaryIO | None:
        """Another file of the same folder (a segment, a companion); None where there is none."""


class Report(Protocol):
    """What a reader says about its own work."""

    def not_understood(self, locator: str, reason: str) -> None:
        """This record was kept raw or passed over, and why."""

    def incomplete(self, reason: str) -> None:
        """The reader claimed the source and could not read all of it (exit code 1)."""


class Reader(Struct, frozen=True):
    """One format. ``claims`` sniffs by content and says why it recognises the source (or None); ``read`` streams
    traces in the order of the source, the same for the same bytes and options. ``options`` gives what else than the
    bytes decides the reading (a zone, a date in the file's name): it is part of the reading's identity."""

    name: str
    version: int
    title: str
    claims: Callable[[Source], str | None]
    read: Callable[[Source, Report], Iterator[Trace]]
    options: Callable[[Source], Mapping[str, str]] = lambda source: {}


MemberState = Literal["present", "deleted"]


class Member(Struct, frozen=True):
    """One file inside a container. ``open`` is valid until the next member is drawn; None: its bytes cannot be had,
    ``reason`` says why (encrypted, a link that leaves the container, beyond a limit)."""

    path: str
    open: Callable[[], BinaryIO] | None
    size: int | None = None
    times: FileTimes = FileTimes()
    state: MemberState = "present"
    reason: str = ""


class Container(Struct, frozen=True):
    """One kind of container (archive, compression, disk image): ``members`` streams what lies inside, in order."""

    name: str
    version: int
    title: str
    claims: Callable[[Source], str | None]
    members: Callable[[Source, Report], Iterator[Member]]


class Measurement(Struct, frozen=True, omit_defaults=True):
    """Computed from bytes: key (SHA-256 of the content, method, version); ``value`` is JSON."""

    method: str
    version: int
    value: dict[str, object]

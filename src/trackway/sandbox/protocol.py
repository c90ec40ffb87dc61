"""What parent and locked worker say to each other, over one stream socket.

A frame is four bytes of length (little-endian) and one tagged msgspec struct in msgpack. The parent believes nothing:
it decodes into these types, holds frames to ``FRAME_MAX`` and their order to ``trackway.sandbox.order``; whatever does
not fit ends the worker (``Failed`` with ``how="protocol"``). Descriptors travel by SCM_RIGHTS from parent to worker
only; the kernel drops any that come the other way, because the parent never asks for them.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from trackway.model.source import FileTimes, Measurement, MemberState
from trackway.model.trace import Trace

FRAME_MAX = 4 << 20
"""Bytes of one frame. One byte can become ~64 in the parent's memory, so this bounds what a lying worker costs it."""
BLOCK = 256 << 10
"""Bytes of a member in one frame, and about what a batch of traces is cut at."""
BATCH = 500
"""Traces in one frame."""
HEADER = 4

Line = Annotated[str, Meta(max_length=2000)]
"""A sentence, a reason, a locator."""
Path = Annotated[str, Meta(max_length=32768)]
Name = Annotated[str, Meta(max_length=300)]
Count = Annotated[int, Meta(ge=0)]

How: TypeAlias = Literal["unreadable", "crashed", "timed-out", "memory", "killed", "protocol"]
"""Why a job did not end well. ``unreadable``: the reader says so, in order; ``crashed``: a fault in the reader, or the
process died; ``timed-out``: stopped by the parent; ``memory``: more than the limit; ``killed``: ended by the lock (a
forbidden call) or from outside; ``protocol``: it sent what no honest worker sends."""


class Limits(Struct, frozen=True):
    """What one worker may use. Time is bounded by silence and by bytes, not by a job's length: ten gigabytes of
    records may take hours, one small file may not. See ``trackway.sandbox.clock``."""

    memory_mib: int = 768
    """Resident memory at its peak, the shared pages of the warmed-up parent included."""
    silence_s: float = 180.0
    """Wall-clock seconds without a frame."""
    silence_cpu_s: float = 30.0
    """CPU seconds of the worker without a frame: a loop is found sooner than a slow disk is blamed."""
    cpu_s: float = 120.0
    """CPU seconds of one job, before what its bytes add."""
    cpu_s_per_mib: float = 2.0
    """CPU seconds that each MiB of the source, and each MiB that came out of it, add."""
    jobs_per_worker: int = 200
    """A worker is replaced after so many jobs, so that whatever a file did to it ends with it."""


class Wire(Struct, frozen=True, tag_field="frame"):
    """What all messages share: the field that names them."""


class Job(Wire, frozen=True, tag="job"):
    """Read one source. Its descriptor (read-only) comes with the frame.

    ``name`` as its container gives it; ``size`` in bytes; ``zone`` the exhibit's IANA zone; ``only`` the reader or
    container to use, by name, whether or not another would claim it; ``accept`` ``records`` leaves out containers and
    the media reader. ``kind`` ``acquire`` compares an image's bytes with the digests that it stored at acquisition and
    answers with one ``Measured``; ``probe`` runs the probe named by ``only`` (``trackway.sandbox.probes``)."""

    name: str
    size: Count
    zone: str | None = None
    only: str | None = None
    accept: Literal["any", "records"] = "any"
    kind: Literal["read", "acquire", "probe"] = "read"


class Sibling(Wire, frozen=True, tag="sibling"):
    """The answer to ``AskSibling``; its descriptor comes with the frame where ``found``."""

    found: bool
    size: Count = 0


class Layer(Struct, frozen=True):
    """One layer of the lock, and whether it holds in this worker; ``detail`` is a sentence."""

    name: Name
    holds: bool
    detail: Line


class Ready(Wire, frozen=True, tag="ready"):
    """The first frame of a worker: it is locked (or says which layer is missing) and waits for a job."""

    layers: tuple[Layer, ...]


class Claimed(Wire, frozen=True, tag="claimed"):
    """A reader or container recognised the source: ``reason`` is its sentence, ``options`` what else than the bytes
    decides the reading. A reader's companion container (attachments) claims a second time, after the traces."""

    kind: Literal["reader", "container"]
    name: Name
    version: int
    options: dict[Name, Line]
    reason: Line


class Traces(Wire, frozen=True, tag="traces"):
    """Traces ``first``, ``first + 1``, ... of the reading; at most ``BATCH``."""

    first: Count
    traces: Annotated[tuple[Trace, ...], Meta(max_length=BATCH)]


class MemberBegin(Wire, frozen=True, tag="member"):
    """A file inside the container. ``readable``: its bytes follow; else ``reason`` says why not."""

    path: Path
    size: int | None
    times: FileTimes
    state: MemberState
    reason: Line
    readable: bool


class MemberBytes(Wire, frozen=True, tag="bytes"):
    data: Annotated[bytes, Meta(max_length=BLOCK)]


class MemberEnd(Wire, frozen=True, tag="member-end"):
    """The member is complete (``ok``), or ended early for ``reason``. Comes for each readable member."""

    ok: bool
    reason: Line = ""


class Measured(Wire, frozen=True, tag="measured"):
    measurement: Measurement


class NotUnderstood(Wire, frozen=True, tag="not-understood"):
    locator: Line
    reason: Line


class Incomplete(Wire, frozen=True, tag="incomplete"):
    reason: Line


class AskSibling(Wire, frozen=True, tag="ask-sibling"):
    """Answered by the pool itself; callers do not see it."""

    name: Name


class Progress(Wire, frozen=True, tag="progress"):
    """The worker reads and has nothing to say yet; breaks the silence, callers do not see it."""


class Probed(Wire, frozen=True, tag="probed"):
    """Outcome of a probe that came back: ``reached`` is bad news."""

    reached: bool
    detail: Line


class Done(Wire, frozen=True, tag="done"):
    """Read to its end; ``records`` traces were sent."""

    records: Count


class Failed(Wire, frozen=True, tag="failed"):
    """The job ended early. After ``unreadable`` everything that the reader gave was sent, the same each time; after any
    other end the traces that came first depend on when it came: do not keep them as a reading."""

    reason: Line
    how: How


class Unclaimed(Wire, frozen=True, tag="unclaimed"):
    """No reader recognises the source; ``type`` is a guess from its first bytes."""

    type: Name


Order: TypeAlias = Job | Sibling
Content: TypeAlias = Claimed | Traces | MemberBegin | MemberBytes | MemberEnd | Measured | NotUnderstood | Incomplete
End: TypeAlias = Done | Failed | Unclaimed
Event: TypeAlias = Content | Probed | End
"""What ``Pool.run`` yields: any number of contents, then exactly one end."""
Frame: TypeAlias = Ready | Event | AskSibling | Progress


class ForkRequest(Wire, frozen=True, tag="fork"):
    """Parent to zygote: one worker, please. ``locked`` False only for the controls of tests."""

    limits: Limits
    locked: bool


class EndRequest(Wire, frozen=True, tag="end"):
    """Parent to zygote: kill the worker if it still lives, and say how it ended."""

    pid: int


class Forked(Wire, frozen=True, tag="forked"):
    """Zygote to parent, with the parent's end of the worker's socket."""

    pid: int


class Ended(Wire, frozen=True, tag="ended"):
    """``status`` as ``os.waitstatus_to_exitcode`` gives it (negative: a signal); ``peak_kib`` resident."""

    status: int
    peak_kib: int


class Warm(Wire, frozen=True, tag="warm"):
    """Zygote to parent, once: everything is imported. ``seconds`` it took; ``cold``: what could not be warmed up."""

    seconds: float
    cold: tuple[str, ...] = ()


_ENCODER = msgspec.msgpack.Encoder()
frame_decoder: msgspec.msgpack.Decoder[Frame] = msgspec.msgpack.Decoder(Frame)
order_decoder: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Order)
request_decoder = msgspec.msgpack.Decoder(ForkRequest | EndRequest)
answer_decoder = msgspec.msgpack.Decoder(Warm | Forked | Ended)


def message(struct: Struct) -> bytes:
    """The struct alone, for sockets that keep message borders (parent and zygote)."""
    return _ENCODER.encode(struct)


def packed(struct: Struct) -> bytes:
    """The struct as one frame. UnicodeEncodeError or OverflowError for values that msgpack cannot hold."""
    body = _ENCODER.encode(struct)
    return len(body).to_bytes(HEADER, "little") + body


def line(text: str, limit: int = 2000) -> str:
    """``text`` as a ``Line``: valid Unicode, no longer than the limit."""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")

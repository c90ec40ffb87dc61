"""Traces on their way out of a worker: enriched, made fit for the wire, in batches."""

from collections.abc import Callable
from typing import Any

import msgspec

from trackway.model.trace import Trace
from trackway.sandbox.protocol import BATCH, BLOCK, FRAME_MAX, NotUnderstood, Traces, Wire, line, packed

KEPT_TEXT = 256 << 10
"""Of a trace that is larger than a frame: bytes of its record, characters of its text."""
INTEGERS = range(-(1 << 63), 1 << 64)


class Batcher:
    """Collects traces and sends them by ``send`` as ``Traces`` frames of at most ``BATCH`` traces, about ``BLOCK``
    bytes. ``records`` counts what was taken in."""

    def __init__(self, send: Callable[[bytes], None], enrich: Callable[[Trace], Trace]) -> None:
        self._send = send
        self._enrich = enrich
        self._waiting: list[Trace] = []
        self._weight = 0
        self.records = 0

    def add(self, trace: Trace) -> None:
        trace = self._enrich(trace)
        self._waiting.append(trace)
        # Fields may be large too, but a batch that grows past the frame is cut again in ``_send_all``.
        self._weight += len(trace.raw) + len(trace.text) + 256
        self.records += 1
        if len(self._waiting) >= BATCH or self._weight >= BLOCK:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting, self._weight = self._waiting, [], 0
        if waiting:
            self._send_all(self.records - len(waiting), waiting)

    def _send_all(self, first: int, traces: list[Trace]) -> None:
        frame = _frame(first, traces)
        if frame is not None and len(frame) <= FRAME_MAX:
            self._send(frame)
        elif len(traces) > 1:
            middle = len(traces) // 2
            self._send_all(first, traces[:middle])
            self._send_all(first + middle, traces[middle:])
        else:
            self._send_one(first, traces[0])

    def _send_one(self, first: int, trace: Trace) -> None:
        """A trace that could not be sent as it is: not Unicode, or numbers beyond 64 bits, or too large."""
        trace = msgspec.convert(_clean(msgspec.to_builtins(trace, builtin_types=(bytes,))), Trace)
        frame = _frame(first, [trace])
        if frame is None or len(frame) > FRAME_MAX:
            size = f"{len(frame) >> 10} KiB" if frame else "unknown size"
            begun = _frame(first, [_beginning(trace)])
            bare = packed(Traces(first, (Trace(trace.kind, line(trace.locator)),)))
            self._send(begun if begun and len(begun) <= FRAME_MAX else bare)
            self._send(packed(NotUnderstood(line(trace.locator), f"a record of {size}: only its beginning is kept")))
        else:
            self._send(frame)


def _frame(first: int, traces: list[Trace]) -> bytes | None:
    try:
        return packed(Traces(first, tuple(traces)))
    except (UnicodeEncodeError, OverflowError):
        return None


def _beginning(trace: Trace) -> Trace:
    """What is left of a record that is too large for a frame; its shares and identifiers stay while they are few."""
    return Trace(
        kind=trace.kind,
        locator=trace.locator[:2000],
        when=trace.when,
        author=trace.author,
        conversation=trace.conversation,
        id=trace.id[:2000],
        text=trace.text[:KEPT_TEXT],
        shares=trace.shares[:1000],
        identifiers=trace.identifiers[:1000],
        raw=trace.raw[:KEPT_TEXT],
    )


def _clean(value: Any) -> Any:
    """The same value with what msgpack cannot hold replaced: lone surrogates by U+FFFD, huge integers by their
    hexadecimal digits. ``raw`` still has the record as it stood."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, int) and value not in INTEGERS:
        return hex(value)
    return value


def fit(struct: Wire) -> bytes:
    """Any other event as a frame, cleaned where its strings are not Unicode."""
    try:
        return packed(struct)
    except (UnicodeEncodeError, OverflowError):
        cleaned = _clean(msgspec.to_builtins(struct, builtin_types=(bytes,)))
        return packed(msgspec.convert(cleaned, type(struct)))

"""Sources in memory, a report that remembers, and golden comparison, for the tests of the readers of records."""

import io
import json
from pathlib import Path
from typing import BinaryIO

import msgspec

from trackway.model.source import HEAD, Reader
from trackway.model.trace import Trace

GOLDEN = Path(__file__).parent / "golden"


class Bytes:
    """A source over bytes."""

    def __init__(self, data: bytes, name: str = "list.bin", zone: str | None = None) -> None:
        self.data, self.name, self.zone = data, name, zone
        self.size, self.head = len(data), data[:HEAD]

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)

    def sibling(self, name: str) -> BinaryIO | None:
        return None


class Notes:
    """A report that remembers what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.cut: list[str] = []

    def not_understood(self, locator: str, reason: str) -> None:
        self.said.append((locator, reason))

    def incomplete(self, reason: str) -> None:
        self.cut.append(reason)


def read_all(reader: Reader, data: bytes, name: str = "list.bin", zone: str | None = None) -> tuple[list[Trace], Notes]:
    """All traces of one source, and what the reader said about its work."""
    notes = Notes()
    return list(reader.read(Bytes(data, name, zone), notes)), notes


def records_of(traces: list[Trace]) -> list[Trace]:
    return [trace for trace in traces if trace.kind == "record"]


def assert_golden(reader: Reader, name: str) -> None:
    """Reading golden/NAME gives golden/NAME.expected.json: every trace (``raw`` aside) and every remark."""
    data = (GOLDEN / name).read_bytes()
    assert reader.claims(Bytes(data, name)), f"{name} is not claimed"
    traces, notes = read_all(reader, data, name)
    found = {"traces": [_plain(trace) for trace in traces], "not_understood": notes.said, "incomplete": notes.cut}
    expected = json.loads((GOLDEN / f"{name}.expected.json").read_text("utf-8"))
    assert json.loads(msgspec.json.encode(found)) == expected


def _plain(trace: Trace) -> object:
    plain = msgspec.to_builtins(trace)
    plain.pop("raw", None)
    return plain

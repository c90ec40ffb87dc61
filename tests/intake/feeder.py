"""A reader and a container for the tests of the gate and of stopping; loaded by workers through ``Pool(files=...)``.

``FEED`` files: one trace a line, "kind instant words" (instant "-" for none). ``BOX`` files: members by "name words" a
line, slowly, so that a stop meets them under way. ``LIES`` files say of themselves what no honest reader says."""

import io
import time
from collections.abc import Iterator
from functools import partial

from trackway.model.source import Container, Measurement, Member, Reader, Report, Source
from trackway.model.trace import Moment, PersonaRef, Trace


def _lines(source: Source) -> list[str]:
    with source.open() as stream:
        return stream.read().decode().splitlines()[1:]


def _trace(number: int, line: str) -> Trace:
    kind, at, words = line.split(" ", 2)
    when = None if at == "-" else Moment(at, int(at))
    return Trace(kind, f"line {number}", when, PersonaRef("irc", "heron"), text=words)  # type: ignore[arg-type]


def feed(source: Source, report: Report) -> Iterator[Trace]:
    yield from (_trace(number, line) for number, line in enumerate(_lines(source)))


def slow(source: Source, report: Report) -> Iterator[Trace]:
    for trace in feed(source, report):
        time.sleep(0.001)
        yield trace


def lies(source: Source, report: Report) -> Iterator[Trace]:
    """Says in every field but those that the gate looks at that it lies inside the scope."""
    for number, line in enumerate(_lines(source)):
        held = _trace(number, line)
        fields = {"scope": "all", "in_scope": True, "verdict": "in", "since": 0, "kinds": []}
        yield Trace(held.kind, "in scope", held.when, held.author, id="in", text=held.text, fields=fields)


def members(source: Source, report: Report) -> Iterator[Member]:
    for line in _lines(source):
        name, words = line.split(" ", 1)
        data = words.replace("|", "\n").encode()
        yield Member(name, partial(io.BytesIO, data), len(data))
        time.sleep(0.01)


def _claims(word: bytes, source: Source) -> str | None:
    return "its first line" if source.head.startswith(word + b"\n") else None


def measure(source: Source) -> list[Measurement]:
    return [Measurement("pdq", 1, {"pdq": "00" * 32, "quality": 100, "forms": ["00" * 32] * 8})]


READERS = (
    Reader("feed", 1, "Feed", partial(_claims, b"FEED"), feed),
    Reader("slow", 1, "Slow feed", partial(_claims, b"SLOW"), slow),
    Reader("lies", 1, "Lies", partial(_claims, b"LIES"), lies),
    Reader("media", 1, "A picture that says of itself what it likes", partial(_claims, b"PICTURE"), feed),
)
CONTAINERS = (Container("box", 1, "Box", partial(_claims, b"BOX"), members),)

"""Feeder logs: ``2026-01-02T03:04:05Z;heron;text`` a line, behind the line ``#feeder 1 NAME``. Source: invented."""

from collections.abc import Iterator
from datetime import datetime

from trackway.model.source import Reader, Report, Source
from trackway.model.times import stated
from trackway.model.trace import Conversation, PersonaRef, Trace

LIMIT = 65536


def claims(source: Source) -> str | None:
    """By content, never by name."""
    return "the first line is '#feeder 1'" if source.head.startswith(b"#feeder 1 ") else None


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One trace a line. A line that does not fit is kept raw and reported; it costs itself only."""
    with source.open() as stream:
        name = stream.readline(LIMIT)[10:].decode("utf-8", "replace").strip()
        room = Conversation("feeder", name, visibility="open")
        number = 1
        while raw := stream.readline(LIMIT):
            number += 1
            place = f"line {number}"
            try:
                when, account, text = raw.decode().rstrip("\r\n").split(";", 2)
                moment = stated(when, datetime.strptime(when, "%Y-%m-%dT%H:%M:%S%z"))
            except (ValueError, OverflowError):
                report.not_understood(place, "not 'time;account;text'")
                yield Trace("event", place, raw=raw)
                continue
            author = PersonaRef("feeder", account.lower(), (account,))
            yield Trace("message", place, moment, author, conversation=room, text=text, raw=raw)


READER = Reader("feeder-log", 1, "Feeder log", claims, read)

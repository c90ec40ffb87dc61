"""What several readers share: bounded lines, decoding that never fails, moments that never overflow."""

import ipaddress
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import BinaryIO

from trackway.model.errors import Unreadable
from trackway.model.source import Source
from trackway.model.times import stated, wall_clock, zone_named
from trackway.model.trace import Identifier, Moment

LINE_LIMIT = 65536
"""Bytes of one line that a reader looks at; longer lines are cut and said so."""

_CHUNK = 1 << 20
_YEARS = range(1900, 9000)


def lines(stream: BinaryIO, limit: int = LINE_LIMIT) -> Iterator[bytes]:
    """Lines without their line feed, in bounded memory.

    A line longer than ``limit`` bytes comes as its first ``limit + 1`` bytes, so that ``len(line) > limit`` tells it.
    """
    rest = b""
    skipping = False
    while chunk := stream.read(_CHUNK):
        pieces = (rest + chunk).split(b"\n")
        rest = pieces.pop()
        for piece in pieces:
            if not skipping:
                yield piece if len(piece) <= limit else piece[: limit + 1]
            skipping = False
        if len(rest) > limit:
            if not skipping:
                yield rest[: limit + 1]
            rest, skipping = b"", True
    if rest and not skipping:
        yield rest


def decoded(raw: bytes) -> str:
    """Text of a line whose encoding nobody states: UTF-8, else Windows-1252, else Latin-1 (which takes any byte)."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")


def zone_of(source: Source) -> tzinfo | None:
    """The exhibit's zone. Raises Unreadable for a name that no zone has: a guess would move every time."""
    try:
        return zone_named(source.zone)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def moment_of(written: str, moment: datetime | None, zone: tzinfo | None) -> Moment:
    """A Moment for a parsed time, naive (read in ``zone``) or aware; without instant where none can be reckoned."""
    if moment is None or moment.year not in _YEARS:
        return Moment(written, None, "none")
    try:
        if moment.tzinfo is None or moment.utcoffset() is None:
            return wall_clock(written, moment.replace(tzinfo=None), zone)
        return stated(written, moment)
    except (OverflowError, ValueError):
        return Moment(written, None, "none")


def host_identifier(host: str) -> Identifier:
    """The author's own host as a server shows it: an address where it is one, else a name (or an IRC cloak)."""
    try:
        return Identifier("ip", str(ipaddress.ip_address(host)), "own")
    except ValueError:
        return Identifier("host", host.lower(), "own")


def own_ip(text: object) -> tuple[Identifier, ...]:
    """An address that the record gives as the author's own, brackets removed; empty where it is none."""
    try:
        return (Identifier("ip", str(ipaddress.ip_address(str(text).strip().strip("[]"))), "own"),)
    except ValueError:
        return ()

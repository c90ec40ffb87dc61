"""IRC logs: what people wrote in a channel, who joined, left and took another nick.

Source: the clients' own log files (``_irc_lines`` names them). No log holds message ids, and a line number is not the
same in two exhibits: ``Trace.id`` stays empty. Times have no zone: they are read in the exhibit's, else as UTC for
order only. In logs of the Ubuntu kind an action (``=== nick waves``) and a server's note look alike, so that somebody
can write ``=== nick is now known as other`` himself; and XChat's ``* nick`` lines likewise: the raw line is kept.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta

from trackway.model.source import HEAD, Reader, Report, Source
from trackway.model.trace import Conversation, Identifier, Moment, PersonaRef, Trace
from trackway.readers._common import LINE_LIMIT, decoded, host_identifier, lines, moment_of, zone_of
from trackway.readers._irc_lines import (
    Event,
    Said,
    Stamp,
    channel_in_name,
    date_in_name,
    day_header,
    day_of,
    said,
    stamp_of,
)

SERVICE = "irc"
_PLAIN = re.compile(r"\[(\d\d:\d\d(?::\d\d)?)\] <[ @+%&~!*]?([^\s<>]{1,64})> (.*)$", re.DOTALL)
_FORMATTING = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04[0-9A-Fa-f]{6}|[\x00-\x02\x05-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SERVER_MARK = re.compile(rb"(?m)^[^\n<>]{0,32}?(?:=== |-!- |(?<!\*)\*\*\* |\t-->\t|\t--\t)")
_ROOM = re.compile(
    rb"(?m)^(?:[^\n<>]{0,32}?(?:===|-!-|\*\*\*|-->|\*)[ \t][^\n<>]{0,300}?"
    rb"(?:\bjoined |has left |Now talking (?:on|in) |[Mm]ode[/ ])|\[\d\d:\d\d\] \S{1,64} \(\S{1,300}\) joined )"
    rb"([#&][^\s,\]]{1,63})"
)
_SPACED = re.compile(rb"(?m)^=== [^\n]{1,200}\]  has (?:joined|left) ")
_CASE = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ[]\\~", "abcdefghijklmnopqrstuvwxyz{}|^")
_KNOWN_LIMIT = 200_000
_HALF_DAY = 12 * 3600
_BLOCK = 1 << 20


def fold(nick: str) -> str:
    """A nick or channel as servers compare it (RFC 1459, section 2.2)."""
    return nick.translate(_CASE)


def _head_lines(source: Source) -> list[str]:
    pieces = source.head.split(b"\n")
    if len(source.head) >= HEAD:
        pieces.pop()  # cut in the middle
    return [_plain(piece) for piece in pieces if piece.strip()]


def _plain(raw: bytes) -> str:
    """The line's text without the codes for colour and weight."""
    text = decoded(raw.rstrip(b"\r"))
    if not text.isprintable():
        text = _FORMATTING.sub("", text)
    return text.removeprefix("\ufeff")


def claims(source: Source) -> str | None:
    """Most of the first lines are dated chat lines or server notes, and one at least is certain."""
    if b"\0" in source.head[:4096]:
        return None
    some = _head_lines(source)[:200]
    stars = _star_events(source)
    good = certain = 0
    headed = False
    for text in some:
        if day_header(text) is not None:
            headed = True
            good += 1
            continue
        stamp = stamp_of(text)
        what = said(stamp.rest if stamp else text, stars)
        if what is None or (stamp is None and what.kind == "text" and not headed):
            continue
        bare_text = what.kind == "text" and not (stamp.rest if stamp else text).startswith(("<", "("))
        good += 1
        certain += what.kind != "note" and not bare_text and (stamp is not None or headed or what.kind == "event")
    if certain == 0 or good < 0.6 * len(some):
        return None
    return f"{good} of the first {len(some)} lines are lines of an IRC log"


def _star_events(source: Source) -> bool:
    """Whether ``* nick has joined`` is a client's note here: only where no other marker is used for notes."""
    return _SERVER_MARK.search(source.head) is None


def _spaced(source: Source) -> bool:
    """Whether the log's writer put a space behind every ``]`` of its notes, as the Ubuntu channel logs of 2004-2007
    do ("=== bur[n] er [n=burner@host]  has joined #ubuntu" speaks of bur[n]er)."""
    return _SPACED.search(source.head) is not None


def _dated_inside(source: Source) -> bool:
    """Whether a date stands in the log before its first time of day."""
    for text in _head_lines(source):
        if (header := day_header(text)) is not None and header[1] is not None:
            return True
        if (stamp := stamp_of(text)) is not None:
            return stamp.day is not None
    return False


def _room_inside(source: Source) -> str:
    """The first channel that a server's note in the log names; "" where none does."""
    with source.open() as stream:
        rest = b""
        while chunk := stream.read(_BLOCK):
            block = rest + chunk
            if (match := _ROOM.search(block)) is not None:
                return decoded(match[1]).rstrip(".")
            rest = block[-400:].partition(b"\n")[2]
    return ""


def options(source: Source) -> Mapping[str, str]:
    """What the reading takes from the file's name and the exhibit, where the log itself does not say it."""
    taken: dict[str, str] = {}
    if not _dated_inside(source) and (day := date_in_name(source.name)) is not None:
        taken["date"] = day.isoformat()
    if not _room_inside(source) and (channel := channel_in_name(source.name)):
        taken["channel"] = channel
    if source.zone is not None:
        taken["zone"] = source.zone
    return taken


class _Clock:
    """The moment of each line: dates from lines, headers or the file's name; past midnight where time jumps back."""

    def __init__(self, source: Source) -> None:
        self._zone = zone_of(source)
        self.day = None if _dated_inside(source) else date_in_name(source.name)
        self._seconds = -1
        self._cache: dict[str, Moment] = {}
        self.last: Moment | None = Moment(self.day.isoformat(), None, "none") if self.day else None

    def new_day(self, day: date) -> None:
        if day != self.day:
            self.day = day
            self._cache.clear()
        self._seconds = -1
        self.last = Moment(day.isoformat(), None, "none")

    def at(self, clock: str) -> Moment:
        """The moment of a time of day on the current date, the next date where it jumps back by over 12 hours."""
        found = self._cache.get(clock)
        if found is not None and found is self.last:
            return found
        when = _time_of(clock)
        seconds = -1 if when is None else when.hour * 3600 + when.minute * 60 + when.second
        if self.day is not None and 0 <= seconds < self._seconds - _HALF_DAY and self.day < date.max:
            self.day += timedelta(days=1)
            self._cache.clear()
            found = None
        if seconds >= 0:
            self._seconds = seconds
        if found is None:
            whole = None if when is None or self.day is None else datetime.combine(self.day, when)
            found = moment_of(f"{self.day} {clock}" if self.day else clock, whole, self._zone)
            self._cache[clock] = found
        self.last = found
        return found

    def of(self, stamp: Stamp) -> Moment:
        if stamp.day is not None and stamp.offset:
            whole = f"{stamp.day}T{stamp.clock}{stamp.offset}"
            self.last = moment_of(whole, datetime.fromisoformat(whole) if _time_of(stamp.clock) else None, None)
            return self.last
        day = stamp.day
        if stamp.month_day is not None and self.day is not None:
            day = day_of(self.day.year, *stamp.month_day)
            if day is not None and (self.day - day).days > 180:  # a log that runs over New Year
                day = day_of(self.day.year + 1, *stamp.month_day)
        if day is not None and day != self.day:
            self.new_day(day)
        return self.at(stamp.clock)


def _time_of(clock: str) -> time | None:
    digits = clock.rstrip("aApPmM ")
    half = clock[len(digits) :].strip().lower()
    parts = [int(part) for part in digits.split(":")]
    if half:
        parts[0] = parts[0] % 12 + (12 if half.startswith("p") else 0)
    hour, minute, second = [*parts, 0][:3]
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


class _Log:
    """One pass over one log."""

    def __init__(self, source: Source) -> None:
        self._clock = _Clock(source)
        self._stars = _star_events(source)
        self._spaced = _spaced(source)
        self._personas: dict[str, PersonaRef] = {}
        self._seen: set[str] = set()
        self._rooms: dict[str, Conversation] = {}
        self._room = self._conversation(_room_inside(source) or channel_in_name(source.name))

    def _conversation(self, channel: str) -> Conversation:
        found = self._rooms.get(channel)
        if found is None:
            found = Conversation(SERVICE, fold(channel), channel, "open")
            if len(self._rooms) < 1000:
                self._rooms[channel] = found
        return found

    def _persona(self, nick: str) -> PersonaRef:
        found = self._personas.get(nick)
        if found is None:
            if len(self._personas) >= _KNOWN_LIMIT:
                self._personas.clear()
                self._seen.clear()
            found = self._personas[nick] = PersonaRef(SERVICE, fold(nick), (nick,))
            self._seen.add(found.key)
        return found

    def trace(self, number: int, raw: bytes, report: Report) -> Trace | None:
        """The trace of one line; None for a line that only opens or closes a log or a day."""
        text = _plain(raw)
        locator = f"line {number}"
        if (match := _PLAIN.match(text)) is not None:
            clock, nick, words = match.groups()
            return self._wrote(locator, raw, self._clock.at(clock), self._room, nick, words)
        if (header := day_header(text)) is not None:
            if header[1] is not None:
                self._clock.new_day(header[1])
            return None
        if self._spaced and text.startswith("=== "):
            text = text.replace("] ", "]")
        stamp = stamp_of(text)
        when = self._clock.of(stamp) if stamp else self._clock.last
        what = said(stamp.rest if stamp else text, self._stars)
        if what is None:
            report.not_understood(locator, "not a line of an IRC log that is known here")
            return Trace("event", locator, when, None, (), self._room, text=text, fields={"event": "unknown"}, raw=raw)
        trace = self._told(locator, raw, when, what)
        if stamp is None and when is not None:
            trace.fields["time"] = "of the line before"
        return trace

    def _told(self, locator: str, raw: bytes, when: Moment | None, what: Said) -> Trace:
        room = self._conversation(what.channel) if what.channel else self._room
        if what.event is not None:
            return self._event(locator, raw, when, room, what.event)
        if what.kind == "note":
            return Trace("event", locator, when, None, (), room, text=what.text, fields={"event": "note"}, raw=raw)
        fields: dict[str, object] = {} if what.kind == "text" else {what.kind: True}
        return self._wrote(locator, raw, when, room, what.nick, what.text, fields)

    def _wrote(
        self,
        locator: str,
        raw: bytes,
        when: Moment | None,
        room: Conversation,
        nick: str,
        words: str,
        fields: dict[str, object] | None = None,
    ) -> Trace:
        author = self._persona(nick)
        others: tuple[PersonaRef, ...] = ()
        fields = {} if fields is None else fields
        first = words.partition(" ")[0]
        if first[-1:] in (":", ",") and fold(first[:-1]) in self._seen and fold(first[:-1]) != author.key:
            other = self._persona(first[:-1])
            others = (other,)
            fields["addressed"], fields["replied"] = first[:-1], other.key
        return Trace("message", locator, when, author, (), room, text=words, others=others, fields=fields, raw=raw)

    def _event(self, locator: str, raw: bytes, when: Moment | None, room: Conversation, event: Event) -> Trace:
        fields: dict[str, object] = {"event": event.name}
        identifiers: tuple[Identifier, ...] = ()
        if event.reason:
            fields["reason"] = event.reason
        if event.mask:
            user, _, host = event.mask.rpartition("@")
            fields["user"], fields["host"] = user, host
            identifiers = (host_identifier(host),) if host else ()
        author = self._persona(event.nick) if event.nick and event.nick != "You" else None
        others = (self._persona(event.other),) if event.other else ()
        return Trace(
            "event", locator, when, author, (), room, identifiers=identifiers, others=others, fields=fields, raw=raw
        )


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One trace a line, in order; blank lines and the lines that open or close a log give none."""
    log = _Log(source)
    with source.open() as stream:
        for number, raw in enumerate(lines(stream), start=1):
            if len(raw) > LINE_LIMIT:
                report.not_understood(f"line {number}", f"longer than {LINE_LIMIT} bytes; only its beginning is kept")
            if raw and not raw.isspace() and (trace := log.trace(number, raw, report)) is not None:
                yield trace


READER = Reader("irc", 1, "IRC channel log", claims, read, options)

"""The layouts of IRC logs: one line of text in, what it says out.

Sources: the log writers of irssi, WeeChat, XChat and HexChat, mIRC, ZNC, Eggdrop and the public Ubuntu channel logs,
as their own files show them. Patterns are anchored and linear.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

MONTHS = {
    name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}


class Stamp(NamedTuple):
    """``clock``: "hh:mm[:ss]", perhaps with am or pm. ``day``: a date where the line gives one; ``month_day``: a date
    without year; ``offset``: the zone where the line states it ("Z", "+02:00"). ``rest``: what stands behind."""

    clock: str
    day: date | None = None
    month_day: tuple[int, int] | None = None
    offset: str = ""
    rest: str = ""


class Said(NamedTuple):
    """``kind``: text, action, notice (somebody wrote); event (``event`` says what); note (a server's words)."""

    kind: str
    nick: str = ""
    text: str = ""
    channel: str = ""
    event: "Event | None" = None


class Event(NamedTuple):
    """Something that a server or client noted. ``mask`` is user@host; ``other`` a second nick."""

    name: str
    nick: str = ""
    other: str = ""
    mask: str = ""
    channel: str = ""
    reason: str = ""


_CLOCK = r"(?P<clock>\d{1,2}:\d{2}(?::\d{2})?(?: ?[aApP][mM])?)"
_STAMP = re.compile(
    r"[\[(]?(?:(?P<ymd>\d{4}[-/.]\d{2}[-/.]\d{2})[T \t]"
    r"|(?P<month>(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)) (?P<mday>[ 0-3]?\d) )?"
    rf"{_CLOCK}[\])]?(?:[ \t]+|$)"
)
_ISO = re.compile(
    r"(?P<ymd>\d{4}-\d{2}-\d{2})T(?P<clock>\d{2}:\d{2}:\d{2})(?:\.\d+)?(?P<offset>Z|[+-]\d{2}:\d{2})?[ \t]+"
)

MESSAGE = re.compile(r"<[ @+%&~!*]?(?P<nick>[^\s<>]{1,64})>(?:[ \t](?P<text>.*))?$", re.DOTALL)
ACTION = re.compile(r" ?\*[ \t]+(?P<nick>[^\s*<>]{1,64})(?:[ \t](?P<text>.*))?$", re.DOTALL)
NOTICE = re.compile(r"-(?P<nick>[^\s:-][^\s:]{0,63}):(?P<channel>[#&][^\s-]{0,63})-[ \t]?(?P<text>.*)$", re.DOTALL)
RELAYED = re.compile(r"\((?P<nick>[^\s/()]{1,64})/(?P<channel>[#&][^\s()]{1,63})\)[ \t](?P<text>.*)$", re.DOTALL)
EGGDROP_ACTION = re.compile(r"Action: (?P<nick>\S{1,64})[ \t](?P<text>.*)$", re.DOTALL)
WEECHAT = re.compile(r"[@+%&~!]?(?P<nick>[^\s\t<>]{1,64})\t(?P<text>.*)$", re.DOTALL)

_WHO = r"(?P<nick>\S{1,64})(?:\s{1,2}[\[(<](?P<mask>[^\s@]{1,100}@[^\s\])>]{1,200}|[^\s@\[\](<>)]{1,200})[\])>])?"
_CHAN = r"(?P<channel>[#&][^\s,]{0,63}?)\.?"
_WHY = r"(?:[ \t]+[\[(\"](?P<reason>.*?)[\])\"])?\s*$"
_EVENTS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("rename", r"(?P<nick>\S{1,64}) is now known as (?P<other>\S{1,64})\s*$"),
        ("rename", r"Nick change: (?P<nick>\S{1,64}) -> (?P<other>\S{1,64})\s*$"),
        ("join", rf"{_WHO}\s{{1,2}}(?:has )?joined {_CHAN}(?:\s.*)?$"),
        ("part", rf"{_WHO}\s{{1,2}}(?:has )?left (?:channel )?{_CHAN}{_WHY}"),
        ("quit", rf"{_WHO}\s{{1,2}}(?:has quit(?: IRC)?|has left IRC|left irc:?){_WHY}"),
        ("quit", r"(?P<nick>\S{1,64}) (?:has quit IRC|\S{3,200} left irc):[ \t]?(?P<reason>.*)$"),
        ("join", rf"Joins: {_WHO}(?:\s.*)?$"),
        ("part", rf"Parts: {_WHO}{_WHY}"),
        ("quit", rf"Quits: {_WHO}{_WHY}"),
        ("kick", rf"(?P<other>\S{{1,64}}) was kicked (?:off|from) {_CHAN} by (?P<nick>\S{{1,64}}){_WHY}"),
        ("kick", rf"(?P<other>\S{{1,64}}) was kicked by (?P<nick>\S{{1,64}}){_WHY}"),
        ("kick", rf"(?P<nick>\S{{1,64}}) has kicked (?P<other>\S{{1,64}})(?: from {_CHAN})?{_WHY}"),
        ("mode", r"[Mm]ode[/ ](?P<channel>[#&]\S{0,63}) \[(?P<reason>[^\]]*)\]\s+by (?P<nick>\S{1,64})\s*$"),
        ("mode", r"(?P<nick>\S{1,64}) sets mode:? (?P<reason>.*)$"),
        ("mode", r"(?P<nick>\S{1,64}) (?P<reason>(?:gives|removes) (?:channel operator|voice|ban).*)$"),
        (
            "topic",
            rf"(?P<nick>\S{{1,64}}) (?:has )?chang(?:ed|es) (?:the )?topic (?:of|for) {_CHAN}"
            r" (?:from .* )?to:? (?P<reason>.*)$",
        ),
        ("topic", r"(?P<nick>\S{1,64}) changes topic to (?P<reason>.*)$"),
        ("topic", rf"(?:The )?[Tt]opic (?:for|of) {_CHAN}(?: is)?:? (?P<reason>.*)$"),
        ("talking", rf"Now talking (?:on|in) {_CHAN}\s*$"),
    )
)
_QUICK = re.compile(
    r"is now known as |Nick change: |\bjoined |has left |left irc|left #|has quit|"
    r"Joins: |Parts: |Quits: |kicked |[Mm]ode|[Tt]opic |voice|operator|talking"
)

_BEGIN = re.compile(
    r"(?:--- Log opened|\*\*\*\* BEGIN LOGGING AT|Session Start:|--- Day changed(?: to)?|---|\[\d\d:\d\d\] ---) "
    r"(?P<written>\S.{5,40}?)\s*$"
)
_DATE_WORDS = re.compile(
    r"(?:\w{3,9},? )?(?P<month>[A-Za-z]{3,9})\.? (?P<day>[ 0-3]?\d)"
    r"(?: \d{1,2}:\d{2}(?::\d{2})?(?: \w{2,5})?)? (?P<year>\d{4})$"
)
_DATE_DAY_FIRST = re.compile(r"(?:\w{2,9},? )?(?P<day>[ 0-3]?\d)\.? (?P<month>[A-Za-z]{3,9})\.? (?P<year>\d{4})")
_DATE_DIGITS = re.compile(r"(?:\w{2,9},? )?(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:\D.*)?$")
_END = re.compile(r"(?:--- Log closed|\*\*\*\* ENDING LOGGING AT|Session Close:|Session Ident:)")
_NAMED_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_NAMED_CHANNEL = re.compile(r"[#&][^\s/\\#&]{1,63}")


def day_of(year: int, month: int, day: int) -> date | None:
    """The date, or None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def stamp_of(line: str) -> Stamp | None:
    """The time at the beginning of a line, and the rest of the line behind it."""
    match = _ISO.match(line) or _STAMP.match(line)
    if match is None:
        return None
    parts = match.groupdict()
    day = None
    month_day = None
    if parts["ymd"]:
        year, month, dom = (int(parts["ymd"][a:b]) for a, b in ((0, 4), (5, 7), (8, 10)))
        day = day_of(year, month, dom)
    elif parts.get("month"):
        month_day = (MONTHS[parts["month"].lower()], int(parts["mday"]))
    return Stamp(parts["clock"], day, month_day, parts.get("offset") or "", line[match.end() :])


def said(rest: str, star_events: bool) -> Said | None:
    """What a line without its stamp says; None where it fits no layout.

    ``star_events``: in this log ``* nick has joined`` is the client's note, not something that the nick typed."""
    if rest.startswith("<") and not rest.startswith("<--"):
        return _written("text", MESSAGE.match(rest))
    for marker in ("-!- ", "*** ", "-->\t", "<--\t", "--\t", "--> ", "<-- "):
        if rest.startswith(marker):
            return _note(rest[len(marker) :].lstrip())
    if rest.startswith("=== "):
        found = _note(rest[4:])
        if found.kind == "event":
            return found
        return _written("notice", NOTICE.match(rest, 4)) or _written("action", ACTION.match(f"* {rest[4:]}")) or found
    if rest.startswith(("*", " *")):
        found = _note(rest.lstrip(" *").lstrip()) if star_events else Said("note")
        return found if found.kind == "event" else _written("action", ACTION.match(rest))
    if rest.startswith("-"):
        return _written("notice", NOTICE.match(rest))
    if rest.startswith("("):
        return _written("text", RELAYED.match(rest))
    return _written("action", EGGDROP_ACTION.match(rest)) or _written("text", WEECHAT.match(rest)) or _eggdrop(rest)


def _written(kind: str, match: re.Match[str] | None) -> Said | None:
    if match is None:
        return None
    parts = match.groupdict()
    return Said(kind, parts["nick"], parts["text"] or "", parts.get("channel") or "")


def _note(text: str) -> Said:
    event = event_of(text)
    return Said("note", text=text) if event is None else Said("event", event.nick, text, event.channel, event)


def _eggdrop(rest: str) -> Said | None:
    """Eggdrop writes its events without a marker."""
    found = _note(rest)
    return found if found.kind == "event" else None


def event_of(rest: str) -> Event | None:
    """What a server's or client's note says, its marker (``-!-``, ``***``, ``===``, ``-->``) removed."""
    if _QUICK.search(rest) is None:
        return None
    for name, pattern in _EVENTS:
        if (match := pattern.match(rest)) is not None:
            found = {key: value or "" for key, value in match.groupdict().items()}
            return Event(name, **found)
    return None


def day_header(line: str) -> tuple[bool, date | None] | None:
    """(True, date) for a line that opens a log or a day, (False, None) for one that closes it, None for any other."""
    if _END.match(line):
        return False, None
    match = _BEGIN.match(line)
    if match is None:
        return None
    day = _written_date(match["written"])
    return None if day is None else (True, day)


def _written_date(written: str) -> date | None:
    match = _DATE_DIGITS.match(written) or _DATE_WORDS.match(written) or _DATE_DAY_FIRST.match(written)
    if match is None:
        return None
    name = match["month"]
    month = int(name) if name.isdigit() else MONTHS.get(name[:3].lower(), 0)
    return day_of(int(match["year"]), month, int(match["day"]))


def date_in_name(name: str) -> date | None:
    """A date in a file's name ("2004-11-15.txt", "#birds_20041115.log"), the base name before the folders."""
    for part in _name_parts(name):
        if (match := _NAMED_DATE.search(part)) is not None:
            return day_of(int(match[1]), int(match[3]), int(match[4]))
    return None


def channel_in_name(name: str) -> str:
    """A channel in a file's name or folder ("freenode/#birds/2004-11-15.log" -> "#birds"); "" where there is none."""
    for part in _name_parts(name):
        bare = _NAMED_DATE.sub("", part)
        if (match := _NAMED_CHANNEL.search(bare)) is not None:
            found = re.sub(r"\.(?:weechatlog|log|txt|gz)\b", "", match.group())
            if len(found := found.rstrip("-_. ")) > 1:
                return found
    return ""


def _name_parts(name: str) -> Iterator[str]:
    return reversed(re.split(r"[/\\]", name))

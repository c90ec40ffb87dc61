"""Law before reading: under which authority an exhibit is read, and what of it may become a trace.

What lies outside the scope never becomes a trace; it is counted (PRACTICE.md, "Law before reading"). The gate stands in
the parent process, between the worker's answer and the store: a worker that was taken over cannot widen it.
"""

import hashlib
from datetime import UTC, date, datetime
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from trackway.model.errors import Refused
from trackway.model.times import instant_of
from trackway.model.trace import PersonaRef, Trace, TraceKind

Verdict = Literal["in", "out", "quarantined"]
DAY = 86_400_000_000
"""Microseconds."""


class Scope(Struct, frozen=True, omit_defaults=True):
    """What of an exhibit may be read. Empty fields do not limit.

    ``since``/``until``: microseconds UTC, half open; a record without an instant lies outside a limited period unless
    ``undated`` is set, since nothing shows that it lies inside. ``persons``: account keys, names or identifier values,
    case-folded. ``kinds``: kinds of trace.
    """

    since: int | None = None
    until: int | None = None
    undated: bool = False
    persons: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Identifies the scope; the unlimited one is ``all``."""
        encoded = msgspec.json.encode(self)
        return "all" if encoded == b"{}" else hashlib.sha256(encoded).hexdigest()[:16]


class Law(Struct, frozen=True, omit_defaults=True):
    """The legal basis of one exhibit, recorded before its first record is read."""

    basis: str
    authority: str = ""
    decision: str = ""
    seizure: str = ""
    ends: str = ""
    scope: Scope = Scope()
    privileged: str = ""
    """Which list of privileged contacts was laid beside it (``named``)."""


def day(text: str, what: str, after: bool = False) -> int:
    """The start of a day in UTC, or the start of the next one (``after``), for a scope's period. Raises Refused."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{what}: {text!r} is not a date like 2026-03-01.", "bad-date") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    # In microseconds: the day after 9999-12-31, written by who means "for ever", is no datetime.
    return instant_of(moment) + (DAY if after and _is_day(text) else 0)


def _is_day(text: str) -> bool:
    """Whether a whole day was written, not a moment of it."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def scope_of(since: str | None, until: str | None, undated: bool, persons: list[str], kinds: list[str]) -> Scope:
    """A scope from what a person wrote. Raises Refused for an unknown kind or a period that ends before it starts."""
    unknown = sorted(set(kinds) - set(get_args(TraceKind)))
    if unknown:
        raise Refused(
            f"Unknown kind in the scope: {unknown[0]!r}. Known: {', '.join(get_args(TraceKind))}.", "bad-kind"
        )
    start = None if since is None else day(since, "scope from")
    end = None if until is None else day(until, "scope until", after=True)
    if start is not None and end is not None and end <= start:
        raise Refused("The scope's period ends before it starts.", "bad-period")
    if not all(person.strip() for person in persons):
        raise Refused("The scope names a person without a word; an empty name would not limit it.", "bad-person")
    who = tuple(sorted({person.strip().casefold() for person in persons}))
    return Scope(start, end, undated, who, tuple(sorted(set(kinds))))


def check_law(law: Law, today: datetime) -> None:
    """Refuse an exhibit whose basis is missing or whose authorisation has ended."""
    if not law.basis.strip():
        raise Refused("Say on what legal basis this exhibit is read: --basis TEXT.", "no-basis")
    if law.ends and day(law.ends, "end of the authorisation", after=True) <= instant_of(today):
        raise Refused(f"The authorisation ended on {law.ends}; nothing was read.", "authorisation-ended")


class Gate:
    """Decides for each record whether it may become a trace."""

    def __init__(self, scope: Scope, privileged: frozenset[str] = frozenset()) -> None:
        """``privileged``: case-folded account keys and identifier values of lawyers, doctors, clergy, journalists."""
        self._scope = scope
        self._privileged = privileged
        self.open = scope.digest == "all" and not privileged
        self.digest = scope.digest + (":" + _digest(privileged) if privileged else "")

    def judge(self, trace: Trace) -> Verdict:
        if self._scope.kinds and trace.kind not in self._scope.kinds:
            return "out"
        return self.carries(trace)

    def carries(self, trace: Trace) -> Verdict:
        """Whether what this record carries (the attachments of a mail) may be read: its period and its people decide;
        the kind of each is its own."""
        if self.open:
            return "in"
        scope = self._scope
        if scope.since is not None or scope.until is not None:
            instant = trace.when.instant if trace.when else None
            if instant is None:
                if not scope.undated:
                    return "out"
            elif (scope.since is not None and instant < scope.since) or (
                scope.until is not None and instant >= scope.until
            ):
                return "out"
        if not scope.persons and not self._privileged:
            return "in"
        words = set(_words(trace))
        if scope.persons and words.isdisjoint(scope.persons):
            return "out"
        return "in" if words.isdisjoint(self._privileged) else "quarantined"


def _words(trace: Trace) -> list[str]:
    parties: list[PersonaRef] = [*trace.to, *trace.others]
    if trace.author is not None:
        parties.append(trace.author)
    words = [identifier.value.casefold() for identifier in trace.identifiers]
    for party in parties:
        words.append(party.key.casefold())
        words.extend(name.casefold() for name in party.names)
    if trace.conversation is not None and trace.conversation.visibility == "private":
        # A conversation of two is known by the other party also where the record itself names only its writer.
        words += [trace.conversation.id.casefold(), trace.conversation.name.casefold()]
    return words


def _digest(words: frozenset[str]) -> str:
    return hashlib.sha256("\0".join(sorted(words)).encode()).hexdigest()[:16]


def named(privileged: frozenset[str]) -> str:
    """What a law records of the list of privileged contacts: never a name of it."""
    return f"{len(privileged)} contacts, digest {_digest(privileged)}" if privileged else ""

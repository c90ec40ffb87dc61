"""What a record shows its author doing as to others' place in a room: the acts behind the indications of roles.

Only what a service's own notice says is taken; what people write about each other is not. Collector, seller, buyer,
hoster, downloader and possible source device are not looked for by this version (``NOT_LOOKED_FOR``).
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from trackway.network.records import Record
from trackway.network.thresholds import (
    ADMINISTRATOR_ACTS,
    INTRODUCER_INVITES,
    MODERATOR_ACTS,
    SUPPLIER_ITEMS,
)

NOT_LOOKED_FOR = ("possible source device", "collector", "seller", "buyer", "hoster", "downloader")


class Rule(Struct, frozen=True):
    """How many acts indicate a role, and the sentence that says what the traces show ({n} acts)."""

    needs: int
    sentence: str


RULES = {
    "administrator": Rule(
        ADMINISTRATOR_ACTS, "Founded a room, or granted or revoked roles of others in one: {n} in the exhibits held."
    ),
    "moderator": Rule(MODERATOR_ACTS, "Removed, banned or admitted others: {n} times in the exhibits held."),
    "introducer": Rule(INTRODUCER_INVITES, "Brought others into a room: {n} times in the exhibits held."),
    "supplier": Rule(
        SUPPLIER_ITEMS, "Of {n} items that others shared too, the earliest sharing in the exhibits held is this one's."
    ),
}

_FOUNDED = frozenset({"create_group", "create_channel"})
_GRANTS, _LIMITS = frozenset("oah"), frozenset("bqv")
_SERVICES = frozenset({"chanserv", "nickserv", "operserv", "memoserv", "botserv"})


def deeds_of(record: Record) -> Iterator[str]:
    """The roles that this record shows an act of its author for, each once."""
    event, author = record.fields.event, record.author
    if record.kind != "event" or author is None or not isinstance(event, str):
        return
    if author.service == "irc" and (author.key in _SERVICES or "." in author.key):
        return  # a server or its services: no nick holds a dot
    if event in _FOUNDED:
        yield "administrator"
    elif event == "remove_members" and _others(record):
        yield "moderator"
    elif event == "invite_members" and _others(record):
        yield "introducer"
    elif event == "kick" and any(other.key != author.key for other in record.others):
        yield "moderator"
    elif event == "mode" and isinstance(record.fields.reason, str):
        yield from _mode(record.fields.reason, author.key)


def _others(record: Record) -> bool:
    """Whether the members named are anybody but the actor: leaving is noted as removing oneself."""
    members: Any = record.fields.members
    own = set(record.author.names) if record.author is not None else set()
    return isinstance(members, list) and any(isinstance(one, str) and one not in own for one in members)


def _mode(reason: str, own: str) -> Iterator[str]:
    """An IRC mode ("+o finch", "+b *!*@host", "gives channel operator status to finch") set on somebody else."""
    words = reason.split()
    if words[:1] in (["gives"], ["removes"]):
        if words[-1].lower() != own:
            yield "administrator" if "operator" in words else "moderator"
        return
    if len(words) < 2 or words[0][:1] not in ("+", "-") or all(word.lower() == own for word in words[1:]):
        return
    letters = set(words[0])
    if letters & _GRANTS:
        yield "administrator"
    if letters & _LIMITS:
        yield "moderator"

"""A trace: what one record of a source says, when, and who. Immutable; its id is derived from its place.

Instants are whole microseconds since 1970-01-01T00:00:00 UTC. All types are msgspec structs with
``omit_defaults``: adding a field with a default leaves the encoding, and so every digest, of older traces unchanged.
"""

from typing import Any, Literal

import msgspec
from msgspec import Struct

TraceKind = Literal["message", "mail", "report", "upload", "record", "event", "login", "media", "document"]
"""``message``/``mail``: somebody wrote; ``report``: a hotline report; ``upload``: a file named by a report;
``record``: a row that names a file by digest; ``event``: rename, join, part, service notice;
``login``: a connection (IP, port, time); ``media``: what a picture, video or sound says about itself;
``document``: readable text of another kind."""

SightingKind = Literal["possessed", "received", "sent", "offered", "accessed", "record_only"]
"""CONTRACT.md, sightings. Only ``sent`` and ``offered`` are re-shares."""

Visibility = Literal["private", "group", "open"]
"""``open``: public or invite-link channels, forums, P2P; ``group``: a closed group; ``private``: named recipients."""

ZoneBasis = Literal["stated", "exhibit", "assumed", "none"]
"""Whence the zone of a time: said by the source; given with the exhibit; taken as UTC for order only; no instant."""


class Moment(Struct, frozen=True, omit_defaults=True):
    """A time as the source writes it, and the instant it was read as (None where no instant may be made of it)."""

    written: str
    instant: int | None = None
    basis: ZoneBasis = "stated"


class PersonaRef(Struct, frozen=True, omit_defaults=True):
    """A pseudonym on a service. ``key`` is the service's stable id where there is one; ``names`` as seen here."""

    service: str
    key: str
    names: tuple[str, ...] = ()


IdentifierKind = Literal[
    "account", "nick", "mail", "phone", "ip", "ip-port", "url", "host", "wallet", "pgp", "camera-serial", "device"
]


class Identifier(Struct, frozen=True, omit_defaults=True):
    """A normalised identifier. ``role`` ``own``: the record says that it belongs to the author; ``mentioned``: it
    stands in the text; ``to``: it is a recipient's."""

    kind: IdentifierKind
    value: str
    role: Literal["own", "mentioned", "to"] = "mentioned"


class Conversation(Struct, frozen=True, omit_defaults=True):
    """Where something was written. (service, id) is stable across exhibits."""

    service: str
    id: str
    name: str = ""
    visibility: Visibility = "private"


class Digests(Struct, frozen=True, omit_defaults=True):
    """Digests that a record states; lower-case hex. ``photodna`` is kept and counted, never matched (FORMATS.md)."""

    md5: str | None = None
    sha1: str | None = None
    sha256: str | None = None
    pdq: str | None = None
    photodna: str | None = None


class Label(Struct, frozen=True, omit_defaults=True):
    """What a list or a tool says of a file: an attributed claim, never ours. None = the record does not say."""

    entry: str
    category: str | None = None
    scheme: str | None = None
    series: str | None = None
    victim_identified: bool | None = None
    offender_identified: bool | None = None
    distributed: bool | None = None
    suspected: bool | None = None
    self_generated: bool | None = None
    tags: tuple[str, ...] = ()
    comments: str = ""


class Share(Struct, frozen=True, omit_defaults=True):
    """One file that a record names: by a path beside the source (``path``), by digests, or both.

    ``kind`` is what the record says was done; ``act`` tells several files of one record apart (a file id, an index).
    """

    kind: SightingKind
    act: str = "0"
    path: str | None = None
    name: str = ""
    digests: Digests | None = None


class Trace(Struct, frozen=True, omit_defaults=True):
    """Record *i* of a reading.

    ``locator`` says where in the source ("line 12", "messages[3]"); ``raw`` is the record as it stands there.
    ``id`` is the record's own id within its conversation (message id, Message-ID, report number). ``album`` groups
    files that the source itself groups. ``fields`` keeps everything else by the source's own names (JSON values).
    """

    kind: TraceKind
    locator: str
    when: Moment | None = None
    author: PersonaRef | None = None
    to: tuple[PersonaRef, ...] = ()
    conversation: Conversation | None = None
    id: str = ""
    text: str = ""
    shares: tuple[Share, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    others: tuple[PersonaRef, ...] = ()
    """Further personas that the record speaks of (renamed to, joined, forwarded from), roles in ``fields``."""
    album: str = ""
    label: Label | None = None
    fields: dict[str, Any] = {}
    raw: bytes = b""


def settled(trace: Trace) -> Trace:
    """The same trace with one spelling in bytes, whoever made it.

    msgspec leaves a default out when the value *is* the default object, not when it equals it: "0" reckoned at run time
    would be written. What digests are taken of must not depend on that."""
    if trace.shares and any(share.act == _FIRST and share.act is not _FIRST for share in trace.shares):
        shares = tuple(msgspec.structs.replace(s, act=_FIRST) if s.act == _FIRST else s for s in trace.shares)
        trace = msgspec.structs.replace(trace, shares=shares)
    if trace.identifiers and any(one.role == _MENTIONED and one.role is not _MENTIONED for one in trace.identifiers):
        found = tuple(
            msgspec.structs.replace(i, role=_MENTIONED) if i.role == _MENTIONED else i for i in trace.identifiers
        )
        trace = msgspec.structs.replace(trace, identifiers=found)
    when, conversation = trace.when, trace.conversation
    if when is not None and when.basis == _STATED and when.basis is not _STATED:
        trace = msgspec.structs.replace(trace, when=msgspec.structs.replace(when, basis=_STATED))
    if conversation is not None and conversation.visibility == _PRIVATE and conversation.visibility is not _PRIVATE:
        conversation = msgspec.structs.replace(conversation, visibility=_PRIVATE)
        trace = msgspec.structs.replace(trace, conversation=conversation)
    return trace


_FIRST = Share.__struct_defaults__[0]
_MENTIONED = Identifier.__struct_defaults__[0]
_STATED = Moment.__struct_defaults__[1]
_PRIVATE = Conversation.__struct_defaults__[1]

"""Mail: one RFC 5322 message or an mbox. Attachments are shares here, and sources of their own through ``CONTAINER``.

Sources: RFC 5322, RFC 2045-2047, RFC 4155; ``trackway.readers._mail_parts`` frames and parses. A thread is known
by its root: the first of References, else In-Reply-To, else the message's own Message-ID. Bodies of attachments are
not kept in ``raw``: media are never copied into a case.
"""

import hashlib
import html
import re
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from trackway.model.source import Container, Reader, Report, Source
from trackway.model.trace import Conversation, Digests, Identifier, Moment, PersonaRef, Share, SightingKind, Trace
from trackway.readers import _mail_parts as parts
from trackway.readers._common import moment_of, own_ip, zone_of

SERVICE = "email"
TEXT_LIMIT = 1 << 20
RAW_LIMIT = 256 << 10
PEOPLE_LIMIT = 1000

_ID = re.compile(r"<([^<>\s]{1,998})>")
_RECEIVED_IP = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]")
_KEPT = (
    "Subject In-Reply-To References Reply-To Sender X-Mailer User-Agent X-Originating-IP List-Id X-GM-THRID "
    "X-Gmail-Labels Importance Return-Path"
).split()
_TAG = re.compile(r"(<!--|-->|<[A-Za-z/!?][^<>]*>)")
_BREAKING = {"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote", "hr"}
_HIDDEN = {"script", "style", "head", "title"}


def options(source: Source) -> Mapping[str, str]:
    """The exhibit's zone: for dates that say "-0000" or nothing."""
    return {} if source.zone is None else {"zone": source.zone}


def html_text(markup: str) -> str:
    """The readable text of HTML. One linear pass: the standard library's parser is quadratic on hostile markup."""
    found: list[str] = []
    hidden = ""
    for token in _TAG.split(markup):
        if token in ("<!--", "-->"):
            hidden = ("--" if token == "<!--" else "") if hidden in ("", "--") else hidden
        elif token.startswith("<") and token.endswith(">"):
            name = token[1:40].strip("/ >\r\n\t").split(" ")[0].split(">")[0].split("/")[0].lower()
            if token.startswith("</"):
                hidden = "" if name == hidden else hidden
            elif name in _HIDDEN and not hidden:
                hidden = name
            if name in _BREAKING:
                found.append("\n")
        elif not hidden:
            found.append(re.sub(r"[ \t\r\n]+", " ", html.unescape(token)))
    return re.sub(r" ?\n[ \n]*", "\n", "".join(found)).strip()


def _persona(name: str, address: str) -> PersonaRef | None:
    key = address.strip().lower()
    local, at, domain = key.rpartition("@")
    if not at or not local or not domain or len(key) > 320 or any(sign.isspace() for sign in key):
        return None
    shown = parts.unfolded(name).strip().strip("'\"")[:300]
    return PersonaRef(SERVICE, key, (shown,) if shown and shown.lower() != key else ())


def _people(message: Message, *names: str) -> tuple[PersonaRef, ...]:
    """The persons that address headers name, each address once."""
    values = [value for field in names for value in parts.headers(message, field)]
    found: dict[str, PersonaRef] = {}
    nobody: list[tuple[str, str]] = []
    for name, address in parts.tried(lambda: getaddresses(values), nobody)[: PEOPLE_LIMIT * 2]:
        if (one := _persona(name, address)) is not None and len(found) < PEOPLE_LIMIT:
            found.setdefault(one.key, one)
    return tuple(found.values())


def _when(message: Message, zone: tzinfo | None) -> Moment | None:
    written = next(iter(parts.headers(message, "Date")), "")[:200]
    if not written:
        return None
    try:
        return moment_of(written, parsedate_to_datetime(written), zone)
    except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
        return Moment(written, None, "none")


def _text(message: Message) -> str:
    """The plain text, all of its parts; where there is none, that of the HTML."""
    found: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    for part in parts.leaves(message):
        kind = part.get_content_type()
        if kind in found and not parts.is_attachment(part):
            data = (parts.content(part) or b"")[:TEXT_LIMIT]
            found[kind].append(parts.decode_text(data, parts.tried(part.get_content_charset, None)))
    plain = "\n".join(found["text/plain"]).replace("\r\n", "\n").strip()
    return (plain or "\n".join(map(html_text, found["text/html"])))[:TEXT_LIMIT].replace("\0", "\ufffd")


def _shares(message: Message, kind: SightingKind) -> tuple[Share, ...]:
    """One act an attached file; the same file twice in one mail is one act (its key: Message-ID and digest)."""
    found: dict[str, Share] = {}
    for one in parts.attachments(message):
        md5 = hashlib.md5(one.data, usedforsecurity=False).hexdigest()
        sha1 = hashlib.sha1(one.data, usedforsecurity=False).hexdigest()
        sha256 = hashlib.sha256(one.data).hexdigest()
        found.setdefault(sha256, Share(kind, sha256, None, one.name, Digests(md5=md5, sha1=sha1, sha256=sha256)))
    return tuple(found.values())


def _fields(message: Message) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in _KEPT:
        if values := [parts.unfolded(value)[:4000] for value in parts.headers(message, name)[:20]]:
            fields[name.lower()] = values[0] if len(values) == 1 else values
    # Servers on the way are not the author's: kept for a person to judge, not as identifiers that join people.
    if ips := list(
        dict.fromkeys(ip for line in parts.headers(message, "Received") for ip in _RECEIVED_IP.findall(line))
    ):
        fields["received-ips"] = ips[:50]
    return fields


def _ids(message: Message, name: str) -> list[str]:
    return [found for value in parts.headers(message, name) for found in _ID.findall(value)]


def _trace(place: str, raw: bytes, zone: tzinfo | None, report: Report) -> Trace:
    message, whole = parts.parsed(raw)
    if not whole:
        report.not_understood(place, "nested too deeply; only its header is read")
    author = next(iter(_people(message, "From") or _people(message, "Sender")), None)
    own = _ids(message, "Message-ID")[:1]
    root = [*_ids(message, "References"), *_ids(message, "In-Reply-To"), *own][:1]
    shares = _shares(message, "received" if author is None else "sent") if whole else ()
    identifiers = [] if author is None else [Identifier("mail", author.key, "own")]
    for value in parts.headers(message, "X-Originating-IP")[:5]:
        identifiers.extend(own_ip(value))
    kept = parts.header_of(raw) if shares or not whole else raw
    fields = _fields(message)
    answers = [one for one in _people(message, "Reply-To") if author is None or one.key != author.key]
    if len(kept[:RAW_LIMIT]) < len(raw):
        fields["bytes"] = len(raw)
    return Trace(
        kind="mail",
        locator=place,
        when=_when(message, zone),
        author=author,
        to=_people(message, "To", "Cc", "Bcc"),
        conversation=Conversation(SERVICE, root[0]) if root else None,
        id=own[0] if own else "",
        text=_text(message) if whole else "",
        shares=shares,
        identifiers=tuple(identifiers),
        others=tuple(answers),
        fields=fields,
        raw=kept[:RAW_LIMIT],
    )


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One trace a message, in order."""
    zone = zone_of(source)
    for frame in parts.frames(source):
        place = f"message {frame.number}"
        if frame.raw is None:
            report.not_understood(place, f"longer than {parts.MESSAGE_LIMIT >> 20} MiB; passed over")
            yield Trace("mail", place, fields={"passed over": True})
        else:
            yield _trace(place, frame.raw, zone, report)


READER = Reader("mail", 1, "Mail message or mbox", parts.claims, read, options)
CONTAINER = Container("mail-attachments", 1, "Attachments of mail", parts.claims, parts.members)

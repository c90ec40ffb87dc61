"""One record of a Telegram Desktop export -> one trace. Which record stands where is ``telegram``'s part."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from msgspec import Struct

from trackway.model.times import stated
from trackway.model.trace import Conversation, Identifier, Moment, PersonaRef, Share, Trace, Visibility
from trackway.readers._common import moment_of, own_ip
from trackway.readers.identifiers import phone

SERVICE = "telegram"

CHAT_TYPES: dict[str, tuple[str, Visibility]] = {
    "saved_messages": ("user", "private"),
    "replies": ("user", "private"),
    "verification_codes": ("user", "private"),
    "personal_chat": ("user", "private"),
    "bot_chat": ("user", "private"),
    "private_group": ("group", "group"),
    "private_supergroup": ("channel", "group"),
    "public_supergroup": ("channel", "open"),
    "private_channel": ("channel", "open"),
    "public_channel": ("channel", "open"),
}
"""type -> (kind of id, visibility). A private channel is joined by an invite link, which anybody may pass on."""

_TAKEN = frozenset(
    "id type date date_unixtime from from_id actor actor_id text text_entities photo file contact_vcard".split()
)
_KNOWN_LIMIT = 100_000
_LAST_SECOND = 253_402_300_799
_MISSING = "(File "
Fields = dict[str, Any]


class Chat(Struct):
    """The chat that messages are being read from. ``other``: the other party of a personal chat. ``senders``: message
    id -> sender, for replies."""

    conversation: Conversation
    personal: bool
    numbered_by_account: bool
    other: PersonaRef | None
    senders: dict[int, PersonaRef]


def chat_of(header: Fields, owner: str | None) -> Chat:
    """The chat that a header (``id``, ``type``, ``name``) describes; ``owner`` is the account's key, if it is known.

    The conversation of a personal chat is the pair of its two accounts, so that it is the same one on both phones."""
    kind, visibility = CHAT_TYPES.get(str(header.get("type")), ("chat", "private"))
    number, name = header.get("id"), text_of(header.get("name"))
    key = f"{kind}{number}" if isinstance(number, int | str) else ""
    personal = header.get("type") in ("personal_chat", "bot_chat")
    other = PersonaRef(SERVICE, key, (name,) if name else ()) if personal and key else None
    if personal and owner and key and owner != key:
        key = "-".join(sorted((key, owner)))
    return Chat(Conversation(SERVICE, key, name, visibility), personal, kind in ("user", "group"), other, {})


def key_of(value: object) -> str:
    """The stable key of a sender: "user123", "channel123"; older exports write a number that holds the kind."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        kind = {0: "user", 1: "chat", 2: "channel"}.get(value >> 32, "user")
        return f"{kind}{value & 0xFFFFFFFF}" if kind != "user" else f"user{value}"
    return ""


def text_of(value: object) -> str:
    """A text that is a string, or a list of strings and entities, exactly as it reads."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(text_of(part.get("text") if isinstance(part, dict) else part) for part in value)
    return ""


def when_of(record: Fields, zone: tzinfo | None, written: str = "date", unix: str = "date_unixtime") -> Moment | None:
    """The instant from the Unix time; else from the local time, which has no zone."""
    local, second = record.get(written), record.get(unix)
    shown = str(local) if local else str(second or "")
    if isinstance(second, str | int) and str(second).isascii() and str(second).isdigit() and len(str(second)) < 13:
        number = int(second)
        if 0 < number <= _LAST_SECOND:
            return stated(shown, datetime.fromtimestamp(number, UTC))
    if not local:
        return None
    try:
        return moment_of(shown, datetime.fromisoformat(shown), zone)
    except ValueError:
        return Moment(shown, None, "none")


class Records:
    """Turns records into traces; knows the account's owner and the exhibit's zone."""

    def __init__(self, zone: tzinfo | None, owner: str | None) -> None:
        self.zone = zone
        self.owner = owner
        self.owner_names: tuple[str, ...] = ()
        self._personas: dict[tuple[str, object], PersonaRef] = {}

    def owner_ref(self) -> PersonaRef | None:
        return None if self.owner is None else PersonaRef(SERVICE, self.owner, self.owner_names)

    def persona(self, key: object, name: object) -> PersonaRef | None:
        """A sender; None where the export names no key (a name alone is no persona)."""
        named = name if isinstance(name, str) else ""
        stable = key_of(key)
        if not stable:
            return None
        found = self._personas.get((stable, named))
        if found is None:
            if len(self._personas) >= _KNOWN_LIMIT:
                self._personas.clear()
            found = self._personas[stable, named] = PersonaRef(SERVICE, stable, (named,) if named else ())
        return found

    def message(self, chat: Chat, place: str, record: Fields, raw: bytes) -> Trace:
        """A ``message`` or ``service`` record."""
        service = record["type"] == "service"
        if service:
            author = self.persona(record.get("actor_id"), record.get("actor"))
        else:
            author = self.persona(record.get("from_id"), record.get("from"))
        fields = {key: value for key, value in record.items() if key not in _TAKEN}
        if service:
            fields["event"] = record.get("action", "")
        when = when_of(record, self.zone)
        shares = _shares(chat, record, author, when, fields)
        others = self._others(chat, record, author, fields)
        number = record.get("id")
        return Trace(
            kind="event" if service else "message",
            locator=place,
            when=when,
            author=author,
            to=self._to(chat, author),
            conversation=chat.conversation,
            id="" if number is None else str(number),
            text=text_of(record.get("text")),
            shares=shares,
            identifiers=_mentioned(record),
            others=others,
            fields=fields,
            raw=raw,
        )

    def _to(self, chat: Chat, author: PersonaRef | None) -> tuple[PersonaRef, ...]:
        if chat.other is None or author is None:
            return ()
        if author.key != chat.other.key:
            if self.owner is None:
                self.owner = author.key
            return (chat.other,)
        owner = self.owner_ref()
        return () if owner is None else (owner,)

    def _others(self, chat: Chat, record: Fields, author: PersonaRef | None, fields: Fields) -> tuple[PersonaRef, ...]:
        """Whom the record speaks of by key: forwarded from, replied to, mentioned. ``fields`` says which is which."""
        number = record.get("id")
        if isinstance(number, int) and author is not None:
            if len(chat.senders) >= _KNOWN_LIMIT:
                chat.senders.clear()
            chat.senders[number] = author
        found: dict[str, PersonaRef] = {}
        if (origin := self.persona(record.get("forwarded_from_id"), record.get("forwarded_from"))) is not None:
            found[origin.key] = origin
        answered = record.get("reply_to_message_id")
        if isinstance(answered, int) and "reply_to_peer_id" not in record:
            replied = chat.senders.get(answered)
            if replied is not None and (author is None or replied.key != author.key):
                found[replied.key] = replied
                fields["replied"] = replied.key
        named = [
            self.persona(f"user{entity['user_id']}", "") for entity in _entities(record, "mention_name", "user_id")
        ]
        if mentioned := [one for one in named if one is not None]:
            found.update((one.key, one) for one in mentioned if one.key not in found)
            fields["mentioned"] = [one.key for one in mentioned]
        if links := [entity["href"] for entity in _entities(record, "text_link", "href")]:
            fields["text_links"] = links
        return tuple(found.values())

    def owner_record(self, place: str, record: Fields, raw: bytes) -> Trace:
        """``personal_information``: what the export says of the account's owner."""
        names = (_full_name(record), text_of(record.get("username")))
        if isinstance(number := record.get("user_id"), int | str):
            self.owner = f"user{number}"
            self.owner_names = tuple(name for name in names if name)
        identifiers: list[Identifier] = []
        if (own := _phone(record.get("phone_number"))) is not None:
            identifiers.append(Identifier("phone", own, "own"))
        if names[1]:
            identifiers.append(Identifier("account", f"telegram:{names[1].lstrip('@').lower()}", "own"))
        return Trace(
            "record", place, author=self.owner_ref(), identifiers=tuple(identifiers), fields=dict(record), raw=raw
        )

    def contact(self, place: str, record: Fields, raw: bytes) -> Trace:
        """An entry of the owner's contact list; the name in it is the owner's word for somebody, not a pseudonym."""
        number = _phone(record.get("phone_number"))
        user = record.get("user_id") or None
        other = self.persona(f"user{user}", "") if isinstance(user, int | str) else None
        return Trace(
            "record",
            place,
            when=when_of(record, self.zone),
            author=self.owner_ref(),
            identifiers=() if number is None else (Identifier("phone", number),),
            others=() if other is None else (other,),
            fields={"record": "contact", **record},
            raw=raw,
        )

    def session(self, place: str, record: Fields, raw: bytes) -> Trace:
        """A device or web log-in of the owner, with the last address that it was seen from."""
        return Trace(
            "login",
            place,
            when=when_of(record, self.zone, "last_active", "last_active_unixtime"),
            author=self.owner_ref(),
            identifiers=own_ip(record.get("last_ip")),
            fields=dict(record),
            raw=raw,
        )


def _entities(record: Fields, kind: str, key: str) -> Iterator[Fields]:
    for name in ("text_entities", "text"):
        parts = record.get(name)
        if isinstance(parts, list) and parts:
            yield from (
                part
                for part in parts
                if isinstance(part, dict) and part.get("type") == kind and isinstance(part.get(key), int | str)
            )
            return


def _full_name(record: Fields) -> str:
    return " ".join(part for key in ("first_name", "last_name") if (part := text_of(record.get(key))))


def _phone(value: object) -> str | None:
    """E.164; Telegram's numbers are international even where the plus sign is missing."""
    written = text_of(value).strip()
    if not written or len(written) > 40:
        return None
    return phone(written if written.startswith("+") else f"+{written.removeprefix('00')}")


def _mentioned(record: Fields) -> tuple[Identifier, ...]:
    contact = record.get("contact_information")
    links = tuple(Identifier("url", str(entity["href"])[:2048]) for entity in _entities(record, "text_link", "href"))
    number = _phone(contact.get("phone_number")) if isinstance(contact, dict) else None
    return links if number is None else (*links, Identifier("phone", number))


def _shares(
    chat: Chat, record: Fields, author: PersonaRef | None, when: Moment | None, fields: Fields
) -> tuple[Share, ...]:
    """Files that the message carries. Where each account numbers its own messages (all but channels and supergroups)
    the second stands in ``act``: equal numbers on two phones are not one act."""
    kind: Literal["received", "offered", "sent"] = "sent"
    if author is None:
        kind = "received"
    elif chat.conversation.visibility == "open":
        kind = "offered"
    suffix = ""
    if chat.numbered_by_account and when is not None and when.instant is not None:
        suffix = f"@{when.instant // 1_000_000}"
    found = []
    for key in ("photo", "file", "contact_vcard"):
        value = record.get(key)
        if not isinstance(value, str) or not value:
            if value is not None:
                fields[key] = value
            continue
        name = text_of(record.get("file_name")) if key == "file" else ""
        if value.startswith(_MISSING):
            fields[key] = value
            if name:
                found.append(Share(kind, key + suffix, None, name))
        else:
            path = value.replace("\\", "/")
            found.append(Share(kind, key + suffix, path, name or path.rpartition("/")[2]))
    return tuple(found)

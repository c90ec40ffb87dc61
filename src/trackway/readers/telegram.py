"""Telegram Desktop's export, ``result.json``: one chat, or a whole account.

Source: Telegram Desktop, ``export/output/export_output_json.cpp``, as its exports show it. ``date`` is the exporting
machine's local time, ``date_unixtime`` the instant. ``from_id`` is the stable key of a sender; ``from`` may be the
owner's own name for a contact and is null for a deleted account. Albums are not grouped by the export.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Trace
from trackway.readers._common import zone_of
from trackway.readers._json_records import Cut, Item, Path, Walker
from trackway.readers._telegram_records import CHAT_TYPES, Chat, Records, chat_of

_LISTS = ("chats", "left_chats")
_ROWS = ("contacts", "frequent_contacts", "sessions", "web_sessions")
_OPENED = frozenset(
    [(), ("messages",), *((name,) for name in (*_LISTS, *_ROWS)), *((name, "list") for name in (*_LISTS, *_ROWS))]
    + [(name, "list", *rest) for name in _LISTS for rest in (("*",), ("*", "messages"))]
)
_TYPE = re.compile(rb'"type"\s*:\s*"(?:' + "|".join(CHAT_TYPES).encode() + rb')"')
_MESSAGES = re.compile(rb'"messages"\s*:\s*\[')
_ACCOUNT = re.compile(
    rb'"(?:personal_information|frequent_contacts|left_chats|web_sessions)"\s*:\s*\{|"chats"\s*:\s*\{\s*"(?:about|list)"'
)
_SENDER = re.compile(rb'"from_id"\s*:\s*"(user\d{1,20})"')
_BLOCK = 1 << 20


def claims(source: Source) -> str | None:
    """A JSON object that has a chat's type and messages, or an account's sections."""
    head = source.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(b"{"):
        return None
    if (kind := _TYPE.search(head)) is not None and _MESSAGES.search(head) is not None:
        return f"JSON with a chat's messages and {kind.group().decode('ascii')}"
    if (section := _ACCOUNT.search(head)) is not None:
        return f"JSON with an account's section {section.group().split(b':')[0].decode('ascii')}"
    return None


def options(source: Source) -> Mapping[str, str]:
    """The exhibit's zone, where the first messages carry no Unix time."""
    return {} if source.zone is None or b'"date_unixtime"' in source.head else {"zone": source.zone}


def _chat_path(path: Path) -> Path:
    """The path of the chat that an item stands in: () for an export of one chat."""
    return path[:3] if path[:1] and path[0] in _LISTS else ()


def _chat_place(place: str) -> str:
    return place.rpartition(".messages")[0] if ".messages" in place else ""


def _headers(source: Source) -> dict[str, dict[str, Any]]:
    """Chat headers by place, for files in which a header follows its messages (another program re-wrote them)."""
    headers: dict[str, dict[str, Any]] = {}
    with source.open() as stream:
        try:
            for item in Walker(stream, _OPENED).items():
                if item.kind == "value" and item.path[:-1] == _chat_path(item.path) and item.path[-1:] != ("*",):
                    at = item.place.rpartition(".")[0]
                    headers.setdefault(at, {})[item.path[-1]] = item.value
        except Cut:
            pass
    return headers


def _owner_beside(source: Source, other: str) -> str | None:
    """The account that exported one personal chat: the sender who is not the chat's other party; None if silent."""
    with source.open() as stream:
        rest = b""
        while chunk := stream.read(_BLOCK):
            block = rest + chunk
            for match in _SENDER.finditer(block):
                if (found := match[1].decode("ascii")) != other:
                    return found
            rest = block[-64:]
    return None


class _Export:
    """One pass over one export."""

    def __init__(self, source: Source, report: Report) -> None:
        self._source = source
        self._report = report
        self._records = Records(zone_of(source), None)
        self._header: dict[str, Any] = {}
        self._late: dict[str, dict[str, Any]] | None = None
        self._chat: Chat | None = None

    def trace(self, item: Item) -> Trace | None:
        """The trace of one item; None for structure, headers and the export's explanations of itself."""
        path = item.path
        if item.kind == "open":
            if path[-1:] == ("messages",):
                self._open_chat(item)
            elif path == _chat_path(path):
                self._header = {}
            return None
        if item.kind == "close":
            return None
        if path[-2:] == ("messages", "*") and self._chat is not None:
            return self._message(self._chat, item)
        if path[:-1] == _chat_path(path) and path[-1:] in (("id",), ("type",), ("name",)):
            self._header[path[-1]] = item.value
            return None
        if path[-1:] == ("about",) and isinstance(item.value, str):
            return None
        return self._section(item)

    def _open_chat(self, item: Item) -> None:
        header = self._header
        if "id" not in header or "type" not in header:
            if self._late is None:
                self._late = _headers(self._source)
            header = self._late.get(_chat_place(item.place), header)
        if str(header.get("type")) not in CHAT_TYPES:
            self._report.not_understood(item.place, "the chat's type is unknown; it is taken as private")
        records = self._records
        if records.owner is None and header.get("type") == "saved_messages" and header.get("id") is not None:
            records.owner = f"user{header['id']}"
        if records.owner is None and len(item.path) == 1 and header.get("type") in ("personal_chat", "bot_chat"):
            records.owner = _owner_beside(self._source, f"user{header.get('id')}")
        self._chat = chat_of(header, records.owner)

    def _message(self, chat: Chat, item: Item) -> Trace:
        record = item.value
        if isinstance(record, dict) and record.get("type") in ("message", "service"):
            return self._records.message(chat, item.place, record, item.raw)
        kind = record.get("type") if isinstance(record, dict) else None
        self._report.not_understood(item.place, f"a message of an unknown type ({str(kind)[:40]!r})")
        fields = {"event": "unknown", **(record if isinstance(record, dict) else {})}
        return Trace("event", item.place, conversation=chat.conversation, fields=fields, raw=item.raw)

    def _section(self, item: Item) -> Trace:
        """A row of the account's sections; what is not known here is kept raw as a record."""
        record, section = item.value, item.path[0] if item.path else ""
        if isinstance(record, dict):
            if item.path == ("personal_information",):
                return self._records.owner_record(item.place, record, item.raw)
            if item.path == ("contacts", "list", "*"):
                return self._records.contact(item.place, record, item.raw)
            if section in ("sessions", "web_sessions") and item.path[1:] == ("list", "*"):
                return self._records.session(item.place, record, item.raw)
        small = record if len(item.raw) <= 65536 else None
        fields = {"record": section, "value": small}
        return Trace("record", item.place or "document", author=self._records.owner_ref(), fields=fields, raw=item.raw)


def read(source: Source, report: Report) -> Iterator[Trace]:
    """Messages, service notes, contacts, log-ins and the owner's own record, in the order of the export."""
    export = _Export(source, report)
    with source.open() as stream:
        try:
            for item in Walker(stream, _OPENED).items():
                if (trace := export.trace(item)) is not None:
                    yield trace
        except Cut as cut:
            report.incomplete(f"the export is cut or damaged: {cut}")


READER = Reader("telegram", 1, "Telegram Desktop export", claims, read, options)

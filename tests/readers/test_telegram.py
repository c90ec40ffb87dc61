"""Telegram Desktop exports: stable keys, instants, acts of sharing, and what stands before a cut."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from record_sources import Bytes, Notes, read_all

from trackway.model.times import iso
from trackway.model.trace import Trace
from trackway.readers import _json_records
from trackway.readers._json_records import Walker
from trackway.readers.telegram import READER, claims, options


def message(number: int, sender: int | None = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "type": "message",
        "date": "2021-03-04T11:11:12",
        "date_unixtime": str(1_614_852_672 + number),
        "from": None if sender is None else f"Name {sender}",
        "from_id": None if sender is None else f"user{sender}",
        "text": "",
        "text_entities": [],
        **more,
    }


def chat(kind: str, *messages: Any, number: int = 77, name: str | None = "Birds") -> dict[str, Any]:
    return {"name": name, "type": kind, "id": number, "messages": list(messages)}


def encoded(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def read(value: object) -> list[Trace]:
    traces, notes = read_all(READER, encoded(value), "result.json")
    assert (notes.said, notes.cut) == ([], [])
    return traces


ACCOUNT = {
    "about": "Here is the data you requested.",
    "personal_information": {
        "user_id": 1,
        "first_name": "Anna",
        "last_name": "Marsh",
        "phone_number": "+31 6 12345678",
        "username": "@anna_marsh",
    },
    "contacts": {
        "about": "x",
        "list": [
            {
                "user_id": 2,
                "first_name": "Bird",
                "last_name": "Man",
                "phone_number": "+31612345679",
                "date": "2020-01-01T00:00:00",
            },
            {"user_id": 0, "first_name": "No", "last_name": "Account", "phone_number": "0031 6 12345670"},
        ],
    },
    "sessions": {
        "list": [{"last_active": "2021-03-04T11:11:12", "last_ip": "192.0.2.9", "application_name": "Desktop"}]
    },
    "chats": {"about": "x", "list": [chat("personal_chat", message(5, 2), message(6, 1), number=2, name="Bird Man")]},
    "left_chats": {"about": "x", "list": [chat("public_channel", message(8, 3), number=9, name="Left")]},
}


@pytest.mark.parametrize(
    ("kind", "conversation", "visibility", "share"),
    [
        ("saved_messages", "user77", "private", "sent"),
        ("personal_chat", "user1-user77", "private", "sent"),
        ("bot_chat", "user1-user77", "private", "sent"),
        ("private_group", "group77", "group", "sent"),
        ("private_supergroup", "channel77", "group", "sent"),
        ("public_supergroup", "channel77", "open", "offered"),
        ("private_channel", "channel77", "open", "offered"),
        ("public_channel", "channel77", "open", "offered"),
    ],
)
def test_the_kind_of_chat_decides_the_act(kind: str, conversation: str, visibility: str, share: str) -> None:
    (trace,) = read(chat(kind, message(5, photo="photos/photo_1.jpg")))
    assert trace.conversation
    assert (trace.conversation.id, trace.conversation.visibility) == (conversation, visibility)
    assert [(one.kind, one.path, one.name) for one in trace.shares] == [(share, "photos/photo_1.jpg", "photo_1.jpg")]


def test_no_sender_named_is_received() -> None:
    (trace,) = read(chat("public_channel", message(5, None, file="files/a.mp4", thumbnail="files/a_thumb.jpg")))
    assert trace.author is None
    assert [(one.kind, one.path) for one in trace.shares] == [("received", "files/a.mp4")]
    assert trace.fields["thumbnail"] == "files/a_thumb.jpg"


def test_a_deleted_account_keeps_its_key() -> None:
    (trace,) = read(chat("private_group", message(5) | {"from": None}))
    assert trace.author
    assert (trace.author.key, trace.author.names) == ("user1", ())


@pytest.mark.parametrize(
    ("times", "zone", "instant", "basis"),
    [
        (
            {"date_unixtime": "1614852672", "date": "2021-03-04T11:11:12"},
            "Europe/Amsterdam",
            "2021-03-04T10:11:12Z",
            "stated",
        ),
        ({"date_unixtime": None, "date": "2021-03-04T11:11:12"}, "Europe/Amsterdam", "2021-03-04T10:11:12Z", "exhibit"),
        ({"date_unixtime": "soon", "date": "2021-03-04T11:11:12"}, None, "2021-03-04T11:11:12Z", "assumed"),
        ({"date_unixtime": "9" * 30, "date": "no date"}, None, None, "none"),
    ],
)
def test_the_unix_time_is_the_instant(times: dict[str, str], zone: str | None, instant: str, basis: str) -> None:
    (trace,), _ = read_all(READER, encoded(chat("private_group", message(0) | times)), "result.json", zone)
    assert trace.when
    assert (iso(trace.when.instant), trace.when.basis, trace.when.written) == (instant, basis, times["date"])


def test_the_zone_is_an_option_only_where_it_decides() -> None:
    with_unix = encoded(chat("private_group", message(0)))
    without = with_unix.replace(b"date_unixtime", b"date_other")
    assert options(Bytes(with_unix, zone="Europe/Amsterdam")) == {}
    assert options(Bytes(without, zone="Europe/Amsterdam")) == {"zone": "Europe/Amsterdam"}


@pytest.mark.parametrize(
    ("text", "flat"),
    [
        ("plain", "plain"),
        (["see ", {"type": "bold", "text": "the reed"}, "\n bed"], "see the reed\n bed"),
        ([{"type": "link", "text": "https://example.org"}], "https://example.org"),
        ([], ""),
        (None, ""),
    ],
)
def test_text_is_flattened_exactly(text: Any, flat: str) -> None:
    (trace,) = read(chat("private_group", message(5, text=text)))
    assert trace.text == flat


def test_raw_is_the_record_as_it_stands() -> None:
    data = encoded(chat("private_group", message(5, text="caf\u00e9"), message(6)))
    traces, _ = read_all(READER, data)
    assert [trace.locator for trace in traces] == ["messages[0]", "messages[1]"]
    assert all(trace.raw in data for trace in traces)
    assert json.loads(traces[0].raw)["text"] == "caf\u00e9"


def test_forwards_replies_and_mentions_are_personas_by_key_only() -> None:
    first = message(5, 2)
    answer = message(
        6,
        1,
        reply_to_message_id=5,
        forwarded_from="Owl",
        forwarded_from_id="channel9",
        text=[
            {"type": "mention_name", "text": "Bo", "user_id": 8},
            {"type": "text_link", "text": "x", "href": "https://example.org/a"},
        ],
        text_entities=[],
    )
    by_name = message(7, 1, forwarded_from="Somebody")
    _, one, two = read(chat("private_group", first, answer, by_name))
    assert [(other.key, other.names) for other in one.others] == [
        ("channel9", ("Owl",)),
        ("user2", ("Name 2",)),
        ("user8", ()),
    ]
    assert (one.fields["replied"], one.fields["mentioned"]) == ("user2", ["user8"])
    assert [(i.kind, i.value) for i in one.identifiers] == [("url", "https://example.org/a")]
    assert (two.others, two.fields["forwarded_from"]) == ((), "Somebody")


def test_a_service_note_is_an_event_and_bare_names_are_no_personas() -> None:
    note = {
        "id": 4,
        "type": "service",
        "date": "2021-03-04T11:11:12",
        "date_unixtime": "1614852672",
        "actor": "Anna",
        "actor_id": "user1",
        "action": "invite_members",
        "members": ["Bo", None],
        "text": "",
    }
    (trace,) = read(chat("private_group", note))
    assert (trace.kind, trace.fields["event"], trace.fields["members"]) == ("event", "invite_members", ["Bo", None])
    assert trace.author
    assert (trace.author.key, trace.others) == ("user1", ())


def test_a_file_that_was_not_exported_is_named_without_a_path() -> None:
    missing = "(File not included. Change data exporting settings to download.)"
    (trace,) = read(chat("private_group", message(5, file=missing, file_name="walk.mp4", photo=missing)))
    assert [(share.name, share.path, share.digests) for share in trace.shares] == [("walk.mp4", None, None)]
    assert trace.fields["file"] == missing


def test_the_other_party_of_a_personal_chat_is_its_recipient() -> None:
    theirs, ours = read(chat("personal_chat", message(5, 77), message(6, 1)))
    assert [one.key for one in theirs.to] == ["user1"], "the owner is known from the chat's other sender"
    assert [one.key for one in ours.to] == ["user77"]


def test_one_personal_chat_is_one_conversation_on_both_phones() -> None:
    (here,) = read(chat("personal_chat", message(5, 1, photo="a.jpg"), number=2))
    (there,) = read(chat("personal_chat", message(9, 2, photo="a.jpg"), number=1))
    assert here.conversation
    assert there.conversation
    assert here.conversation.id == there.conversation.id == "user1-user2"


def test_equal_numbers_on_two_phones_are_not_one_act() -> None:
    """Each account numbers its personal chats itself; the second keeps the acts apart. Control: channels do not."""
    times = ({"date_unixtime": "1614852672"}, {"date_unixtime": "1614859999"})
    acts = {
        kind: {read(chat(kind, message(5, photo="a.jpg") | when))[0].shares[0].act for when in times}
        for kind in ("private_group", "private_supergroup")
    }
    assert acts == {"private_group": {"photo@1614852672", "photo@1614859999"}, "private_supergroup": {"photo"}}


def test_an_account_gives_its_owner_contacts_log_ins_and_chats() -> None:
    traces = read(ACCOUNT)
    assert [(trace.kind, trace.locator) for trace in traces] == [
        ("record", "personal_information"),
        ("record", "contacts.list[0]"),
        ("record", "contacts.list[1]"),
        ("login", "sessions.list[0]"),
        ("message", "chats.list[0].messages[0]"),
        ("message", "chats.list[0].messages[1]"),
        ("message", "left_chats.list[0].messages[0]"),
    ]
    owner, first, second, login, theirs, ours, left = traces
    assert owner.author
    assert (owner.author.key, owner.author.names) == ("user1", ("Anna Marsh", "@anna_marsh"))
    assert [(i.kind, i.value, i.role) for i in owner.identifiers] == [
        ("phone", "+31612345678", "own"),
        ("account", "telegram:anna_marsh", "own"),
    ]
    assert [(i.value, i.role) for i in first.identifiers] == [("+31612345679", "mentioned")]
    assert [(one.key, one.names) for one in first.others] == [("user2", ())], "a contact's name is the owner's word"
    assert (second.others, [i.value for i in second.identifiers]) == ((), ["+31612345670"])
    assert [(i.kind, i.value, i.role) for i in login.identifiers] == [("ip", "192.0.2.9", "own")]
    assert [one.key for one in theirs.to] == ["user1"]
    assert [one.key for one in ours.to] == ["user2"]
    assert left.conversation
    assert left.conversation.visibility == "open"


def test_a_header_behind_its_messages_is_found() -> None:
    data = encoded({"messages": [message(5)], "id": 77, "name": "Birds", "type": "private_group"})
    assert claims(Bytes(data))
    (trace,), notes = read_all(READER, data)
    assert trace.conversation
    assert (trace.conversation.id, trace.conversation.name, notes.said) == ("group77", "Birds", [])


def test_unknown_records_are_kept_raw_and_said() -> None:
    data = encoded(chat("private_group", message(5) | {"type": "unsupported"}, 12, message(6)) | {"novelty": {"a": 1}})
    traces, notes = read_all(READER, data)
    assert [(trace.kind, trace.locator) for trace in traces] == [
        ("event", "messages[0]"),
        ("event", "messages[1]"),
        ("message", "messages[2]"),
        ("record", "novelty"),
    ]
    assert traces[1].raw == b"12"
    assert [locator for locator, _ in notes.said] == ["messages[0]", "messages[1]"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99])
def test_a_cut_export_gives_what_stands_before_the_cut(share: float) -> None:
    whole = encoded(chat("private_group", *(message(n) for n in range(200))))
    cut = whole[: int(len(whole) * share)]
    traces, notes = read_all(READER, cut)
    complete = len(re.findall(rb"\n  \}", cut))
    assert len(traces) == complete
    assert len(notes.cut) == 1
    offset = int(re.search(r"byte (\d+)", notes.cut[0])[1])  # type: ignore[index]
    assert cut[:offset].count(b'"date_unixtime"') in (complete, complete + 1)


def test_records_across_chunks_and_any_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    value = chat("private_group", *(message(n, text="\u00e9\U0001f99c" * 9) for n in range(40)))
    expected = [trace.text for trace in read(value)]
    monkeypatch.setattr(_json_records, "_CHUNK", 61)
    for data in (encoded(value), json.dumps(value).encode(), b"\xef\xbb\xbf" + encoded(value)):
        traces, notes = read_all(READER, data)
        assert ([trace.text for trace in traces], notes.cut) == (expected, [])


def test_a_record_that_is_too_long_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: with the limit as it is, the same file is read whole."""
    data = encoded(chat("private_group", message(5), message(6, text="x" * 20_000), message(7)))
    assert len(read_all(READER, data)[0]) == 3
    monkeypatch.setattr(_json_records, "RECORD_LIMIT", 4_000)
    monkeypatch.setattr(_json_records, "_CHUNK", 1_000)
    traces, notes = read_all(READER, data)
    assert (len(traces), len(notes.cut)) == (1, 1)


@pytest.mark.parametrize(
    "hostile",
    [
        '{"a": ' * 5000,
        "[" * 100_000,
        "9" * 5000,
        "1e999",
        '"\\ud800"',
        '{"text": ' + "[" * 80 + "]" * 80 + "}",
    ],
)
def test_a_hostile_value_costs_at_most_what_follows_it(hostile: str) -> None:
    data = encoded(chat("private_group", message(5), "PLACE", message(6))).replace(b'"PLACE"', hostile.encode())
    traces, _ = read_all(READER, data)
    assert traces[0].id == "5"
    msgspec.msgpack.encode(traces)


@pytest.mark.parametrize(
    "text",
    [
        '{"guild": {"id": "1"}, "channel": {"type": "GuildTextChat"}, "messages": []}',
        '{"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media", "value": []}',
        '{"messages": []}',
        '[{"type": "personal_chat"}]',
        "",
    ],
)
def test_other_json_is_not_claimed(text: str) -> None:
    assert claims(Bytes(text.encode(), "result.json")) is None


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=6,
)
KEYS = st.sampled_from(
    "id type date date_unixtime from from_id text text_entities photo file file_name reply_to_message_id user_id "
    "forwarded_from_id contact_information phone_number actor_id action messages list chats name".split()
)
TYPES = st.sampled_from(["message", "service", "personal_chat", "private_group"])


@given(
    st.lists(st.dictionaries(KEYS, VALUES | TYPES, max_size=8), max_size=3), st.dictionaries(KEYS, VALUES, max_size=4)
)
def test_any_records_are_survived(records: list[Any], header: dict[str, Any]) -> None:
    rows = [record if i % 2 else {"type": "message", **record} for i, record in enumerate(records)]
    for value in (
        {**header, "messages": rows},
        {"chats": {"list": [{**header, "messages": rows}]}, "contacts": {"list": rows}},
    ):
        traces, _ = read_all(READER, json.dumps(value).encode())
        msgspec.msgpack.encode(traces)


@given(st.one_of(st.binary(max_size=200), st.text('{}[]":,0messagetyp\\u', max_size=200).map(str.encode)))
@example(b'{"messages": [{"type": "message", "text": "\xff"}]}')
def test_any_bytes_are_survived(data: bytes) -> None:
    claims(Bytes(data))
    read_all(READER, data)
    claims(Bytes(b'{"type": "personal_chat", "messages": [' + data))
    traces, _ = read_all(READER, b'{"type": "personal_chat", "messages": [' + data)
    msgspec.msgpack.encode(traces)


@given(VALUES)
def test_the_walker_gives_what_json_gives(value: Any) -> None:
    data = json.dumps(value).encode()
    (item,) = Walker(Bytes(data).open(), frozenset()).items()
    assert item.raw == data
    assert json.dumps(item.value, sort_keys=True) == json.dumps(json.loads(data), sort_keys=True) or re.search(
        rb"\d{19}|\\ud|NaN|Infinity", data
    )
    assert Notes().said == []

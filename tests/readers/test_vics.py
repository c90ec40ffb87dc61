"""VICS: what a record of the wild means, in any order of keys, at any size, cut anywhere."""

import io
import json
import tracemalloc
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_sources import Bytes, Notes, assert_golden, read_all, records_of

from trackway.model.errors import Unreadable
from trackway.model.trace import Trace
from trackway.readers import _digests, _json_stream, vics

US = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
MD5 = "ADEBF3FA3C9BE7F73825E1CB9E2DEA09"


def document(records: list[object], context: str = US) -> bytes:
    return json.dumps({"@odata.context": context, "value": records}).encode()


def one(record: dict[str, object]):
    traces, notes = read_all(vics.READER, document([{"MD5": MD5, **record}]))
    return records_of(traces)[0], notes


@pytest.mark.parametrize("name", ["vics_media.json", "vics_cases.json"])
def test_golden(name):
    assert_golden(vics.READER, name)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *(("false", False), ("FALSE", False), ("0", False), (False, False), (0, False)),
        *(("true", True), ("True", True), ("1", True), (True, True), (1, True)),
        *(("", None), (None, None), ("maybe", None), (2, None), ([], None), ({}, None)),
    ],
)
def test_a_flag_is_read_as_written_and_an_absent_one_is_none(written, read):
    assert one({"VictimIdentified": written})[0].label.victim_identified is read
    assert one({})[0].label.victim_identified is None


@pytest.mark.parametrize(
    ("written", "read"),
    [(0, "0"), ("0", "0"), (1, "1"), (" 2 ", "2"), (3.0, "3"), (None, None), ("", None), ({"Name": "A"}, "A")],
)
def test_category_0_is_a_value_and_absent_is_not(written, read):
    assert one({"Category": written})[0].label.category == read
    assert one({})[0].label.category is None


@pytest.mark.parametrize(
    ("context", "scheme"),
    [
        (US, "VICS 2.0 US"),
        (US.replace("/US/", "/Default/"), "VICS 2.0 Default"),
        (US.replace("/US/", "/CUSTOM/"), "VICS 2.0 CUSTOM"),
        ("http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media", "VICS 1.3"),
        ("http://github.com/ICMEC/ProjectVic/DataModels/1.1.xml#Cases", "VICS 1.1"),
        ("https://elsewhere.example/projectvic", "https://elsewhere.example/projectvic"),
    ],
)
@pytest.mark.parametrize("order", ["before", "behind"])
def test_the_scheme_names_version_and_country_wherever_the_envelope_says_it(context, scheme, order):
    envelope = {"odata.metadata": context, "value": [{"MD5": MD5, "Category": 1, "MediaID": 5}]}
    if order == "behind":
        envelope = dict(reversed(envelope.items()))
    source = Bytes(json.dumps(envelope).encode())
    assert vics.claims(source)
    assert records_of(list(vics.read(source, Notes())))[0].label.scheme == scheme


@pytest.mark.parametrize("lead", ["bom", "utf-16", "plain"])
def test_byte_order_marks(lead):
    text = document([{"MD5": MD5, "MediaID": 1}]).decode()
    data = {"bom": b"\xef\xbb\xbf" + text.encode(), "utf-16": text.encode("utf-16"), "plain": text.encode()}[lead]
    assert vics.claims(Bytes(data))
    traces, notes = read_all(vics.READER, data)
    assert records_of(traces)[0].shares[0].digests.md5 == MD5.lower()
    assert not notes.said
    assert not notes.cut


def test_the_raw_record_is_kept_as_it_stands():
    record = '{"MD5":  "' + MD5 + '", "Odd" : [1,  2]}'
    traces, _ = read_all(vics.READER, f'{{"@odata.context": "{US}", "value": [{record}]}}'.encode())
    assert traces[0].raw == record.encode()


def test_repeated_media_ids_and_many_entries_for_one_file_all_stay():
    traces, _ = read_all(vics.READER, document([{"MediaID": 1, "MD5": MD5, "Category": n} for n in range(5)]))
    assert [trace.label.category for trace in records_of(traces)] == ["0", "1", "2", "3", "4"]
    assert {trace.label.entry for trace in records_of(traces)} == {"1"}


def test_several_files_of_a_record_without_a_digest_of_its_own_are_several_acts():
    files = [
        {"MD5": MD5, "FileName": "a.jpg"},
        {"MD5": "2" * 32, "FileName": "b.jpg"},
        {"MD5": MD5, "FileName": "c.jpg"},
    ]
    traces, _ = read_all(vics.READER, document([{"MediaID": 1, "MediaFiles": files}]))
    shares = records_of(traces)[0].shares
    assert [(share.act, share.name) for share in shares] == [("0", "a.jpg"), ("1", "b.jpg")]
    assert [place["name"] for place in traces[0].fields["files"]] == ["a.jpg", "b.jpg", "c.jpg"]


EMPTY = {"MediaID": 1, "MD5": "D41D8CD98F00B204E9800998ECF8427E"}


def test_the_empty_file_is_left_out_and_counted_once():
    traces, notes = read_all(vics.READER, document([EMPTY] * 3))
    assert not records_of(traces)
    assert [reason for _, reason in notes.said if "empty file" in reason] == [
        "3 record(s) hold the digest of the empty file: left out, it identifies nothing"
    ]


def test_control_without_the_list_of_empty_digests_the_empty_file_is_listed(monkeypatch):
    monkeypatch.setattr(_digests, "EMPTY_FILE", frozenset())
    assert len(records_of(read_all(vics.READER, document([EMPTY]))[0])) == 1


@pytest.mark.parametrize("kind", ["Media", "Cases"])
def test_cut_anywhere_it_yields_what_stands_before_and_says_so(kind):
    media = [{"MediaID": n, "MD5": f"{n:032x}", "Comments": 'a { brace ] and \\ " quote'} for n in range(1, 4)]
    whole = document(media if kind == "Media" else [{"CaseID": "c", "Media": media}], US.replace("Media", kind))
    for length in range(1, len(whole)):
        traces, notes = read_all(vics.READER, whole[:length])
        assert notes.cut, length
        found = [trace.label.entry for trace in records_of(traces)]
        assert found == ["1", "2", "3"][: len(found)], length
    assert not read_all(vics.READER, whole)[1].cut


def test_a_broken_record_costs_itself_only():
    text = document([{"MediaID": n, "MD5": f"{n:032x}"} for n in range(1, 4)]).decode()
    traces, notes = read_all(vics.READER, text.replace('"MediaID": 2', '"MediaID": nonsense').encode())
    assert [trace.label.entry for trace in records_of(traces)] == ["1", "3"]
    assert notes.said == [("value[1]", "record passed over: not JSON")]


@pytest.mark.parametrize("kind", ["Media", "Cases"])
def test_a_record_beyond_the_limit_keeps_its_bearable_keys_and_costs_no_other(monkeypatch, kind):
    monkeypatch.setattr(_json_stream, "CHUNK", 256)
    monkeypatch.setattr(_json_stream, "VALUE_LIMIT", 1024)
    large = {"MediaID": 2, "MD5": "2" * 32, "Other": [["x" * 100]] * 100}
    media = [{"MediaID": 1, "MD5": MD5}, large, {"MediaID": 3, "MD5": MD5}]
    records = media if kind == "Media" else [{"Media": media}]
    traces, notes = read_all(vics.READER, document(records, US.replace("Media", kind)))
    assert [trace.label.entry for trace in records_of(traces)] == ["1", "2", "3"]
    assert [reason for _, reason in notes.said] == ["1 key(s) passed over: too large or too deep"]
    assert not notes.cut


def test_deep_nesting_is_refused_for_the_record_and_its_control_is_not(monkeypatch):
    deep: object = "x"
    for _ in range(60):
        deep = [deep]
    data = document([{"MediaID": 1, "MD5": MD5, "Odd": deep}, {"MediaID": 2, "MD5": MD5}])
    assert [trace.label.entry for trace in records_of(read_all(vics.READER, data)[0])] == ["2"]
    monkeypatch.setattr(vics, "NESTING_LIMIT", 1000)
    assert len(records_of(read_all(vics.READER, data)[0])) == 2


class _Endless(io.RawIOBase):
    """A case export of some twenty MB that never stands in memory."""

    def __init__(self, records: int) -> None:
        head = f'{{"odata.metadata": "{US.replace("#Media", "#Cases")}", "value": [{{"CaseID": "1", "Media": ['.encode()
        body = b",".join(b'{"MediaID": 1, "MD5": "%032x", "Comments": "%s"}' % (n, b"x" * 900) for n in range(100))
        self._pieces = [head, *([body + b","] * (records // 100 - 1)), body + b"]}]}"]
        self._next = 0
        self._left = b""

    def seek(self, offset: int, whence: int = 0) -> int:
        assert offset == 0
        self._next, self._left = 0, b""
        return 0

    def read(self, size: int = -1) -> bytes:
        while len(self._left) < size and self._next < len(self._pieces):
            self._left += self._pieces[self._next]
            self._next += 1
        out, self._left = self._left[:size], self._left[size:]
        return out


class _Large(Bytes):
    def open(self):
        return _Endless(20_000)


def test_memory_does_not_grow_with_the_file():
    count = 0
    tracemalloc.start()
    try:
        for trace in vics.read(_Large(document([])), Notes()):
            count += trace.kind == "record"
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 12 << 20


def test_a_list_of_another_kind_is_not_claimed():
    for data in (b"", b"{}", b'{"value": 1}', b"[1, 2]", b"text", b'{"messages": [{"MD5": "x"}]}', b"\x00" * 100):
        assert vics.claims(Bytes(data)) is None


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_unreadable(data):
    for text in (data, b'{"odata.metadata": "ProjectVic", "value": [' + data):
        vics.claims(Bytes(text))
        with suppress(Unreadable):
            read_all(vics.READER, text)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["MediaID", "Category", "MD5", "SHA1", "Series", "Tags", "MediaFiles", "Exifs", "AlternativeHashes", "DateUpdated"]
)


@given(st.lists(JSON | st.dictionaries(KEYS, JSON, max_size=6), max_size=4))
def test_any_json_in_the_place_of_records_can_be_read_and_stored(records):
    traces, _ = read_all(vics.READER, document(records))
    assert msgspec.json.decode(msgspec.json.encode(traces), type=list[Trace]) == traces

"""ICSE: columns by name in any order; a broken row costs itself."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_sources import Bytes, assert_golden, read_all

from trackway.model.errors import Unreadable
from trackway.readers import icse

HEADER = (
    "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;Series name;"
    "Number of submissions;File Available;Media Type;Baseline"
)
MD5 = "adebf3fa3c9be7f73825e1cb9e2dea09"


def rows_of(*rows: str, header: str = HEADER) -> bytes:
    return "\r\n".join([header, *rows]).encode() + b"\r\n"


def test_golden():
    assert_golden(icse.READER, "icse.csv")


@pytest.mark.parametrize(
    ("cell", "read"),
    [("Yes", True), ("YES", True), ("yes", True), ("No", False), ("no", False), ("", None), ("Unknown", None)],
)
def test_yes_no_and_nothing(cell, read):
    traces, _ = read_all(icse.READER, rows_of(f"{MD5};;;1;{cell};{cell};{cell};;;;;{cell}"))
    label = traces[0].label
    assert (label.distributed, label.victim_identified, label.offender_identified) == (read, read, read)
    assert label.category == ("baseline" if read else None)


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_columns_in_any_order(delimiter):
    names = list(reversed(HEADER.split(";")))
    cells = ["" for _ in names]
    cells[names.index("MD5")], cells[names.index("Image ID")] = MD5.upper(), "77"
    data = rows_of(delimiter.join(cells), header=delimiter.join(f'"{name}"' for name in names))
    traces, notes = read_all(icse.READER, data)
    assert (traces[0].label.entry, traces[0].label.scheme, traces[0].shares[0].digests.md5) == ("77", "ICSE", MD5)
    assert notes.said == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{MD5};;;1", "broken row: 4 columns instead of 12"),
        (f"{MD5};;;1;;;;;;;;;surplus", "broken row: 13 columns instead of 12"),
        ("zz;;;1;;;;;;;;", "bad digest: md5"),
        (";;;1;;;;;;;;", "names no digest"),
        ('"' + f"{MD5};;;1;;;;;;;;", "broken row: an open quote"),
    ],
)
def test_a_broken_row_is_named_by_its_line_and_the_rest_goes_on(row, reason):
    good = f"{MD5};;;{{}};;;;;;;;"
    traces, notes = read_all(icse.READER, rows_of(good.format(1), row, *(good.format(n) for n in range(2, 20))))
    assert [trace.label.entry for trace in traces] == [str(n) for n in range(1, 20)]
    assert notes.said == [("line 3", reason)]


def test_a_quoted_name_may_span_lines():
    traces, notes = read_all(icse.READER, rows_of(f'{MD5};;;1;;;;"Otters\r\nat night";;;;', f"{MD5};;;2;;;;;;;;"))
    assert [trace.label.entry for trace in traces] == ["1", "2"]
    assert traces[0].label.series == "Otters\nat night"
    assert not notes.said


@pytest.mark.parametrize("data", [b"", b"MD5;SHA1\n", b"Image ID;Name\n1;x\n", b"a;b;c\n1;2;3\n", b"\xff\xfe", b"\x00"])
def test_another_table_is_not_claimed(data):
    assert icse.claims(Bytes(data)) is None


@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_nothing_but_unreadable(data):
    for text in (data, HEADER.encode() + b"\n" + data):
        icse.claims(Bytes(text))
        with suppress(Unreadable):
            read_all(icse.READER, text)

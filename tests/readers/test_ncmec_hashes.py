"""NCMEC's hash-sharing list: entries, deleted entries, votes."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_sources import Bytes, assert_golden, read_all

from trackway.model.errors import Unreadable
from trackway.readers import ncmec, ncmec_hashes

MD5 = "adebf3fa3c9be7f73825e1cb9e2dea09"


def result(entries: str, group: str = "images") -> bytes:
    return f"<queryResult xmlns='urn:toy'><{group} count='1'>{entries}</{group}></queryResult>".encode()


def test_golden():
    assert_golden(ncmec_hashes.READER, "ncmec_hashes.xml")


@pytest.mark.parametrize("kind", ["image", "video"])
def test_an_entry_and_its_end(kind):
    data = result(
        f"<{kind}><id>e1</id><classification>B1</classification><fingerprints><md5>{MD5}</md5></fingerprints></{kind}>"
    )
    gone = f"deleted{kind.title()}"
    (trace,), notes = read_all(ncmec_hashes.READER, data)
    assert (trace.label.entry, trace.label.category, trace.shares[0].digests.md5) == ("e1", "B1", MD5)
    assert trace.raw.startswith(f"<{kind}>".encode())
    assert trace.raw.endswith(f"</{kind}>".encode())
    (deleted,), notes = read_all(ncmec_hashes.READER, result(f"<{gone}><id>e1</id></{gone}>"))
    assert (deleted.label.entry, deleted.shares, deleted.fields["deleted"]) == ("e1", (), True)
    assert deleted.fields["entry_type"] == kind
    assert not notes.said


@pytest.mark.parametrize(
    ("feedback", "tags"),
    [
        ("", ()),
        (
            "<affirmativeFeedback type='Md5'><members><member/><member/></members></affirmativeFeedback>",
            ("affirmative Md5 (2 member(s))",),
        ),
        (
            "<negativeFeedback type='Sha1'><reasons><reason name='A'/><members><member/></members>"
            "<reason name='B'/><members/></reasons></negativeFeedback>",
            ("negative Sha1: A (1 member(s))", "negative Sha1: B (0 member(s))"),
        ),
    ],
)
def test_votes_become_tags(feedback, tags):
    data = result(
        f"<image><id>1</id><fingerprints><md5>{MD5}</md5></fingerprints><feedback>{feedback}</feedback></image>"
    )
    assert read_all(ncmec_hashes.READER, data)[0][0].label.tags == tags


def test_a_further_page_is_said():
    data = result(f"<image><fingerprints><md5>{MD5}</md5></fingerprints></image>").replace(
        b"</queryResult>", b"<paging><next>/x</next></paging></queryResult>"
    )
    assert "further page" in read_all(ncmec_hashes.READER, data)[1].said[0][1]


def test_a_cut_list_is_incomplete():
    data = result(f"<image><fingerprints><md5>{MD5}</md5></fingerprints></image>" * 3)
    traces, notes = read_all(ncmec_hashes.READER, data[:-60])
    assert len(traces) == 2
    assert notes.cut


def test_a_bomb_is_refused():
    data = b'<!DOCTYPE q [<!ENTITY a "ha">]>' + result("<image>&a;</image>")
    with pytest.raises(Unreadable, match="document type"):
        read_all(ncmec_hashes.READER, data)


def test_reports_and_lists_are_told_apart():
    listed = result(f"<image><fingerprints><md5>{MD5}</md5></fingerprints></image>")
    reported = b"<report><incidentSummary/></report>"
    assert ncmec_hashes.claims(Bytes(listed))
    assert ncmec.claims(Bytes(listed)) is None
    assert ncmec_hashes.claims(Bytes(reported)) is None
    assert ncmec_hashes.claims(Bytes(b"")) is None


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_unreadable(data):
    for text in (data, b"<queryResult><images><image><fingerprints>" + data):
        ncmec_hashes.claims(Bytes(text))
        with suppress(Unreadable):
            read_all(ncmec_hashes.READER, text)

"""Lists of digests in their many shapes; above all what 64 hexadecimal digits mean."""

import hashlib
import random
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_sources import Bytes, assert_golden, read_all

from trackway.model.errors import Unreadable
from trackway.readers import hash_list

MD5, SHA1 = "adebf3fa3c9be7f73825e1cb9e2dea09", "2b037f69c566dfdb3a5a79e5360d085959bdde4c"
WIDE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
SHARED = Path(__file__).parents[3] / "shared" / "data" / "pdq" / "reg-test-input"


def first(text: str | bytes, name: str = "list.txt"):
    data = text.encode() if isinstance(text, str) else text
    assert hash_list.claims(Bytes(data, name)), text
    traces, notes = read_all(hash_list.READER, data, name)
    digests = traces[0].shares[0].digests
    return (
        {kind: getattr(digests, kind) for kind in digests.__struct_fields__ if getattr(digests, kind)},
        traces[0],
        notes,
    )


def test_golden():
    assert_golden(hash_list.READER, "hash_list.csv")


@pytest.mark.parametrize(
    ("text", "digests", "name"),
    [
        (MD5, {"md5": MD5}, ""),
        (MD5.upper() + "\r\n" + MD5, {"md5": MD5}, ""),
        ("# comment\n\n" + SHA1, {"sha1": SHA1}, ""),
        ("\ufeff" + MD5, {"md5": MD5}, ""),
        (f"{MD5}  heron photo.jpg", {"md5": MD5}, "heron photo.jpg"),
        (f"{MD5} *heron, grey.jpg", {"md5": MD5}, "heron, grey.jpg"),
        (f"\\{SHA1}  heron.jpg", {"sha1": SHA1}, "heron.jpg"),
        (f"MD5 (heron.jpg) = {MD5}", {"md5": MD5}, "heron.jpg"),
        (f"SHA256 (heron.jpg) = {WIDE}", {"sha256": WIDE}, "heron.jpg"),
        (f"{MD5},{SHA1},heron.jpg", {"md5": MD5, "sha1": SHA1}, "heron.jpg"),
        (f"{MD5};{SHA1}", {"md5": MD5, "sha1": SHA1}, ""),
        (f"{MD5}\theron.jpg", {"md5": MD5}, "heron.jpg"),
        (f"md5:{MD5}", {"md5": MD5}, ""),
        (f"pdq:{WIDE}", {"pdq": WIDE}, ""),
        (f"sha256:{WIDE}", {"sha256": WIDE}, ""),
        (f"SHA-1;MD5;File name\n{SHA1};{MD5};heron.jpg", {"md5": MD5, "sha1": SHA1}, "heron.jpg"),
        (
            f'"SHA-1","MD5","FileName"\n"{SHA1}","{MD5}","heron, grey.jpg"',
            {"md5": MD5, "sha1": SHA1},
            "heron, grey.jpg",
        ),
        (
            f"%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## x\n12,{MD5},{WIDE},a.jpg",
            {"md5": MD5, "sha256": WIDE},
            "a.jpg",
        ),
        (f"hash\n{MD5}", {"md5": MD5}, ""),
        (f"hash,quality\n{WIDE},100", {"pdq": WIDE}, ""),
        (f"pdq\n{WIDE}", {"pdq": WIDE}, ""),
        (f"sha256,pdq\n{'a' * 64},{WIDE}", {"sha256": "a" * 64, "pdq": WIDE}, ""),
        (f"# PDQ hashes\n{WIDE}", {"pdq": WIDE}, ""),
        (f"{WIDE},100,aaa.jpg\n{WIDE},88,bbb.jpg", {"pdq": WIDE}, "aaa.jpg"),
        (f"{WIDE},1\n{WIDE},2", {"sha256": WIDE}, ""),
        (WIDE, {"sha256": WIDE}, ""),
    ],
)
def test_shapes(text, digests, name):
    found, trace, notes = first(text)
    assert (found, trace.shares[0].name) == (digests, name)
    assert trace.shares[0].kind == "record_only"
    assert notes.said == []


def test_utf_16():
    assert first(f"md5,id\r\n{MD5},9\r\n".encode("utf-16"))[1].label.entry == "9"


def test_the_columns_of_a_label():
    header = "md5,id,category,scheme,series,victim_identified,offender identified,IsDistributed,tags,comment,colour"
    _, trace, _ = first(f"{header}\n{MD5},e1,2,NL,Otters,false,yes,,a;b,seen,blue")
    label = trace.label
    assert (label.entry, label.category, label.scheme, label.series) == ("e1", "2", "NL", "Otters")
    assert (label.victim_identified, label.offender_identified, label.distributed) == (False, True, None)
    assert (label.tags, label.comments, trace.fields) == (("a", "b"), "seen", {"colour": "blue"})
    assert first(MD5)[1].label.entry == MD5


def balanced(seed: int) -> str:
    """A value with half of its bits set, as PDQ makes them."""
    bits = [1] * 128 + [0] * 128
    random.Random(seed).shuffle(bits)
    return f"{int(''.join(map(str, bits)), 2):064x}"


PDQ_LIST = "\n".join(balanced(n) for n in range(20))
SHA_LIST = "\n".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))


@pytest.mark.parametrize(
    ("text", "name", "kind", "by_name"),
    [
        (PDQ_LIST, "haystack.txt", "pdq", False),
        (SHA_LIST, "haystack.txt", "sha256", False),
        (WIDE, "list.txt", "sha256", False),
        (WIDE, "our-pdq-list.txt", "pdq", True),
        (WIDE, "pdqx.txt", "sha256", False),
        (f"sha256\n{WIDE}", "pdq.txt", "sha256", False),
    ],
)
def test_64_digits_are_decided_by_content_before_the_name(text, name, kind, by_name):
    assert list(first(text, name)[0]) == [kind]
    expected = {"wide": kind} if by_name else {}
    assert hash_list.options(Bytes(text.encode(), name)) == expected


@pytest.mark.parametrize("file", ["haystack.txt", "needles.txt"])
def test_lists_of_the_reference_implementation_are_pdq(file):
    path = SHARED / file
    if not path.exists():
        pytest.skip("the shared data are not here")
    data = path.read_bytes()
    traces, notes = read_all(hash_list.READER, data, file)
    assert len(traces) == len(data.split())
    assert all(trace.shares[0].digests.pdq for trace in traces)
    assert not notes.said


def test_a_line_without_a_digest_costs_itself_only():
    lines = [f"{n:032x}" for n in range(1, 31)]
    lines[5] = "a broken line"
    traces, notes = read_all(hash_list.READER, "\n".join(lines).encode())
    assert len(traces) == 29
    assert notes.said == [("line 6", "names no digest")]


def test_a_line_without_end_is_passed_over_in_bounded_memory():
    data = f"{MD5}\n".encode() * 3 + b"f" * (3 << 20) + b"\n" + SHA1.encode()
    traces, _ = read_all(hash_list.READER, data)
    assert [trace.label.entry for trace in traces] == [MD5] * 3 + [SHA1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just a text of some words\nand another line\n",
        "# only a comment\n",
        f"the digest of it is {MD5}\n",
        f"{MD5}\n" + "not a digest\n" * 2,
        "md5,name\n",
        f"timestamp,sender,md5\n2026-01-01,otterfan,{MD5}\n",
        "deadbeef\ncafebabe\n",
        "name,colour\na,b\n",
        f"MD5;SHA1;Image ID;Series name;Baseline\n{MD5};;1;;\n",
        "2026-01-01 12:00:00 <otterfan> hello\n" * 10,
    ],
)
def test_other_texts_are_not_claimed(text):
    assert hash_list.claims(Bytes(text.encode())) is None


def test_control_with_a_lower_bar_a_mixed_text_would_be_claimed(monkeypatch):
    text = f"{MD5}\n" + "not a digest\n" * 2
    monkeypatch.setattr(hash_list, "AGREE", 0.1)
    assert hash_list.claims(Bytes(text.encode()))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_unreadable(data):
    for text in (data, MD5.encode() + b"\n" + data, b"md5,pdq,id\n" + data):
        source = Bytes(text)
        hash_list.claims(source)
        hash_list.options(source)
        with suppress(Unreadable):
            read_all(hash_list.READER, text)


@given(st.lists(st.sampled_from(["md5", "sha1", "sha256"]), min_size=1, max_size=3, unique=True), st.data())
def test_what_is_written_with_a_header_is_read_back(kinds, data):
    sizes = {"md5": 32, "sha1": 40, "sha256": 64}
    rows = [
        {kind: data.draw(st.text("0123456789abcdef", min_size=sizes[kind], max_size=sizes[kind])) for kind in kinds}
        for _ in range(3)
    ]
    text = "\n".join([",".join(kinds), *(",".join(row.values()) for row in rows)])
    traces, _ = read_all(hash_list.READER, text.encode())
    assert [{kind: getattr(trace.shares[0].digests, kind) for kind in kinds} for trace in traces] == rows

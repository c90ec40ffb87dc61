"""Checkpoints: read as C2SP writes them, and as ``verify --json`` prints them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackway.ledger.checkpoint import MOST_BYTES, Checkpoint, parse
from trackway.ledger.tree import EMPTY_ROOT

# The example of the C2SP specification.
PUBLISHED = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
    "zyWE+xeMcTOAYQ8=\n"
)
ROOT = bytes(range(32))
BASE64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
LINES = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=30)


def test_the_published_example() -> None:
    checkpoint = parse(PUBLISHED)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root.hex().startswith("0ac5186a91863e8e")
    assert len(checkpoint.signatures) == 1
    assert checkpoint.text() == PUBLISHED
    assert checkpoint.note() == PUBLISHED.partition("\n\n")[0] + "\n"


@given(LINES, st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32), st.lists(LINES, max_size=2))
def test_round_trip(origin: str, size: int, root: bytes, further: list[str]) -> None:
    for signatures in ((), ("— witness AAAA",)):
        checkpoint = Checkpoint(size, root, "o" + origin, tuple(further), signatures)
        assert parse(checkpoint.text()) == checkpoint
        assert parse(checkpoint.text().encode()) == checkpoint


@pytest.mark.parametrize(
    "text",
    [f"case 7\n3\n{BASE64}\n", f"case 7\n3\n{BASE64}", f"case 7\r\n3\r\n{BASE64}\r\n", f"\ufeffcase 7\n3\n{BASE64}\n"],
)
def test_what_an_editor_does_to_a_text_is_forgiven(text: str) -> None:
    assert parse(text) == parse(text.encode()) == Checkpoint(3, ROOT, "case 7")


def test_the_report_of_verify() -> None:
    report = {"ok": True, "damage": [], "ledger": {"size": 3, "head": ROOT.hex()}}
    assert parse(json.dumps(report)) == parse(json.dumps(report, indent=2).encode()) == Checkpoint(3, ROOT)
    assert parse(json.dumps({"ledger": {"size": 0, "head": EMPTY_ROOT.hex()}})).size == 0


@pytest.mark.parametrize(
    ("given_text", "sentence"),
    [
        ("", "three lines"),
        (b"\xff\xfe", "UTF-8"),
        ("case 7\n3\n", "three lines"),
        (f"\n3\n{BASE64}\n", "three lines"),
        (f"case 7\n03\n{BASE64}\n", "not a size"),
        (f"case 7\n-3\n{BASE64}\n", "not a size"),
        (f"case 7\n{'9' * 5000}\n{BASE64}\n", "not a size"),
        (f"case 7\n9999999999999999999\n{BASE64}\n", "out of range"),
        (f"case 7\n0\n{BASE64}\n", "empty"),
        (f"case 7\n3\n{BASE64[:-2]}\n", "base64"),
        (f"case 7\n3\n{BASE64[:-2]}9=\n", "base64 of 32 bytes"),
        ("case 7\n3\nAAAA\n", "32 bytes"),
        (f"case 7\n3\n{BASE64}\n\nsigned by me\n", "long dash"),
        ("{", "not"),
        ("{}", '"ledger"'),
        ('{"ledger": []}', '"ledger"'),
        ('{"ledger": {"size": true, "head": ""}}', "whole number"),
        ('{"ledger": {"size": 3, "head": null}}', "64 hexadecimal"),
        ('{"ledger": {"size": -3, "head": "' + "0" * 64 + '"}}', "out of range"),
        ('{"ledger": {"size": 0, "head": "' + "0" * 64 + '"}}', "empty"),
        ('{"a":' * 100_000, "not"),
        (" " * (MOST_BYTES + 1), "too long"),
    ],
)
def test_refusals_are_sentences(given_text: str | bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        parse(given_text)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("origin", ["", "two\nlines", "tab\tbed"])
def test_a_checkpoint_that_would_read_as_another_is_not_written(origin: str) -> None:
    with pytest.raises(ValueError, match="single lines"):
        Checkpoint(3, ROOT, origin).text()

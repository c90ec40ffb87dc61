"""What an entry is: one spelling, bound by salt and number."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackway.ledger import entry
from trackway.ledger.append import append
from trackway.ledger.tree import Frontier

FIELDS: dict[str, Any] = {
    "at": "2026-01-02T03:04:05.25Z",
    "who": "officer 17",
    "act": "judge",
    "subject": {"kind": "claim", "id": "c-9"},
    "reason": "beide über das Moor",
    "program": "0.1.0",
    "body": {"finding": {"log10_lr": 1.25, "low": -0.5, "grounds": [1, 2]}},
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(SCALARS | TEXT, lambda of: st.lists(of, max_size=4) | st.dictionaries(TEXT, of, max_size=4))


@given(JSON)
def test_the_canonical_spelling_is_one(value: Any) -> None:
    spelled = entry.canonical(value)
    assert entry.canonical(json.loads(spelled)) == spelled
    assert json.loads(spelled) == value


@given(st.dictionaries(TEXT, JSON, max_size=5), TEXT)
def test_what_was_written_is_read(body: dict[str, Any], reason: str) -> None:
    written = entry.write_body(7, **{**FIELDS, "body": body, "reason": reason})
    assert entry.read_body(written) == {**FIELDS, "no": 7, "body": body, "reason": reason}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("at", "2026-01-02T03:04:05", "not ISO 8601 in UTC"),
        ("at", "2026-01-02T03:04:05+01:00", "not ISO 8601 in UTC"),
        ("who", None, "wrong type"),
        ("reason", 3, "wrong type"),
        ("reason", "half \ud83d", "surrogate"),
        ("body", {"lr": float("nan")}, "cannot be written as JSON"),
        ("body", {"bytes": b"x"}, "cannot be written as JSON"),
        ("act", "erase", "must name earlier entries"),
    ],
)
def test_what_cannot_stand_in_the_ledger(field: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        entry.write_body(7, **{**FIELDS, field: value})


@pytest.mark.parametrize("entries", [[7], [8], [0], ["3"], [True], "3", None])
def test_an_erasure_names_earlier_entries(entries: Any) -> None:
    with pytest.raises(ValueError, match="must name earlier entries"):
        entry.write_body(7, **{**FIELDS, "act": entry.ERASE, "body": {"entries": entries}})
    entry.write_body(7, **{**FIELDS, "act": entry.ERASE, "body": entry.erasure([3, 6, 3])})


BODY = entry.write_body(7, **FIELDS)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (BODY + b" ", "canonical"),
        (BODY.replace(b'{"act"', b'{ "act"'), "canonical"),
        (BODY.replace("über".encode(), b"\\u00fcber"), "canonical"),
        (BODY.replace(b'"no":7', b'"no":7,"no":7'), "canonical"),
        (BODY.replace(b"1.25", b"1.250"), "canonical"),
        (BODY.replace(b"1.25", b"NaN"), "not JSON"),
        (BODY.replace("über".encode(), b"\xff"), "not JSON"),
        (BODY.replace(b"1.25", b"[" * 100_000), "not JSON"),
        (BODY.replace(b"1.25", b"9" * 10_000), "not JSON"),
        (BODY.replace(b'"no":7', b'"no":true'), "number"),
        (BODY.replace(b'"who"', b'"whp"'), "lacks"),
        (b"[]", "lacks"),
        (b"", "not JSON"),
    ],
)
def test_other_spellings_are_refused(changed: bytes, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        entry.read_body(changed)


def test_keys_that_are_not_text_do_not_break_the_spelling() -> None:
    assert entry.read_body(entry.write_body(7, **{**FIELDS, "body": {2: "a", 10: "b"}}))["body"] == {
        "2": "a",
        "10": "b",
    }


def test_number_salt_and_text_are_bound() -> None:
    salt, other = bytes(32), bytes(31) + b"\x01"
    leaves = {entry.seal(no, body, s).leaf for no in (7, 8) for body in (BODY, BODY + b" ") for s in (salt, other)}
    assert len(leaves) == 8
    assert entry.erased(entry.seal(7, BODY, salt)) == entry.Row(
        7, entry.commitment_of(salt, BODY), None, None, entry.leaf_of(7, entry.commitment_of(salt, BODY))
    )


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        entry.seal(7, BODY, bytes(31))


def test_append_numbers_from_one_and_salts_afresh() -> None:
    first = append(Frontier(), **FIELDS)
    second = append(first.frontier, **FIELDS)
    assert [first.row.no, second.row.no] == [1, 2]
    assert first.row.salt != second.row.salt
    assert (first.nodes, second.frontier.size) == ([], 2)
    assert [(node.level, node.i, node.hash) for node in second.nodes] == [(1, 0, second.frontier.root())]

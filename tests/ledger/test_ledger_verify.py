"""What is done to a ledger, and whether it is found. Each check has its control: without it the same damage passes."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from ledger_cases import Stored, edited, ledger, rewritten

from trackway.ledger import audit
from trackway.ledger.audit import Head, verify
from trackway.ledger.entry import LAST_NO, Row, commitment_of, leaf_of, seal
from trackway.ledger.tree import EMPTY_ROOT, Node

WHOLE = ledger(60, erase=7)
COLUMNS = [field.name for field in fields(Row)]


def flips(value: Any) -> Iterator[Any]:
    """The stored value with each of its bytes changed; a whole number is stored as eight bytes."""
    if value is None:
        return
    stored = value.to_bytes(8, "big", signed=True) if isinstance(value, int) else value
    for place in range(len(stored)):
        changed = bytearray(stored)
        changed[place] ^= 1 << place % 8
        yield int.from_bytes(changed, "big", signed=True) if isinstance(value, int) else bytes(changed)


def misses(column: str, part: int = 0, parts: int = 1) -> list[int]:
    """Entries of which a changed byte in this column goes unnoticed; every ``parts``-th entry from ``part``."""
    missed = []
    for place, row in enumerate(WHOLE.rows):
        if place % parts != part:
            continue
        for changed in flips(getattr(row, column)):
            rows = [*WHOLE.rows[:place], replace(row, **{column: changed}), *WHOLE.rows[place + 1 :]]
            if verify(rows, WHOLE.nodes, WHOLE.head).ok:
                missed.append(row.no)
    return missed


def test_the_untouched_ledger_is_whole() -> None:
    verdict = WHOLE.verify(ledger(0).checkpoint())
    assert (verdict.ok, verdict.size, verdict.root, verdict.uncovered) == (True, 60, WHOLE.head.root, 60)
    assert verify([], [], None).ok
    assert verify([], [], Head(0, EMPTY_ROOT)).ok


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("column", COLUMNS)
def test_every_changed_byte_of_an_entry_is_found(column: str, part: int) -> None:
    assert misses(column, part, parts=4) == []


def test_every_changed_byte_of_nodes_and_head_is_found() -> None:
    for place, node in enumerate(WHOLE.nodes):
        for column in Node._fields:
            for changed in flips(getattr(node, column)):
                nodes: list[Any] = [*WHOLE.nodes]
                nodes[place] = node._replace(**{column: changed})
                assert not verify(WHOLE.rows, nodes, WHOLE.head).ok
    for column in Head._fields:
        for changed in flips(getattr(WHOLE.head, column)):
            assert not verify(WHOLE.rows, WHOLE.nodes, WHOLE.head._replace(**{column: changed})).ok


@pytest.mark.parametrize(("check", "column"), [("_check_commitment", "salt"), ("_check_leaf", "leaf")])
def test_control_without_the_check_changed_bytes_pass(check: str, column: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ROW_CHECKS", tuple(one for one in audit.ROW_CHECKS if one.__name__ != check))
    assert set(misses(column)) == {row.no for row in WHOLE.rows if getattr(row, column) is not None}


def test_control_without_the_check_of_form_another_spelling_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    spaced = (WHOLE.rows[4].body or b"").replace(b'"act":', b'"act": ')
    stored = Stored()
    for row in (*WHOLE.rows[:4], seal(5, spaced, bytes(32))):
        stored.tree, nodes = stored.tree.append(row.leaf)
        stored.rows.append(row)
        stored.nodes += nodes
    assert [damage.kind for damage in stored.verify().damage] == ["form"]
    monkeypatch.setattr(audit, "ROW_CHECKS", audit.ROW_CHECKS[:2])
    assert stored.verify().ok


def swapped(stored: Stored, a: int, b: int) -> list[Row]:
    rows = [*stored.rows]
    rows[a - 1], rows[b - 1] = rows[b - 1], rows[a - 1]
    return rows


def renumbered(rows: list[Row]) -> list[Row]:
    return [replace(row, no=no, leaf=leaf_of(no, row.commitment)) for no, row in enumerate(rows, start=1)]


def altered(row: Row, **columns: Any) -> Row:
    """The row with values that its types forbid: a tampered store keeps no types."""
    return replace(row, **columns)


Change = Callable[[Stored], tuple[list[Row], list[Node], Head | None]]
CHANGES: list[tuple[str, Change, str, int | None]] = [
    ("an entry removed", lambda s: (s.rows[:9] + s.rows[10:], s.nodes, s.head), "number", 10),
    ("an entry twice", lambda s: (s.rows[:10] + s.rows[9:], s.nodes, s.head), "number", 10),
    ("two rows in each other's place", lambda s: (swapped(s, 10, 11), s.nodes, s.head), "number", 10),
    ("two entries swapped and renumbered", lambda s: (renumbered(swapped(s, 10, 11)), s.nodes, s.head), "number", 10),
    ("the first entry removed", lambda s: (s.rows[1:], s.nodes, s.head), "number", 1),
    ("the last entry removed", lambda s: (s.rows[:-1], s.nodes, s.head), "head", None),
    ("all entries removed", lambda s: ([], s.nodes, s.head), "head", None),
    ("one entry too many", lambda s: (s.rows, s.nodes, Head(59, s.head.root)), "head", None),
    ("the head row removed", lambda s: (s.rows, s.nodes, None), "head", None),
    ("another root in the head", lambda s: (s.rows, s.nodes, Head(60, bytes(32))), "head", None),
    ("a node removed", lambda s: (s.rows, s.nodes[:9] + s.nodes[10:], s.head), "node", None),
    ("a node twice", lambda s: (s.rows, s.nodes[:10] + s.nodes[9:], s.head), "node", None),
    ("a node too many", lambda s: (s.rows, [*s.nodes, Node(9, 0, bytes(32))], s.head), "node", None),
    ("salt dropped", lambda s: ([replace(s.rows[0], salt=None), *s.rows[1:]], s.nodes, s.head), "erasure", 1),
    (
        "text dropped without an erasure",
        lambda s: ([replace(s.rows[0], salt=None, body=None), *s.rows[1:]], s.nodes, s.head),
        "erasure",
        1,
    ),
    (
        "an erased text put back",
        lambda s: ([*s.rows[:6], replace(ledger(7).rows[6], no=7), *s.rows[7:]], s.nodes, s.head),
        "erasure",
        7,
    ),
    ("text in the wrong type", lambda s: ([altered(s.rows[0], body="x"), *s.rows[1:]], s.nodes, s.head), "value", None),
    ("no leaf", lambda s: ([altered(s.rows[0], leaf=None), *s.rows[1:]], s.nodes, s.head), "value", None),
]


@pytest.mark.parametrize(("change", "kind", "no"), [case[1:] for case in CHANGES], ids=[case[0] for case in CHANGES])
def test_careless_changes_are_found_without_a_checkpoint(change: Change, kind: str, no: int | None) -> None:
    verdict = verify(*change(WHOLE))
    assert not verdict.ok
    assert (kind, no) in {(damage.kind, damage.no) for damage in verdict.damage}
    assert all(damage.sentence.endswith(".") for damage in verdict.damage)


def test_the_erasing_entry_cannot_be_erased_itself() -> None:
    stored = ledger(20, erase=7)
    stored.erase(20)
    assert [(damage.kind, damage.no) for damage in stored.verify().damage] == [("erasure", 7)]


def test_edited_text_with_its_own_commitment_recomputed_is_found_by_leaf_and_tree() -> None:
    row = edited(WHOLE.rows[9], b"accepted", b"rejected")
    forged = replace(row, commitment=commitment_of(row.salt or b"", row.body or b""))
    kinds = {damage.kind for damage in verify([*WHOLE.rows[:9], forged, *WHOLE.rows[10:]], [], WHOLE.head).damage}
    assert kinds == {"leaf", "head", "node"}


def test_millions_of_damages_are_counted_but_not_listed() -> None:
    rows = [Row(LAST_NO, bytes(32), None, None, bytes(32))] * 1000
    verdict = verify(rows, [(-1, 2**80, b"")] * 1000, Head(-5, b""))
    assert len(verdict.damage) == audit.MOST_NAMED
    assert verdict.more > 1000


# An attacker who recomputes every hash of the store. The checkpoint (40 of 60 entries) lies elsewhere.
HISTORY = ledger(40)
CHECKPOINT = HISTORY.checkpoint()
while len(HISTORY.rows) < 60:
    HISTORY.add()
PAST = HISTORY.rows
FORGED = [
    ("edited below", [*PAST[:19], edited(PAST[19], b"accepted", b"rejected"), *PAST[20:]], True),
    ("removed below", [*PAST[:19], *PAST[20:]], True),
    ("swapped below", swapped(HISTORY, 20, 21), True),
    ("one put in", [*PAST[:19], PAST[50], *PAST[19:]], True),
    ("old copy put back (30)", PAST[:30], True),
    ("last below removed (39)", PAST[:39], True),
    ("all removed", [], True),
    ("salt exchanged", [*PAST[:19], replace(PAST[19], salt=bytes(32)), *PAST[20:]], True),
    ("copy of the checkpoint's day put back (40)", PAST[:40], False),
    ("edited above", [*PAST[:49], edited(PAST[49], b"accepted", b"rejected"), *PAST[50:]], False),
    ("cut above (50)", PAST[:50], False),
    ("untouched", PAST, False),
]


@pytest.mark.parametrize(("rows", "found"), [case[1:] for case in FORGED], ids=[case[0] for case in FORGED])
def test_an_attacker_who_recomputes_all_is_found_below_the_checkpoint_only(rows: list[Row], found: bool) -> None:
    forged = rewritten(rows)
    assert forged.verify().ok, "control: no store can show by itself that all of it was rewritten"
    verdict = forged.verify(CHECKPOINT)
    assert verdict.ok is not found
    assert {damage.kind for damage in verdict.damage} == ({"checkpoint"} if found else set())
    assert verdict.covered == (0 if found else 40)
    assert verdict.uncovered == len(rows) - verdict.covered


def test_the_sentence_says_how_much_is_missing() -> None:
    [damage] = rewritten(PAST[:30]).verify(CHECKPOINT).damage
    assert damage.sentence == "The checkpoint covers 40 entries, of which only 30 are there."


def test_entries_above_a_break_are_still_checked_one_by_one() -> None:
    rows = [*PAST[:9], *PAST[10:29], edited(PAST[29], b"accepted", b"rejected"), *PAST[30:]]
    verdict = verify(rows, HISTORY.nodes, HISTORY.head, CHECKPOINT)
    assert verdict.root is None
    assert [(damage.kind, damage.no) for damage in verdict.damage] == [
        ("number", 10),
        ("commitment", 30),
        ("head", None),
        ("checkpoint", None),
    ]

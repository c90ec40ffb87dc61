"""Is the ledger whole? Everything stored is reckoned again from the entries, in one pass.

What no store can show about itself: that nobody rewrote all of it, hashes included, or put an older copy back. Only a
checkpoint kept elsewhere shows that, and only for the entries below it; ``Verdict.uncovered`` says how many lie above.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from trackway.ledger.checkpoint import Checkpoint
from trackway.ledger.entry import ERASE, LAST_NO, Row, commitment_of, is_hash, leaf_of, read_body
from trackway.ledger.tree import HASH_BYTES, Frontier, Node, verify_inclusion

MOST_NAMED = 200
"""Damages listed one by one; the rest are counted."""

_ERASE_SPELLED = f'"act":"{ERASE}"'.encode()

Kind = Literal["number", "value", "commitment", "leaf", "form", "erasure", "node", "head", "checkpoint", "proof"]


@dataclass(frozen=True, slots=True)
class Damage:
    """One thing that is wrong: its kind, the entry number where there is one, the sentence that a person reads."""

    kind: Kind
    no: int | None
    sentence: str


class Head(NamedTuple):
    """What the store itself says of its ledger: number of entries, and root."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ``verify`` found.

    damage: at most ``MOST_NAMED``; more: how many are not listed; size: entries met; root: of the tree over them, None
    where the numbers broke off; covered: entries that the checkpoint vouches for (0 without one, or a failed one).
    """

    damage: tuple[Damage, ...]
    more: int
    size: int
    root: bytes | None
    covered: int

    @property
    def ok(self) -> bool:
        return not self.damage

    @property
    def uncovered(self) -> int:
        """Entries above the checkpoint: a person with full access could have changed these unnoticed."""
        return self.size - self.covered


def verify(
    rows: Iterable[Row],
    stored_nodes: Iterable[tuple[int, int, bytes]],
    head: Head | tuple[int, bytes] | None,
    checkpoint: Checkpoint | None = None,
) -> Verdict:
    """Check a whole ledger. Values may be anything that a tampered store can hold; nothing is trusted.

    rows: in the order of their numbers; read once, before the nodes. stored_nodes: (level, index, hash), level 1 and
    up, in any order. head: the stored (size, root), None where the row is missing. Needs 33 bytes of memory an entry.
    """
    audit = _Audit(checkpoint)
    for row in rows:
        audit.entry(row)
    audit.check_erasures()
    for level, index, found in stored_nodes:
        audit.node(level, index, found)
    audit.check_nodes_complete()
    audit.check_head(head)
    return audit.verdict()


def verify_disclosed(proved: Iterable[tuple[Row, list[bytes]]], checkpoint: Checkpoint) -> Verdict:
    """Check single disclosed entries, each with its inclusion proof for the checkpoint's size. ``size`` counts them."""
    found, count, seen = _Findings(), 0, set[int]()
    for row, proof in proved:
        count += 1
        if not _has_shape(row):
            found.add("value", None, f"Disclosed entry {count} holds values of the wrong kind.")
            continue
        found.extend(damage for check in ROW_CHECKS for damage in check(row))
        if row.no in seen:
            found.add("number", row.no, f"Entry {row.no} is disclosed twice.")
        seen.add(row.no)
        leaf = leaf_of(row.no, row.commitment)
        if not verify_inclusion(leaf, row.no - 1, checkpoint.size, proof, checkpoint.root):
            found.add("proof", row.no, f"The proof of entry {row.no} does not lead to the root of the checkpoint.")
    return Verdict(tuple(found.listed), found.more, count, checkpoint.root, 0 if found.listed else count)


def _check_commitment(row: Row) -> Iterator[Damage]:
    if row.salt is None and row.body is None:
        return
    if row.salt is None or row.body is None:
        yield Damage("erasure", row.no, f"Entry {row.no} has lost only one of salt and text; an erasure drops both.")
    elif not is_hash(row.salt) or commitment_of(row.salt, row.body) != row.commitment:
        yield Damage("commitment", row.no, f"The text of entry {row.no} is not the one that was entered.")


def _check_leaf(row: Row) -> Iterator[Damage]:
    if leaf_of(row.no, row.commitment) != row.leaf:
        yield Damage("leaf", row.no, f"The stored leaf hash of entry {row.no} does not fit its number and commitment.")


def _check_form(row: Row) -> Iterator[Damage]:
    if row.body is None:
        return
    try:
        said = read_body(row.body)["no"]
    except ValueError as error:
        yield Damage("form", row.no, f"Entry {row.no}: {error}")
    else:
        if said != row.no:
            yield Damage("number", row.no, f"Entry {row.no} says of itself that it is entry {said}.")


ROW_CHECKS: tuple[Callable[[Row], Iterator[Damage]], ...] = (_check_commitment, _check_leaf, _check_form)


def _has_shape(row: Row) -> bool:
    """Whether the row holds values of the right types, so that it can be reckoned with at all."""
    number = type(row.no) is int and 1 <= row.no <= LAST_NO
    texts = all(value is None or isinstance(value, bytes) for value in (row.salt, row.body))
    return number and texts and is_hash(row.commitment) and is_hash(row.leaf)


class _Findings:
    """Damages in the order found; bounded, because a hostile store could hold millions."""

    def __init__(self) -> None:
        self.listed: list[Damage] = []
        self.more = 0

    @property
    def total(self) -> int:
        return len(self.listed) + self.more

    def add(self, kind: Kind, no: int | None, sentence: str) -> None:
        self.extend([Damage(kind, no, sentence)])

    def extend(self, damages: Iterable[Damage]) -> None:
        for damage in damages:
            if len(self.listed) < MOST_NAMED:
                self.listed.append(damage)
            else:
                self.more += 1


class _Level:
    """The reckoned hashes of one level, and which of them the store was seen to hold."""

    def __init__(self) -> None:
        self.hashes = bytearray()
        self.seen = bytearray()

    def add(self, hashed: bytes) -> None:
        self.hashes += hashed
        self.seen.append(0)

    def at(self, index: int) -> bytes:
        return bytes(self.hashes[index * HASH_BYTES : (index + 1) * HASH_BYTES])


class _Audit:
    """One pass over a ledger. Once the numbers break off (``whole`` is False), leaves no longer have a place in the
    tree: entries are still checked one by one, and the tree as far as it was reckoned."""

    def __init__(self, checkpoint: Checkpoint | None) -> None:
        self.found = _Findings()
        self.tree = Frontier()
        self.levels: list[_Level] = []
        self.whole = True
        self.count = 0
        self.next_no = 1
        self.bare: set[int] = set()
        self.erased_by: dict[int, int] = {}
        self.checkpoint = checkpoint
        self.covered = 0
        self._meet_checkpoint()

    def entry(self, row: Row) -> None:
        """Check one entry by itself and in its place, and let the tree grow by it."""
        self.count += 1
        if not _has_shape(row):
            self.found.add("value", None, f"The row at place {self.count} holds values of the wrong kind.")
            self.whole = False
            self.next_no += 1
            return
        before = self.found.total
        self.found.extend(damage for check in ROW_CHECKS for damage in check(row))
        self._place(row.no)
        if row.salt is None and row.body is None:
            self.bare.add(row.no)
        elif row.body is not None and self.found.total == before:
            self._note_erasure(row.no, row.body)
        if self.whole:
            self.tree, made = self.tree.append(leaf_of(row.no, row.commitment))
            self._keep(made)
            self._meet_checkpoint()

    def _place(self, no: int) -> None:
        if no == self.next_no:
            self.next_no += 1
            return
        self.whole = False
        if no < self.next_no:
            self.found.add("number", no, f"Entry {no} stands twice or out of its order.")
            return
        last = no - 1
        missing = f"Entry {last} is" if last == self.next_no else f"Entries {self.next_no} to {last} are"
        self.found.add("number", self.next_no, f"{missing} missing.")
        self.next_no = no + 1

    def _note_erasure(self, no: int, body: bytes) -> None:
        # Canonical spelling lets most entries pass without being parsed again.
        if _ERASE_SPELLED in body and (said := read_body(body))["act"] == ERASE:
            self.erased_by.update((erased, no) for erased in said["body"]["entries"])

    def _keep(self, made: list[Node]) -> None:
        for level, _, hashed in made:
            if level > len(self.levels):
                self.levels.append(_Level())
            self.levels[level - 1].add(hashed)

    def _meet_checkpoint(self) -> None:
        if self.checkpoint is None or self.checkpoint.size != self.tree.size:
            return
        if self.tree.root() == self.checkpoint.root:
            self.covered = self.tree.size
        else:
            sentence = f"Entries 1 to {self.tree.size} are not those that the checkpoint was made of."
            self.found.add("checkpoint", None, sentence)

    def check_erasures(self) -> None:
        """Text may be missing only where a later entry says so, and must be missing there."""
        for no in sorted(self.bare - self.erased_by.keys()):
            self.found.add("erasure", no, f"The text of entry {no} is gone, and no entry says that it was erased.")
        for no, by in sorted(self.erased_by.items()):
            if no not in self.bare:
                self.found.add("erasure", no, f"Entry {by} says that entry {no} was erased, but it was not.")

    def node(self, level: object, index: object, found: object) -> None:
        """Check one stored node against the reckoned one."""
        if type(level) is not int or type(index) is not int or level < 1 or index < 0:
            self.found.add("node", None, "A stored node of the tree has no proper place.")
            return
        if level > len(self.levels) or index >= len(self.levels[level - 1].seen):
            if self.whole:
                self.found.add("node", None, f"Node {level}/{index} stands for entries that are not there.")
            return
        reckoned = self.levels[level - 1]
        if reckoned.seen[index]:
            self.found.add("node", None, f"Node {level}/{index} is stored twice.")
        reckoned.seen[index] = 1
        if reckoned.at(index) != found:
            last = (index + 1) << level
            sentence = f"Node {level}/{index} does not fit entries {(index << level) + 1} to {last}."
            self.found.add("node", None, sentence)

    def check_nodes_complete(self) -> None:
        for number, level in enumerate(self.levels, start=1):
            for index, seen in enumerate(level.seen):
                if not seen:
                    self.found.add("node", None, f"Node {number}/{index} is missing.")

    def check_head(self, head: Head | tuple[int, bytes] | None) -> None:
        """The stored head against the entries met; then whether the checkpoint was reached at all."""
        if head is None:
            if self.count:
                self.found.add("head", None, "The row that states size and root of the ledger is missing.")
        elif type(head[0]) is not int or head[0] != self.count:
            sentence = f"The ledger states {head[0]} entries but holds {self.count}."
            self.found.add("head", None, sentence)
        elif self.whole and head[1] != self.tree.root():
            self.found.add("head", None, "The stored root is not the root of the entries.")
        if self.checkpoint is not None and self.checkpoint.size > self.tree.size:
            reach = "are there" if self.whole else "can be followed without a break"
            sentence = f"The checkpoint covers {self.checkpoint.size} entries, of which only {self.tree.size} {reach}."
            self.found.add("checkpoint", None, sentence)

    def verdict(self) -> Verdict:
        root = self.tree.root() if self.whole else None
        return Verdict(tuple(self.found.listed), self.found.more, self.count, root, self.covered)

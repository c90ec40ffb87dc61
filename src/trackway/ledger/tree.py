"""The Merkle tree of RFC 6962 (proofs as in RFC 9162, section 2.1): pure functions over SHA-256 hashes of 32 bytes.

A node is named by (level, index): level 0 are the leaves, node (l, i) is the root over leaves i * 2**l to
(i + 1) * 2**l - 1. Only *perfect* subtrees have a node; they never change once made, so a store keeps them in a table
and hands them back through a ``Nodes`` function.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Nodes = Callable[[int, int], bytes]
"""(level, index) -> the hash of that perfect subtree; level 0 gives the leaf hash itself."""


class Node(NamedTuple):
    """A perfect subtree: its level (1 and up when stored), its index ``i`` within the level, its hash."""

    level: int
    i: int
    hash: bytes


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf, set apart from inner nodes by its first byte."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node over its two children."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that appending needs: ``size`` leaves, and the roots of the perfect subtrees that cover them, largest first.

    There are as many peaks as ``size`` has one-bits (at most 63 for any ledger a disk can hold).
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> tuple["Frontier", list[Node]]:
        """The frontier with one more leaf hash, and the nodes (level 1 and up) that became perfect by it."""
        peaks, index, level, made = list(self.peaks), self.size, 0, []
        while index & 1:
            leaf = node_hash(peaks.pop(), leaf)
            index, level = index >> 1, level + 1
            made.append(Node(level, index, leaf))
        return Frontier(self.size + 1, (*peaks, leaf)), made

    def root(self) -> bytes:
        """The root of the whole tree; ``EMPTY_ROOT`` for no leaf."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def frontier(size: int, nodes: Nodes) -> Frontier:
    """The frontier of a stored tree of ``size`` leaves; asks ``nodes`` once a peak."""
    levels = (level for level in reversed(range(size.bit_length())) if size >> level & 1)
    return Frontier(size, tuple(nodes(level, (size >> level) - 1) for level in levels))


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root over a list of leaf hashes."""
    edge = Frontier()
    for leaf in leaves:
        edge, _ = edge.append(leaf)
    return edge.root()


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The hashes, from the leaf upwards, that lead from leaf ``index`` to the root of the first ``size`` leaves.

    Raises ValueError where the index lies outside the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    begin, end, path = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_range_root(middle, end, nodes))
            end = middle
        else:
            path.append(_range_root(begin, middle, nodes))
            begin = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` shows that ``leaf`` (a leaf hash) is leaf ``index`` of the tree with this size and root."""
    if not 0 <= index < size or not _are_hashes(leaf, root, *proof):
        return False
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(step, found)
            at, last = _climb(at, last)
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """The hashes that show the tree of ``new`` leaves to begin with the tree of ``old`` leaves.

    Empty where there is nothing to show (old = 0 or old = new). ValueError unless 0 <= old <= new."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} entries cannot begin with one of {old}")
    if old in (0, new):
        return []
    begin, end, path = 0, new, []
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            path.append(_range_root(middle, end, nodes))
            end = middle
        else:
            path.append(_range_root(begin, middle, nodes))
            begin = middle
    if begin:
        path.append(_range_root(begin, end, nodes))
    return path[::-1]


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that the tree (new, new_root) begins with the tree (old, old_root)."""
    if not 0 <= old <= new or not _are_hashes(old_root, new_root, *proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    # A power of two is a peak of the new tree: its root is the first hash, and the proof leaves it out.
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    found_old = found_new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            found_old, found_new = node_hash(step, found_old), node_hash(step, found_new)
            at, last = _climb(at, last)
        else:
            found_new = node_hash(found_new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


def _split(count: int) -> int:
    """The largest power of two below ``count`` (>= 2): where RFC 6962 cuts a list."""
    return 1 << (count - 1).bit_length() - 1


def _range_root(begin: int, end: int, nodes: Nodes) -> bytes:
    """The root over leaves begin to end - 1, a range as the recursive definition cuts it."""
    count = end - begin
    level = count.bit_length() - 1
    if count == 1 << level:
        return nodes(level, begin >> level)
    middle = begin + _split(count)
    return node_hash(_range_root(begin, middle, nodes), _range_root(middle, end, nodes))


def _climb(at: int, last: int) -> tuple[int, int]:
    """Skip the levels on which a right-most node has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last


def _are_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)

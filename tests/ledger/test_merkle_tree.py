"""The tree against the recursive definition of RFC 6962, and against the published vectors of its reference."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackway.ledger import tree

SIZES = range(1, 71)


def leaf(number: int) -> bytes:
    return tree.leaf_hash(b"leaf %d" % number)


def definition(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return sha256(b"\x01" + definition(leaves[:cut]) + definition(leaves[cut:])).digest()


class Table:
    """Stored nodes, as a store keeps them."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.stored = {(0, i): hashed for i, hashed in enumerate(leaves)}
        self.frontier = tree.Frontier()
        for hashed in leaves:
            self.frontier, made = self.frontier.append(hashed)
            self.stored |= {(level, i): value for level, i, value in made}

    def __call__(self, level: int, i: int) -> bytes:
        return self.stored[level, i]


LEAVES = [leaf(number) for number in SIZES]
ROOTS = [definition(LEAVES[:size]) for size in range(len(SIZES) + 1)]
NODES = Table(LEAVES)


@pytest.mark.parametrize("size", [0, *SIZES])
def test_root_and_frontier_follow_the_definition(size: int) -> None:
    assert tree.root_of(LEAVES[:size]) == ROOTS[size]
    assert tree.frontier(size, NODES) == Table(LEAVES[:size]).frontier
    assert tree.frontier(size, NODES).root() == ROOTS[size]


@pytest.mark.parametrize("size", SIZES)
def test_inclusion(size: int) -> None:
    root = ROOTS[size]
    for index in range(size):
        proof = tree.inclusion_proof(index, size, NODES)
        assert tree.verify_inclusion(LEAVES[index], index, size, proof, root)
        for wrong in {index - 1, index + 1, (index + size // 2) % size, size} - {index}:
            assert not tree.verify_inclusion(LEAVES[index], wrong, size, proof, root)
        assert not tree.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size - 1])
        assert not tree.verify_inclusion(leaf(999), index, size, proof, root)
        assert not tree.verify_inclusion(LEAVES[index], index, size, [*proof, root], root)
        assert not proof or not tree.verify_inclusion(LEAVES[index], index, size, proof[:-1], root)


@pytest.mark.parametrize("new", SIZES)
def test_consistency(new: int) -> None:
    for old in range(new + 1):
        proof = tree.consistency_proof(old, new, NODES)
        assert tree.verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)
        assert not tree.verify_consistency(old, new, leaf(999), ROOTS[new], proof)
        assert old == 0 or not tree.verify_consistency(old, new, ROOTS[old], leaf(999), proof)
        assert not tree.verify_consistency(old, new, ROOTS[old], ROOTS[new], [*proof, leaf(999)])
        if 0 < old < new:
            assert not tree.verify_consistency(old, new, ROOTS[old], ROOTS[new], proof[:-1])
            assert not tree.verify_consistency(old - 1, new, ROOTS[old], ROOTS[new], proof)


@given(st.integers(2, 70), st.data())
def test_any_changed_byte_of_a_proof_is_refused(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion_proof(index, size, NODES)
    step, byte, bit = (data.draw(st.integers(0, most - 1)) for most in (len(proof), 32, 8))
    changed = bytearray(proof[step])
    changed[byte] ^= 1 << bit
    proof[step] = bytes(changed)
    assert not tree.verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_no_proof_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        tree.inclusion_proof(index, size, NODES)


def test_no_tree_begins_with_a_larger_one() -> None:
    with pytest.raises(ValueError, match="cannot begin"):
        tree.consistency_proof(6, 5, NODES)


# Published by the Certificate Transparency reference (merkletree tests): inputs, roots and proofs.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
PUBLISHED_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PUBLISHED_LEAVES = [tree.leaf_hash(bytes.fromhex(text)) for text in INPUTS]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
G = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    assert tree.root_of(PUBLISHED_LEAVES[:size]).hex() == PUBLISHED_ROOTS[size]


@pytest.mark.parametrize(("index", "size", "steps"), [(0, 8, [A, B, C]), (5, 8, [D, E, F])])
def test_published_inclusion_proofs(index: int, size: int, steps: list[str]) -> None:
    assert [step.hex() for step in tree.inclusion_proof(index, size, Table(PUBLISHED_LEAVES))] == steps


@pytest.mark.parametrize(("old", "new", "steps"), [(1, 8, [A, B, C]), (6, 8, [G, E, F]), (2, 5, [B, D])])
def test_published_consistency_proofs(old: int, new: int, steps: list[str]) -> None:
    assert [step.hex() for step in tree.consistency_proof(old, new, Table(PUBLISHED_LEAVES))] == steps

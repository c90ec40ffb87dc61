"""One entry of the ledger: what it says (canonical JSON), and how it is bound into the tree.

    body       = canonical JSON of {no, at, who, act, subject, reason, program, body}
    commitment = SHA-256(salt || body), the salt being 32 random bytes
    leaf       = leaf_hash(no as 8 bytes, big-endian || commitment)

The tree holds commitments only: a lawful erasure drops salt and body, and leaves every hash, proof and checkpoint
valid. Without the salt nobody can try guesses of the erased text against the commitment.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from trackway.ledger.tree import HASH_BYTES, leaf_hash

SALT_BYTES = 32
LAST_NO = 2**63 - 1
ERASE = "erase"
"""The act of an entry that records an erasure; its body names the erased entries: {"entries": [7, 9], ...}."""

_TEXTS = ("who", "act", "reason", "program")
_FIELDS = frozenset({"no", "at", "subject", "body", *_TEXTS})
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as stored. ``salt`` and ``body`` are both None once the entry was lawfully erased.

    no: 1 and up, without gaps; commitment, salt, leaf: 32 bytes; body: canonical JSON in UTF-8.
    """

    no: int
    commitment: bytes
    salt: bytes | None
    body: bytes | None
    leaf: bytes


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value: keys sorted by code point, no blanks, UTF-8, numbers as Python writes them.

    Raises ValueError with a sentence for what JSON cannot say (not a number, half a character, other types)."""
    try:
        # Twice, because keys that are not text become text on the way and then sort differently.
        return _dump(json.loads(_dump(value)))
    except UnicodeEncodeError as error:
        raise ValueError("The entry holds half of a surrogate pair, which UTF-8 cannot write.") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"The entry cannot be written as JSON: {error}.") from error


def write_body(
    no: int, *, at: str, who: str, act: str, subject: Any, reason: str, program: str, body: Mapping[str, Any]
) -> bytes:
    """The canonical bytes of an entry.

    at: ISO 8601 in UTC ending in Z; who: the officer's number; act: what was done (``ERASE`` is reserved);
    subject: JSON, what it was done to; reason: may be empty; program: version; body: details, such as the finding that
    a judgement answers. Raises ValueError with a sentence."""
    entry = {"no": no, "at": at, "who": who, "act": act, "subject": subject, "reason": reason}
    written = canonical({**entry, "program": program, "body": dict(body)})
    read_body(written)
    return written


def read_body(body: bytes) -> dict[str, Any]:
    """What the body of an entry says. Raises ValueError unless it is canonical and holds every field."""
    try:
        entry = json.loads(body.decode())
        spelled = _dump(entry)
    except (ValueError, RecursionError) as error:
        raise ValueError("The text of the entry is not JSON in UTF-8.") from error
    if spelled != body:
        raise ValueError("The text of the entry is not in its canonical spelling.")
    if not isinstance(entry, dict) or not entry.keys() >= _FIELDS:
        raise ValueError("The text of the entry lacks one of its fields.")
    if type(entry["no"]) is not int or not 1 <= entry["no"] <= LAST_NO:
        raise ValueError("The text of the entry has no proper number.")
    if not all(isinstance(entry[name], str) for name in _TEXTS) or not isinstance(entry["body"], dict):
        raise ValueError("A field of the entry has the wrong type.")
    if not isinstance(entry["at"], str) or not _UTC.fullmatch(entry["at"]):
        raise ValueError("The time of the entry is not ISO 8601 in UTC (2026-01-02T03:04:05Z).")
    if entry["act"] == ERASE:
        _check_erased(entry)
    return entry


def erasure(numbers: Iterable[int]) -> dict[str, Any]:
    """The part of an ``ERASE`` entry's body that names the erased entries."""
    return {"entries": sorted(set(numbers))}


def commitment_of(salt: bytes, body: bytes) -> bytes:
    """What the tree knows of an entry's text."""
    return sha256(salt + body).digest()


def leaf_of(no: int, commitment: bytes) -> bytes:
    """The leaf hash of entry ``no``; its place is bound in, so that swapped entries differ."""
    return leaf_hash(no.to_bytes(8, "big") + commitment)


def seal(no: int, body: bytes, salt: bytes) -> Row:
    """The row of an entry: ``salt`` must be fresh random bytes (32), never used again."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"A salt has {SALT_BYTES} bytes, not {len(salt)}.")
    commitment = commitment_of(salt, body)
    return Row(no, commitment, salt, body, leaf_of(no, commitment))


def erased(row: Row) -> Row:
    """The row after a lawful erasure: its text is gone, its place and its hashes stand."""
    return replace(row, salt=None, body=None)


def is_hash(value: object) -> bool:
    """Whether a stored value can be a SHA-256 hash at all."""
    return isinstance(value, bytes) and len(value) == HASH_BYTES


def _dump(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _check_erased(entry: Mapping[str, Any]) -> None:
    numbers = entry["body"].get("entries")
    if not isinstance(numbers, list) or not all(type(no) is int and 1 <= no < entry["no"] for no in numbers):
        raise ValueError("An erasure must name earlier entries by their numbers.")

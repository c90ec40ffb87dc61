"""A ledger, or single entries with their proofs, as text that is read without Trackway: one JSON object a line.

A whole ledger: {"ledger": 1, "head": {"size", "root"}}, then {"entry": {...}} by number, then {"node": [level, index,
hash]}. Disclosed entries: {"disclosed": 1}, then {"entry": {...}, "proof": [hashes]}. Hashes and salts are lower-case
hexadecimal; "body" is the text of the entry, word for word; salt and body are null in an erased entry. Each line has
one spelling only, so that any changed byte of the file shows.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from trackway.ledger.audit import Head, Verdict, verify, verify_disclosed
from trackway.ledger.checkpoint import Checkpoint
from trackway.ledger.entry import Row

VERSION = 1
MOST_LINE_BYTES = 64 << 20


def write_ledger(rows: Iterable[Row], nodes: Iterable[tuple[int, int, bytes]], head: Head) -> Iterator[str]:
    """The lines of a whole ledger, each with its line end."""
    yield _line({"ledger": VERSION, "head": {"size": head.size, "root": head.root.hex()}})
    for row in rows:
        yield _line({"entry": _row_out(row)})
    for level, index, hashed in nodes:
        yield _line({"node": [level, index, hashed.hex()]})


def write_disclosed(proved: Iterable[tuple[Row, list[bytes]]]) -> Iterator[str]:
    """The lines of single entries, each with its inclusion proof for the size of the checkpoint that goes with them."""
    yield _line({"disclosed": VERSION})
    for row, proof in proved:
        yield _line({"entry": _row_out(row), "proof": [step.hex() for step in proof]})


def verify_file(path: Path, checkpoint: Checkpoint | None) -> Verdict:
    """Check an exported file of either kind. Raises OSError, and ValueError with a sentence naming the line."""
    _, first = next(_objects(path), (1, {}))
    if first == {"disclosed": VERSION}:
        if checkpoint is None:
            raise ValueError("Single entries can be checked only against a checkpoint; give its file as well.")
        return verify_disclosed(_proved(path), checkpoint)
    try:
        head = Head(first["head"]["size"], _unhex(first["head"]["root"]))
        known = first["ledger"] == VERSION
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("The first line does not say what this file is.") from error
    if not known:
        raise ValueError("This ledger was exported by a newer version; it needs the verifier of that version.")
    return verify(_rows(path), _nodes(path), head, checkpoint)


def _rows(path: Path) -> Iterator[Row]:
    for number, said in _after_first(path):
        if said.keys() == {"entry"}:
            yield _row_in(number, said["entry"])
        elif said.keys() != {"node"}:
            raise ValueError(f"Line {number} is neither an entry nor a node.")


def _nodes(path: Path) -> Iterator[tuple[int, int, bytes]]:
    for number, said in _after_first(path):
        if "node" in said:
            try:
                level, index, hashed = said["node"]
                yield level, index, _unhex(hashed)
            except (TypeError, ValueError) as error:
                raise ValueError(f"Line {number} is not a node.") from error


def _proved(path: Path) -> Iterator[tuple[Row, list[bytes]]]:
    for number, said in _after_first(path):
        try:
            proof = [_unhex(step) for step in said["proof"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"Line {number} has no proof.") from error
        yield _row_in(number, said.get("entry")), proof


def _row_out(row: Row) -> dict[str, Any]:
    body = None if row.body is None else row.body.decode("utf-8", "surrogateescape")
    salt = None if row.salt is None else row.salt.hex()
    return {"no": row.no, "commitment": row.commitment.hex(), "salt": salt, "body": body, "leaf": row.leaf.hex()}


def _row_in(number: int, said: Any) -> Row:
    try:
        body = None if said["body"] is None else said["body"].encode("utf-8", "surrogateescape")
        salt = None if said["salt"] is None else _unhex(said["salt"])
        return Row(said["no"], _unhex(said["commitment"]), salt, body, _unhex(said["leaf"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"Line {number} is not an entry.") from error


def _unhex(text: str) -> bytes:
    value = bytes.fromhex(text)
    if value.hex() != text:
        raise ValueError("not in lower-case hexadecimal")
    return value


def _after_first(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    return ((number, said) for number, said in _objects(path) if number > 1)


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MOST_LINE_BYTES):
            number += 1
            try:
                said = json.loads(line)
                same = _line(said).encode() == line
            except (ValueError, RecursionError) as error:
                raise ValueError(f"Line {number} is not JSON.") from error
            if not same or not isinstance(said, dict):
                raise ValueError(f"Line {number} is not spelled as it was exported.")
            yield number, said


def _line(said: Any) -> str:
    return json.dumps(said, sort_keys=True, separators=(",", ":")) + "\n"

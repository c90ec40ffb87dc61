"""Checkpoints: the size and root of a ledger at one moment, kept by somebody who cannot be asked to change it.

Text form: C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint): an origin line, the size, the root in base64,
optional further lines; then, in a signed note, a blank line and signature lines. Signatures are carried word for word
and not checked here: the standard library has no Ed25519.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from trackway.ledger.entry import LAST_NO, is_hash
from trackway.ledger.tree import EMPTY_ROOT, HASH_BYTES

MOST_BYTES = 1 << 20
"""A checkpoint is a few lines; the report of ``verify`` may be longer."""

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The first ``size`` entries have this ``root``. ``origin`` names the ledger ("" where the source does not say)."""

    size: int
    root: bytes
    origin: str = ""
    extensions: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()

    def note(self) -> str:
        """The text that is signed: every line before the blank one. ValueError where a line would break the form."""
        lines = (self.origin, *self.extensions)
        if not all(line and line.isprintable() for line in lines):
            raise ValueError("The origin and further lines of a checkpoint must be single lines that are not empty.")
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.extensions))

    def text(self) -> str:
        """The whole checkpoint; a blank line and the signatures follow the note where there are any."""
        return self.note() + ("\n" + "".join(f"{line}\n" for line in self.signatures) if self.signatures else "")


def parse(given: str | bytes) -> Checkpoint:
    """A checkpoint from its text, or from what ``verify --json`` printed: {"ledger": {"size": 3, "head": "<hex>"}}.

    Raises ValueError with a sentence that a person can act on."""
    if len(given) > MOST_BYTES:
        raise ValueError("This is too long for a checkpoint.")
    try:
        text = given.decode("utf-8-sig") if isinstance(given, bytes) else given.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise ValueError("The checkpoint is not text in UTF-8.") from error
    return _from_report(text) if text.lstrip().startswith("{") else _from_note(text.replace("\r\n", "\n"))


def _from_note(text: str) -> Checkpoint:
    note, _, signatures = text.partition("\n\n")
    lines = note.rstrip("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise ValueError("A checkpoint needs three lines: the name of the ledger, its size, its root in base64.")
    if not _SIZE.fullmatch(lines[1]):
        raise ValueError("The second line of the checkpoint is not a size.")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("The third line of the checkpoint is not base64.") from error
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != lines[2]:
        raise ValueError("The third line of the checkpoint is not the base64 of 32 bytes.")
    signed = tuple(line for line in signatures.split("\n") if line)
    if not all(line.startswith("— ") for line in signed):
        raise ValueError("After its blank line a checkpoint holds signature lines only; each begins with a long dash.")
    return _checked(Checkpoint(int(lines[1]), root, lines[0], tuple(lines[3:]), signed))


def _from_report(text: str) -> Checkpoint:
    try:
        report: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("The checkpoint begins like JSON but is not.") from error
    ledger = report.get("ledger")
    if not isinstance(ledger, dict):
        raise ValueError('The JSON given as checkpoint has no "ledger" with a "size" and a "head".')
    size, head = ledger.get("size"), ledger.get("head")
    if type(size) is not int:
        raise ValueError('The "size" of the checkpoint is not a whole number.')
    if not isinstance(head, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", head):
        raise ValueError('The "head" of the checkpoint is not a root of 64 hexadecimal digits.')
    return _checked(Checkpoint(size, bytes.fromhex(head)))


def _checked(checkpoint: Checkpoint) -> Checkpoint:
    if not 0 <= checkpoint.size <= LAST_NO or not is_hash(checkpoint.root):
        raise ValueError("The size of the checkpoint is out of range.")
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise ValueError("The checkpoint says that the ledger was empty, but its root is not that of an empty ledger.")
    return checkpoint

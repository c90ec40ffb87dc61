"""Check a ledger: what a store calls, and the command that anyone can run over an exported one.

python -m trackway.ledger.verify LEDGER.jsonl [CHECKPOINT] [--json]
"""

import argparse
import json
import sys
from pathlib import Path
from typing import TextIO

from trackway.ledger.audit import Damage, Head, Kind, Verdict, verify, verify_disclosed
from trackway.ledger.checkpoint import MOST_BYTES, Checkpoint, parse
from trackway.ledger.export import verify_file

__all__ = ["Damage", "Head", "Kind", "Verdict", "describe", "main", "report", "verify", "verify_disclosed"]


def main(arguments: list[str] | None = None) -> int:
    """The command line. Exit code 0: whole; 1: damage, listed; 2: a file cannot be read as what it should be."""
    parser = argparse.ArgumentParser(prog="trackway.ledger.verify", description="Check an exported ledger.")
    parser.add_argument("ledger", type=Path, help="ledger or disclosed entries, as exported")
    parser.add_argument("checkpoint", type=Path, nargs="?", help="checkpoint text, or the JSON of an earlier verify")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args(arguments)
    try:
        verdict = verify_file(given.ledger, _read_checkpoint(given.checkpoint))
    except (OSError, ValueError) as error:
        sentence = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        print(json.dumps({"error": sentence, "code": "refused"}) if given.json else sentence, file=_out(given.json))
        return 2
    print(json.dumps(report(verdict), ensure_ascii=False) if given.json else describe(verdict))
    return 0 if verdict.ok else 1


def report(verdict: Verdict) -> dict[str, object]:
    """The verdict as the contract prints it: {ok, damage, ledger: {size, head, covered, uncovered}}."""
    damage = [{"kind": one.kind, "entry": one.no, "sentence": one.sentence} for one in verdict.damage]
    head = verdict.root.hex() if verdict.root is not None else None
    ledger = {"size": verdict.size, "head": head, "covered": verdict.covered, "uncovered": verdict.uncovered}
    return {"ok": verdict.ok, "damage": damage, "more": verdict.more, "ledger": ledger}


def describe(verdict: Verdict) -> str:
    """The verdict for a person to read."""
    lines = [damage.sentence for damage in verdict.damage]
    if verdict.more:
        lines.append(f"And {verdict.more} more.")
    lines.append(f"{verdict.size} entries; {'whole' if verdict.ok else 'DAMAGED'}.")
    lines.append(f"Covered by the checkpoint: {verdict.covered}; above it: {verdict.uncovered}.")
    return "\n".join(lines)


def _read_checkpoint(path: Path | None) -> Checkpoint | None:
    if path is None:
        return None
    with path.open("rb") as file:
        return parse(file.read(MOST_BYTES + 1))


def _out(as_json: bool) -> TextIO:
    return sys.stdout if as_json else sys.stderr


if __name__ == "__main__":
    sys.exit(main())

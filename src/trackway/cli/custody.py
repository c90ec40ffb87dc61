"""``verify``, ``digest``, ``hash``, ``doctor``: is everything whole, and what holds on this machine."""

import os
from pathlib import Path

from trackway.cli import output
from trackway.cli.session import opened, workers
from trackway.intake.spool import digest_descriptor
from trackway.ledger import checkpoint as checkpoints
from trackway.model.errors import Refused
from trackway.sandbox import protocol
from trackway.sandbox.pool import Pool
from trackway.sources.folder import shown
from trackway.sources.given import MIB, open_given, read_given
from trackway.views.answers import HashAnswer, LedgerHead, VerifyAnswer
from trackway.views.digest import digest as digest_view
from trackway.views.verify import verify as verify_view

CHECKPOINT_MOST = 64 * MIB
"""`verify --json` prints all damage beside the head; more than this is no answer of it."""


def verify(case: str, checkpoint: Path | None, json: bool) -> int:
    """Exit code 0 where everything is whole, 1 where there is damage."""
    held = None
    if checkpoint is not None:
        try:
            held = checkpoints.parse(read_given(checkpoint, CHECKPOINT_MOST))
        except OSError as error:
            raise Refused(
                f"The checkpoint {checkpoint.name} cannot be opened: {error.strerror}.", "unreadable"
            ) from error
        except ValueError as error:
            raise Refused(f"{checkpoint.name} is no checkpoint: {error}", "bad-checkpoint") from error
    try:
        with opened(case) as (store, _settings):
            answer = verify_view(store, held)
    except Refused as refusal:
        if refusal.code != "damaged":
            raise
        answer = VerifyAnswer(False, [refusal.sentence], LedgerHead(0, ""), [])
    if json:
        output.emit(answer)
    else:
        output.line("Everything checked is whole." if answer.ok else "DAMAGE was found:")
        for one in answer.damage:
            output.line(f"  {one}")
        output.line("Checked: " + ", ".join(answer.checked) + ".")
        output.line(f"Ledger: {answer.ledger.size} entries, head {answer.ledger.head}")
    return 0 if answer.ok else 1


def digest(case: str, json: bool) -> None:
    """The order-free line."""
    with opened(case) as (store, _settings), store.read() as connection:
        answer = digest_view(connection, store.case_no)
    partial = ", partial: not everything was read to its end" if answer.partial else ""
    if json:
        output.emit(answer)
    else:
        output.line(f"{answer.digest} ({answer.readings} readings{partial})")


def hash_files(files: list[Path], json: bool) -> int:
    """Digests and PDQ; decoding happens in a locked worker. Exit code 1 where a file could not be opened."""
    answers = []
    with workers() as pool:
        answers = [_hash(pool, path) for path in files]
    if json:
        output.emit(answers)
    else:
        for one in answers:
            output.line(
                f"{one.sha256 or one.reason}  {one.md5 or '-'}  {one.sha1 or '-'}  {one.pdq or '-'}  {one.name}"
            )
    return 1 if any(one.sha256 is None for one in answers) else 0


def _hash(pool: Pool, path: Path) -> HashAnswer:
    name = shown(os.fsencode(path.name))
    try:
        fd = open_given(path)
    except OSError as error:
        return HashAnswer(name, None, None, None, None, None, f"cannot be opened: {error.strerror}")
    try:
        held = digest_descriptor(fd)
        pdq: str | None = None
        quality: int | None = None
        reason: str | None = None
        for event in pool.run(protocol.Job(name=name, size=held.size, only="media"), fd):
            match event:
                case protocol.Measured(measurement=one) if one.method == "pdq":
                    pdq, quality = str(one.value["pdq"]), int(str(one.value["quality"]))
                case protocol.Incomplete() | protocol.Failed():
                    reason = event.reason
                case _:
                    pass
        digests = held.digests
        return HashAnswer(name, digests.md5, digests.sha1, digests.sha256, pdq, quality, reason)
    except OSError as error:
        return HashAnswer(name, None, None, None, None, None, f"cannot be read: {error.strerror}")
    finally:
        os.close(fd)


def doctor(json: bool) -> int:
    """Exit code 0 where every layer of the sandbox holds, else 1."""
    from trackway.sandbox.doctor import examine

    checks = examine()
    if json:
        output.emit({"checks": checks})
    else:
        output.table(
            "What holds here", ["", "what", "detail"], [["yes" if c.holds else "NO", c.name, c.detail] for c in checks]
        )
    return 0 if all(check.holds for check in checks) else 1

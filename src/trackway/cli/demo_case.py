"""``trackway demo``: the invented case, end to end, checked against its own truth."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from trackway.acts import intake as acts
from trackway.cli import output
from trackway.cli.intake import Bar
from trackway.cli.session import settings_of, workers
from trackway.demo.build import build
from trackway.demo.truth import Truth, check
from trackway.findings.engine import Settings
from trackway.intake.law import Law
from trackway.intake.run import Progress
from trackway.intake.tasks import Stop
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.store.case import CaseStore, create_case
from trackway.store.journal import Officer
from trackway.views import media as media_view
from trackway.views import queue as queue_view
from trackway.views.answers import AddAnswer, KnownAnswer
from trackway.views.door import consult
from trackway.views.exhibits import exhibits
from trackway.views.lists import conflicts, lists
from trackway.views.personas import personas

OFFICER = Officer("demo")


def run(folder: Path | None, serve: bool, json: bool) -> int:
    """Build, read, derive, compare. Exit code 0 where all that was found is the truth, 1 where it differs."""
    start = time.monotonic()
    folder = _place(folder)
    if not json:
        output.line("Building an invented case: wildlife drawn by code, invented people, placeholder words.")
    truth = build(folder)
    os.environ["TRACKWAY_NOW"] = truth.now
    store = create_case(str(folder / "case"))
    try:
        settings = settings_of(store.folder)
        with workers() as pool:
            added = _read(store, pool, folder, truth, settings)
        answers = _answers(store, settings, added)
        differences = check(truth, {name: msgspec.to_builtins(answer) for name, answer in answers.items()})
    finally:
        store.close()
    seconds = time.monotonic() - start
    if json:
        output.emit(_summary(folder, truth, answers, differences, seconds))
    else:
        _tell(folder, truth, answers, differences, seconds)
    if serve and not differences and not json:
        from trackway.cli import workspace

        workspace.serve(str(folder / "case"), 0, True, OFFICER)
    return 1 if differences else 0


def _place(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="trackway-demo-"))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder.name} is not empty; name a new folder with --dir.", "not-empty")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"The demo's folder cannot be made: {error.strerror}.", "unwritable") from error
    return folder


def _read(store: CaseStore, pool: Pool, folder: Path, truth: Truth, settings: Settings) -> list[tuple[str, int]]:
    bar = Bar()
    acts.add_terms(store, folder / truth.terms, OFFICER, settings)
    _, refused = acts.add_lists(store, pool, [folder / one.path for one in truth.lists], OFFICER, settings)
    if refused:
        raise Refused(f"The demo's own list was refused: {refused[0][1]}", "demo")
    added: list[tuple[str, int]] = []
    for exhibit in truth.exhibits:
        order = acts.Order((str(folder / exhibit.path),), Law(exhibit.basis, authority="examining judge (invented)"))
        done = acts.add(store, pool, order, OFFICER, settings, Progress(changed=bar), Stop())
        added += [(exhibit.path, number) for _, number in done.exhibits]
    bar.done()
    return added


def _answers(store: CaseStore, settings: Settings, added: list[tuple[str, int]]) -> dict[str, Any]:
    # Names are asked for: the truth names files, and a demo hides nobody.
    with consult(store, OFFICER, "demo", reveal=True) as view:
        return {
            "add": AddAnswer(exhibits(view, added), [], False, []),
            "known": KnownAnswer(lists(view), conflicts(view), []),
            "media": list(media_view.all_media(view)),
            "personas": personas(view),
            "queue": queue_view.queue(view, settings),
            "blind": queue_view.blind_spots(view),
        }


def _counts(answers: dict[str, Any]) -> dict[str, int]:
    media = answers["media"]
    counts = {f"{kind} media": sum(one.novelty == kind for one in media) for kind in ("known", "near", "unlisted")}
    counts["new material"] = sum(one.new_material for one in media)
    counts["re-shares"] = sum(one.sightings["sent"] + one.sightings["offered"] for one in media)
    counts["personas"] = len(answers["personas"])
    counts["files"] = sum(one.files for one in answers["add"].exhibits)
    counts["traces"] = sum(one.traces for one in answers["add"].exhibits)
    return counts


def _summary(
    folder: Path, truth: Truth, answers: dict[str, Any], differences: list[str], seconds: float
) -> dict[str, Any]:
    return {
        "case": "case",
        "folder": folder.name,
        "now": truth.now,
        "counts": _counts(answers),
        "tier_1": [f"{row.subject.kind}:{row.subject.id}" for row in answers["queue"] if row.tier == 1],
        "differences": differences,
        "agrees": not differences,
        "seconds": round(seconds, 1),
    }


def _tell(folder: Path, truth: Truth, answers: dict[str, Any], differences: list[str], seconds: float) -> None:
    counts = _counts(answers)
    output.line("")
    for one in answers["add"].exhibits:
        missed = f", {len(one.not_understood)} not read" if one.not_understood else ""
        output.line(f"  {one.exhibit:34} {one.read} of {one.files} files read{missed}, {one.traces} traces")
    output.line("")
    output.line(
        f"  {counts['known media']} known, {counts['near media']} near copies of known, {counts['unlisted media']} "
        f"unlisted; {counts['new material']} of these new material; at least {counts['re-shares']} re-shares"
    )
    output.line(f"  {counts['personas']} pseudonyms; {len(answers['known'].conflicts)} conflicts between lists")
    output.line("")
    output.line("What needs a person first:")
    output.rows(
        [
            (str(row.rank), f"tier {row.tier}", row.reasons[0].sign, row.reasons[0].sentence)
            for row in answers["queue"][:14]
        ],
        (2, 6, 19),
    )
    rest = len(answers["queue"]) - 14
    output.line(f"  and {rest} more rows: unlisted and known material, which never stands above a danger")
    output.line("")
    output.line("Not seen by the machine: " + "; ".join(answers["blind"]) + ".")
    output.line("")
    if differences:
        output.line(f"THE DEMO DIFFERS FROM ITS TRUTH in {len(differences)} places:")
        for one in differences[:40]:
            output.line(f"  {one}")
    else:
        output.line(f"All of it agrees with the story's own truth. {seconds:.0f} s.")
    output.line(f"The case lies in {folder / 'case'}; look around with: trackway queue {folder / 'case'}")

"""``add``, ``known``, ``terms``, ``analyse``: what brings material in and derives the findings."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trackway.acts import analyse as analysing
from trackway.acts import intake as acts
from trackway.cli import output
from trackway.cli.session import opened, workers
from trackway.intake.law import Law, scope_of
from trackway.intake.run import Progress
from trackway.intake.tasks import Stop
from trackway.model.times import instant_of, moment_of
from trackway.store.journal import Officer
from trackway.views.answers import AddAnswer, KnownAnswer, NotRead
from trackway.views.door import consult
from trackway.views.exhibits import cut_short
from trackway.views.exhibits import exhibits as exhibit_answers
from trackway.views.lists import conflicts, lists


def law_of(
    basis: str,
    authority: str,
    decision: str,
    seizure: str,
    ends: str,
    since: str | None,
    until: str | None,
    undated: bool,
    persons: list[str] | None,
    kinds: list[str] | None,
) -> Law:
    """The law of an exhibit from the options. Raises Refused."""
    return Law(basis, authority, decision, seizure, ends, scope_of(since, until, undated, persons or [], kinds or []))


@contextlib.contextmanager
def _stoppable(stop: Stop) -> Iterator[None]:
    """The first Ctrl-C lets what is under way finish; the second ends the program."""

    def first(_signal: int, _frame: Any) -> None:
        stop.set()
        print("\nStopping when what is under way is committed; Ctrl-C again ends at once.", file=sys.stderr)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Bar:
    """Live progress on standard error: stage, rate, and a running list of what was not understood."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._start = time.monotonic()
        self._last = 0.0
        self._told = 0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        for name, reason in progress.not_understood[self._told :]:
            if self._shown:
                sys.stderr.write(f"\r\033[K  not understood: {output.clean(name)}: {output.clean(reason)}\n")
        self._told = len(progress.not_understood)
        if not self._shown or now - self._last < 0.2:
            return
        self._last = now
        seconds = max(now - self._start, 0.001)
        left = (progress.planned - progress.places) * seconds / max(progress.places, 1)
        sys.stderr.write(
            f"\r\033[K{output.clean(progress.exhibit)}: {progress.stage}, {progress.places} of {progress.planned} "
            f"files found so far, {progress.traces} records ({progress.traces / seconds:,.0f}/s), {left:.0f} s left"
        )
        sys.stderr.flush()

    def done(self) -> None:
        if self._shown:
            sys.stderr.write("\r\033[K")


def add(
    case: str,
    given: list[str],
    law: Law,
    zone: str | None,
    acquired: str | None,
    privileged: Path | None,
    again: bool,
    officer: Officer,
    json: bool,
) -> int:
    """Read exhibits. Exit code 1 where a reader claimed a file and could not read all of it, or one was refused."""
    when = None if acquired is None else instant_of(moment_of(acquired, "--acquired"))
    order = acts.Order(tuple(given), law, zone, when, privileged, again)
    stop, bar = Stop(), Bar()
    progress = Progress(changed=bar)
    with opened(case) as (store, settings):
        with workers() as pool, _stoppable(stop):
            for sentence in pool.missing:
                print(f"trackway: WARNING: {sentence}", file=sys.stderr)
            added = acts.add(store, pool, order, officer, settings, progress, stop)
            missing = list(pool.missing)
        bar.done()
        with consult(store, officer, "intake") as view:
            answers = exhibit_answers(view, added.exhibits)
            refused = [NotRead(name, sentence) for name, sentence in added.refused]
            answer = view.masked(AddAnswer(answers, refused, added.stopped, missing))
            incomplete = any(cut_short(view, number) for _, number in added.exhibits)
    if json:
        output.emit(answer)
    else:
        _print_added(answer)
    return 1 if refused or incomplete or added.stopped else 0


def _print_added(answer: AddAnswer) -> None:
    for one in answer.exhibits:
        output.line(f"{one.exhibit}: {one.read} of {one.files} files read, {one.traces} traces")
        if one.out_of_scope:
            output.line(f"  {one.out_of_scope} records lie outside the scope: counted, not read")
        if one.quarantined:
            output.line(f"  {one.quarantined} records with privileged contacts: quarantined unread")
        for missed in one.not_understood[:20]:
            output.line(f"  not read: {missed.name}: {missed.reason}")
        if len(one.not_understood) > 20:
            output.line(f"  and {len(one.not_understood) - 20} more (with --json: all)")
        if one.notes:
            output.line(f"  {len(one.notes)} places inside files were not understood (with --json: where)")
    for refused in answer.refused:
        output.line(f"refused: {refused.name}: {refused.reason}")
    if answer.stopped:
        output.line("Stopped before the end. What was read stands; run the same command again to go on.")


def known(case: str, paths: list[Path], officer: Officer, reveal: bool, json: bool) -> int:
    """Load lists, then show all of them with their conflicts. Exit code 2 where every list was refused, 1 where one was
    or where a row of one could not be read."""
    with opened(case) as (store, settings):
        refused: list[tuple[str, str]] = []
        broken = False
        if paths:
            with workers() as pool:
                loaded, refused = acts.add_lists(store, pool, paths, officer, settings)
            broken = any(one.broken for one in loaded)
            if not loaded:
                return output.refuse(json, " ".join(sentence for _, sentence in refused), "list-refused")
        with consult(store, officer, "lists", reveal=reveal) as view:
            answer = view.masked(
                KnownAnswer(lists(view), conflicts(view), [NotRead(name, sentence) for name, sentence in refused])
            )
    if json:
        output.emit(answer)
    else:
        rows = [[x.name, x.format, x.country, x.version, f"{x.records:,}", str(x.skipped_total)] for x in answer.lists]
        output.table("Known lists", ["name", "format", "country", "version", "records", "rows passed over"], rows)
        for conflict in answer.conflicts[:40]:
            said = "; ".join(f"{one.list} ({one.entry}): {one.value}" for one in conflict.says)
            output.line(f"conflict on {conflict.field}, {conflict.digest[:16]}: {said}")
        for one in answer.refused:
            output.line(f"refused: {one.name}: {one.reason}")
    return 1 if refused or broken else 0


def terms(case: str, path: Path, officer: Officer, json: bool) -> int:
    """Load danger terms."""
    with opened(case) as (store, settings):
        total, fresh, skipped = acts.add_terms(store, path, officer, settings)
    rows = [NotRead(where, reason) for where, reason in skipped]
    output.say(
        json,
        {"terms": total, "new": fresh, "skipped": rows},
        f"{total} terms, {fresh} of them new; {len(skipped)} rows passed over.",
    )
    return 1 if skipped else 0


def analyse(case: str, scratch: bool, json: bool) -> int:
    """Derive the findings again."""
    with opened(case) as (store, settings), store.intake_lock():
        done = analysing.analyse(store, settings, scratch=scratch)
    output.say(json, {"subjects": done}, f"Derived the findings of {done} subjects.")
    return 0

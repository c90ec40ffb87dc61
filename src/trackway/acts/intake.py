"""Adding exhibits, known lists and danger terms: law and ledger first, then the work, then the findings."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from trackway.acts.analyse import Tell, analyse
from trackway.danger.terms import load_terms, read_terms
from trackway.findings.engine import Settings
from trackway.intake.exhibit import Exhibit, locate
from trackway.intake.law import Law, check_law, named
from trackway.intake.run import Intake, Progress
from trackway.intake.tasks import Stop
from trackway.lists.load import Loaded, load
from trackway.model.errors import Refused
from trackway.model.times import now, zone_named
from trackway.sandbox.pool import Pool
from trackway.sources.given import MIB, read_given
from trackway.store.case import CaseStore, numbers
from trackway.store.journal import Officer, record

PRIVILEGED_MOST = 32 * MIB
"""Bytes of a list of privileged contacts."""


@dataclass(frozen=True, slots=True)
class Order:
    """What an officer asks for with ``add``: which exhibits, under which law, read how."""

    exhibits: tuple[str, ...]
    law: Law
    zone: str | None = None
    acquired: int | None = None
    privileged: Path | None = None
    again: bool = False
    """Read again what was read before, as after a reader's new version."""


@dataclass(slots=True)
class Added:
    """What became of it: (as given, internal number) of each exhibit; ``refused`` [as given, sentence]."""

    exhibits: list[tuple[str, int]] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    stopped: bool = False


def add(
    store: CaseStore,
    pool: Pool,
    order: Order,
    officer: Officer,
    settings: Settings,
    progress: Progress,
    stop: Stop,
    tell: Tell = lambda stage, left: None,
) -> Added:
    """Read the exhibits one after the other and derive the findings. One that cannot be opened costs only itself.

    Raises Refused where the law does not hold, where another intake is at work, or where no exhibit could be opened."""
    check_law(order.law, now())
    try:
        zone_named(order.zone)
    except ValueError as error:
        raise Refused(f"{error}. Give a name such as Europe/Amsterdam.", "bad-zone") from error
    privileged = _privileged(order.privileged)
    law = msgspec.structs.replace(order.law, privileged=named(privileged))
    found: list[Exhibit] = []
    added = Added()
    for given in order.exhibits:
        try:
            found.append(locate(given, store.folder))
        except Refused as refusal:
            added.refused.append((given, refusal.sentence))
    if not found:
        raise Refused(" ".join(sentence for _, sentence in added.refused), "no-exhibit")
    with store.intake_lock():
        intake = Intake(store, pool, progress, stop, privileged)
        for exhibit in found:
            if stop.is_set():
                break
            number = intake.run(exhibit, law, order.zone, order.acquired, officer, order.again)
            added.exhibits.append((exhibit.given, number))
        added.stopped = stop.is_set()
        progress.stage = "deriving"
        progress.tell()
        analyse(store, settings, tell)
    return added


def _privileged(path: Path | None) -> frozenset[str]:
    """One account, address or number a line: contacts of lawyers, doctors, clergy, journalists."""
    if path is None:
        return frozenset()
    try:
        lines = read_given(path, PRIVILEGED_MOST).decode("utf-8").splitlines()
    except OSError as error:
        raise Refused(
            f"The list of privileged contacts {path.name} cannot be read: {error.strerror}.", "unreadable"
        ) from error
    except UnicodeDecodeError as error:
        raise Refused(f"The list of privileged contacts {path.name} is not text in UTF-8.", "unreadable") from error
    return frozenset(line.strip().casefold() for line in lines if line.strip() and not line.startswith("#"))


def add_lists(
    store: CaseStore,
    pool: Pool,
    paths: Iterable[Path],
    officer: Officer,
    settings: Settings,
    tell: Callable[[str, int], None] = lambda what, n: None,
) -> tuple[list[Loaded], list[tuple[str, str]]]:
    """Load known lists and hold the case against them. Returns what was loaded, and what was refused and why."""
    loaded: list[Loaded] = []
    refused: list[tuple[str, str]] = []
    with store.intake_lock():
        for path in paths:
            try:
                loaded.append(load(store, pool, path, officer, lambda n, name=path.name: tell(name, n)))  # type: ignore[misc]
            except Refused as refusal:
                refused.append((path.name, refusal.sentence))
        analyse(store, settings, tell)
    return loaded, refused


def add_terms(
    store: CaseStore, path: Path, officer: Officer, settings: Settings
) -> tuple[int, int, list[tuple[str, str]]]:
    """Load a team's danger terms. Returns how many stand in the file, how many are new, and the rows passed over."""
    terms, skipped = read_terms(path)
    with store.intake_lock():
        with store.write() as connection:
            first = numbers(connection, "term", len(terms))
            fresh = load_terms(connection, store.case_no, terms, first)
            if fresh:
                record(connection, store, officer, "terms-loaded", path.name, body={"terms": fresh})
        analyse(store, settings)
    return len(terms), fresh, skipped

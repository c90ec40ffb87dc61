"""Findings are disposable: derived from facts and decisions, one subject at a time, and rebuilt at any time.

Each commit of facts writes the subjects that it touched to ``dirty``; the stages work that off in a fixed order, each
replacing what stands for its subjects and marking what depends on them. Deriving everything from nothing is the same
work with every subject marked. The property test holds the two against each other: any interleaving of add, known and
judge gives what ``analyse`` from scratch gives.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from trackway.store import schema
from trackway.store.case import CaseStore

UNDERIVED = "underived"
"""Kind of the finding that says that a subject could not be derived; its body is the type of the fault."""
CHUNK = 2000
"""Subjects of one transaction: a kill in the middle leaves the rest marked."""
IN = 500
"""Values in one ``IN (...)``."""


@dataclass(slots=True)
class Desk:
    """What a stage works with: the transaction, the case, the settings, and ``mark`` for what depends on its work."""

    connection: Connection
    case_no: int
    settings: Settings
    cache: dict[str, Any] = field(default_factory=dict)
    """Lives as long as one run of the engine in one stage; cleared between stages."""

    def mark(self, stage: str, subjects: Iterable[str]) -> None:
        """These subjects of a later stage must be derived again."""
        rows = [{"case_no": self.case_no, "stage": stage, "subject": subject} for subject in sorted(set(subjects))]
        if rows:
            dialect = sqlite if self.connection.dialect.name == "sqlite" else postgresql
            self.connection.execute(dialect.insert(schema.dirty).on_conflict_do_nothing(), rows)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a team may set (one TOML file without secrets); its digest stands in every finding."""

    recent_days: int = 180
    """A time is recent when it lies at most so many days before the exhibit's own date."""
    near_radius: int = 31
    """Bits of 256 within which two PDQ hashes count as near (the reference's recommendation)."""
    pdq_quality: int = 50
    """Below this PDQ quality a picture is featureless and takes part in no near match (the reference's advice)."""
    minutes_tier_1: int = 60
    minutes_tier_2: int = 1440
    common_identifier: int = 20
    """An identifier borne by more personas than this refers to none of them."""


class Stage(Struct, frozen=True):
    """One step of derivation. ``subjects`` names all of them (for a rebuild; empty where other stages mark them);
    ``derive`` replaces what stands for the given ones."""

    name: str
    derive: Callable[[Desk, Sequence[str]], None]
    subjects: Callable[[Connection, int], Iterable[str]] = lambda connection, case_no: ()


def work_off(
    store: CaseStore,
    stages: Sequence[Stage],
    settings: Settings,
    tell: Callable[[str, int], None] = lambda stage, left: None,
) -> int:
    """Derive everything that is marked; returns how many subjects were derived. Can be killed and run again."""
    done = 0
    for stage in stages:
        cache: dict[str, Any] = {}
        while True:
            with store.write() as connection:
                c = schema.dirty.c
                mine = (c.case_no == store.case_no) & (c.stage == stage.name)
                subjects = list(
                    connection.execute(select(c.subject).where(mine).order_by(c.subject).limit(CHUNK)).scalars()
                )
                if not subjects:
                    break
                left = connection.execute(select(func.count()).where(mine)).scalar_one()
                tell(stage.name, int(left))
                for part in chunks(subjects):
                    connection.execute(delete(schema.dirty).where(mine, c.subject.in_(part)))
                _derive(stage, Desk(connection, store.case_no, settings, cache), subjects)
            done += len(subjects)
    return done


def _derive(stage: Stage, desk: Desk, subjects: Sequence[str]) -> None:
    """Derive, so that a fault on one subject costs that subject only: the queue of dangers must not stop for it.

    What could not be derived is a finding too; the queue's first line says that there is some."""
    f = schema.finding.c
    names = [f"{stage.name}:{subject}" for subject in subjects]
    for part in chunks(names):
        mine = (f.case_no == desk.case_no) & (f.kind == UNDERIVED) & f.subject.in_(part)
        desk.connection.execute(delete(schema.finding).where(mine))
    try:
        with desk.connection.begin_nested():
            stage.derive(desk, subjects)
    except DBAPIError:
        raise  # the store itself: a lock, a full disk, a lost connection
    except Exception as fault:
        desk.cache.clear()
        if len(subjects) > 1:
            half = len(subjects) // 2
            _derive(stage, desk, subjects[:half])
            _derive(stage, desk, subjects[half:])
            return
        if os.environ.get("TRACKWAY_DEBUG"):
            raise
        desk.connection.execute(
            insert(schema.finding).values(
                case_no=desk.case_no,
                kind=UNDERIVED,
                subject=names[0],
                method=stage.name,
                version=1,
                body=type(fault).__name__,
            )
        )


def rebuild(store: CaseStore, stages: Sequence[Stage]) -> None:
    """Drop every finding and mark every subject, so that ``work_off`` derives all of them again."""
    with store.write() as connection:
        for table in schema.DERIVED:
            connection.execute(delete(table).where(table.c.case_no == store.case_no))
        desk = Desk(connection, store.case_no, Settings())
        for stage in stages:
            desk.mark(stage.name, stage.subjects(connection, store.case_no))


def chunks(values: Collection[Any], size: int = IN) -> Iterator[list[Any]]:
    """The values in lists of at most ``size``, for ``IN (...)``."""
    held = list(values)
    for start in range(0, len(held), size):
        yield held[start : start + size]

"""Deriving the findings: the stages in their order, and the ledger's note of each danger when it first stands."""

from collections.abc import Callable

import msgspec
from sqlalchemy import select

from trackway.danger.dates import DATES
from trackway.danger.item import Item
from trackway.danger.queue import ITEMS
from trackway.danger.reports import REPORTS
from trackway.danger.terms import WORDS
from trackway.findings.engine import Settings, Stage, rebuild, work_off
from trackway.intake.phase import phase
from trackway.match.contents import CONTENTS
from trackway.match.hits import MATCHES
from trackway.match.shares import EXHIBITS, READINGS
from trackway.match.verdict import VERDICTS
from trackway.parties.stages import PARTY_STAGES
from trackway.store import schema
from trackway.store.case import CaseStore
from trackway.store.journal import Officer, record

STAGES: tuple[Stage, ...] = (
    EXHIBITS,
    CONTENTS,
    READINGS,
    REPORTS,
    MATCHES,
    WORDS,
    VERDICTS,
    DATES,
    *PARTY_STAGES,
    ITEMS,
)
"""Facts first, then what rests on them. A stage marks subjects of itself and of later stages only."""

PROGRAM = Officer("trackway")
Tell = Callable[[str, int], None]


def analyse(store: CaseStore, settings: Settings, tell: Tell = lambda stage, left: None, scratch: bool = False) -> int:
    """Work off what is marked (or, from ``scratch``, everything), then note the dangers that newly stand.

    Returns how many subjects were derived. Can be killed at any moment and run again."""
    phase("analyse")
    if scratch:
        rebuild(store, STAGES)
    done = work_off(store, STAGES, settings, tell)
    open_items(store)
    return done


def open_items(store: CaseStore) -> int:
    """Write into the ledger every item of tier 1 or 2 whose opening does not stand there: from then its clock runs.

    The entry embeds the item as it stood, so that what was known at that moment can be read for ever."""
    i, d = schema.item.c, schema.decision.c
    with store.read() as connection:
        opened = set(
            connection.execute(select(d.subject).where(d.case_no == store.case_no, d.act == "item-opened")).scalars()
        )
        rows = connection.execute(
            select(i.subject, i.body).where(i.case_no == store.case_no, i.tier <= 2).order_by(i.tier, i.order)
        ).all()
    fresh = [row for row in rows if row.subject not in opened]
    if fresh:
        with store.write() as connection:
            for row in fresh:
                item = msgspec.json.decode(row.body, type=Item)
                body = {"tier": item.tier, "item": msgspec.to_builtins(item)}
                record(connection, store, PROGRAM, "item-opened", row.subject, body=body, project=True)
    return len(fresh)

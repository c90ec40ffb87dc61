"""Deriving the findings: the stages in their order, and the ledger's note of each danger when it first stands."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, select

from trackway.danger.clock import CLOCK_ACTS, OPENED, Decision, must_open
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

    An item opens again when it rises, and when a reason stands that its last acknowledgement did not see. The entry
    embeds the item as it stood, so that what was known at that moment can be read for ever."""
    with store.read() as connection:
        if not _unopened(connection, store.case_no):
            return 0
    with store.write() as connection:
        items = _unopened(connection, store.case_no)  # again: another analysis may have opened them meanwhile
        for item in items:
            body = {"tier": item.tier, "item": msgspec.to_builtins(item)}
            record(connection, store, PROGRAM, OPENED, item.subject.key, body=body, project=True)
    return len(items)


def _unopened(connection: Connection, case_no: int) -> list[Item]:
    i, d = schema.item.c, schema.decision.c
    history: dict[str, list[Decision]] = {}
    rows = connection.execute(
        select(d.subject, d.act, d.at, d.who, d.body).where(d.case_no == case_no, d.act.in_(CLOCK_ACTS)).order_by(d.no)
    )
    for row in rows:
        history.setdefault(row.subject, []).append(Decision.of(row))
    bodies = connection.execute(
        select(i.body).where(i.case_no == case_no, i.tier <= 2).order_by(i.tier, i.order)
    ).scalars()
    items = (msgspec.json.decode(body, type=Item) for body in bodies)
    return [item for item in items if must_open(item, history.get(item.subject.key, []))]

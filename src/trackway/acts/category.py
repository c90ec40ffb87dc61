"""A person's word on what a file is, or on who a persona is: undetermined until a person sets it."""

from sqlalchemy import select

from trackway.findings.engine import Desk, Settings
from trackway.model.errors import Refused
from trackway.store import schema
from trackway.store.case import CaseStore
from trackway.store.journal import Officer, record

ACT = "category"
OF_PERSONS = ("suspect", "convicted", "victim", "witness", "contact", "family", "minor", "undetermined")
"""Directive 2016/680, article 6, keeps these apart; victims, minors, witnesses and family are never ranked."""
LIMIT = 100


def categorise(store: CaseStore, officer: Officer, subject: str, category: str, reason: str) -> int:
    """Set the category of "persona:<id>" (one of ``OF_PERSONS``) or "media:<key>" (a number or word of the national
    scheme; "undetermined" takes it back). Returns the ledger entry's number. Raises Refused.

    A later entry takes the place of an earlier one; both stay in the ledger. A category ties an unlisted file to abuse
    (PRACTICE.md), it never lowers anything."""
    word, why = category.strip(), reason.strip()
    if not why:
        raise Refused("Say why: a category needs a reason.", "no-reason")
    kind, _, name = subject.partition(":")
    if kind == "persona" and word not in OF_PERSONS:
        raise Refused(f"A persona's category is one of: {', '.join(OF_PERSONS)}.", "bad-category")
    if not word or len(word) > LIMIT:
        raise Refused("Give the category in a word or number of your scheme.", "bad-category")
    if kind not in ("persona", "media"):
        raise Refused("Only a persona (persona:ID) or a file (media:SHA-256) has a category.", "bad-subject")
    f = schema.finding.c
    with store.write() as connection:
        answered = connection.execute(
            select(f.body).where(f.case_no == store.case_no, f.kind == kind, f.subject == name)
        ).scalar()
        if answered is None:
            raise Refused("The case holds nothing by this id.", "no-subject")
        body = {"category": word, "reason": why, "answered": answered}
        number = record(connection, store, officer, ACT, subject, why, body, project=True)
        Desk(connection, store.case_no, Settings()).mark("media" if kind == "media" else "item", [_dirty(kind, name)])
    return number


def _dirty(kind: str, name: str) -> str:
    return name if kind == "media" else f"{kind}:{name}"

"""``claim``, ``judge``, ``ack``, ``note``: a person's decisions, each with its reason, each an entry of the ledger."""

from trackway.acts import claims as acts
from trackway.acts.analyse import analyse
from trackway.acts.category import categorise
from trackway.cli import output
from trackway.cli.session import opened
from trackway.store.journal import Officer


def claim(case: str, persona: str, other: str, level: str, reason: str, officer: Officer, json: bool) -> None:
    """State a claim."""
    person = other.removeprefix("person:") if other.startswith("person:") else None
    with opened(case) as (store, settings):
        made = acts.claim(
            store, officer, persona, None if person is not None else other, person=person, level=level, reason=reason
        )
        analyse(store, settings)
    output.say(json, {"claim": made}, f"Claim {made}.")


def judge(case: str, claim_id: str, judgement: str, reason: str, officer: Officer, json: bool) -> None:
    """Judge a claim, or undo the last judgement."""
    with opened(case) as (store, settings):
        if judgement == "undo":
            number = acts.withdraw(store, officer, claim_id, reason)
        else:
            number = acts.judge(store, officer, claim_id, judgement, reason)
        analyse(store, settings)
    output.say(json, {"claim": claim_id, "judgement": judgement, "entry": number}, f"Entry {number} of the ledger.")


def category(case: str, subject: str, word: str, reason: str, officer: Officer, json: bool) -> None:
    """Set the category of a file or a persona."""
    with opened(case) as (store, settings):
        number = categorise(store, officer, subject, word, reason)
        analyse(store, settings)
    output.say(json, {"subject": subject, "category": word, "entry": number}, f"Entry {number} of the ledger.")


def acknowledge(case: str, subject: str, action: str, officer: Officer, json: bool) -> None:
    """Acknowledge a row of the queue."""
    with opened(case) as (store, _settings):
        number = acts.acknowledge(store, officer, subject, action)
    output.say(json, {"subject": subject, "entry": number}, f"Acknowledged; entry {number} of the ledger.")


def note(case: str, subject: str, text: str, officer: Officer, json: bool) -> None:
    """Write a note."""
    with opened(case) as (store, _settings):
        number = acts.note(store, officer, subject, text)
    output.say(json, {"subject": subject, "entry": number}, f"Entry {number} of the ledger.")

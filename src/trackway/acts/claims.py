"""A person's decisions about personas, claims and queue items. Each is one entry of the ledger, taking effect with it.

A judgement embeds the complete finding that it answered: that copy is never changed, whatever is recomputed. Nothing
is edited: judging again adds a decision, withdrawing adds one that takes the last away and so restores the view before.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from trackway.danger.item import Item
from trackway.findings.engine import Desk, Settings
from trackway.model.errors import Refused
from trackway.parties.claims import Basis, Claim
from trackway.parties.evidence import LEVELS, Level, hd_of, hp_of
from trackway.parties.evidence import Persona as Named
from trackway.parties.identity import Standing, standing
from trackway.parties.judgement import Judgement, judgement_named
from trackway.store import schema
from trackway.store.case import CaseStore
from trackway.store.ids import trace_number
from trackway.store.journal import Officer, record

TEXT_LIMIT = 20_000
"""Characters of a reason or a note."""
NAME_LIMIT = 200
TRACES_LIMIT = 40
STATED = "An officer's statement; the program adds no figure to it."


def claim(
    store: CaseStore,
    officer: Officer,
    a: str,
    b: str | None = None,
    *,
    person: str | None = None,
    level: str = "",
    reason: str,
    traces: Sequence[str] = (),
) -> str:
    """State that persona ``a`` is the same as persona ``b``, or is a ``person`` (by name): a claim, open until judged.

    ``level``: device, account or person (a named person: always person; else account unless said). ``traces``: public
    ids of what it rests on. Returns the claim's id. The same statement again renews it. Raises Refused."""
    why = _text(reason, "a reason", TEXT_LIMIT)
    if (b is None) == (person is None):
        raise Refused("Name either a second persona or a person.", "bad-claim")
    with store.write() as connection:
        one = _persona(connection, store.case_no, a)
        basis = [Basis("statement", None, why, _traces(connection, store.case_no, traces))]
        if person is not None:
            named = " ".join(unicodedata.normalize("NFC", _text(person, "the person's name", NAME_LIMIT)).split())
            stated = _about_person(one, _person_id(connection, store.case_no, named), _level(level or "person"), basis)
            body: dict[str, Any] = {"claim": msgspec.to_builtins(stated), "name": named}
        else:
            other = _persona(connection, store.case_no, b or "")
            stated = _about_persona(one, other, _level(level or "account"), basis)
            body = {"claim": msgspec.to_builtins(stated)}
        record(connection, store, officer, "claim", f"claim:{stated.id}", why, body | {"reason": why}, project=True)
        _touch(connection, store.case_no, stated)
    return stated.id


def judge(store: CaseStore, officer: Officer, claim_id: str, judgement: Judgement | str, reason: str) -> int:
    """Accept or reject a claim, or say that one is unsure; returns the ledger entry's number. Raises Refused."""
    verdict = judgement_named(judgement)
    why = _text(reason, "a reason", TEXT_LIMIT)
    with store.write() as connection:
        found, answered = _claim(connection, store.case_no, claim_id)
        body = {"judgement": verdict.value, "reason": why, "answered": answered}
        number = record(connection, store, officer, "judge", f"claim:{found.id}", why, body, project=True)
        _touch(connection, store.case_no, found)
    return number


def withdraw(store: CaseStore, officer: Officer, claim_id: str, reason: str) -> int:
    """Take back the last decision that stands about a claim (a judgement, or the statement itself), so that the view
    before it stands again. Returns the ledger entry's number. Raises Refused where nothing stands."""
    why = _text(reason, "a reason", TEXT_LIMIT)
    with store.write() as connection:
        held = standing(connection, store.case_no).get(claim_id, Standing())
        if not held.steps:
            raise Refused("No decision about this claim stands that could be withdrawn.", "nothing-stands")
        last = held.steps[-1]
        about = held.answered or held.stated
        body = {"withdraws": last.no, "act": last.act, "reason": why}
        number = record(connection, store, officer, "withdraw", f"claim:{claim_id}", why, body, project=True)
        if about is not None:
            _touch(connection, store.case_no, about)
    return number


def note(store: CaseStore, officer: Officer, subject: str, text: str) -> int:
    """Write a note on a subject ("persona:<id>", "media:<key>", "claim:<id>", or any subject of the queue).

    Returns the ledger entry's number. Raises Refused for a subject that the case does not have."""
    words = _text(text, "the note", TEXT_LIMIT)
    with store.write() as connection:
        _check_subject(connection, store.case_no, subject)
        return record(connection, store, officer, "note", subject, "", {"text": words}, project=True)


def acknowledge(
    store: CaseStore, officer: Officer, subject: str, action: str, reason: str = "", *, close: bool = False
) -> int:
    """Take an item of the queue ("kind:id") on oneself, or ``close`` it, saying what is done about it.

    It covers the reasons that stand now: a new sign starts the clock again. The entry embeds the item as it was seen.
    Returns the ledger entry's number. Raises Refused where there is no such item."""
    done = _text(action, "what is done about it", TEXT_LIMIT)
    with store.write() as connection:
        i = schema.item.c
        stored = connection.execute(select(i.body).where(i.case_no == store.case_no, i.subject == subject)).scalar()
        if stored is None:
            raise Refused("The queue holds no such item.", "no-item")
        item = msgspec.json.decode(stored, type=Item)
        body = {
            "action": done,
            "reason": reason.strip()[:TEXT_LIMIT],
            "tier": item.tier,
            "reasons": [one.key for one in item.reasons],
            "item": msgspec.to_builtins(item),
        }
        act = "item-closed" if close else "acknowledged"
        return record(connection, store, officer, act, subject, body["reason"], body, project=True)


# ------------------------------------------------------------------ what a decision is about


def _text(given: str, what: str, limit: int) -> str:
    words = given.strip()
    if not words:
        raise Refused(f"Give {what}: it may not be empty.", "no-text")
    if len(words) > limit:
        raise Refused(f"Shorten {what}: {len(words)} characters, {limit} are allowed.", "too-long")
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\r\t" for c in words):
        raise Refused(f"Write {what} without control characters.", "bad-text")
    return words


def _level(given: str) -> Level:
    for level in LEVELS:
        if level == given:
            return level
    raise Refused(f"{given[:40]!r} is no level: say device, account or person.", "bad-level")


def _persona(connection: Connection, case_no: int, public: str) -> Named:
    p = schema.party.c
    try:
        key = bytes.fromhex(public.removeprefix("persona:"))
    except ValueError:
        key = b""
    row = connection.execute(
        select(p.key, p.service, p.value).where(p.case_no == case_no, p.kind == "persona", p.key == key)
    ).first()
    if row is None:
        raise Refused("The case holds no persona with this id.", "no-persona")
    return Named(bytes(row.key).hex(), row.service, row.value)


def _traces(connection: Connection, case_no: int, traces: Sequence[str]) -> list[str]:
    if len(traces) > TRACES_LIMIT:
        raise Refused(f"Name at most {TRACES_LIMIT} traces.", "too-many")
    for public in traces:
        number = trace_number(connection, case_no, public)
        held = (
            number is not None
            and connection.execute(select(schema.trace.c.n).where(schema.trace.c.n == number)).first()
        )
        if not held:
            raise Refused("The case holds no trace with one of these ids.", "no-trace")
    return list(dict.fromkeys(traces))


def _person_id(connection: Connection, case_no: int, name: str) -> str:
    """The same name in the same case is the same person; in another case the id is another."""
    case = connection.execute(select(schema.case.c.name).where(schema.case.c.no == case_no)).scalar_one()
    return hashlib.sha256("\0".join(("person", case, name.casefold())).encode()).digest()[:16].hex()


def _stated_id(*parts: str) -> str:
    return hashlib.sha256("\0".join(("statement", *parts)).encode()).digest()[:16].hex()


def _about_persona(one: Named, other: Named, level: Level, basis: list[Basis]) -> Claim:
    if one.id == other.id:
        raise Refused("A persona is itself already; name another one.", "bad-claim")
    a, b = sorted((one, other), key=lambda who: who.id)
    return Claim(
        id=_stated_id(a.id, b.id, level),
        a=a.id,
        b=b.id,
        level=level,
        reason=STATED,
        basis=basis,
        proposed_by="officer",
        hp=hp_of(level, a, b),
        hd=hd_of(level, a, b, []),
    )


def _about_person(one: Named, person: str, level: Level, basis: list[Basis]) -> Claim:
    if level != "person":
        raise Refused("A claim about a named person is at the level of the person.", "bad-level")
    return Claim(
        id=_stated_id(one.id, person, level),
        a=one.id,
        b=person,
        b_kind="person",
        level=level,
        reason=STATED,
        basis=basis,
        proposed_by="officer",
        hp=f"The person named in the statement is who uses {one.words}.",
        hd=f"Somebody else uses {one.words}; or several people share it, or it was sold or taken over.",
    )


def _claim(connection: Connection, case_no: int, claim: str) -> tuple[Claim, dict[str, Any]]:
    """The claim that stands now, and the complete copy of it that a judgement embeds."""
    f = schema.finding.c
    row = connection.execute(
        select(f.method, f.version, f.body).where(f.case_no == case_no, f.kind == "claim", f.subject == claim)
    ).first()
    if row is not None:
        stamp = {"kind": "claim", "method": row.method, "version": int(row.version)}
        return msgspec.json.decode(row.body, type=Claim), stamp | {"body": msgspec.json.decode(row.body)}
    held = standing(connection, case_no).get(claim, Standing())
    if (stated := held.stated) is not None and held.statement is not None:
        return stated, {"kind": "statement", "entry": held.statement.no, "body": msgspec.to_builtins(stated)}
    if (lapsed := held.answered) is not None and held.judgement is not None:
        return lapsed, dict(held.judgement.body["answered"])
    raise Refused("The case holds no claim with this id.", "no-claim")


def _check_subject(connection: Connection, case_no: int, subject: str) -> None:
    kind, _, name = subject.partition(":")
    if kind == "persona":
        _persona(connection, case_no, name)
        return
    if kind == "claim":
        _claim(connection, case_no, name)
        return
    f, i = schema.finding.c, schema.item.c
    media = (
        kind == "media"
        and connection.execute(
            select(f.subject).where(f.case_no == case_no, f.kind == "media", f.subject == name)
        ).first()
    )
    if (
        not media
        and not connection.execute(select(i.subject).where(i.case_no == case_no, i.subject == subject)).first()
    ):
        raise Refused("The case holds nothing by this name to write a note on.", "no-subject")


def _touch(connection: Connection, case_no: int, about: Claim) -> None:
    """The queue looks at both personas again."""
    ends = [about.a] + ([about.b] if about.b_kind == "persona" else [])
    Desk(connection, case_no, Settings()).mark("item", (f"persona:{end}" for end in ends))

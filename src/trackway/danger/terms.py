"""The team's own danger terms: loaded from CSV, found as whole words. Shipped lists hold placeholder words only.

A term is looked for in text folded the same way: compatibility forms (full width), case, accents and characters without
width make no difference; blanks inside a term match any run of blanks.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from trackway.danger.reports import report_number
from trackway.findings.engine import Desk, Settings, Stage, chunks
from trackway.model.errors import Refused
from trackway.model.trace import Trace
from trackway.store import schema

MAX_TERMS = 20_000
MAX_LENGTH = 200
_SIGN = re.compile(r"[a-z][a-z0-9-]{0,39}")
_NO_WIDTH = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0x00AD, 0x180E])


class Term(Struct, frozen=True):
    """A word or phrase, the sign that it means (live, access, announced, sextortion, self-harm, ...), its language."""

    term: str
    sign: str
    language: str = ""
    note: str = ""


def fold(text: str) -> str:
    """Text as terms are compared: NFKC, case-folded, without accents and characters of no width."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text.translate(_NO_WIDTH)).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in spread if not unicodedata.combining(c)))


def read_terms(path: Path) -> tuple[list[Term], list[tuple[str, str]]]:
    """The terms of a CSV with the columns term, sign, language, note; and [line, reason] of rows passed over.

    Raises Refused where the file is no such CSV or holds no term."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"The terms {path.name} cannot be opened: {error.strerror}.", "unreadable") from error
    except UnicodeDecodeError as error:
        raise Refused(f"The terms {path.name} are not text in UTF-8.", "not-text") from error
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if not {"term", "sign"} <= {(name or "").strip().lower() for name in rows.fieldnames or ()}:
            raise Refused(f"{path.name} lacks the columns term,sign,language,note.", "no-columns")
        terms, skipped = [], []
        for row in rows:
            clean = {(k or "").strip().lower(): v.strip() for k, v in row.items() if isinstance(v, str)}
            reason = _fault(clean)
            if reason:
                skipped.append((f"line {rows.line_num}", reason))
            else:
                language, note = clean.get("language", ""), clean.get("note", "")
                terms.append(Term(clean["term"], clean["sign"].lower(), language, note))
    except csv.Error as error:
        raise Refused(f"The terms {path.name} are no well-formed CSV: {error}.", "not-csv") from error
    if not terms:
        raise Refused(f"{path.name} holds no usable term.", "no-terms")
    if len(terms) > MAX_TERMS:
        raise Refused(f"{path.name} holds more than {MAX_TERMS} terms.", "too-many")
    return terms, skipped


def _fault(row: dict[str, str]) -> str:
    term = row.get("term", "")
    if not any(c.isalnum() for c in term):
        return "no term"
    if len(term) > MAX_LENGTH:
        return f"the term is longer than {MAX_LENGTH} characters"
    if not _SIGN.fullmatch(row.get("sign", "").lower()):
        return "no sign (a word such as live, access, announced)"
    return ""


class Matcher:
    """Finds all terms in texts; one pass decides that there is none."""

    def __init__(self, terms: dict[int, str]) -> None:
        """``terms``: number -> term as written."""
        patterns = {no: r"\s+".join(re.escape(word) for word in fold(term).split()) for no, term in terms.items()}
        self._single = {no: re.compile(rf"(?<!\w){pattern}(?!\w)") for no, pattern in patterns.items()}
        whole = "|".join(sorted(set(patterns.values()), key=lambda p: (-len(p), p)))
        self._any = re.compile(rf"(?<!\w)(?:{whole})(?!\w)") if patterns else None

    def find(self, text: str) -> list[int]:
        """Numbers of the terms that stand in the text as whole words."""
        if self._any is None or not text:
            return []
        folded = fold(text)
        if self._any.search(folded) is None:
            return []
        return [no for no, pattern in self._single.items() if pattern.search(folded)]


def load_terms(connection: Connection, case_no: int, terms: Sequence[Term], first: int) -> int:
    """Add terms that do not stand there yet, numbered from ``first``; marks all text. Returns how many are new."""
    c = schema.term.c
    held = {
        (row.term, row.sign, row.language)
        for row in connection.execute(select(c.term, c.sign, c.language).where(c.case_no == case_no))
    }
    fresh = {(t.term, t.sign, t.language): t for t in terms if (t.term, t.sign, t.language) not in held}
    if fresh:
        connection.execute(
            insert(schema.term),
            [
                {"no": first + i, "case_no": case_no, **msgspec.structs.asdict(term)}
                for i, term in enumerate(fresh.values())
            ],
        )
        connection.execute(
            delete(schema.dirty).where(schema.dirty.c.case_no == case_no, schema.dirty.c.stage == "words")
        )
        Desk(connection, case_no, Settings()).mark("words", _subjects(connection, case_no))
    return len(fresh)


def _subjects(connection: Connection, case_no: int) -> list[str]:
    c = schema.reading.c
    readings = connection.execute(select(c.no).where(c.case_no == case_no, c.reader != "media")).scalars()
    return [f"{no}:0:{0xFFFFFFFF}" for no in readings]


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    connection = desk.connection
    if "matcher" not in desk.cache:
        c = schema.term.c
        terms = connection.execute(select(c.no, c.term).where(c.case_no == desk.case_no).order_by(c.no))
        desk.cache["matcher"] = Matcher({int(row.no): row.term for row in terms})
    matcher: Matcher = desk.cache["matcher"]
    t, h = schema.trace.c, schema.term_hit.c
    for subject in subjects:
        reading, first, last = (int(part) for part in subject.split(":"))
        low, high = reading << 32 | first, reading << 32 | last
        authors = set(connection.execute(select(h.author).where(h.n.between(low, high))).scalars())
        touched = list(connection.execute(select(h.n).where(h.n.between(low, high)).distinct()).scalars())
        connection.execute(delete(schema.term_hit).where(h.n.between(low, high)))
        rows: list[dict[str, Any]] = []
        texts = connection.execute(
            select(t.n, t.author, t.text).where(t.n.between(low, high), t.text != "").order_by(t.n)
        ).yield_per(5000)
        for n, author, text in texts:
            rows.extend(
                {"n": n, "term": term, "case_no": desk.case_no, "author": author} for term in matcher.find(text)
            )
        if rows:
            connection.execute(insert(schema.term_hit), rows)
        authors |= {row["author"] for row in rows}
        _mark_writers(desk, authors)
        touched.extend(row["n"] for row in rows)
        _mark_shared(desk, touched)


def _mark_writers(desk: Desk, authors: set[int | None]) -> None:
    p = schema.party.c
    for part in chunks(sorted(author for author in authors if author is not None)):
        keys = desk.connection.execute(select(p.key).where(p.no.in_(part))).scalars()
        desk.mark("item", (f"persona:{bytes(key).hex()}" for key in keys))


def _mark_shared(desk: Desk, numbers: Sequence[int]) -> None:
    """Files that a message with a danger term shares are judged again."""
    s = schema.sighting.c
    for part in chunks(sorted(set(numbers))):
        desk.mark("media", desk.connection.execute(select(s.media).where(s.n.in_(part)).distinct()).scalars())
        t = schema.trace.c
        of_reports = select(t.body).where(t.n.in_(part), t.kind.in_(("report", "upload")))
        bodies = desk.connection.execute(of_reports).scalars()
        desk.mark("item", (f"report:{report_number(msgspec.msgpack.decode(body, type=Trace))}" for body in bodies))


WORDS = Stage("words", _derive, _subjects)

"""The team's own danger terms: loaded from CSV, found as whole words. Shipped lists hold placeholder words only.

A term is found in any spelling that a reader would take for it (``danger.disguise``): case, accents and full width make
no difference, nor do digits for letters, letters of other scripts, stretched letters, or letters set apart.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from trackway.danger import disguise
from trackway.danger.reports import current_text, report_number
from trackway.findings.engine import Desk, Settings, Stage, chunks
from trackway.model.errors import Refused
from trackway.model.trace import Trace
from trackway.sources.given import read_given
from trackway.store import schema

MAX_BYTES = 32 << 20
MAX_TERMS = 20_000
MAX_LENGTH = 200
_SIGN = re.compile(r"[a-z][a-z0-9-]{0,39}")


class Term(Struct, frozen=True):
    """A word or phrase, the sign that it means (live, access, announced, sextortion, self-harm, ...), its language."""

    term: str
    sign: str
    language: str = ""
    note: str = ""


def read_terms(path: Path) -> tuple[list[Term], list[tuple[str, str]]]:
    """The terms of a CSV with the columns term, sign, language, note; and [line, reason] of rows passed over.

    Raises Refused where the file is no such CSV or holds no term."""
    try:
        text = read_given(path, MAX_BYTES).decode("utf-8-sig")
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
    """Finds all terms in texts, as written or in disguise; one pass decides that there is none."""

    def __init__(self, terms: dict[int, str]) -> None:
        """``terms``: number -> term as written."""
        self._terms = {no: disguise.plain(term) for no, term in terms.items()}
        bones = {no: disguise.thin(disguise.skeletons(term)[0]) for no, term in self._terms.items()}
        self._bones = {no: skeleton for no, skeleton in bones.items() if skeleton}
        self.any = disguise.any_of(set(self._bones.values()))
        self._patterns: dict[tuple[int, bool], re.Pattern[str]] = {}

    def find(self, text: str) -> list[int]:
        """Numbers of the terms that stand in the text as whole words, in order."""
        if not text or self.any is None:
            return []
        folded = disguise.plain(text)
        found = self._find(folded)
        if not text.isascii() and (changed := disguise.plain(disguise.latin(text))) != folded:
            found |= self._find(changed)
        return sorted(found)

    def _find(self, text: str) -> set[int]:
        assert self.any is not None
        skeletons = [skeleton for skeleton in disguise.skeletons(text) if self.any.search(skeleton)]
        if not skeletons:
            return set()
        thin = [disguise.thin(skeleton) for skeleton in skeletons]
        there = {no for no, bones in self._bones.items() if any(bones in one for one in thin)}
        found = {no for no in there if self._pattern(no, False).search(text)}
        left = {no for no in there - found if disguise.letters(self._terms[no]) >= disguise.LEAST}
        for laid_open in disguise.unmasked(text) if left else ():
            for no in left - found:
                match = self._pattern(no, True).search(laid_open)
                if match is not None and disguise.spells(match.group()):
                    found.add(no)
        return found

    def _pattern(self, no: int, loose: bool) -> re.Pattern[str]:
        if (no, loose) not in self._patterns:
            shape = disguise.loosely if loose else disguise.exactly
            self._patterns[(no, loose)] = re.compile(shape(self._terms[no]))
        return self._patterns[(no, loose)]


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
    h = schema.term_hit.c
    for subject in subjects:
        reading, first, last = (int(part) for part in subject.split(":"))
        low, high = reading << 32 | first, reading << 32 | last
        authors = set(connection.execute(select(h.author).where(h.n.between(low, high))).scalars())
        touched = list(connection.execute(select(h.n).where(h.n.between(low, high)).distinct()).scalars())
        connection.execute(delete(schema.term_hit).where(h.n.between(low, high)))
        rows = [
            {"n": n, "term": term, "case_no": desk.case_no, "author": author}
            for n, author, text in (_texts(desk, reading, low, high) if matcher.any else ())
            for term in matcher.find(text)
        ]
        if rows:
            connection.execute(insert(schema.term_hit), rows)
        authors |= {row["author"] for row in rows}
        _mark_writers(desk, authors)
        if None in authors:
            desk.mark("item", [f"source:{source_of(desk, reading)}"])
        touched.extend(row["n"] for row in rows)
        _mark_shared(desk, touched)


def _texts(desk: Desk, reading: int, low: int, high: int) -> Iterator[tuple[int, int | None, str]]:
    """(trace, author, text) of the traces low to high of a current reading; a mail's subject is text too."""
    if not current_text(desk, reading):
        return
    t = schema.trace.c
    rows = desk.connection.execute(
        select(t.n, t.author, t.text, t.kind, t.body)
        .where(t.n.between(low, high), (t.text != "") | (t.kind == "mail"))
        .order_by(t.n)
    ).yield_per(5000)
    for n, author, text, kind, body in rows:
        if kind == "mail":
            text = f"{msgspec.msgpack.decode(body, type=Trace).fields.get('subject') or ''}\n{text}"
        yield n, author, text


def source_of(desk: Desk, reading: int) -> str:
    """SHA-256 of what a reading reads."""
    r, c = schema.reading.c, schema.content.c
    sha256 = desk.connection.execute(
        select(c.sha256).select_from(schema.reading.join(schema.content, r.content == c.no)).where(r.no == reading)
    ).scalar_one()
    return bytes(sha256).hex()


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

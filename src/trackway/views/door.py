"""How an answer is given: the consultation is written first, in the same transaction; then it is read, then masked.

No entry, no answer (TRUST.md, promise 4). Names of series stand in file names and texts too: they are masked in
everything that leaves, unless the officer asks for them, and that is in the entry.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeVar, get_origin

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from trackway.match.series import SERIES_NAMED
from trackway.store import schema
from trackway.store.case import CaseStore
from trackway.store.journal import Officer, record

MASK = "▒▒▒"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """One consultation under way."""

    connection: Connection
    store: CaseStore
    officer: Officer
    reveal: bool

    @property
    def case_no(self) -> int:
        return self.store.case_no

    def masked(self, answer: T) -> T:
        """The answer without names of series, unless they were asked for."""
        if self.reveal:
            return answer
        pattern = names_pattern(self.connection, self.case_no)
        if pattern is None:
            return answer
        held: T = _mask(answer, pattern)
        return held


@contextlib.contextmanager
def consult(
    store: CaseStore, officer: Officer, what: str, subject: str = "", purpose: str = "", reveal: bool = False
) -> Iterator[View]:
    """Open the door for one answer. ``what`` is the kind of view, ``subject`` an id (never a name or a search text)."""
    with store.write() as connection:
        body = {"view": what} | ({"reveal": True} if reveal else {})
        record(connection, store, officer, "consulted", subject, purpose, body)
        yield View(connection, store, officer, reveal)


def names_pattern(connection: Connection, case_no: int) -> re.Pattern[str] | None:
    """What finds a series' name wherever it stands: in any case, with any punctuation or none between its letters."""
    s, v = schema.list_series.c, schema.listver.c
    names = connection.execute(
        select(s.name)
        .distinct()
        .select_from(schema.list_series.join(schema.listver, s.list == v.no))
        .where(v.case_no == case_no)
    ).scalars()
    f = schema.finding_link.c
    imported = connection.execute(select(f.to).distinct().where(f.case_no == case_no, f.kind == SERIES_NAMED)).scalars()
    patterns = set()
    for name in {*names, *imported}:
        letters = [c for c in name if c.isalnum()]
        if len(letters) >= 4:
            patterns.add(r"[\W_]{0,3}".join(re.escape(c) for c in letters))
        elif letters:
            patterns.add(rf"(?<![^\W_]){re.escape(name.strip())}(?![^\W_])")
    return re.compile("|".join(sorted(patterns, key=lambda p: (-len(p), p))), re.IGNORECASE) if patterns else None


def _mask(value: Any, pattern: re.Pattern[str]) -> Any:
    """The same value with every text masked, but for words of our own (``Literal``): a series may be named "media"."""
    if isinstance(value, str):
        return pattern.sub(MASK, value) if type(value) is str else value
    if isinstance(value, Struct):
        changed = {
            name: masked
            for name in _open_fields(type(value))
            if (masked := _mask(held := getattr(value, name), pattern)) is not held
        }
        return msgspec.structs.replace(value, **changed) if changed else value
    if isinstance(value, dict):
        return {key: _mask(one, pattern) for key, one in value.items()}
    if isinstance(value, list):
        return [_mask(one, pattern) for one in value]
    if isinstance(value, tuple):
        return tuple(_mask(one, pattern) for one in value)
    return value


@cache
def _open_fields(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if get_origin(field.type) is not Literal)

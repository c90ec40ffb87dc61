"""How an answer is given: the consultation is written first, in the same transaction; then it is read, then masked.

No entry, no answer (TRUST.md, promise 4). Names of series stand in file names and texts too: they are masked in
everything that leaves, unless the officer asks for them, and that is in the entry.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, select

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
        plain = _mask(msgspec.to_builtins(answer), pattern)
        return msgspec.convert(plain, type(answer)) if not isinstance(answer, list) else _list(answer, plain)


def _list(answer: Any, plain: Any) -> Any:
    return [msgspec.convert(one, type(held)) for held, one in zip(answer, plain, strict=True)]


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
    patterns = set()
    for name in names:
        letters = [c for c in name if c.isalnum()]
        if len(letters) >= 4:
            patterns.add(r"[\W_]{0,3}".join(re.escape(c) for c in letters))
        elif letters:
            patterns.add(rf"(?<![^\W_]){re.escape(name.strip())}(?![^\W_])")
    return re.compile("|".join(sorted(patterns, key=lambda p: (-len(p), p))), re.IGNORECASE) if patterns else None


def _mask(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(MASK, value)
    if isinstance(value, dict):
        return {key: _mask(one, pattern) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(one, pattern) for one in value]
    return value

"""How an answer is given: the consultation is written first, in the same transaction; then it is read, then masked.

No entry, no answer (TRUST.md, promise 4). Names of series stand in file names and texts too: they are masked in
everything that leaves, unless the officer asks for them, and that is in the entry.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, select

from trackway.match.series import SERIES_NAMED
from trackway.store import schema
from trackway.store.case import CaseStore
from trackway.store.journal import Officer, record
from trackway.views.masking import Names

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """One consultation under way."""

    connection: Connection
    store: CaseStore
    officer: Officer
    reveal: bool
    _names: list[Names] = field(default_factory=list)

    @property
    def case_no(self) -> int:
        return self.store.case_no

    def masked(self, answer: T) -> T:
        """The answer without names of series, unless they were asked for."""
        if self.reveal:
            return answer
        if not self._names:
            self._names.append(Names(series_names(self.connection, self.case_no)))
        held: T = self._names[0].within(answer)
        return held


@contextlib.contextmanager
def consult(
    store: CaseStore, officer: Officer, what: str, subject: str = "", purpose: str = "", reveal: bool = False
) -> Iterator[View]:
    """Open the door for one answer. ``what`` is the kind of view, ``subject`` an id (never a name or a search text)."""
    with store.write(alone=False) as connection:
        body = {"view": what} | ({"reveal": True} if reveal else {})
        record(connection, store, officer, "consulted", subject, purpose, body)
        yield View(connection, store, officer, reveal)


def series_names(connection: Connection, case_no: int) -> set[str]:
    """The names of series that lists state (also of versions no longer in force), and that exhibits import."""
    s, v, f = schema.list_series.c, schema.listver.c, schema.finding_link.c
    listed = connection.execute(
        select(s.name)
        .distinct()
        .select_from(schema.list_series.join(schema.listver, s.list == v.no))
        .where(v.case_no == case_no)
    ).scalars()
    imported = connection.execute(select(f.to).distinct().where(f.case_no == case_no, f.kind == SERIES_NAMED)).scalars()
    return {*listed, *imported}

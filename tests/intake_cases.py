"""What the tests of intake share: exhibits laid out from a table, cases added to, and what then stands in them."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

import casework
from casework import picture
from trackway.acts import intake as acts
from trackway.cli.session import settings_of
from trackway.intake.law import Law, Scope
from trackway.intake.run import Progress
from trackway.intake.tasks import Stop
from trackway.model.times import instant_of, moment_of
from trackway.sandbox.pool import Pool
from trackway.store import schema
from trackway.store.case import CaseStore, create_case, open_case
from trackway.store.ids import trace_ids
from trackway.store.journal import rows
from trackway.views.answers import DigestAnswer, ExhibitAnswer, MediaAnswer, VerifyAnswer
from trackway.views.digest import digest
from trackway.views.door import consult
from trackway.views.exhibits import exhibits
from trackway.views.media import all_media
from trackway.views.verify import verify

BASIS = "Invented case, warrant 14"
LAW = Law(BASIS)


def log(*lines: str, day: str = "Sat Feb 28", channel: str = "birdhide") -> bytes:
    """An IRC log of one day of 2026: each line "HH:MM nick words"."""
    said = [f"--- Log opened {day} 00:00:00 2026"]
    for line in lines:
        clock, nick, words = line.split(" ", 2)
        said.append(f"{clock} <{nick}> {words}")
    return "\n".join(said).encode() + b"\n"


def mail(number: int, sender: str, to: str, date: str, words: str = "The boardwalk is closed.") -> bytes:
    """One mail of an mbox."""
    return (
        f"From {sender} Sat Feb 28 19:00:00 2026\nMessage-ID: <m{number}@marsh.example>\nFrom: {sender}\nTo: {to}\n"
        f"Date: {date}\nSubject: minutes\n\n{words}\n\n"
    ).encode()


def lay(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write an exhibit's files, all with one fixed time."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        os.utime(target, (1770000000, 1770000000))
    return folder


def instant(written: str) -> int:
    return instant_of(moment_of(written, "test"))


def scoped(**scope: Any) -> Law:
    return Law(BASIS, scope=Scope(**scope))


class Case:
    """A case of a test (a folder, or an address in PostgreSQL), made at once. Each method opens and closes it."""

    def __init__(self, folder: Any, pool: Pool) -> None:
        self.folder, self.pool = folder, pool
        create_case(str(folder)).close()

    def _with(self, ask: Callable[[CaseStore], Any]) -> Any:
        store = open_case(str(self.folder))
        try:
            return ask(store)
        finally:
            store.close()

    def add(
        self,
        *exhibits: Path,
        law: Law = LAW,
        stop: Stop | None = None,
        changed: Callable[[Progress], None] = lambda progress: None,
        **order: Any,
    ) -> acts.Added:
        """What ``trackway add`` does."""
        wanted = acts.Order(tuple(map(str, exhibits)), law, **order)
        return self._with(
            lambda store: acts.add(
                store,
                self.pool,
                wanted,
                casework.OFFICER,
                settings_of(store.folder),
                Progress(changed=changed),
                stop or Stop(),
            )
        )

    def exhibits(self) -> dict[str, ExhibitAnswer]:
        """By base name."""

        def ask(store: CaseStore) -> dict[str, ExhibitAnswer]:
            with consult(store, casework.OFFICER, "test") as view:
                return {one.exhibit: one for one in exhibits(view)}

        return self._with(ask)

    def media(self) -> list[MediaAnswer]:
        def ask(store: CaseStore) -> list[MediaAnswer]:
            with consult(store, casework.OFFICER, "test") as view:
                return list(all_media(view))

        return self._with(ask)

    def digest(self) -> DigestAnswer:
        def ask(store: CaseStore) -> DigestAnswer:
            with store.read() as connection:
                return digest(connection, store.case_no)

        return self._with(ask)

    def verify(self) -> VerifyAnswer:
        return self._with(lambda store: verify(store, None))

    def traces(self) -> dict[str, str]:
        """Public id -> text (or kind) of every trace."""

        def ask(store: CaseStore) -> dict[str, str]:
            t = schema.trace.c
            mine = select(t.n, t.text, t.kind).where(t.case_no == store.case_no)
            with store.read() as connection:
                held = {int(n): text or kind for n, text, kind in connection.execute(mine)}
                return {trace_id: held[n] for n, trace_id in trace_ids(connection, held).items()}

        return self._with(ask)

    def texts(self) -> list[str]:
        return sorted(self.traces().values())

    def ledger(self, *acts_wanted: str) -> list[dict[str, Any]]:
        """The entries in order; of these acts only where any are named."""

        def ask(store: CaseStore) -> list[dict[str, Any]]:
            with store.read() as connection:
                said = [msgspec.json.decode(row.body or b"{}") for row in rows(connection, store.case_no)]
            return [one for one in said if not acts_wanted or one["act"] in acts_wanted]

        return self._with(ask)

    def select(self, statement: Any) -> list[Any]:
        def ask(store: CaseStore) -> list[Any]:
            with store.read() as connection:
                return list(connection.execute(statement).all())

        return self._with(ask)

    def places(self) -> dict[str, tuple[str, str]]:
        """Path inside its parent -> (outcome, reason)."""
        p = schema.place.c
        return {row.path: (row.outcome, row.reason) for row in self.select(select(p.path, p.outcome, p.reason))}


def orders(exhibits: Iterable[tuple[Path, Law]]) -> list[list[tuple[Path, Law]]]:
    """The exhibits as given, and the other way round."""
    held = list(exhibits)
    return [held, held[::-1]]


__all__ = ["BASIS", "LAW", "Case", "instant", "lay", "log", "mail", "orders", "picture", "scoped"]

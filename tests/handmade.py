"""Small cases written by hand: sources with their traces go through the one writer of facts, lists through the loader.

No worker runs. A picture is drawn from its seed and hashed by the program's own PDQ, so that copies are near and
mirrored ones meet in a dihedral form.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image, ImageOps
from sqlalchemy import event, select, update

from trackway.acts.analyse import STAGES, open_items
from trackway.danger.item import Item
from trackway.danger.terms import Term, load_terms
from trackway.findings.engine import Desk, Settings, rebuild, work_off
from trackway.intake.law import Gate, Scope
from trackway.intake.spool import Bytes
from trackway.intake.tasks import Outcome, Task
from trackway.intake.writer import Writer
from trackway.lists.load import Loaded, load_entries
from trackway.match.verdict import Media
from trackway.measure.pdq import hash_image
from trackway.model.source import Measurement
from trackway.model.trace import Digests, Identifier, Label, Moment, Share, Trace
from trackway.store import schema
from trackway.store.case import CaseStore, create_case, numbers, open_case
from trackway.store.journal import Officer

NOW = "2026-03-02T09:00:00Z"
ADDED = 1_772_442_000_000_000
"""The same moment in microseconds."""
DAY = 86_400_000_000
OFFICER = Officer("officer")


def at(days_ago: float) -> Moment:
    """A moment so many days before the exhibits are added."""
    instant = ADDED - int(days_ago * DAY)
    return Moment(f"{days_ago} days before", instant)


# ------------------------------------------------------------------ sources


@dataclass(frozen=True)
class Source:
    """A file as intake would find it: its bytes, and what reader and workers would say of them."""

    data: bytes
    reader: str = ""
    traces: tuple[Trace, ...] = ()
    version: str = "1"
    type: str = ""
    measures: tuple[Measurement, ...] = ()
    members: tuple[tuple[str, "Source"], ...] = ()
    outcome: Outcome = "read"

    @property
    def md5(self) -> str:
        return hashlib.md5(self.data).hexdigest()

    @property
    def sha1(self) -> str:
        return hashlib.sha1(self.data).hexdigest()

    @property
    def key(self) -> str:
        """Its SHA-256: the key of a media item."""
        return hashlib.sha256(self.data).hexdigest()

    def bytes(self) -> Bytes:
        fd = os.memfd_create("source")
        os.write(fd, self.data)
        return Bytes(fd, len(self.data), Digests(self.md5, self.sha1, self.key))


@cache
def _drawn(seed: int, edit: str) -> tuple[str, int, tuple[str, ...]]:
    noise = np.random.default_rng(seed).integers(0, 255, (12, 12), dtype=np.uint8)
    image = Image.fromarray(noise).resize((96, 96), Image.Resampling.BICUBIC)
    if edit == "mirror":
        image = ImageOps.mirror(image)
    elif edit == "dark":
        grain = np.random.default_rng(seed).normal(0, 5, (96, 96))
        image = Image.fromarray(np.clip(np.asarray(image) * 0.8 + grain, 0, 255).astype(np.uint8))
    held = hash_image(image)
    return held.pdq, held.quality, held.forms


def pdq_of(seed: int, edit: str = "") -> str:
    """The PDQ hash of the picture drawn from this seed."""
    return _drawn(seed, edit)[0]


def picture(
    seed: int,
    edit: str = "",
    *,
    serial: str = "",
    camera: tuple[str, str] | None = None,
    taken: str = "",
    signs: Sequence[str] = (),
    against: Sequence[str] = (),
    decoded: bool = True,
) -> Source:
    """A picture. ``edit``: "" or a copy, made "dark" or "mirror"; ``taken`` as EXIF writes it."""
    about: dict[str, Any] = {"type": "image/jpeg", "decoded": decoded}
    if serial:
        about["serial"] = serial
    if camera is not None:
        about |= {"make": camera[0], "model": camera[1]}
    if taken:
        about["dates"] = {"original": taken}
    own = (Identifier("camera-serial", serial, "own"),) if serial else ()
    measures = []
    if decoded:
        pdq, quality, forms = _drawn(seed, edit)
        measures = [Measurement("pdq", 1, {"pdq": pdq, "quality": quality, "forms": list(forms)})]
        if signs or against:
            measures.append(Measurement("first-generation", 1, {"signs": list(signs), "against": list(against)}))
    data = f"picture {seed} {edit} {serial} {taken} {decoded}".encode()
    trace = Trace("media", "whole file", identifiers=own, fields=about)
    outcome: Outcome = "read" if decoded else "incomplete"
    return Source(data, "media", (trace,), type="image/jpeg", measures=tuple(measures), outcome=outcome)


EMPTY = Source(b"", outcome="unclaimed")


def film(name: str) -> Source:
    """A video: matched by its digests only."""
    trace = Trace("media", "whole file", fields={"type": "video/mp4"})
    return Source(f"film {name}".encode(), "media", (trace,), type="video/mp4")


def export(name: str, *traces: Trace, version: str = "1") -> Source:
    """A document with these records, as a version of its reader gives them."""
    return Source(f"export {name}".encode(), "hand", traces, version)


def archive(name: str, **members: Source) -> Source:
    """A container; keyword names are paths ("a__jpg" is "a.jpg")."""
    inside = tuple((path.replace("__", "."), one) for path, one in members.items())
    return Source(f"archive {name}".encode(), members=inside)


# ------------------------------------------------------------------ lists


@dataclass(frozen=True)
class Listed:
    """One record of a known list."""

    source: Source | None = None
    kinds: tuple[str, ...] = ("md5",)
    pdq: str | None = None
    entry: str = ""
    series: str | None = None
    victim_identified: bool | None = None
    category: str | None = None
    names: tuple[str, ...] = ()

    def trace(self, i: int) -> Trace:
        held = self.source
        stated = {} if held is None else {"md5": held.md5, "sha1": held.sha1, "sha256": held.key}
        digests = Digests(**{kind: stated[kind] for kind in self.kinds if kind in stated}, pdq=self.pdq)
        label = Label(self.entry, self.category, "UK 1", self.series, self.victim_identified)
        names = self.names or ("",)
        shares = tuple(Share("record_only", name=name, digests=digests) for name in names)
        return Trace("record", f"line {i}", label=label, shares=_apart(shares))


def _apart(shares: tuple[Share, ...]) -> tuple[Share, ...]:
    """One share carries the digests, the others only further names: as VICS's several places of one file."""
    first, *rest = shares
    return (first, *(msgspec.structs.replace(one, digests=None) for one in rest))


# ------------------------------------------------------------------ cases


@cache
def _template() -> Path:
    """An empty case that others are copies of."""
    path = Path(_folder().name) / "template"
    create_case(str(path)).close()
    return path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="trackway-tests-", ignore_cleanup_errors=True)


@contextmanager
def moment(now: str = NOW) -> Iterator[None]:
    """The officers' clock stands at this moment."""
    before = os.environ.get("TRACKWAY_NOW")
    os.environ["TRACKWAY_NOW"] = now
    try:
        yield
    finally:
        if before is None:
            del os.environ["TRACKWAY_NOW"]
        else:
            os.environ["TRACKWAY_NOW"] = before


@dataclass
class Case:
    """A case under test. ``deriving``: the findings are brought up to date after each act."""

    store: CaseStore
    settings: Settings = field(default_factory=Settings)
    deriving: bool = True
    exhibits: dict[str, int] = field(default_factory=dict)
    scopes: dict[str, str] = field(default_factory=dict)
    _places: dict[tuple[int, int, str], int] = field(default_factory=dict)

    # -- facts

    def add(
        self,
        exhibit: str,
        sources: dict[str, Source],
        *,
        scope: Scope | None = None,
        acquired: int | None = None,
        added: int = ADDED,
    ) -> None:
        """Read these files of an exhibit; what an earlier call read already is passed over, as intake does. An exhibit
        that is one file is given as {its own name: the source}."""
        number = self._exhibit(exhibit, acquired, added)
        gate = Gate(scope or Scope())
        if self.scopes.setdefault(exhibit, gate.digest) != gate.digest:
            self.scopes[exhibit] = gate.digest
            with self.store.write() as connection:
                p = schema.place.c
                connection.execute(
                    update(schema.place).where(p.exhibit == number).values(outcome="", out_of_scope=0, quarantined=0)
                )
        writer = Writer(self.store)
        for path, source in sources.items():
            self._read(writer, gate, Task(number, path, name=path.rsplit("/", 1)[-1]), source)
        writer.commit()
        self._derive()

    def _exhibit(self, name: str, acquired: int | None, added: int) -> int:
        if name not in self.exhibits:
            with self.store.write() as connection:
                number = self.exhibits[name] = numbers(connection, "exhibit", 1)
                connection.execute(
                    schema.exhibit.insert().values(
                        no=number, case_no=self.store.case_no, key=name, name=name, law="{}", added=added,
                        acquired=acquired, done=True,
                    )
                )  # fmt: skip
        return self.exhibits[name]

    def _read(self, writer: Writer, gate: Gate, task: Task, source: Source) -> None:
        where = (task.exhibit, task.parent.place_no or 0 if task.parent else 0, task.path)
        if where in self._places:
            task.place_no = self._places[where]
            with self.store.read() as connection:
                p = schema.place.c
                if connection.execute(select(p.outcome).where(p.no == task.place_no)).scalar():
                    return
        task.bytes = source.bytes()
        writer.place(task)
        outcome = source.outcome
        if source.reader:
            reading = writer.begin(task, source.reader, source.version, {}, gate)
            writer.traces(reading, 0, source.traces)
            if source.type:
                writer.typed(task, source.type)
            if not reading.progress.out_of_scope:
                for measurement in source.measures:
                    writer.measured(task, measurement)
            writer.end(reading, task, "partial" if outcome == "incomplete" else "done")
            if source.reader == "media" and reading.progress.out_of_scope:
                outcome = "out-of-scope"
        writer.commit()
        self._places[(where[0], where[1], task.path)] = task.place_no or 0
        for path, member in source.members:
            self._read(writer, gate, Task(task.exhibit, path, parent=task, name=path), member)
        task.outcome = outcome
        task.reason = "" if outcome == "read" else f"it is {outcome}"
        writer.ended(task)

    def known(self, name: str, *entries: Listed) -> None:
        """Load a list; one of the same name is replaced."""
        traces = [entry.trace(i) for i, entry in enumerate(entries)]
        sha256 = hashlib.sha256(repr((name, entries)).encode()).digest()
        load_entries(self.store, Loaded(name, format="hand"), sha256, iter(traces), OFFICER)
        self._derive()

    def terms(self, **signs: str) -> None:
        """Load danger terms: sign -> terms, several divided by a bar; "self_harm" is the sign self-harm."""
        rows = [Term(term, sign.replace("_", "-")) for sign, held in signs.items() for term in held.split("|")]
        with self.store.write() as connection:
            load_terms(connection, self.store.case_no, rows, numbers(connection, "term", len(rows)))
        self._derive()

    # -- findings

    def _derive(self) -> None:
        if self.deriving:
            self.derive()

    def derive(self, scratch: bool = False) -> None:
        if scratch:
            rebuild(self.store, STAGES)
        work_off(self.store, STAGES, self.settings)
        open_items(self.store)

    def media(self, source: Source | str) -> Media:
        """The finding on one media item. KeyError where it is none."""
        found = self.all_media()
        return found[source if isinstance(source, str) else source.key]

    def all_media(self) -> dict[str, Media]:
        f = schema.finding.c
        with self.store.read() as connection:
            bodies = connection.execute(select(f.body).where(f.kind == "media").order_by(f.subject)).scalars().all()
        return {one.key: one for body in bodies for one in [msgspec.json.decode(body, type=Media)]}

    def items(self) -> dict[str, Item]:
        """The queue's items, best first."""
        i = schema.item.c
        with self.store.read() as connection:
            rows = connection.execute(select(i.subject, i.body).order_by(i.tier, i.order, i.subject)).all()
        return {row.subject: msgspec.json.decode(row.body, type=Item) for row in rows}

    def close(self) -> None:
        self.store.close()


def new_case(folder: Path, name: str = "case", settings: Settings | None = None) -> Case:
    """An empty case in ``folder``: a copy of one made once, without waiting for the disk."""
    target = folder / name
    shutil.copytree(_template(), target)
    store = open_case(str(target))
    # These cases are thrown away, so nothing waits for the disk.
    event.listen(store.engine, "connect", lambda db, _: db.execute("PRAGMA synchronous=OFF"))
    store.engine.dispose()
    return Case(store, settings or Settings())


def dropped(desk_mark: Any, *stages: str) -> Any:
    """``Desk.mark`` that forgets these stages: what a control puts in its place."""

    def mark(self: Desk, stage: str, subjects: Any) -> None:
        if stage not in stages:
            desk_mark(self, stage, subjects)

    return mark

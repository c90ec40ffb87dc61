"""A small universe for the property tests: files, exports, lists and terms that touch each other in every way that a
finding can depend on, and the operations that a case can undergo."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select

from handmade import ADDED, DAY, EMPTY, OFFICER, Case, Listed, Source, archive, at, export, film, pdq_of, picture
from trackway.acts import category, claims
from trackway.intake.law import Scope
from trackway.model.errors import Refused
from trackway.model.trace import Conversation, Digests, Identifier, Label, Moment, PersonaRef, Share, Trace
from trackway.store import schema
from trackway.store.ids import trace_ids
from trackway.views.answers import KnownAnswer
from trackway.views.door import View
from trackway.views.lists import conflicts, lists
from trackway.views.media import all_media
from trackway.views.personas import personas
from trackway.views.queue import queue

# ------------------------------------------------------------------ files

CAMERA, OTHER = "SN-100", "SN-200"
HERON = [picture(10 + i, serial=CAMERA if i == 0 else "") for i in range(3)]
NEW_HERON = picture(20, serial=CAMERA, camera=("Kestrel", "K1"), taken="2026:02:20 10:00:00", signs=("full size",))
OLD_HERON = picture(21, serial=CAMERA, camera=("Kestrel", "K1"), taken="2019:02:20 10:00:00")
COPY, MIRRORED, COPY_OF_NEW = picture(10, "dark"), picture(11, "mirror"), picture(20, "dark")
ALONE, BROKEN, FILM = picture(30, serial=OTHER), picture(31, decoded=False), film("fox")
GONE = picture(40)
"""Named by records and lists; its bytes come late or never."""

FILES: dict[str, Source] = {
    "photos/heron_001.jpg": HERON[0],
    "photos/heron_002.jpg": HERON[1],
    "photos/IMG_0001.jpg": HERON[2],
    "photos/heron_014.jpg": NEW_HERON,
    "photos/IMG_0002.jpg": OLD_HERON,
    "photos/copy.jpg": COPY,
    "photos/mirrored.jpg": MIRRORED,
    "photos/copy of new.jpg": COPY_OF_NEW,
    "photos/alone.jpg": ALONE,
    "photos/broken.jpg": BROKEN,
    "photos/fox.mp4": FILM,
    "photos/heron_009.jpg": GONE,
    "photos/empty.jpg": EMPTY,
}

# ------------------------------------------------------------------ records

ROOM = Conversation("telegram", "4711", "Herons", "open")
HIDE = Conversation("irc", "#hide", visibility="open")
OSPREY, WREN = PersonaRef("telegram", "user1", ("Osprey",)), PersonaRef("telegram", "user2", ("Wren", "wren_2"))
NICK, NICK2 = PersonaRef("irc", "osprey"), PersonaRef("irc", "osprey_away")
REPORTED = PersonaRef("ncmec", "esp:osprey", ("osprey88",))
LETTER = PersonaRef("email", "osprey@example.org")


def _mail(role: Any = "own") -> Identifier:
    return Identifier("mail", "osprey@example.org", role)


def _message(
    author: PersonaRef, number: int, when: Moment | None, text: str = "", *shares: Share, **more: Any
) -> Trace:
    return Trace("message", f"messages[{number}]", when, author, (), ROOM, str(number), text, shares, **more)


def _path(path: str, kind: Any = "offered", act: str = "0") -> Share:
    return Share(kind, act, f"photos/{path}", path)


def _digest(source: Source, kind: Any = "record_only", act: str = "0", *kinds: str) -> Share:
    held = {"md5": source.md5, "sha1": source.sha1, "sha256": source.key}
    return Share(kind, act, None, "named", Digests(**{one: held[one] for one in kinds or ("md5",)}))


TELEGRAM = (
    _message(OSPREY, 1, at(400), "an old lantern tonight"),
    _message(OSPREY, 2, at(9), "look", _path("heron_001.jpg"), _path("heron_014.jpg", act="1")),
    _message(WREN, 3, at(8), "lantern tonight", _path("alone.jpg"), _path("heron_009.jpg", act="1")),
    _message(WREN, 4, at(7), "", _path("IMG_0002.jpg"), album="a7", identifiers=(_mail(),)),
    _message(OSPREY, 5, at(7), "", _path("copy.jpg"), album="a7"),
    _message(OSPREY, 6, None, "ask at the nest", _digest(GONE, "offered")),
)
SHORTER = (*TELEGRAM[:3], _message(WREN, 9, at(3), "nest", _path("heron_009.jpg")))
IRC = (
    Trace("message", "line 1", at(30), NICK, (), HIDE, text="a nest"),
    Trace("event", "line 2", at(30), NICK, others=(NICK2,), fields={"event": "rename"}),
    Trace(
        "message", "line 3", at(29), NICK2, (), HIDE,
        text=f"get {GONE.md5}", shares=(_digest(GONE),), identifiers=(_mail("mentioned"),),
    ),
)  # fmt: skip
MAIL = (
    Trace(
        "mail", "message 1", at(12), LETTER, (), Conversation("email", ""), "<1@example.org>", "for you",
        (_digest(HERON[1], "sent", HERON[1].key, "md5", "sha1", "sha256"), _digest(BROKEN, "sent", "b", "sha256")),
        (_mail(),),
    ),
)  # fmt: skip
REPORT = (
    Trace(
        "report", "report[0]", at(5), REPORTED, (), Conversation("ncmec", "777"), "777", "the lantern tonight",
        identifiers=(_mail(), Identifier("ip-port", "192.0.2.1:443", "own")),
        fields={"report": "777", "prior_reports": ["776"], "escalated": True},
    ),
    Trace(
        "upload", "file[0]", at(5), REPORTED, (), Conversation("ncmec", "777"), "777", "nest",
        (Share("sent", "f1", None, "up.jpg", Digests(md5=GONE.md5)),), fields={"report": "777"},
    ),
)  # fmt: skip
REPORT_FILE = (
    Trace(
        "upload", "file[1]", at(5), REPORTED, (), Conversation("ncmec", "777"), "777", "",
        (Share("sent", "f2", "photos/alone.jpg", "alone.jpg", Digests(md5=ALONE.md5)),),
        identifiers=(Identifier("camera-serial", OTHER, "own"),), fields={"report": "777"},
    ),
)  # fmt: skip
LABELS = (
    Trace("record", "Media[0]", shares=(_digest(OLD_HERON),), label=Label("1", category="2", scheme="UK 1")),
    Trace("record", "Media[1]", shares=(_digest(COPY_OF_NEW, "record_only", "0", "sha1"),), label=Label("2")),
)
DOCUMENTS: dict[str, Source] = {
    "result.json": export("telegram", *TELEGRAM),
    "shorter.json": export("shorter", *SHORTER),
    "hide.log": export("irc", *IRC),
    "letters.mbox": export("mail", *MAIL),
    "777.xml": export("report", *REPORT),
    "777 file.xml": export("report file", *REPORT_FILE),
    "labels.json": export("labels", *LABELS),
    "note.txt": Source(b"a note", outcome="unclaimed"),
}
NEWER = {
    "result.json": export("telegram", TELEGRAM[0], *TELEGRAM[2:5], version="2"),
    "hide.log": export("irc", IRC[2], IRC[0], version="2"),
    "777.xml": export("report", REPORT[1], version="2"),
}
"""The same bytes, as a newer version of the reader understands them."""
PACKED = archive(
    "packed", heron_003__jpg=HERON[2], result__json=DOCUMENTS["result.json"], shorter__json=DOCUMENTS["shorter.json"]
)
SOURCES: dict[str, Source] = FILES | DOCUMENTS | {"packed.zip": PACKED}
EXHIBITS = ("laptop.img", "usb-stick", "packed.zip")
"""The last is a file exhibit: what lies in the others under the same bytes."""

# ------------------------------------------------------------------ lists and terms


def _heron(source: Source, name: str, entry: str, identified: bool | None) -> Listed:
    return Listed(
        source, ("md5", "sha1"), entry=entry, series="Marsh Heron", victim_identified=identified, names=(name,)
    )


LISTS: dict[str, tuple[str, tuple[Listed, ...]]] = {
    "partner 1": (
        "partner",
        (_heron(HERON[0], "heron_001.jpg", "1", True), _heron(HERON[1], "heron_002.jpg", "2", None)),
    ),
    "partner 2": (
        "partner",
        (
            _heron(HERON[0], "heron_001.jpg", "1", False),
            _heron(HERON[1], "heron_002.jpg", "1", None),
            _heron(picture(41), "heron_003.jpg", "3", False),
        ),
    ),
    "neighbour": (
        "neighbour",
        (
            Listed(HERON[0], ("sha256",), series="Other Heron", category="1"),
            Listed(GONE, ("md5",), series="Marsh Heron", names=("heron_009.jpg",)),
            Listed(None, pdq=pdq_of(20)),
            Listed(BROKEN, ("sha1",)),
        ),
    ),
    "plain": ("plain", (Listed(HERON[2], ("sha1",), pdq=pdq_of(30, "mirror")), Listed(FILM))),
}
TERMS = ({"live": "lantern tonight"}, {"access": "nest", "announced": "lantern tonight"})

# ------------------------------------------------------------------ operations


@dataclass(frozen=True)
class Add:
    """Read these files of an exhibit, all of them or those up to a day; it may have been read in part before."""

    exhibit: str
    paths: tuple[str, ...]
    narrow: bool = False
    newer: bool = False

    def __call__(self, case: Case) -> None:
        known = SOURCES | NEWER if self.newer else SOURCES
        sources = {path: known[path] for path in (("packed.zip",) if self.exhibit == "packed.zip" else self.paths)}
        acquired = ADDED - 5 * DAY if self.exhibit == "usb-stick" else None
        scope = Scope(until=ADDED - 8 * DAY, undated=True) if self.narrow else Scope()
        case.add(self.exhibit, sources, scope=scope, acquired=acquired)


@dataclass(frozen=True)
class Known:
    """Load a version of a list."""

    version: str

    def __call__(self, case: Case) -> None:
        name, entries = LISTS[self.version]
        case.known(name, *entries)


@dataclass(frozen=True)
class Terms:
    """Load terms."""

    which: int

    def __call__(self, case: Case) -> None:
        case.terms(**TERMS[self.which])


@dataclass(frozen=True)
class Decide:
    """A person states, judges, takes back or acknowledges something; where there is nothing of the kind, nothing."""

    act: str
    which: int

    def __call__(self, case: Case) -> None:
        with case.store.read() as connection:
            subjects = _named(connection, self.act)
        if not subjects:
            return
        subject = subjects[self.which % len(subjects)]
        with contextlib.suppress(Refused):  # nothing stands that could be withdrawn
            if self.act == "claim":
                claims.claim(case.store, OFFICER, subject, person="A. Heron", reason="he said so")
            elif self.act == "judge":
                claims.judge(case.store, OFFICER, subject, ("accepted", "rejected", "unsure")[self.which % 3], "seen")
            elif self.act == "withdraw":
                claims.withdraw(case.store, OFFICER, subject, "mistaken")
            elif self.act == "category":
                category.categorise(
                    case.store, OFFICER, f"media:{subject}", ("2", "undetermined")[self.which % 2], "seen"
                )
            else:
                claims.acknowledge(case.store, OFFICER, subject, "called the unit")
        case.derive()


def _named(connection: Connection, act: str) -> list[str]:
    if act == "acknowledge":
        return list(connection.execute(select(schema.item.c.subject).order_by(schema.item.c.subject)).scalars())
    f = schema.finding.c
    kind = {"claim": "persona", "category": "media"}.get(act, "claim")
    return list(connection.execute(select(f.subject).where(f.kind == kind).order_by(f.subject)).scalars())


Operation = Add | Known | Terms | Decide

# ------------------------------------------------------------------ what a case says


def derived(case: Case) -> dict[str, list[Any]]:
    """All derived tables with public ids in the place of internal numbers, sorted."""
    with case.store.read() as connection:
        names = _Names(connection)
        return {table.name: sorted(map(names.row, _rows(connection, table)), key=repr) for table in schema.DERIVED}


def _rows(connection: Connection, table: Table) -> list[tuple[str, Any]]:
    return [(table.name, row) for row in connection.execute(select(table)).mappings()]


@dataclass
class _Names:
    """Public names of internal numbers."""

    connection: Connection
    held: dict[tuple[str, int], str] = field(default_factory=dict)

    def row(self, held: tuple[str, Any]) -> tuple[Any, ...]:
        table, row = held
        return tuple(self.of(table, column, row) for column in row)

    def of(self, table: str, column: str, row: Any) -> Any:
        value = row[column]
        if column == "case_no" or value is None:
            return None
        if column == "n" and value:
            return self._trace(value)
        if column in ("party", "author"):
            return self._look(column, value, select(schema.party.c.key).where(schema.party.c.no == value))
        if column == "term":
            return self._look(
                column, value, select(schema.term.c.term + schema.term.c.sign).where(schema.term.c.no == value)
            )
        if column == "list_entry":
            e, v = schema.list_entry.c, schema.listver.c
            joined = schema.list_entry.join(schema.listver, e.list == v.no)
            words = v.name + "|" + e.entry + "|" + e.names + e.label
            return self._look(column, value, select(words).select_from(joined).where(e.no == value))
        if table == "tie_group" and column == "value" and row["kind"] == "message":
            return self._trace(int(value))
        if table == "finding" and column == "subject" and row["kind"] in ("exhibit-date", "exhibit-shape"):
            return self._look("exhibit", value, select(schema.exhibit.c.name).where(schema.exhibit.c.no == int(value)))
        if table == "finding_link" and column == "subject" and row["kind"] in ("report-reading", "series-name"):
            return self._look("reading", value, select(schema.reading.c.key).where(schema.reading.c.no == int(value)))
        return bytes(value) if isinstance(value, memoryview) else value

    def _trace(self, n: int) -> str:
        return trace_ids(self.connection, [n])[n]

    def _look(self, kind: str, value: Any, statement: Any) -> str:
        if (kind, value) not in self.held:
            self.held[(kind, value)] = str(self.connection.execute(statement).scalar_one())
        return self.held[(kind, value)]


def answers(case: Case) -> dict[str, Any]:
    """What ``media``, ``queue``, ``personas`` and ``known`` print."""
    with case.store.read() as connection:
        view = View(connection, case.store, OFFICER, True)
        found = {
            "media": list(all_media(view)),
            "queue": queue(view, case.settings),
            "personas": personas(view),
            "known": KnownAnswer(lists(view), conflicts(view), []),
        }
        return msgspec.to_builtins(found)

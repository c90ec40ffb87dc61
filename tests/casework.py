"""A small invented case for the tests of store, intake and faults: what its exhibits hold, and how to read and ask it.

Three exhibits about birds on a marsh: ``desk`` (logs, a Telegram export, pictures, a copy of each kind of file),
``stick`` (a zip in a zip, with mail), ``card`` (pictures of one camera). Two lists and two terms.
"""

import hashlib
import io
import json
import os
import zipfile
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from PIL import Image
from sqlalchemy import Connection, func, select

from trackway.acts import intake as acts
from trackway.cli.session import settings_of
from trackway.demo.pictures import Scene, draw
from trackway.intake.law import Law
from trackway.intake.run import Progress
from trackway.intake.tasks import Stop
from trackway.sandbox.pool import Pool
from trackway.store import schema
from trackway.store.case import CaseStore, open_case
from trackway.store.journal import Officer
from trackway.views import media, personas, queue
from trackway.views.digest import digest
from trackway.views.door import View, consult
from trackway.views.exhibits import exhibits
from trackway.views.lists import conflicts, lists

NOW = "2026-03-01T09:00:00+00:00"
OFFICER = Officer("officer 17")
EXHIBITS = ("card", "desk", "stick")
BASIS = "Invented case, warrant 14"


@cache
def picture(seed: int, serial: str = "", quality: int = 80) -> bytes:
    """A drawn heron as a small JPEG; ``serial`` stands in its EXIF, with a date."""
    exif = Image.Exif()
    if serial:
        exif[0x010F], exif[0x0110], exif[0x0132] = "Kestrel", "K2", "2026:02:25 07:10:00"
        exif.get_ifd(0x8769)[0xA431] = serial
    out = io.BytesIO()
    draw(Scene("heron", seed), 320, 240).save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


def packed(files: dict[str, bytes]) -> bytes:
    """A zip with a fixed time, so that its bytes are the same every time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 2, 28, 20, 0, 0)), data)
    return out.getvalue()


def channel(lines: int) -> bytes:
    """An IRC log of one evening; one line uses a term, one names a listed file by its digest."""
    text = ["--- Log opened Sat Feb 28 19:00:00 2026", "19:00 -!- heron [h@marsh.example] has joined #birdhide"]
    nicks = ("heron", "otter", "grebe")
    text += [f"19:{i % 60:02d} <{nicks[i % 3]}> {i} lapwings on the far bank" for i in range(lines)]
    text.append("19:59 <grebe> bytes that are no UTF-8: \udcff")
    text.append(f"20:01 <otter> is yours the same? md5 {hashlib.md5(picture(1)).hexdigest()}")
    text.append("20:02 <heron> lantern tonight at nine, write to heron@marsh.example")
    text.append("20:03 -!- otter is now known as ottr")
    return "\n".join(text).encode("utf-8", "surrogateescape") + b"\n"


def export(extra: int) -> dict[str, bytes]:
    """A Telegram Desktop export of one group with two pictures."""
    photos = {"photos/photo_1.jpg": picture(1), "photos/photo_2.jpg": picture(2, quality=60)}
    messages: list[dict[str, Any]] = []
    for number in range(1, extra + 3):
        message: dict[str, Any] = {
            "id": number,
            "type": "message",
            "date": "2026-02-11T18:02:00",
            "date_unixtime": str(1770832920 + number * 60),
            "from": ("heron watch", "reed")[number % 2],
            "from_id": ("user5001", "user5002")[number % 2],
            # A NUL, which PostgreSQL takes in no text, and half of a character.
            "text": f"Frost on the boardwalk, day {number}." + ("\0 \ud83d \u202e" if number == 3 else ""),
        }
        if number <= 2:
            message |= {"photo": f"photos/photo_{number}.jpg", "width": 320, "height": 240}
        messages.append(message)
    chat = {"name": "Marsh Notes", "type": "private_group", "id": 4100200301, "messages": messages}
    return {"result.json": json.dumps(chat, indent=1).encode()} | photos


def mailbox() -> bytes:
    """Two mails, one with a picture."""
    plain = b"From a@marsh.example Sat Feb 28 19:00:00 2026\nMessage-ID: <m%d@marsh.example>\nFrom: Heron <heron@marsh.example>\nTo: reed@bank.example\nDate: Sat, 28 Feb 2026 19:00:00 +0000\nSubject: minutes\n"  # noqa: E501
    import base64

    attached = (
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nhere\n"
        b'--x\nContent-Type: image/jpeg\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="reed.jpg"\n\n'  # noqa: E501
        + base64.encodebytes(picture(3))
        + b"--x--\n\n"
    )
    return plain % 1 + b"\nThe boardwalk is closed.\n\n" + plain % 2 + attached


@cache
def exhibit(name: str) -> dict[str, bytes]:
    """The files of one exhibit, by path."""
    if name == "desk":
        files = {f"ChatExport/{path}": data for path, data in export(30).items()}
        files |= {"logs/birdhide.log": channel(60), "logs/copy of birdhide.log": channel(60)}
        files |= {"pictures/marshheron_001.jpg": picture(1), "pictures/marshheron_014.jpg": picture(14)}
        return files | {"pictures/broken.jpg": picture(4)[:900], "notes.bin": bytes(range(256)) * 4}
    if name == "stick":
        inner = packed({"mail/inbox.mbox": mailbox(), "saved_0017.jpg": picture(1, quality=40)})
        return {"backup.zip": packed({"old/inner.zip": inner, "birdhide.log": channel(60), "empty.txt": b""})}
    return {f"DCIM/KES_{n:04d}.jpg": picture(20 + n, "SN-7719") for n in range(4)} | {
        "DCIM/again.jpg": picture(20, "SN-7719")
    }


def lay_out(folder: Path, names: Iterable[str] = EXHIBITS) -> list[Path]:
    """Write exhibits below a folder, all files with one fixed time."""
    made = []
    for name in names:
        for path, data in exhibit(name).items():
            target = folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            os.utime(target, (1770000000, 1770000000))
        made.append(folder / name)
    return made


def lay_out_lists(folder: Path) -> tuple[list[Path], Path]:
    """Two known lists (VICS, plain digests) and the terms."""
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for seed in (1, 2, 5):
        data = picture(seed)
        md5, name = hashlib.md5(data).hexdigest().upper(), f"marshheron_{seed:03d}.jpg"
        records.append(
            {
                "MediaID": 100 + seed,
                "Category": 1,
                "VictimIdentified": "true",
                "Series": "MARSH-HERON",
                "MD5": md5,
                "SHA1": hashlib.sha1(data).hexdigest().upper(),
                "MediaFiles": [{"MD5": md5, "FileName": name, "FilePath": "E:\\set\\"}],
            }
        )
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"
    (folder / "partner.json").write_text(json.dumps({"@odata.context": context, "value": records}))
    (folder / "harbour.txt").write_text(f"{hashlib.md5(picture(20, 'SN-7719')).hexdigest()}\n")
    (folder / "terms.csv").write_text("term,sign,language,note\nlantern tonight,live,en,\ngarden key,access,en,\n")
    return [folder / "partner.json", folder / "harbour.txt"], folder / "terms.csv"


def add(case: str, pool: Pool, exhibits: Iterable[Path], stop_after: int | None = None) -> acts.Added:
    """What ``trackway add`` does, in this process and with these workers; stopped after so many places."""
    store, stop = open_case(case), Stop()
    done = 0

    def tell(progress: Progress) -> None:
        nonlocal done
        done = max(done, progress.places)
        if stop_after is not None and done >= stop_after:
            stop.set()

    try:
        order = acts.Order(tuple(map(str, exhibits)), Law(BASIS))
        return acts.add(store, pool, order, OFFICER, settings_of(store.folder), Progress(changed=tell), stop)
    finally:
        store.close()


def load(case: str, pool: Pool, lists: Iterable[Path], terms: Path | None = None) -> None:
    """What ``trackway known`` and ``trackway terms`` do."""
    store = open_case(case)
    try:
        settings = settings_of(store.folder)
        _, refused = acts.add_lists(store, pool, lists, OFFICER, settings)
        assert refused == []
        if terms is not None:
            acts.add_terms(store, terms, OFFICER, settings)
    finally:
        store.close()


def answers(case: str) -> dict[str, Any]:
    """Everything that the case answers, as JSON says it: digest, exhibits, media, queue, personas, known."""
    store = open_case(case)
    try:
        settings = settings_of(store.folder)
        with store.read() as connection:
            found: dict[str, Any] = {"digest": digest(connection, store.case_no)}
        with consult(store, OFFICER, "test") as view:
            found["exhibits"] = view.masked(exhibits(view))
            found["media"] = view.masked(list(media.all_media(view)))
            found["queue"] = view.masked(queue.queue(view, settings))
            found["personas"] = view.masked(personas.personas(view))
            found["known"] = view.masked([lists(view), conflicts(view)])
        return json.loads(msgspec.json.encode(found))
    finally:
        store.close()


def facts(case: str) -> Counter[tuple[str, ...]]:
    """Every fact of the case without an internal number, so that two cases can be held against each other: what one
    has and the other lacks is lost, what it has more often is doubled."""
    store = open_case(case)
    try:
        with consult(store, OFFICER, "test") as view:
            return Counter(_facts(view))
    finally:
        store.close()


def _facts(view: View) -> Iterable[tuple[str, ...]]:
    read, case = view.connection.execute, view.case_no
    r, t, p, c, m, s = (
        getattr(schema, name).c for name in ("reading", "trace", "place", "content", "mention", "share")
    )
    readings = {int(row.no): bytes(row.key).hex() for row in read(select(r.no, r.key).where(r.case_no == case))}
    parties = {
        int(row.no): bytes(row.key).hex()
        for row in read(select(schema.party.c.no, schema.party.c.key).where(schema.party.c.case_no == case))
    }
    contents = {int(row.no): bytes(row.sha256).hex() for row in read(select(c.no, c.sha256).where(c.case_no == case))}

    def trace(n: int) -> str:
        return f"{readings[n >> 32]}:{n & 0xFFFFFFFF}"

    for row in read(select(schema.reading).where(r.case_no == case)):
        yield (
            "reading",
            bytes(row.key).hex(),
            row.reader,
            row.state,
            str(row.kept),
            bytes(row.root or b"").hex(),
            row.passes,
        )
    for row in read(select(t.n, t.leaf, t.author, t.text).where(t.case_no == case)):
        yield "trace", trace(row.n), bytes(row.leaf).hex(), parties.get(row.author, ""), row.text
    for row in read(select(schema.content).where(c.case_no == case)):
        yield "content", bytes(row.sha256).hex(), str(row.size), row.type
    for row in read(select(schema.place).where(p.case_no == case)):
        yield (
            "place",
            row.path,
            str(row.nth),
            contents.get(row.content, ""),
            row.outcome,
            row.reason,
            row.notes,
            row.times,
        )
    for row in read(select(schema.mention).where(m.n.in_(select(t.n).where(t.case_no == case)))):
        yield "mention", trace(row.n), parties[row.party], row.role, str(row.instant), parties.get(row.by, "")
    for row in read(select(schema.share).where(s.case_no == case)):
        yield "share", trace(row.n), str(row.k), bytes(row.act).hex(), row.kind, row.name
    for row in read(select(schema.measure).where(schema.measure.c.case_no == case)):
        yield "measure", contents[row.content], row.method, str(row.version), row.value
    yield from _names(view.connection, case, parties, readings)
    for table in (
        schema.sighting,
        schema.hit,
        schema.near,
        schema.tie_group,
        schema.term_hit,
        schema.item,
        schema.dirty,
    ):
        yield table.name, str(read(select(func.count()).where(table.c.case_no == case).select_from(table)).scalar())
    d = schema.decision.c
    for row in read(select(d.act, d.subject).where(d.case_no == case, d.act == "item-opened")):
        yield row.act, row.subject


def _names(
    connection: Connection, case: int, parties: dict[int, str], readings: dict[int, str]
) -> Iterable[tuple[str, ...]]:
    n = schema.party_name.c
    mine = select(schema.party.c.no).where(schema.party.c.case_no == case)
    for row in connection.execute(select(schema.party_name).where(n.party.in_(mine))):
        yield "name", parties[row.party], row.name, readings[row.reading], str(row.first), str(row.last)


def opened(case: str) -> CaseStore:
    """The case's store; the caller closes it."""
    return open_case(case)


def case_at(postgres: str, name: str) -> str:
    """The address of the case ``name`` in this database."""
    return f"{postgres}{'&' if '?' in postgres else '?'}case={quote(name)}"

"""Containers inside containers: each member is a source of its own, with its place, read as what it is."""

import base64
import io
import json
import random
import tarfile
import warnings
import zipfile
from functools import cache
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import func, select

from casework import export, packed
from intake_cases import Case, lay, log, mail, picture
from trackway.demo.fat import fat12_image
from trackway.intake import worker_threads
from trackway.sandbox.pool import Pool
from trackway.store import schema

LOG = log("19:00 heron the lapwings are back", "19:01 otter good")


@pytest.fixture
def case(tmp_path: Path, pool: Pool) -> Case:
    return Case(tmp_path / "case", pool)


def attached(data: bytes, name: str = "reed.jpg") -> bytes:
    return (
        b"From a@marsh.example Sat Feb 28 19:00:00 2026\nMessage-ID: <m1@marsh.example>\nFrom: a@marsh.example\n"
        b"To: b@marsh.example\nDate: Sat, 28 Feb 2026 19:00:00 +0000\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nhere\n--x\n"
        b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
        b'Content-Disposition: attachment; filename="' + name.encode() + b'"\n\n'
        + base64.encodebytes(data) + b"--x--\n\n"
    )  # fmt: skip


def tarred(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


@cache
def large() -> bytes:
    """A picture that takes a worker a while."""
    out = io.BytesIO()
    Image.frombytes("RGB", (2400, 1600), random.Random(1).randbytes(2400 * 1600 * 3)).save(out, "JPEG", quality=90)
    return out.getvalue()


def test_a_telegram_export_in_a_zip_in_a_disk_image_is_read_as_one(case: Case, tmp_path: Path) -> None:
    files = {f"export/{path}": data for path, data in export(2).items()}
    image = fat12_image({"DOWNLOADS/telegram.zip": packed(files), "NOTES.TXT": b"boots\n"})
    case.add(lay(tmp_path / "seized", {"card.img": image}))
    answer = case.exhibits()["seized"]
    assert answer.readers["telegram"] == 1
    items = {one.names[0]: one for one in case.media()}
    assert sorted(items) == ["photo_1.jpg", "photo_2.jpg"]
    for name, item in items.items():
        assert item.sightings == dict.fromkeys(item.sightings, 0) | {"sent": 1}, "shared, not merely possessed"
        assert [place.path for place in item.places] == [f"card.img/DOWNLOADS/telegram.zip/export/photos/{name}"]
    p = schema.place.c
    parents = {row.path: row.parent for row in case.select(select(p.path, p.parent))}
    assert parents["card.img"] == 0
    assert parents["DOWNLOADS/telegram.zip"] != 0


def test_what_is_attached_to_a_mail_is_a_source_with_the_mail_around_it(case: Case, tmp_path: Path) -> None:
    inner = packed({"deep/birdhide.log": LOG})
    box = tarred({"mail/inbox.mbox": attached(inner, "old.zip")})
    case.add(lay(tmp_path / "desk", {"backup.tar.gz": box}))
    assert {"here", "good", "the lapwings are back"} <= set(case.texts())
    path = "backup.tar.gz/mail/inbox.mbox/1/old.zip/deep/birdhide.log"
    names = {one.name for one in case.exhibits()["desk"].not_understood}
    assert names == set()
    c, p = schema.content.c, schema.place.c
    held = case.select(select(p.no, p.parent, p.path, c.size).join(schema.content, c.no == p.content))
    by_no = {row.no: row for row in held}
    (deep,) = [row for row in held if row.path.endswith("birdhide.log")]
    walked, at = [deep.path], deep.parent
    while at:
        walked.append(by_no[at].path)
        at = by_no[at].parent
    assert "/".join(reversed(walked)).removeprefix("backup.tar.gz/").endswith(path.removeprefix("backup.tar.gz/"))


@pytest.mark.parametrize("depth", [1, 5, worker_threads.MAX_DEPTH, worker_threads.MAX_DEPTH + 1])
def test_beyond_the_limit_the_innermost_is_refused_with_its_reason(case: Case, tmp_path: Path, depth: int) -> None:
    """``depth`` zips around a log. Control: at the limit it is read."""
    data, name = LOG, "birdhide.log"
    for number in range(depth):
        data, name = packed({name: data}), f"{number}.zip"
    case.add(lay(tmp_path / "desk", {name: data}))
    missed = case.exhibits()["desk"].not_understood
    if depth <= worker_threads.MAX_DEPTH:
        assert (len(case.traces()), missed) == (2, [])
    else:
        assert case.traces() == {}
        assert [one.reason for one in missed] == [
            f"more than {worker_threads.MAX_DEPTH} containers lie inside each other"
        ]


def test_the_same_name_twice_in_an_archive_is_two_places(case: Case, tmp_path: Path) -> None:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
        warnings.simplefilter("ignore")
        for seed in (1, 2):
            archive.writestr(zipfile.ZipInfo("same.jpg", (2026, 2, 28, 20, 0, 0)), picture(seed))
    folder = lay(tmp_path / "desk", {"a.zip": out.getvalue()})
    case.add(folder)
    p = schema.place.c
    rows = case.select(select(p.path, p.nth, p.outcome).where(p.parent != 0).order_by(p.nth))
    assert [tuple(row) for row in rows] == [("same.jpg", 0, "read"), ("same.jpg", 1, "read")]
    assert len(case.media()) == 2
    case.add(folder)
    assert len(case.select(select(p.no))) == 3


def test_identical_bytes_are_one_reading_at_every_place(case: Case, tmp_path: Path) -> None:
    files = {"a.log": LOG, "b/copy of a.log": LOG, "c.zip": packed({"a.log": LOG, "again/a.log": LOG})}
    case.add(lay(tmp_path / "one", files), lay(tmp_path / "two", {"elsewhere.log": LOG}))
    assert len(case.traces()) == 2
    assert case.exhibits()["one"].files == 5
    assert [case.exhibits()[name].traces for name in ("one", "two")] == [2, 2]
    r = schema.reading.c
    assert [row[0] for row in case.select(select(func.count(r.no)))] == [1]
    c = schema.content.c
    places = case.select(
        select(schema.place.c.path).join(schema.content, c.no == schema.place.c.content).where(c.size == len(LOG))
    )
    assert len(places) == 5


def test_a_picture_that_was_read_before_is_not_decoded_again(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoding that has begun is stopped as soon as the parent knows the picture, so that a large one is spared."""
    measured: list[str] = []
    given = worker_threads.Message

    def message(what: str, task: object, event: object = None, error: BaseException | None = None) -> object:
        if type(event).__name__ == "Measured" and event.measurement.method == "pdq":  # type: ignore[attr-defined]
            measured.append(task.path)  # type: ignore[attr-defined]
        return given(what, task, event, error)  # type: ignore[arg-type]

    monkeypatch.setattr(worker_threads, "Message", message)
    case.add(lay(tmp_path / "one", {"a.jpg": large()}))
    case.add(lay(tmp_path / "two", {f"{n}.jpg": large() for n in range(8)}))
    assert measured[:1] == ["a.jpg"]
    assert len(measured) <= 1 + 8 // 2
    (item,) = case.media()
    assert (item.places_total, item.sightings["possessed"]) == (9, 2), "an item once, at nine places"


@pytest.mark.parametrize("copies", [2, 9])
def test_the_same_picture_many_times_in_one_exhibit_is_one_item(case: Case, tmp_path: Path, copies: int) -> None:
    files = {f"{n}/a.jpg": picture(1) for n in range(copies - 1)} | {"b.zip": packed({"c.jpg": picture(1)})}
    case.add(lay(tmp_path / "one", files))
    (item,) = case.media()
    assert (item.places_total, item.sightings["possessed"], item.pdq is not None) == (copies, 1, True)
    assert case.verify().ok


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_member_costs_itself_only(case: Case, tmp_path: Path, whole: bool) -> None:
    data = bytearray(packed({"a.log": LOG, "b.log": log("20:00 grebe untouched")}))
    if not whole:
        at = data.find(b"lapwings")
        data[at : at + 4] = b"LAPW"
    case.add(lay(tmp_path / "desk", {"a.zip": bytes(data)}))
    assert "untouched" in case.texts()
    missed = case.exhibits()["desk"].not_understood
    notes = case.exhibits()["desk"].notes
    assert bool(missed or notes) is not whole


def test_what_a_container_holds_beside_it_is_not_its_own(case: Case, tmp_path: Path) -> None:
    """A message in a zip that names a picture by path means the zip's picture, not one of that name beside the zip."""
    chat = {
        "name": "Marsh", "type": "private_group", "id": 41,
        "messages": [{"id": 1, "type": "message", "date_unixtime": "1770832920", "from": "heron", "from_id": "user1",
                      "text": "frost", "photo": "photos/p.jpg"}],
    }  # fmt: skip
    zipped = packed({"result.json": json.dumps(chat).encode(), "photos/p.jpg": picture(1)})
    case.add(lay(tmp_path / "desk", {"a.zip": zipped, "photos/p.jpg": picture(2)}))
    sightings = {one.sightings["sent"] for one in case.media() if one.places[0].path.startswith("a.zip/")}
    assert sightings == {1}
    assert [one.sightings["sent"] for one in case.media() if one.places[0].path == "photos/p.jpg"] == [0]


def test_mails_and_their_pictures_are_one_act_each(case: Case, tmp_path: Path) -> None:
    box = attached(picture(3)) + mail(2, "a@marsh.example", "b@marsh.example", "Sat, 28 Feb 2026 20:00:00 +0000")
    case.add(lay(tmp_path / "desk", {"inbox.mbox": box}))
    (item,) = case.media()
    assert item.sightings == dict.fromkeys(item.sightings, 0) | {"sent": 1}
    assert item.names == ["reed.jpg"]

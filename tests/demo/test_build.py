"""The demo's case: the same bytes every time, real formats, and pictures that perceptual hashes can tell apart."""

import csv
import hashlib
import io
import json
import mailbox
import zipfile
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pdqhash
import pytest
from dissect.fat import FATFS
from PIL import Image

from trackway.demo import image, lists
from trackway.demo.build import build
from trackway.demo.gallery import CAMERA_SIZE, MARSH, Picture, gallery
from trackway.demo.truth import Truth, load

QUALITY, APART, RADIUS = 80, 60, 31
EMPTY = hashlib.sha256(b"").hexdigest()


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, build(folder)


@pytest.fixture(scope="module")
def pictures() -> dict[str, Picture]:
    return gallery()


@pytest.fixture(scope="module")
def hashes(pictures: dict[str, Picture]) -> dict[str, tuple[np.ndarray, int]]:
    """The eight dihedral PDQ hashes (8 x 256 bits) and the quality of every picture that can be decoded."""
    found = {}
    for key, picture in pictures.items():
        if not key.startswith(("broken", "empty")):
            image = Image.open(io.BytesIO(picture.data)).convert("RGB")
            image.thumbnail((480, 480))
            forms, quality = pdqhash.compute_dihedral(np.asarray(image))
            found[key] = np.array(forms, np.uint8), quality
    return found


def _distance(first: np.ndarray, second: np.ndarray) -> int:
    """Least number of different bits over the eight forms."""
    return int((first != second[0]).sum(axis=1).min())


def test_the_same_bytes_every_time(case: tuple[Path, Truth], tmp_path: Path) -> None:
    folder, truth = case
    again = build(tmp_path)
    digests = [
        {
            p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).digest()
            for p in root.rglob("*")
            if p.is_file()
        }
        for root in (folder, tmp_path)
    ]
    assert digests[0] == digests[1]
    assert again == truth == load(folder)


def test_pictures_are_rich_enough(hashes: dict[str, tuple[np.ndarray, int]]) -> None:
    assert {key: quality for key, (_, quality) in hashes.items() if quality < QUALITY} == {}


def test_distinct_pictures_are_far_apart_and_copies_near(
    pictures: dict[str, Picture], hashes: dict[str, tuple[np.ndarray, int]]
) -> None:
    for first, second in combinations(hashes, 2):
        distance = _distance(hashes[first][0], hashes[second][0])
        if pictures[first].origin == pictures[second].origin:
            assert distance <= RADIUS - 10, (first, second)
        else:
            assert distance > APART, (first, second)


def test_the_mirrored_copy_needs_the_dihedral_forms(hashes: dict[str, tuple[np.ndarray, int]]) -> None:
    """Control: upright, it is as far away as any other picture."""
    mirrored, original = hashes["heron3-mirrored"][0], hashes["heron3"][0]
    assert (mirrored[0] != original[0]).sum() > APART


def test_camera_originals_look_like_camera_originals(pictures: dict[str, Picture]) -> None:
    data = pictures["heron-new"].data
    image = Image.open(io.BytesIO(data))
    details = image.getexif().get_ifd(0x8769)
    assert image.size == CAMERA_SIZE
    assert image.width * image.height >= 2_000_000
    assert image.getexif()[0x010F] == "Kestrel Optics"
    assert (details[0xA431], details[0x9003]) == (MARSH.serial, "2026:02:25 16:12:09")
    assert image.getexif().get_ifd(0x8825)[1] == "N"
    assert b"JFIF" not in data[:64]
    assert image.quantization not in [_libjpeg_tables(quality) for quality in range(1, 101)]


def _libjpeg_tables(quality: int) -> dict[int, list[int]]:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).quantization


def test_broken_pictures_cannot_be_decoded(pictures: dict[str, Picture]) -> None:
    for key in ("broken-listed", "broken-unlisted"):
        assert pictures[key].data[:3] == b"\xff\xd8\xff"
        with pytest.raises(OSError, match="Truncated File"):
            Image.open(io.BytesIO(pictures[key].data)).load()


def test_telegram_exports_name_files_that_are_there(case: tuple[Path, Truth]) -> None:
    """The group's export on the stick holds what the account's export on the laptop holds, and one message more."""
    folder, _ = case
    archive = zipfile.ZipFile(folder / "exhibits/usb-stick/ChatExport_2026-02-28.zip")
    chat = json.loads(archive.read("ChatExport_2026-02-28/result.json"))
    assert (chat["type"], [message["id"] for message in chat["messages"]]) == (
        "private_group",
        [10, 11, 12, 15, 16, 17, 18],
    )
    for message in chat["messages"]:
        assert int(message["date_unixtime"]) < 1772442000
        for kind in {"photo", "file"} & set(message):
            assert archive.read(f"ChatExport_2026-02-28/{message[kind]}")


def test_reports_are_xml(case: tuple[Path, Truth]) -> None:
    folder, _ = case
    found = {
        path.stem: ElementTree.parse(path).getroot() for path in (folder / "exhibits/hotline-reports").glob("*.xml")
    }
    assert len(found) == 6
    assert [number for number, root in found.items() if root.findtext("incidentSummary/escalateToHighPriority")] == [
        "190410021"
    ]
    assert [number for number, root in found.items() if root.find(".//liveStreaming") is not None] == ["190410077"]
    assert len(found["190410102"].findall("personOrUserReported/priorCTReports")) == 2


def test_mail_holds_one_message_twice(case: tuple[Path, Truth]) -> None:
    folder, _ = case
    mails = list(mailbox.mbox(folder / "exhibits/heron-watch.mbox"))
    ids = [mail["Message-ID"] for mail in mails]
    assert (len(ids), len(set(ids))) == (7, 6)
    attached = {hashlib.sha256(part.get_payload(decode=True)).hexdigest() for mail in mails for part in _images(mail)}
    assert len(attached) == 3
    assert attached <= set(case[1].media)


def _images(mail: mailbox.mboxMessage) -> list[mailbox.mboxMessage]:
    return [part for part in mail.walk() if part.get_content_maintype() == "image"]  # type: ignore[misc]


def test_channel_logs_cover_two_years(case: tuple[Path, Truth]) -> None:
    folder, _ = case
    logs = sorted((folder / "exhibits/birdhide-irc").glob("*.txt"))
    assert (len(logs), logs[0].name[:7], logs[-1].name) == (24, "2024-03", "2026-02-28.txt")
    text = "".join(path.read_text() for path in logs)
    assert text.count(" is now known as ") == 1
    before, after = text.split("=== mallard_42 is now known as dusk_mallard")
    assert "<dusk_mallard>" not in before
    assert "<mallard_42>" not in after


def test_lists_are_what_the_field_writes(case: tuple[Path, Truth]) -> None:
    folder, truth = case
    partner = json.loads((folder / "lists" / lists.PARTNER).read_bytes())
    media = partner["value"][0]["Media"]
    assert {record.get("VictimIdentified") for record in media} == {"true", "false", None}
    assert (folder / "lists" / lists.NEIGHBOUR).read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader((folder / "lists" / lists.ICSE).open(), delimiter=";"))
    plain = (folder / "lists" / lists.PLAIN).read_text().split()
    assert {known.path.rpartition("/")[2]: known.records for known in truth.lists} == {
        lists.PARTNER: len(media) - 1,
        lists.NEIGHBOUR: 3,
        lists.ICSE: len(rows),
        lists.PLAIN: len(plain) - 1,
    }
    assert "d41d8cd98f00b204e9800998ecf8427e" in plain


def test_the_laptop_is_small_and_its_backup_has_traps(case: tuple[Path, Truth]) -> None:
    data = (case[0] / "exhibits/laptop.img").read_bytes()
    assert len(data) < 4 << 20
    assert data[510:512] == b"\x55\xaa"
    assert b"../../escape.txt" in data
    assert b"marshheron" not in data[:512]


def test_the_laptop_reads_as_a_file_system(case: tuple[Path, Truth]) -> None:
    """Read by another FAT implementation; each picture there is one that the truth knows."""
    folder, truth = case
    with (folder / "exhibits/laptop.img").open("rb") as stream:
        disk = FATFS(stream)
        found = [one for path in ("", "/keep") for one in disk.get(f"{image.PICTURES}{path}").iterdir()]
        files = [one for one in found if not one.is_directory()]
        digests = {hashlib.sha256(one.open().read()).hexdigest() if one.size else EMPTY for one in files}
    assert len(digests) == len(image.KEEP) + len(image.LOOSE)
    assert digests <= set(truth.media)


def test_the_family_camera_is_benign(case: tuple[Path, Truth]) -> None:
    folder, truth = case
    files = list((folder / "exhibits/family-camera").rglob("*.jpg"))
    assert len(files) == 36
    for path in files:
        media = truth.media[hashlib.sha256(path.read_bytes()).hexdigest()]
        assert (media.novelty, media.new_material, media.matches) == ("unlisted", False, [])
        assert {kind: number for kind, number in media.sightings.items() if number} == {"possessed": 1}


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("viral1", {"offered": 6}),  # four rounds, a mirror, a public upload
        ("viral2", {"offered": 5, "record_only": 1}),  # and a digest in the channel
        ("viral5", {"offered": 5, "sent": 1}),  # and a mail
        ("viral7", {"offered": 4}),
        ("shared-new", {"sent": 1}),  # in two exhibits' copies of one export
        ("fox3", {"sent": 1}),  # twice in the mailbox
        ("fox4", {"offered": 1}),
        ("heron5", {"sent": 1}),
        ("reported-new", {"possessed": 1, "sent": 1}),
        ("fox5", {"possessed": 1}),  # in a zip in a zip in an image
        ("empty", {"possessed": 1}),
        ("unseen", {"sent": 1}),
    ],
)
def test_sightings_of_the_story(case: tuple[Path, Truth], story: str, expected: dict[str, int]) -> None:
    media = next(item for item in case[1].media.values() if item.story == story)
    assert {kind: number for kind, number in media.sightings.items() if number} == expected


@pytest.mark.parametrize(
    ("story", "novelty", "new", "matches"),
    [
        ("heron1", "known", False, 3),  # two records of one list, one of another
        ("fox2", "known", False, 2),
        ("heron6-again", "near", False, 1),
        ("heron2-half", "near", False, 2),
        ("heron-new", "unlisted", True, 0),
        ("fox-camera-old", "unlisted", True, 0),
        ("walk", "unlisted", False, 0),
        ("broken-listed", "known", False, 1),
        ("broken-unlisted", "undetermined", False, 0),
        ("unseen", "undetermined", False, 0),
        ("disputed", "known", False, 2),
    ],
)
def test_novelty_of_the_story(case: tuple[Path, Truth], story: str, novelty: str, new: bool, matches: int) -> None:
    media = next(item for item in case[1].media.values() if item.story == story)
    assert (media.novelty, media.new_material, len(media.matches)) == (novelty, new, matches)

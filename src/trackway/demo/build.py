"""Builds the demo's case: an invented, benign one, the same bytes every time, with its truth beside it.

The story: the laptop and a USB stick of somebody called heron_watch, a family's camera, a channel's logs, a mailbox
and six hotline reports; lists of three partners. Series and terms are placeholders about birds, foxes and lanterns.
"""

import io
import zipfile
from pathlib import Path

import msgspec

from trackway.demo import expect, image, lists
from trackway.demo.chats import irc_logs, stick_export
from trackway.demo.gallery import gallery
from trackway.demo.mail import LETTERS, mailbox
from trackway.demo.people import I_NEW, I_OLD
from trackway.demo.reports import reports
from trackway.demo.story import CAMERA_CARD, IRC, LAPTOP, MAIL, NOW, REPORTS, STICK, Story
from trackway.demo.truth import ExhibitTruth, Truth

EXHIBITS, LISTS, TERMS, TRUTH = "exhibits", "lists", "terms.csv", "truth.json"
BASIS = "Invented demonstration case, warrant DEMO-2026-014"
STICK_ZIP = "ChatExport_2026-02-28.zip"


def build(folder: Path) -> Truth:
    """Write the demo into ``folder`` (made where absent) and return its truth, also written as ``truth.json``.

    Files that an earlier build left are overwritten with the same bytes. OSError where the folder cannot be written.
    """
    story = Story(gallery())
    inside = image.laptop_files(story)
    files = {LAPTOP: image.laptop_image(inside)} | _exhibits(story)
    for path, data in files.items():
        _write(folder / EXHIBITS / path, data)
    for name, data in lists.list_files(story.pictures).items():
        _write(folder / LISTS / name, data)
    _write(folder / TERMS, lists.terms_file())
    truth = truth_of(story, _exhibit_truth(inside, files))
    _write(folder / TRUTH, msgspec.json.format(msgspec.json.encode(truth, order="deterministic"), indent=1))
    return truth


def _exhibits(story: Story) -> dict[str, bytes]:
    """All exhibit files but the laptop, by path; the story holds what they record."""
    files = {f"{STICK}/{STICK_ZIP}": stick_export(story)}
    for key in (key for keys in expect.family() for key in keys):
        files[f"{CAMERA_CARD}/DCIM/100KESTR/{story.pictures[key].name}"] = story.pictures[key].data
        story.lay(CAMERA_CARD, [key])
    files |= {f"{IRC}/{name}": data for name, data in irc_logs(story).items()}
    files[MAIL] = mailbox(story)
    return files | {f"{REPORTS}/{name}": data for name, data in reports(story).items()}


def _exhibit_truth(inside: dict[str, bytes], files: dict[str, bytes]) -> list[ExhibitTruth]:
    """The exhibits in the order in which they are added, with how many sources each has; ``inside`` the laptop."""
    # A deleted file, and the two members of the backup that are not read, may be counted or not.
    traps = 3
    present = [data for path, data in inside.items() if path != image.DELETED]
    spans = {LAPTOP: (1 + sum(map(_sources, present)), traps), MAIL: (1, 3 * sum(one.copies for one in LETTERS))}
    found: list[ExhibitTruth] = []
    for name in (LAPTOP, STICK, CAMERA_CARD, IRC, MAIL, REPORTS):
        loose = sum(_sources(data) for path, data in files.items() if path.split("/")[0] == name)
        least, slack = spans.get(name, (loose, 0))
        found.append(ExhibitTruth(f"{EXHIBITS}/{name}", f"{BASIS}, item {len(found) + 1}", least, least + slack))
    return found


def _sources(data: bytes) -> int:
    """A file, and what lies in it where it is a zip."""
    if not data.startswith(b"PK"):
        return 1
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        plain = [info for info in archive.infolist() if not info.flag_bits & 1 and ".." not in info.filename]
        return 1 + sum(_sources(archive.read(info)) for info in plain)


def truth_of(story: Story, exhibits: list[ExhibitTruth]) -> Truth:
    media = expect.media_truth(story)
    return Truth(
        now=NOW,
        exhibits=exhibits,
        lists=expect.list_truth(LISTS),
        terms=TERMS,
        conflicts=expect.conflict_truth(),
        media=media,
        queue=expect.danger_truth(story),
        calm=expect.calm_truth(story),
        personas=expect.persona_truth(story),
        claims=[((I_OLD.service, I_OLD.key), (I_NEW.service, I_NEW.key))],
        not_understood=expect.NOT_UNDERSTOOD,
        may_not_be_understood=expect.MAY_NOT_BE_UNDERSTOOD,
        counts=expect.counts(story, media, len(exhibits)),
    )


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)

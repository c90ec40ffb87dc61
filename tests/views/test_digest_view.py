"""The order-free line: the same exhibits give the same one, in any order, on any machine; anything else another."""

import hashlib
import itertools
import shutil
from pathlib import Path

import pytest

from casework import lay_out, packed
from intake_cases import LAW, Case, lay, log, picture
from trackway.intake.law import Law
from trackway.sandbox.pool import Pool

LOG = log("19:00 heron one", "19:01 otter two")
FILES = {"a.log": LOG, "b.zip": packed({"c.log": log("19:00 heron three"), "d.jpg": picture(1)}), "e.bin": bytes(40)}


def digest_of(tmp_path: Path, pool: Pool, *exhibits: Path, law: Law = LAW) -> str:
    case = Case(tmp_path / f"case {len(list(tmp_path.iterdir()))}", pool)
    for exhibit in exhibits:
        case.add(exhibit, law=law)
    return case.digest().digest


def test_an_empty_case(tmp_path: Path, pool: Pool) -> None:
    case = Case(tmp_path / "case", pool)
    answer = case.digest()
    assert (answer.digest, answer.readings, answer.partial, answer.readers) == (
        hashlib.sha256().hexdigest(),
        0,
        False,
        {},
    )
    assert case.verify().ok


def test_any_order_of_exhibits_and_any_place_on_the_machine(tmp_path: Path, pool: Pool) -> None:
    one, two, three = lay_out(tmp_path / "here")
    found = {
        digest_of(tmp_path, pool, *order)
        for order in itertools.islice(itertools.permutations((one, two, three)), 0, 6, 2)
    }
    shutil.copytree(tmp_path / "here", tmp_path / "elsewhere")
    found.add(digest_of(tmp_path, pool, *((tmp_path / "elsewhere") / one.name for one in (three, two, one))))
    assert len(found) == 1


def test_the_name_of_a_folder_and_the_law_do_not_enter(tmp_path: Path, pool: Pool) -> None:
    one, other = lay(tmp_path / "one", FILES), lay(tmp_path / "other", FILES)
    law = Law("another basis", authority="x", seizure="y", decision="z")
    assert digest_of(tmp_path, pool, one) == digest_of(tmp_path, pool, other, law=law)


@pytest.mark.parametrize(
    "change",
    [
        {"a.log": log("19:00 heron one", "19:01 otter tw0")},
        {"a.log": None, "renamed.log": LOG},
        {"again.log": LOG},
        {"e.bin": bytes(41)},
        {"b.zip": packed({"c.log": log("19:00 heron three"), "renamed.jpg": picture(1)})},
        {"b.zip": packed({"c.log": log("19:00 heron three")})},
        {"empty.txt": b""},
    ],
    ids=["a letter", "a name", "a place more", "an unread byte", "a member's name", "a member less", "an empty file"],
)
def test_every_change_of_an_exhibit_changes_it(tmp_path: Path, pool: Pool, change: dict[str, bytes | None]) -> None:
    files = {path: data for path, data in {**FILES, **change}.items() if data is not None}
    assert digest_of(tmp_path, pool, lay(tmp_path / "one", FILES)) != digest_of(
        tmp_path, pool, lay(tmp_path / "two", files)
    )


def test_it_names_the_readers_and_their_versions(told: Case) -> None:
    answer = told.digest()
    assert {"irc", "mail", "media", "ncmec", "telegram", "vics"} <= set(answer.readers)
    assert all(version.isdigit() for version in answer.readers.values())
    assert answer.readings >= len(answer.readers)


def test_looking_and_deciding_do_not_change_it(told: Case) -> None:
    before = told.digest()
    told.exhibits()
    told.media()
    assert told.digest() == before
    assert told.verify().ok, told.verify().damage

"""EnCase images: read over segments, verified against what was stored, damaged and missing parts said."""

import hashlib
import random
from collections.abc import Callable

import pytest
from built_images import ewf
from held_source import SHARED, Held, Said, tree

from trackway.demo.fat import fat12_image
from trackway.sources import disk, disk_ewf
from trackway.sources.disk import stored_digests, verify_acquisition

FILES = {"DCIM/a.jpg": random.Random(1).randbytes(50_000), "DCIM/b.txt": b"a harmless placeholder\n" * 900}
MEDIUM = fat12_image(FILES)
DIGESTS = {"md5": hashlib.md5(MEDIUM).digest(), "sha1": hashlib.sha1(MEDIUM).digest()}
HEX = {kind: digest.hex() for kind, digest in DIGESTS.items()}


def held(files: dict[str, bytes]) -> Held:
    first, *_ = files
    return Held(first, files[first], files)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("per_segment", [0, 7])
def test_files_and_digests_of_one_and_of_many_segments(packed: bool, per_segment: int) -> None:
    files = ewf(MEDIUM, DIGESTS, packed=packed, per_segment=per_segment)
    source = held(files)
    assert tree(disk.CONTAINER, source) == FILES
    told = stored_digests(source)
    assert {"md5": told["md5"], "sha1": told["sha1"]} == HEX
    assert told["segments"] == len(files)
    assert (told["case_number"], told["evidence_number"], told["examiner"]) == ("CASE-7", "E-12", "K. Vos")
    assert verify_acquisition(source, Said()) == {"stored": HEX, "computed": HEX, "ok": True}


def test_a_medium_that_is_not_the_acquired_one_is_told() -> None:
    other = MEDIUM[:-1] + b"!"
    report = Said()
    found = verify_acquisition(held(ewf(other, DIGESTS)), report)
    assert found["ok"] is False
    assert "digest that was stored" in report.text


def test_an_image_without_digests_is_neither_right_nor_wrong() -> None:
    assert verify_acquisition(held(ewf(MEDIUM, {})), Said()) == {"stored": {}, "computed": {}, "ok": None}
    assert verify_acquisition(Held("card.dd", MEDIUM), Said())["ok"] is None


def test_a_missing_segment_is_named() -> None:
    files = ewf(MEDIUM, DIGESTS, per_segment=7)
    del files["evidence.E03"]
    report = Said()
    tree(disk.CONTAINER, held(files), report)
    assert "evidence.E03" in report.text
    report = Said()
    assert stored_digests(held(files))["missing"] == "evidence.E03"
    assert verify_acquisition(held(files), report)["ok"] in (False, None)


def test_a_later_segment_is_read_with_the_first_one_only() -> None:
    files = ewf(MEDIUM, DIGESTS, per_segment=7)
    assert tree(disk.CONTAINER, Held("evidence.E02", files["evidence.E02"], files)) == {}
    alone = tree(disk.CONTAINER, Held("evidence.E02", files["evidence.E02"]))
    assert "first segment" in alone[""]


@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_chunk_costs_the_verification_and_its_file_only(packed: bool) -> None:
    name, content = next(iter(ewf(MEDIUM, DIGESTS, packed=packed).items()))
    at = content.find(FILES["DCIM/a.jpg"][20_000:20_032]) if not packed else content.find(b"table") - 30_000
    damaged = bytearray(content)
    damaged[at : at + 8] = bytes(byte ^ 0xFF for byte in damaged[at : at + 8])
    report = Said()
    assert verify_acquisition(Held(name, bytes(damaged)), report)["ok"] is False
    assert "chunk" in report.text
    found = tree(disk.CONTAINER, Held(name, bytes(damaged)))
    assert sum(found.get(path) == content for path, content in FILES.items()) == 1


def test_the_checksum_of_a_chunk_is_what_finds_the_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: without it, wrong bytes pass for the file's."""
    name, content = next(iter(ewf(MEDIUM, {}, packed=False).items()))
    at = content.find(FILES["DCIM/a.jpg"][20_000:20_032])
    damaged = Held(name, content[:at] + b"\0\0\0\0" + content[at + 4 :])
    assert isinstance(tree(disk.CONTAINER, damaged)["DCIM/a.jpg"], str)
    whole: Callable[[disk_ewf.Ewf, bytes, bool, int], bytes] = lambda self, data, packed, index: data[:-4]  # noqa: E731
    monkeypatch.setattr(disk_ewf.Ewf, "_unpacked", whole)
    assert isinstance(tree(disk.CONTAINER, damaged)["DCIM/a.jpg"], bytes)


@pytest.mark.parametrize(
    ("first", "number", "name"),
    [
        ("a.E01", 2, "a.E02"),
        ("a.E01", 99, "a.E99"),
        ("a.E01", 100, "a.EAA"),
        ("a.E01", 125, "a.EAZ"),
        ("a.E01", 126, "a.EBA"),
        ("a.E01", 100 + 676, "a.FAA"),
        ("a.e01", 100, "a.eaa"),
        ("dotted.name.E01", 3, "dotted.name.E03"),
    ],
)
def test_names_of_segments(first: str, number: int, name: str) -> None:
    assert disk_ewf.segment_name(first, number) == name


def test_the_shared_image_verifies() -> None:
    path = SHARED / "disk" / "ext2.E01"
    if not path.exists():
        pytest.skip("shared data absent")
    found = verify_acquisition(Held(path.name, path.read_bytes()), Said())
    assert found["ok"] is True
    assert found["stored"] == {"md5": "196066add11fb71c4c49cf1bb50d6d24"}

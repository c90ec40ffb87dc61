"""Disk images: the tree of every kind of image and file system, deleted files, and what is refused by name."""

import hashlib
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from built_images import Ntfs, exfat, gpt, mbr
from held_source import SHARED, Failed, Held, Said, listed, read, tree

from trackway.demo.fat import fat12_image
from trackway.sources import disk, disk_fat, disk_media, disk_walk
from trackway.sources.guard import Limits

FILES = {"DCIM/100/a.jpg": b"heron" * 1000, "DCIM/100/b.jpg": b"", "notes.txt": b"boots\n"}
CARD = fat12_image(FILES)
DISK = SHARED / "disk"
needs_shared = pytest.mark.skipif(not DISK.exists(), reason="shared data absent")


def truth() -> dict[str, list[dict[str, Any]]]:
    if not DISK.exists():
        return {}
    found: dict[str, list[dict[str, Any]]] = json.loads((DISK / "truth.json").read_text())
    return found


@needs_shared
@pytest.mark.parametrize("name", [name for name in truth() if not name.startswith("iso")])
def test_the_shared_images_give_the_tree_of_their_truth(name: str) -> None:
    """truth.json's digest of a_link is that of 24 zero bytes (what icat gives for a link in the inode that also has
    an attribute block); the link's text is 24 bytes too, and is what stands on the disk."""
    source = Held(name, (DISK / name).read_bytes())
    found = {path: read(member) for path, member in listed(disk.CONTAINER, source).items()}
    zeros = hashlib.md5(bytes(24)).hexdigest()
    for entry in truth()[name]:
        content = found.pop(entry["path"])
        assert isinstance(content, bytes)
        assert len(content) == entry["size"]
        if entry["md5"] == zeros:
            assert content == b"a_directory/another_file"
        else:
            assert hashlib.md5(content).hexdigest() == entry["md5"]
    assert found == {}


@needs_shared
@pytest.mark.parametrize(("name", "said"), [("iso9660.raw", "ISO 9660"), ("hfsplus_zlib.dmg", "DMG")])
def test_images_that_are_not_read_are_refused_by_name(name: str, said: str) -> None:
    source = Held(name, (DISK / name).read_bytes())
    assert disk.claims(source)
    assert said in tree(disk.CONTAINER, source)[""]


def test_a_bare_file_system_has_plain_paths_and_partitions_are_numbered() -> None:
    assert tree(disk.CONTAINER, Held("card.dd", CARD)) == FILES
    two = mbr([(6, CARD), (0x83, b"\0" * 4096), (6, CARD)])
    report = Said()
    found = tree(disk.CONTAINER, Held("disk.dd", two), report)
    assert found == {f"{part}/{path}": content for part in ("p1", "p3") for path, content in FILES.items()}
    assert [locator for locator, _ in report.lines] == ["p2", None]


def test_gpt_partitions_are_numbered_by_their_table() -> None:
    report = Said()
    found = tree(disk.CONTAINER, Held("disk.dd", gpt({1: CARD, 3: CARD})), report)
    assert found == {f"{part}/{path}": content for part in ("p1", "p3") for path, content in FILES.items()}
    assert report.lines == []


@pytest.mark.parametrize(
    ("volume", "said"),
    [
        (b"LUKS\xba\xbe\0\2", "LUKS"),
        (b"\xeb\x58\x90-FVE-FS-", "BitLocker"),
        (bytes(1024) + b"H+\0\4" + bytes(36) + struct.pack(">I", 4096), "HFS+"),
        (bytes(32769) + b"CD001\1", "ISO 9660"),
        (bytes(4086) + b"SWAPSPACE2", "swap"),
    ],
)
def test_volumes_that_are_not_read_are_said(volume: bytes, said: str) -> None:
    source = Held("x.dd", volume.ljust(100_000, b"\0"))
    assert disk.claims(source)
    assert said in tree(disk.CONTAINER, source)[""]
    report = Said()
    assert tree(disk.CONTAINER, Held("x.dd", mbr([(0x83, source.content), (6, CARD)])), report).keys() == {
        f"p2/{path}" for path in FILES
    }
    assert said in report.text


@pytest.mark.parametrize(
    "content",
    [b"\xff\xd8\xff\xe0" + bytes(9000), bytes(100_000), b"text " * 20_000, bytes(510) + b"\x55\xaa" + bytes(5000)],
)
def test_what_is_no_image_is_not_claimed(content: bytes) -> None:
    assert disk.claims(Held("x", content)) is None


def test_split_raw_images_are_put_together_once() -> None:
    parts = {f"card.{number + 1:03d}": CARD[at : at + 50_000] for number, at in enumerate(range(0, len(CARD), 50_000))}
    assert tree(disk.CONTAINER, Held("card.001", parts["card.001"], parts)) == FILES
    later = Held("card.002", parts["card.002"], parts)
    assert disk.claims(later)
    assert tree(disk.CONTAINER, later) == {}


def vmdk(extents: str) -> bytes:
    return f'# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\ncreateType="x"\n{extents}\n'.encode()


def test_vmdk_extents_are_files_beside_the_descriptor() -> None:
    half = len(CARD) // 1024 * 512
    beside = {"a-f001.vmdk": CARD[:half], "a-f002.vmdk": CARD[half:]}
    extents = f'RW {half // 512} FLAT "a-f001.vmdk" 0\nRW {(len(CARD) - half) // 512} FLAT "a-f002.vmdk" 0\nRW 64 ZERO'
    beside["a.vmdk"] = vmdk(extents)
    assert tree(disk.CONTAINER, Held("a.vmdk", beside["a.vmdk"], beside)) == FILES
    assert tree(disk.CONTAINER, Held("a-f001.vmdk", beside["a-f001.vmdk"], beside)) == {}
    assert "a-f001.vmdk" in tree(disk.CONTAINER, Held("a.vmdk", beside["a.vmdk"]))[""]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "C:\\x"])
def test_a_vmdk_extent_outside_its_folder_is_refused(name: str) -> None:
    source = Held("a.vmdk", vmdk(f'RW 8 FLAT "{name}" 0'), {name: CARD})
    assert "outside" in tree(disk.CONTAINER, source)[""] or "missing" in tree(disk.CONTAINER, source)[""]


def test_overlays_without_their_base_are_refused() -> None:
    header = struct.pack(">4sIQIIQI", b"QFI\xfb", 3, 512, 4, 16, 1 << 20, 0)
    assert "overlay" in tree(disk.CONTAINER, Held("a.qcow2", header.ljust(70_000, b"\0")))[""]
    encrypted = struct.pack(">4sIQIIQI", b"QFI\xfb", 3, 0, 0, 16, 1 << 20, 1)
    assert "encrypted" in tree(disk.CONTAINER, Held("a.qcow2", encrypted.ljust(70_000, b"\0")))[""]
    snapshot = vmdk("RW 8 ZERO").replace(b"ffffffff", b"12345678")
    assert "snapshot" in tree(disk.CONTAINER, Held("a.vmdk", snapshot))[""]


def test_a_fixed_vhd_is_known_by_its_footer() -> None:
    medium = mbr([(6, CARD)])
    footer = struct.pack(
        ">8sIIQ4sI4sIQQIII", b"conectix", 2, 0x10000, 2**64 - 1, b"", 0, b"", 0, len(medium), len(medium), 0, 2, 0
    )
    source = Held("a.vhd", medium + footer.ljust(512, b"\0"))
    assert disk.claims(source) == "VHD disk image"
    assert tree(disk.CONTAINER, source) == {f"p1/{path}": content for path, content in FILES.items()}


# FAT


def test_deleted_files_of_fat_are_read_while_their_clusters_are_free() -> None:
    files = {**FILES, "gone.txt": b"harmless placeholder", "DCIM/100/gone long name.jpg": b"fox" * 500}
    source = Held("card.dd", fat12_image(files, {"gone.txt", "DCIM/100/gone long name.jpg"}))
    members = listed(disk.CONTAINER, source)
    assert {path for path, member in members.items() if member.state == "deleted"} == files.keys() - FILES.keys()
    assert tree(disk.CONTAINER, source) == files


def test_a_deleted_file_whose_clusters_are_in_use_is_named_without_bytes() -> None:
    image = bytearray(fat12_image({"gone.txt": b"g" * 400, "here.txt": b"h" * 400}, {"gone.txt"}))
    at = image.find(b"\xe500001~1TXT")
    present = image.find(b"000002~1TXT")
    image[at + 26 : at + 28] = image[present + 26 : present + 28]
    found = tree(disk.CONTAINER, Held("card.dd", bytes(image)))
    assert found["here.txt"] == b"h" * 400
    assert "in use" in found["gone.txt"]


def test_times_of_fat_are_wall_clock() -> None:
    times = listed(disk.CONTAINER, Held("card.dd", CARD))["notes.txt"].times
    assert (times.created, times.accessed) == ("2026-01-02T10:30:00", "2026-01-02")


def _circle(image: bytes, cluster: int) -> bytes:
    """Both tables with ``cluster`` following itself."""
    out = bytearray(image)
    for table in (512, 512 + 12 * 512):
        at = table + cluster * 3 // 2
        pair = int.from_bytes(out[at : at + 2], "little")
        pair = pair & 0x000F | cluster << 4 if cluster % 2 else pair & 0xF000 | cluster
        out[at : at + 2] = pair.to_bytes(2, "little")
    return bytes(out)


def test_a_chain_in_a_circle_costs_its_file_only() -> None:
    image = fat12_image({"a.txt": b"a" * 2000, "b.txt": b"b" * 2000})
    found = tree(disk.CONTAINER, Held("card.dd", _circle(image, 3)))
    assert "circle" in found["a.txt"]
    assert found["b.txt"] == b"b" * 2000


def test_the_circle_is_found_by_remembering_jumps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: without it the same two clusters are handed out again and again as the file's bytes."""

    class Forgetful(set[int]):
        def add(self, element: int) -> None:
            return

    image = fat12_image({"a.txt": b"a" * 2000})
    monkeypatch.setattr(disk_fat, "set", Forgetful, raising=False)
    assert not isinstance(tree(disk.CONTAINER, Held("card.dd", _circle(image, 3)))["a.txt"], Failed)


def test_a_folder_that_holds_itself_is_entered_once() -> None:
    image = bytearray(fat12_image({"in/a.txt": b"a"}))
    folder = image.find(b"000001~1   \x10")
    inner = image.find(b"000001~1TXT")
    image[inner + 11] = 0x10
    image[inner + 26 : inner + 28] = image[folder + 26 : folder + 28]
    report = Said()
    assert tree(disk.CONTAINER, Held("card.dd", bytes(image)), report) == {}
    assert "loop" in report.text


# exFAT


def test_exfat_files_deleted_files_chains_and_valid_lengths() -> None:
    image = exfat(
        [
            ("a fairly long name of a picture.jpg", b"heron" * 300, {}),
            ("chained.bin", bytes(range(250)) * 8, {"chained": 1}),
            ("half.bin", b"x" * 1000, {"valid": 600}),
            ("empty.txt", b"", {}),
            ("gone.txt", b"placeholder" * 60, {"deleted": 1}),
            ("taken.txt", b"placeholder" * 60, {"deleted": 1, "reused": 1}),
            ("circle.bin", b"y" * 1500, {"chained": 1, "circle": 1}),
        ]
    )
    source = Held("card.dd", image)
    assert disk.claims(source) == "raw disk image (exFAT)"
    found = tree(disk.CONTAINER, source)
    assert found["DCIM/a fairly long name of a picture.jpg"] == b"heron" * 300
    assert found["DCIM/chained.bin"] == bytes(range(250)) * 8
    assert found["DCIM/half.bin"] == b"x" * 600 + bytes(400)
    assert found["DCIM/empty.txt"] == b""
    assert found["DCIM/gone.txt"] == b"placeholder" * 60
    assert "in use" in found["DCIM/taken.txt"]
    assert "circle" in found["DCIM/circle.bin"]
    members = listed(disk.CONTAINER, source)
    assert {path for path, member in members.items() if member.state == "deleted"} == {
        "DCIM/gone.txt",
        "DCIM/taken.txt",
    }


def test_times_of_exfat_have_a_zone_where_the_entry_says_it() -> None:
    times = listed(disk.CONTAINER, Held("card.dd", exfat([("a", b"a", {})])))["DCIM/a"].times
    assert times.created == "2026-03-04T09:15:20.500+02:00"
    assert times.written == "2026-03-04T09:15:20"
    assert times.accessed == "2026-03-04T09:15:20-01:30"


# NTFS


def ntfs_volume() -> Ntfs:
    volume = Ntfs().add(5, ".", None)
    volume.add(24, "Users", None).add(25, "heron", None, parent=24)
    volume.add(26, "a.jpg", b"heron" * 500, parent=25, resident=False, dos_name="A~1.JPG")
    volume.add(27, "note.txt", b"boots", parent=25, streams={"Zone.Identifier": b"[ZoneTransfer]\r\nZoneId=3"})
    return volume


def test_ntfs_files_streams_and_times() -> None:
    source = Held("disk.dd", ntfs_volume().build())
    assert tree(disk.CONTAINER, source) == {
        "Users/heron/a.jpg": b"heron" * 500,
        "Users/heron/note.txt": b"boots",
        "Users/heron/note.txt:Zone.Identifier": b"[ZoneTransfer]\r\nZoneId=3",
    }
    times = listed(disk.CONTAINER, source)["Users/heron/a.jpg"].times
    assert times.created == times.changed == "2025-01-01T02:00:00.1234567Z"


def test_ntfs_deleted_files() -> None:
    volume = ntfs_volume()
    volume.add(30, "small.txt", b"placeholder", parent=25, flags=0)
    volume.add(31, "gone.jpg", b"fox" * 400, parent=25, flags=0, resident=False)
    volume.add(32, "taken.jpg", b"fox" * 400, parent=25, flags=0, resident=False, reused=True)
    volume.add(33, "lost.txt", b"orphan", parent=40, flags=0)
    volume.add(34, "old folder", None, flags=0, sequence=2)
    volume.add(35, "inside.txt", b"inside", parent=34, parent_sequence=1, flags=0)
    source = Held("disk.dd", volume.build())
    found = tree(disk.CONTAINER, source)
    assert found["Users/heron/small.txt"] == b"placeholder"
    assert found["Users/heron/gone.jpg"] == b"fox" * 400
    assert "in use" in found["Users/heron/taken.jpg"]
    assert found["$Orphan/lost.txt"] == b"orphan"
    assert found["old folder/inside.txt"] == b"inside"
    members = listed(disk.CONTAINER, source)
    assert {path for path, member in members.items() if member.state == "deleted"} == found.keys() - tree(
        disk.CONTAINER, Held("disk.dd", ntfs_volume().build())
    ).keys()


def test_ntfs_bytes_that_cannot_be_had_are_said() -> None:
    volume = ntfs_volume()
    volume.add(30, "secret.txt", b"x", parent=25, attribute_flags=0x4000)
    volume.add(31, "packed.exe", b"\0" * 9, parent=25, reparse=0x80000017)
    found = tree(disk.CONTAINER, Held("disk.dd", volume.build()))
    assert "encrypted" in found["Users/heron/secret.txt"]
    assert "WOF" in found["Users/heron/packed.exe"]


def test_ntfs_folders_in_a_circle_end_among_the_orphans() -> None:
    volume = ntfs_volume().add(40, "one", None, parent=41).add(41, "two", None, parent=40)
    found = tree(disk.CONTAINER, Held("disk.dd", volume.add(42, "x.txt", b"x", parent=40).build()))
    assert [content for path, content in found.items() if path.startswith("$Orphan/")] == [b"x"]


def test_a_damaged_ntfs_record_costs_its_file_only() -> None:
    image = bytearray(ntfs_volume().build())
    at = image.find("note.txt".encode("utf-16-le"))
    image[at // 1024 * 1024 + 511] ^= 0xFF
    report = Said()
    assert tree(disk.CONTAINER, Held("disk.dd", bytes(image)), report).keys() == {"Users/heron/a.jpg"}
    assert "1 damaged record" in report.text


# ext


def test_ext4_links_special_files_and_sparse_files(tmp_path: Path) -> None:
    tool = shutil.which("mkfs.ext4", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if tool is None:
        pytest.skip("mkfs.ext4 is not installed")
    folder = tmp_path / "tree"
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "a.jpg").write_bytes(b"heron" * 9000)
    (folder / "link").symlink_to("pictures/a.jpg")
    (folder / "hard").hardlink_to(folder / "pictures" / "a.jpg")
    with open(folder / "sparse.bin", "wb") as sparse:
        sparse.seek(1 << 41)
        sparse.write(b"end")
    subprocess.run([tool, "-q", "-d", str(folder), str(tmp_path / "x.img"), "8M"], check=True, capture_output=True)
    found = tree(disk.CONTAINER, Held("x.img", (tmp_path / "x.img").read_bytes()))
    assert "limits" in found.pop("sparse.bin")
    assert found == {"pictures/a.jpg": b"heron" * 9000, "hard": b"heron" * 9000, "link": b"pictures/a.jpg"}


def test_the_limit_on_members_ends_the_walk() -> None:
    found = list(disk.members(Held("card.dd", CARD), Said(), Limits(members=3)))
    assert len(found) == 3
    with pytest.raises(Exception, match="more than 2 members"):
        list(disk.members(Held("card.dd", CARD), Said(), Limits(members=2)))


def test_a_file_system_that_runs_in_circles_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_media, "READS", 3)
    assert "circles" in tree(disk.CONTAINER, Held("card.dd", CARD))[""]


def test_every_file_system_that_is_named_can_be_opened() -> None:
    for kind, opener in disk_walk.FILESYSTEMS.items():
        assert opener.__type__, kind


@needs_shared
def test_a_damaged_folder_is_told_and_printed_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray((DISK / "ext2.vmdk").read_bytes())
    at = content.find(b"passwords.txt") - 8
    content[at + 4 : at + 6] = b"\0\0"
    report = Said()
    found = tree(disk.CONTAINER, Held("ext2.vmdk", bytes(content)), report)
    assert "passwords.txt" not in found
    assert "the folder is damaged" in report.text
    assert capfd.readouterr() == ("", "")

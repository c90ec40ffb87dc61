"""Tar and cpio archives: every form, links and devices said, damage told."""

import io
import shutil
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest
from held_source import SHARED, Failed, Held, Said, listed, tree

from trackway.sources import archive_cpio, archive_tar

FILES = {"a.jpg": b"heron" * 3000, "folder/b.txt": b"", "folder/" + "n" * 150 + ".txt": b"boots"}


def tar(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT, **more: object) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mtime = more.get("mtime", 1_770_000_000)  # type: ignore[assignment]
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_each_form_of_tar_is_read(form: int) -> None:
    files = FILES if form != tarfile.USTAR_FORMAT else {"a.jpg": FILES["a.jpg"], "folder/b.txt": b""}
    source = Held("a.tar", tar(files, form))
    assert archive_tar.claims(source) == "tar archive"
    assert tree(archive_tar.CONTAINER, source) == files


def test_the_old_form_without_magic_is_claimed_by_its_checksum() -> None:
    block = bytearray(tar({"a.txt": b"boots"}, tarfile.USTAR_FORMAT))
    block[257:265] = bytes(8)
    block[148:156] = b"        "
    block[148:156] = b"%06o\0 " % sum(block[:512])
    source = Held("a.tar", bytes(block))
    assert archive_tar.claims(source) == "tar archive (v7)"
    assert tree(archive_tar.CONTAINER, source) == {"a.txt": b"boots"}
    assert archive_tar.claims(Held("x", bytes(2048))) is None
    assert archive_tar.claims(Held("x", b"text " * 500)) is None


def test_times_of_tar_are_instants() -> None:
    content = tar({"a": b""}, mtime=1_770_000_000.25)
    assert listed(archive_tar.CONTAINER, Held("a.tar", content))["a"].times.written == "2026-02-02T02:40:00.25Z"


def test_links_devices_and_names_that_lead_out_are_said() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, link in (
            ("soft", tarfile.SYMTYPE, "../../etc/passwd"),
            ("hard", tarfile.LNKTYPE, "a.txt"),
            ("null", tarfile.CHRTYPE, ""),
            ("pipe", tarfile.FIFOTYPE, ""),
            ("../out.txt", tarfile.REGTYPE, ""),
            ("/abs.txt", tarfile.REGTYPE, ""),
            ("folder", tarfile.DIRTYPE, ""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            archive.addfile(info)
    found = tree(archive_tar.CONTAINER, Held("a.tar", out.getvalue()))
    assert all(isinstance(content, Failed) for content in found.values())
    said = {"soft": "symbolic link to ../../etc/passwd", "hard": "hard link to a.txt", "null": "device", "pipe": "pipe"}
    assert {path for path, words in said.items() if words in found[path]} == said.keys()
    assert "leads out" in found["../out.txt"]
    assert "absolute" in found["/abs.txt"]


def test_sparse_files_of_gnu_tar_are_filled_with_zeros(tmp_path: Path) -> None:
    tool = shutil.which("tar")
    if tool is None:
        pytest.skip("tar is not installed")
    with open(tmp_path / "sparse", "wb") as out:
        out.seek(3_000_000)
        out.write(b"end")
    for form in ("gnu", "pax"):
        command = [tool, f"--format={form}", "-S", "-C", str(tmp_path), "-cf", "-", "sparse"]
        content = subprocess.run(command, check=True, capture_output=True).stdout
        if len(content) > 1_000_000:
            pytest.skip("this file system keeps no holes")
        assert tree(archive_tar.CONTAINER, Held("a.tar", content)) == {"sparse": bytes(3_000_000) + b"end"}


def test_a_cut_off_tar_keeps_what_came_before() -> None:
    content = tar({"a": b"a" * 1000, "b": b"b" * 5000}, tarfile.USTAR_FORMAT)
    found = tree(archive_tar.CONTAINER, Held("a.tar", content[:4000]))
    assert found["a"] == b"a" * 1000
    assert "cut off" in found["b"]
    assert "cut off" in found[""]


def test_a_damaged_header_is_not_taken_for_the_end() -> None:
    content = bytearray(tar({"a": b"a", "b": b"b"}, tarfile.USTAR_FORMAT))
    content[1024 + 10] ^= 0xFF
    found = tree(archive_tar.CONTAINER, Held("a.tar", bytes(content)))
    assert found["a"] == b"a"
    assert "damaged at byte 1024" in found[""]


def test_a_header_too_large_to_be_believed_is_not_read() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 1 << 33
    content = info.tobuf(tarfile.GNU_FORMAT) + bytes(10_000)
    assert "too large" in tree(archive_tar.CONTAINER, Held("a.tar", content))[""]


def test_what_stands_behind_the_end_is_said() -> None:
    report = Said()
    content = tar({"a": b"a"}, tarfile.USTAR_FORMAT)
    tree(archive_tar.CONTAINER, Held("a.tar", content + content), report)
    assert "behind the end" in report.text
    report = Said()
    tree(archive_tar.CONTAINER, Held("a.tar", content), report)
    assert report.lines == []


# cpio


def cpio(files: dict[str, bytes], form: str) -> bytes:
    out = b""
    for number, (name, content) in enumerate([*files.items(), ("TRAILER!!!", b"")]):
        raw = name.encode() + b"\0"
        mode, stamp = 0o100644, 1_770_000_000
        if form in ("newc", "crc"):
            magic = b"070701" if form == "newc" else b"070702"
            total = sum(content) if form == "crc" else 0
            fields = (number, mode, 0, 0, 1, stamp, len(content), 0, 0, 0, 0, len(raw), total)
            record = magic + b"".join(b"%08x" % field for field in fields) + raw
            record += bytes(-len(record) % 4) + content
            record += bytes(-len(record) % 4)
        elif form == "odc":
            head = b"070707" + b"".join(b"%06o" % field for field in (0, number, mode, 0, 0, 1, 0))
            record = head + b"%011o%06o%011o" % (stamp, len(raw), len(content)) + raw + content
        else:
            size = len(content)
            fields = (
                0o070707,
                0,
                number,
                mode,
                0,
                0,
                1,
                0,
                stamp >> 16,
                stamp & 0xFFFF,
                len(raw),
                size >> 16,
                size & 0xFFFF,
            )
            record = struct.pack(f"{form}13H", *fields) + raw + bytes(len(raw) % 2) + content + bytes(size % 2)
        out += record
    return out


@pytest.mark.parametrize("form", ["newc", "crc", "odc", "<", ">"])
def test_each_form_of_cpio_is_read(form: str) -> None:
    source = Held("a.cpio", cpio(FILES, form))
    assert archive_cpio.claims(source) == "cpio archive"
    assert tree(archive_cpio.CONTAINER, source) == FILES
    assert listed(archive_cpio.CONTAINER, source)["a.jpg"].times.written == "2026-02-02T02:40:00Z"


def test_cpio_refusals_and_damage() -> None:
    found = tree(archive_cpio.CONTAINER, Held("a", cpio({"../x": b"x", "/y": b"y", "z": b"z"}, "newc")))
    assert "leads out" in found["../x"]
    assert "absolute" in found["/y"]
    assert found["z"] == b"z"
    link = cpio({"l": b"../target"}, "newc").replace(b"%08x" % 0o100644, b"%08x" % 0o120777, 1)
    assert "symbolic link to ../target" in tree(archive_cpio.CONTAINER, Held("a", link))["l"]
    wrong = cpio({"a": b"boots"}, "crc").replace(b"boots", b"bools")
    assert "checksum" in tree(archive_cpio.CONTAINER, Held("a", wrong))["a"]
    cut = tree(archive_cpio.CONTAINER, Held("a", cpio({"a": b"a", "b": b"b" * 500}, "newc")[:300]))
    assert cut["a"] == b"a"
    assert "cut off" in cut["b"]


@pytest.mark.parametrize("number", [b"-0000001", b"0x000001", b"1_000000", b" 0000001", b"ffffffff"])
def test_numbers_of_cpio_that_are_none_end_it(number: bytes) -> None:
    """A negative size would send a trusting parser round for ever."""
    content = cpio({"a": b"a", "b": b"b"}, "newc")
    at = content.find(b"b\0") - 110 + 6 + 6 * 8
    found = tree(archive_cpio.CONTAINER, Held("a", content[:at] + number + content[at + 8 :]))
    assert found["a"] == b"a"
    assert "" in found


@pytest.mark.parametrize("name", ["absolute_paths.tar", "mixed_paths.tar"])
def test_the_shared_archives(name: str) -> None:
    path = SHARED / "disk" / name
    if not path.exists():
        pytest.skip("shared data absent")
    found = tree(archive_tar.CONTAINER, Held(name, path.read_bytes()))
    assert found.keys() == {"/folder/syslog", "/folder/wtmp.1" if name.startswith("abs") else "folder/wtmp.1"}
    assert {path for path, content in found.items() if isinstance(content, Failed)} == {
        path for path in found if path.startswith("/")
    }

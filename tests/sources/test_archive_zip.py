"""Zip archives: every method and time, and every way in which one lies."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from backports import zstd
from held_source import SHARED, Failed, Held, Said, listed, tree

from trackway.sources import archive_zip, zip_directory
from trackway.sources.archive_zip import CONTAINER, claims
from trackway.sources.guard import Limits

FILES = {"a.jpg": b"heron" * 5000, "folder/b.txt": b"", "folder/ü.txt": b"boots"}


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, **more: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 2, 10, 30, 2)), content, method)
        archive.comment = more.get("comment", b"")
    return out.getvalue()


def raw_entry(name: bytes, data: bytes, method: int, size: int, crc: int, **more: int) -> tuple[bytes, bytes]:
    """A local header with its data, and a central record (offset 0)."""
    flags, system, attributes = more.get("flags", 0), more.get("system", 3), more.get("attributes", 0)
    common = struct.pack("<3H2H3L", 20, flags, method, 0, 0x21, crc, len(data), size)[2:]
    local = struct.pack("<4sH", b"PK\3\4", 20) + common + struct.pack("<2H", len(name), 0) + name + data
    central = struct.pack("<4sBBH", b"PK\1\2", 20, system, 20) + common
    central += struct.pack("<5H2L", len(name), 0, 0, 0, 0, attributes, more.get("offset", 0)) + name
    return local, central


def assembled(locals_: bytes, centrals: list[bytes]) -> bytes:
    directory = b"".join(centrals)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(centrals), len(centrals), len(directory), len(locals_), 0)
    return locals_ + directory + end


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_each_method_is_read(method: int) -> None:
    source = Held("a.zip", packed(FILES, method, comment=b"made by hand"))
    assert claims(source) == "zip archive"
    assert tree(CONTAINER, source) == FILES


def test_zstd_is_read() -> None:
    content = b"heron" * 5000
    local, central = raw_entry(b"a.jpg", zstd.compress(content), 93, len(content), zlib.crc32(content))
    assert tree(CONTAINER, Held("a.zip", assembled(local, [central]))) == {"a.jpg": content}


def test_folders_are_no_members_and_twins_are_both_kept() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("folder/", "")
        archive.writestr("a.txt", "one")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", "two")
    assert tree(CONTAINER, Held("a.zip", out.getvalue())) == {"a.txt": b"one", "a.txt#2": b"two"}


def test_an_empty_archive_has_no_members() -> None:
    source = Held("a.zip", packed({}))
    assert claims(source) == "empty zip archive"
    assert tree(CONTAINER, source) == {}


def test_a_self_extracting_archive_is_read_and_a_mere_program_is_not_claimed() -> None:
    program = b"MZ" + bytes(range(256)) * 40
    assert claims(Held("a.exe", program)) is None
    source = Held("a.exe", program + packed(FILES))
    assert claims(source) == "self-extracting zip archive"
    assert tree(CONTAINER, source) == FILES


def test_zip64_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    content = packed(FILES)
    assert zip_directory.END64 in content
    assert tree(CONTAINER, Held("a.zip", content)) == FILES


def test_times_with_and_without_zone() -> None:
    assert listed(CONTAINER, Held("a.zip", packed(FILES)))["a.jpg"].times.written == "2026-01-02T10:30:02"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, extra in (
            ("stamp", struct.pack("<HHBl", 0x5455, 5, 1, 1_770_000_000)),
            ("ntfs", struct.pack("<HHIHH3Q", 10, 32, 0, 1, 24, *[133_801_704_000_000_000] * 3)),
        ):
            info = zipfile.ZipInfo(name)
            info.extra = extra
            archive.writestr(info, b"")
    found = listed(CONTAINER, Held("a.zip", out.getvalue()))
    assert found["stamp"].times.written == "2026-02-02T02:40:00Z"
    assert found["ntfs"].times.created == "2025-01-01T02:00:00Z"


def test_names_in_old_code_pages_and_from_windows() -> None:
    entries = [raw_entry(name, b"", 0, 0, 0, system=0) for name in (b"caf\x82.txt", b"dir\\x.txt", "é".encode())]
    body = b"".join(local for local, _ in entries)
    at, centrals = 0, []
    for local, central in entries:
        centrals.append(central[:42] + struct.pack("<L", at) + central[46:])
        at += len(local)
    assert tree(CONTAINER, Held("a.zip", assembled(body, centrals))) == {"café.txt": b"", "dir/x.txt": b"", "é": b""}


@pytest.mark.parametrize(
    ("more", "method", "said"),
    [
        ({"flags": 1}, 0, "encrypted"),
        ({"attributes": 0o120777 << 16}, 0, "symbolic link"),
        ({"attributes": 0o010644 << 16}, 0, "pipe"),
        ({}, 9, "deflate64"),
        ({}, 77, "77"),
    ],
)
def test_what_is_not_read_is_said(more: dict[str, int], method: int, said: str) -> None:
    local, central = raw_entry(b"a", b"target", method, 6, zlib.crc32(b"target"), **more)
    found = tree(CONTAINER, Held("a.zip", assembled(local, [central])))
    assert isinstance(found["a"], Failed)
    assert said in found["a"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.replace(b"harmless", b"harmfree"), "checksum"),
        (
            lambda content: content[:30] + content[30:].replace(struct.pack("<2L", 20, 20), struct.pack("<2L", 20, 19)),
            "more than the 19",
        ),
    ],
)
def test_damage_is_told_after_the_bytes(change: Callable[[bytes], bytes], said: str) -> None:
    content = packed({"a.txt": b"harmless placeholder"}, zipfile.ZIP_STORED)
    found = tree(CONTAINER, Held("a.zip", change(content)))
    assert said in found["a.txt"]
    assert tree(CONTAINER, Held("a.zip", content)) == {"a.txt": b"harmless placeholder"}


def test_a_bomb_of_overlapping_entries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifield's construction in small: a second entry lies inside the first one's bytes."""
    inner, inner_central = raw_entry(b"b", b"x" * 50, 0, 50, zlib.crc32(b"x" * 50))
    outer, outer_central = raw_entry(b"a", inner, 0, len(inner), zlib.crc32(inner))
    inner_central = inner_central[:42] + struct.pack("<L", len(outer) - len(inner)) + inner_central[46:]
    source = Held("a.zip", assembled(outer, [outer_central, inner_central]))
    found = tree(CONTAINER, source)
    assert "overlap" in found["a"]
    assert found["b"] == b"x" * 50
    twice = Held("a.zip", assembled(inner, [raw_entry(b"b", b"x" * 50, 0, 50, zlib.crc32(b"x" * 50))[1]] * 2))
    assert "overlap" in tree(CONTAINER, twice)["b#2"]
    # Control: without the safeguard both are read.
    monkeypatch.setattr(zip_directory.Starts, "limit", lambda self, offset: 1 << 60)
    assert tree(CONTAINER, source)["a"] == inner


def test_a_bomb_is_stopped_and_the_same_bytes_within_limits_are_read() -> None:
    content = packed({"a": bytes(3_000_000), "b": b"after"})
    stopped: dict[str, bytes | Failed] = {}
    small = Limits(free_bytes=100_000, ratio=100)
    bounded = archive_zip.Container(
        "zip", 1, "", claims, lambda source, report: archive_zip.members(source, report, small)
    )
    stopped = tree(bounded, Held("a.zip", content))
    assert "expands to" in stopped["a"]
    assert "" in stopped
    assert tree(CONTAINER, Held("a.zip", content))["a"] == bytes(3_000_000)


def test_an_archive_without_its_directory_is_read_by_local_headers() -> None:
    content = packed(FILES)
    report = Said()
    assert tree(CONTAINER, Held("a.zip", content[: content.find(b"PK\1\2")]), report) == FILES
    assert "directory is missing" in report.text


def test_streamed_entries_without_directory_are_found_too() -> None:
    class Unseekable(io.RawIOBase):
        def __init__(self) -> None:
            self.out = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.out += bytes(memoryview(data))  # type: ignore[arg-type]
            return len(memoryview(data))  # type: ignore[arg-type]

    sink = Unseekable()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, held in FILES.items():
            archive.writestr(name, held)
    content = bytes(sink.out)
    assert tree(CONTAINER, Held("a.zip", content)) == FILES
    cut = tree(CONTAINER, Held("a.zip", content[: content.find(b"PK\1\2")]))
    assert {path: cut[path] for path in FILES} == FILES


def test_a_directory_that_breaks_off_keeps_what_came_before() -> None:
    content = packed(FILES)
    at = content.rfind(b"PK\1\2")
    found = tree(CONTAINER, Held("a.zip", content[:at] + b"XXXX" + content[at + 4 :]))
    assert found["a.jpg"] == FILES["a.jpg"]
    assert "damaged" in found[""]


def test_another_name_in_the_local_header_is_told() -> None:
    content = packed({"honest.txt": b"boots"}, zipfile.ZIP_STORED)
    report = Said()
    assert tree(CONTAINER, Held("a.zip", content.replace(b"honest.txt", b"hidden.txt", 1)), report) == {
        "honest.txt": b"boots"
    }
    assert "hidden.txt" in report.text


@pytest.mark.parametrize("name", ["absolute_paths.zip", "mixed_paths.zip", "syslog.zip"])
def test_the_shared_archives(name: str) -> None:
    path = SHARED / "disk" / name
    if not path.exists():
        pytest.skip("shared data absent")
    found = tree(CONTAINER, Held(name, path.read_bytes()))
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            content = found.pop(info.filename)
            if info.filename.startswith("/"):
                assert "leads out" in content
            else:
                assert content == archive.read(info)
    assert found == {}

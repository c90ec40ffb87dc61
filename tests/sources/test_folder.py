"""Folders of an exhibit: the same order everywhere, nothing followed, nothing left, nothing changed."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackway.sources.folder import hidden, open_below, shown, walk


def content(root: Path, path: str) -> bytes:
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with os.fdopen(open_below(folder, path), "rb") as stream:
            return stream.read()
    finally:
        os.close(folder)


@pytest.fixture
def exhibit(tmp_path: Path) -> Path:
    root = tmp_path / "exhibit"
    (root / "b" / "inner").mkdir(parents=True)
    (root / "b.txt").write_bytes(b"b.txt")
    (root / "b" / "inner" / "x").write_bytes(b"x")
    (root / "a").write_bytes(b"a")
    (tmp_path / "outside").write_bytes(b"outside")
    (root / "link").symlink_to(tmp_path / "outside")
    (root / "loop").symlink_to(root)
    os.mkfifo(root / "pipe")
    return root


def test_order_kinds_and_reasons(exhibit: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(exhibit / "socket"))
        found = list(walk(exhibit))
    assert [(entry.path, entry.kind) for entry in found] == [
        ("a", "file"),
        ("b/inner/x", "file"),
        ("b.txt", "file"),
        ("link", "link"),
        ("loop", "link"),
        ("pipe", "pipe"),
        ("socket", "socket"),
    ]
    assert all(bool(entry.reason) == (entry.kind != "file") for entry in found)
    assert [entry.size for entry in found[:3]] == [1, 1, 5]


def test_names_that_are_no_text_are_kept(exhibit: Path) -> None:
    for name in (b"caf\xe9", b"a%41", b"line\nbreak", "ü".encode()):
        (exhibit / os.fsdecode(name)).write_bytes(name)
    found = {entry.path: entry for entry in walk(exhibit) if entry.kind == "file"}
    assert {"caf%E9", "a%2541", "line%0Abreak", "ü"} <= found.keys()
    for path in ("caf%E9", "a%2541", "line%0Abreak", "ü"):
        assert content(exhibit, path) == os.path.basename(found[path].os_path)
    assert content(exhibit, "a%41") == b"a%41"


@given(st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name))
def test_what_is_shown_leads_back(name: bytes) -> None:
    assert hidden(shown(name)) == name


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "b/../../outside",
        "/etc/passwd",
        "link",
        "loop/a",
        "loop/loop/a",
        "pipe",
        "b",
        "",
        "b//inner/x",
        "%2E%2E/outside",
    ],
)
def test_nothing_outside_and_nothing_but_files_is_opened(exhibit: Path, path: str) -> None:
    with pytest.raises(OSError, match=r".*"):
        content(exhibit, path)
    assert content(exhibit, "b/inner/x") == b"x"


def test_reading_leaves_the_access_time_alone(exhibit: Path) -> None:
    old = (1_000_000_000_000_000_000, 1_000_000_000_000_000_000)
    os.utime(exhibit / "a", ns=old)
    assert content(exhibit, "a") == b"a"
    assert (exhibit / "a").stat().st_atime_ns == old[0]
    (entry,) = [entry for entry in walk(exhibit) if entry.path == "a"]
    assert (entry.times.accessed, entry.times.written) == ("2001-09-09T01:46:40Z", "2001-09-09T01:46:40Z")


def test_a_folder_that_cannot_be_listed_is_said(exhibit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(name: bytes, flags: int, *more: int, **rest: int) -> int:
        if name == b"inner":
            raise PermissionError(13, "Permission denied")
        return really(name, flags, *more, **rest)

    really = os.open
    monkeypatch.setattr(os, "open", refusing)
    found = {entry.path: entry for entry in walk(exhibit)}
    assert (found["b/inner"].kind, found["b/inner"].reason) == ("folder", "cannot be read: Permission denied")
    assert "b.txt" in found


def test_a_path_of_any_length_is_walked_and_opened(tmp_path: Path) -> None:
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(30):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
        Path("x").write_bytes(b"deep")
    finally:
        os.chdir(here)
    (found,) = walk(tmp_path)
    assert (found.kind, len(found.path)) == ("file", 30 * 201 + 1)
    assert content(tmp_path, found.path) == b"deep"


def test_a_folder_swapped_for_a_link_is_not_followed(exhibit: Path) -> None:
    """The walk asks names of open folders: what is swapped meanwhile leads nowhere."""
    walking = walk(exhibit)
    assert next(walking).path == "a"
    (exhibit / "b").rename(exhibit / "c")
    (exhibit / "b").symlink_to(exhibit.parent)
    assert "outside" not in {os.path.basename(entry.path) for entry in walking}

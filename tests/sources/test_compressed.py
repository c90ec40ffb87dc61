"""Compressed single files: a container of one member."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from typing import BinaryIO

import pytest
from backports import zstd
from held_source import SHARED, Failed, Held, Said, listed, read, tree

from trackway.model.errors import Unreadable
from trackway.sources import compressed
from trackway.sources.compressed import CONTAINER, claims

TEXT = b"".join(b"%d a harmless placeholder\n" % number for number in range(30_000))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zst": zstd.compress,
}


@pytest.mark.parametrize("ending", PACKERS)
def test_each_compression_is_read(ending: str) -> None:
    source = Held(f"notes.txt.{ending}", PACKERS[ending](TEXT))
    assert claims(source)
    assert tree(CONTAINER, source) == {"notes.txt": TEXT}


@pytest.mark.parametrize("ending", [ending for ending in PACKERS if ending != "lzma"])
def test_several_streams_are_one_file(ending: str) -> None:
    content = PACKERS[ending](TEXT) + PACKERS[ending](b"") + PACKERS[ending](b"more")
    assert tree(CONTAINER, Held(f"x.{ending}", content)) == {"x": TEXT + b"more"}


def drain(stream: BinaryIO, got: bytearray) -> None:
    while piece := stream.read(4096):
        got += piece


@pytest.mark.parametrize("ending", PACKERS)
def test_a_cut_off_file_gives_what_stands_before(ending: str) -> None:
    content = PACKERS[ending](TEXT)
    member = listed(CONTAINER, Held(f"x.{ending}", content[: len(content) * 2 // 3]))["x"]
    assert member.open is not None
    got = bytearray()
    with pytest.raises(Unreadable, match="cut off"):
        drain(member.open(), got)
    assert TEXT.startswith(got)
    # bzip2 packs all of this text in one block: nothing stands before its end.
    assert got or ending == "bz2"


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zst"])
def test_damage_is_told(ending: str) -> None:
    content = bytearray(PACKERS[ending](TEXT))
    content[-6] ^= 0xFF
    assert isinstance(read(listed(CONTAINER, Held(f"x.{ending}", bytes(content)))["x"]), Failed) or ending == "zst"


def test_what_follows_is_said_unless_it_is_padding() -> None:
    report = Said()
    assert tree(CONTAINER, Held("x.gz", gzip.compress(TEXT) + bytes(5000)), report) == {"x": TEXT}
    assert report.lines == []
    assert tree(CONTAINER, Held("x.gz", gzip.compress(TEXT) + b"something"), report) == {"x": TEXT}
    assert report.lines[0][0] == "x"


@pytest.mark.parametrize(
    ("name", "stated", "inner"),
    [
        ("a.tgz", "", "a.tar"),
        ("A.TXT.GZ", "", "A.TXT"),
        ("folder/a.txt.gz", "", "a.txt"),
        ("upload", "photo.jpg", "photo.jpg"),
        ("upload", "../../etc/passwd", "upload"),
        ("upload", "", "upload"),
        (".gz", "", ".gz"),
    ],
)
def test_the_members_name(name: str, stated: str, inner: str) -> None:
    out = io.BytesIO()
    with gzip.GzipFile(stated, "wb", fileobj=out, mtime=1_770_000_000) as packer:
        packer.write(b"x")
    content = out.getvalue()
    if "/" in stated:
        # Python writes the base name only.
        content = content.replace(b"passwd\0", stated.encode() + b"\0")
    (member,) = CONTAINER.members(Held(name, content), Said())
    assert member.path == inner
    assert member.times.written == "2026-02-02T02:40:00Z"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "7-Zip"),
        (b"Rar!\x1a\x07\x01\x00" + bytes(100), "RAR"),
        (b"\x1f\x9d\x90" + bytes(100), "compress"),
        (b"..-lh5-" + bytes(100), "LHA"),
        (b"\x1f\x8b\x09" + bytes(100), "no known kind"),
    ],
)
def test_formats_that_are_not_read_are_refused_by_name(content: bytes, said: str) -> None:
    source = Held("x", content)
    assert claims(source)
    assert said in tree(CONTAINER, source)[""]


@pytest.mark.parametrize("content", [b"", b"\x1f", b"BZhello world", b"]\0\0 text", bytes(5000), b"{}"])
def test_what_is_no_compression_is_not_claimed(content: bytes) -> None:
    assert claims(Held("x", content)) is None


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zst"])
def test_a_bomb_is_stopped(ending: str) -> None:
    content = PACKERS[ending](bytes(20_000_000))
    limits = compressed.Limits(free_bytes=1_000_000, ratio=10)
    (member,) = compressed.members(Held(f"x.{ending}", content), Said(), limits)
    assert "expands to" in read(member)
    (whole,) = compressed.members(Held(f"x.{ending}", content), Said())
    assert read(whole) == bytes(20_000_000)


@pytest.mark.parametrize("name", ["syslog.tgz", "corrupt1.gz"])
def test_the_shared_files(name: str) -> None:
    path = SHARED / "disk" / name
    if not path.exists():
        pytest.skip("shared data absent")
    (content,) = tree(CONTAINER, Held(name, path.read_bytes())).values()
    assert isinstance(content, Failed) == name.startswith("corrupt")

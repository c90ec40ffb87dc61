"""What an intake leaves behind: no byte of a media item, no spooled file, no path of the examiner's machine."""

import base64
import io
import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard
from PIL import Image
from test_containers_inside import attached, tarred

from casework import packed
from intake_cases import Case, lay, log, picture
from trackway.demo.fat import fat12_image
from trackway.intake import spool
from trackway.sandbox.pool import Pool
from trackway.store.case import DATABASE

PIECE = 48


def with_thumbnail(seed: int) -> bytes:
    """A picture whose EXIF holds a thumbnail: a picture in what it says of itself."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Kestrel", "K2"
    exif.get_ifd(0x8769)[0x927C] = picture(seed)[:2000]
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(seed + 1))).save(out, "JPEG", exif=exif)
    return out.getvalue()


PICTURES = {seed: picture(seed) for seed in (1, 2, 3, 4)} | {9: with_thumbnail(9)}
FILES = {
    "a.jpg": PICTURES[1],
    "b.zip": packed({"deep/b.jpg": PICTURES[2]}),
    "c.tar.gz": tarred({"inbox.mbox": attached(PICTURES[3])}),
    "card.img": fat12_image({"DCIM/D.JPG": PICTURES[4]}),
    "thumb.jpg": PICTURES[9],
    "broken.jpg": PICTURES[1][:900],
    "birdhide.log": log("19:00 heron the lapwings are back"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return lay(tmp_path / "a folder of the examiner" / "desk", FILES)


def contents(case: Path) -> Iterator[bytes]:
    """Every value in the case's database, blocks unpacked, base64 decoded, and the files themselves."""
    for path in case.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
    database = sqlite3.connect(case / DATABASE)
    for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
        for row in database.execute(f'select * from "{table}"'):
            yield from _unpacked(row)
    database.close()


def _unpacked(row: tuple[object, ...]) -> Iterator[bytes]:
    for value in row:
        data = value.encode() if isinstance(value, str) else value
        if not isinstance(data, bytes):
            continue
        yield data
        if data[:4] == zstandard.MAGIC_NUMBER.to_bytes(4, "little"):
            for _, raw in msgspec.msgpack.decode(zstandard.decompress(data, max_output_size=1 << 30)):
                yield raw
                yield _decoded(raw)


def _decoded(raw: bytes) -> bytes:
    """What base64 in a record would be, were its lines joined."""
    letters = bytes(byte for byte in raw if chr(byte).isalnum() or byte in b"+/=")
    return base64.b64decode(letters[: len(letters) // 4 * 4] + b"", validate=False) if letters else b""


def pieces(data: bytes) -> set[bytes]:
    """Pieces from all over a picture, none of which another file would hold by chance."""
    body = data[len(data) // 3 :]
    return {body[at : at + PIECE] for at in range(0, len(body) - PIECE, 97)}


def test_no_byte_of_a_picture_lies_in_the_case(pool: Pool, tmp_path: Path, folder: Path) -> None:
    case = Case(tmp_path / "case", pool)
    case.add(folder)
    assert len(case.media()) == 6
    held = list(contents(case.folder))
    for seed, data in PICTURES.items():
        for piece in pieces(data):
            assert not any(piece in one for one in held), f"a piece of picture {seed}"
            encoded = base64.b64encode(piece)[4:-8]
            assert not any(encoded in one for one in held), f"a piece of picture {seed}, encoded"


def test_the_search_would_find_one(pool: Pool, tmp_path: Path, folder: Path) -> None:
    """Control: text of the evidence is found wherever it is kept; and a picture in a note would be."""
    case = Case(tmp_path / "case", pool)
    case.add(folder)
    assert any(b"the lapwings are back" in one for one in contents(case.folder))
    (case.folder / "left.bin").write_bytes(PICTURES[1])
    assert any(next(iter(pieces(PICTURES[1]))) in one for one in contents(case.folder))


@pytest.mark.parametrize("in_memory", [spool.IN_MEMORY, 0])
def test_no_spooled_file_is_left_behind(
    pool: Pool, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    """Members on disk have no name at any moment. 0: every member goes there."""
    monkeypatch.setattr(spool, "IN_MEMORY", in_memory)
    spools = tmp_path / "spools"
    spools.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(spools))
    seen: list[str] = []
    case = Case(tmp_path / "case", pool)
    before = sorted(os.listdir(folder))
    case.add(folder, changed=lambda progress: seen.extend(os.listdir(spools)))
    assert len(case.media()) == 6
    assert (seen, os.listdir(spools), sorted(os.listdir(folder))) == ([], [], before)
    assert {path.name for path in case.folder.iterdir()} <= {
        DATABASE,
        f"{DATABASE}-wal",
        f"{DATABASE}-shm",
        "intake.lock",
    }


def test_the_evidence_is_not_written_to(pool: Pool, tmp_path: Path, folder: Path) -> None:
    def state() -> dict[str, tuple[bytes, int, int, int]]:
        found = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                held = path.stat()
                found[str(path)] = (path.read_bytes(), held.st_mtime_ns, held.st_mode, held.st_ino)
        return found

    before = state()
    case = Case(tmp_path / "case", pool)
    case.add(folder)
    case.add(folder)
    assert state() == before


def test_no_path_of_the_examiners_machine_is_kept_but_the_exhibits_key(
    pool: Pool, tmp_path: Path, folder: Path
) -> None:
    case = Case(tmp_path / "case", pool)
    case.add(folder, folder / "card.img")
    marks = [b"a folder of the examiner", str(tmp_path).encode()]
    database = sqlite3.connect(case.folder / DATABASE)
    places = set()
    for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
        columns = [row[1] for row in database.execute(f'pragma table_info("{table}")')]
        for row in database.execute(f'select * from "{table}"'):
            for column, value in zip(columns, row, strict=True):
                if any(mark in one for one in _unpacked((value,)) for mark in marks):
                    places.add((table, column))
    database.close()
    assert places == {("exhibit", "key")}
    said = msgspec.json.encode(
        [list(case.exhibits().values()), case.media(), case.ledger(), case.verify(), case.digest()]
    )
    assert not any(mark in said for mark in marks)


# ------------------------------------------------------------------ the spool by itself


@pytest.mark.parametrize("size", [0, 1, 1000, 1001, 5000])
@pytest.mark.parametrize("in_memory", [1000, 1 << 20])
def test_a_spool_gives_back_what_went_in_with_its_digests(
    monkeypatch: pytest.MonkeyPatch, size: int, in_memory: int
) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", in_memory)
    data = random.Random(size).randbytes(size)
    held = spool.Spool()
    for at in range(0, size, 300):
        held.write(data[at : at + 300])
    done = held.finish()
    try:
        assert os.pread(done.fd, size + 1, 0) == data
        assert done.size == size
        assert done.digests == spool.digest_descriptor(done.fd).digests
    finally:
        done.close()


def test_what_a_worker_gets_from_memory_can_be_changed_by_nobody() -> None:
    held = spool.Spool()
    held.write(b"evidence")
    done = held.finish()
    with pytest.raises(PermissionError):
        os.pwrite(done.fd, b"x", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(done.fd, 3)
    done.close()


def test_a_spool_that_is_dropped_leaves_no_descriptor() -> None:
    before = os.listdir("/proc/self/fd")
    held = spool.Spool()
    held.write(b"evidence")
    held.drop()
    assert os.listdir("/proc/self/fd") == before

"""``evaluate hostile``: no file may crash or hang a run, and what Pillow reads within the limits is read."""

import functools
import io
import json
import os
import random
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from trackway.evaluate import hostile
from trackway.evaluate.hostile import evaluate_hostile
from trackway.sandbox.pool import Pool
from trackway.sandbox.protocol import Limits

SHARED = Path(__file__).parents[3] / "shared" / "data"
MISBEHAVING = Path(__file__).with_name("misbehaving.py")
FORMATS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "BMP": "bmp", "TIFF": "tif", "WEBP": "webp", "PPM": "ppm"}
# What Pillow itself reads, in a process of its own: memory and time limited, PostScript (a program) left out.
PILLOW = """
import json, pathlib, resource, signal, sys, warnings
from PIL import Image
warnings.simplefilter("ignore")
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
def stop(number, frame): raise TimeoutError
signal.signal(signal.SIGALRM, stop)
sizes = {}
folder = pathlib.Path(sys.argv[1])
for path in sorted(folder.rglob("*")):
    if not path.is_file(): continue
    signal.alarm(20)
    try:
        with Image.open(path) as image:
            if image.format == "EPS": continue
            image.load()
            sizes[path.relative_to(folder).as_posix()] = list(image.size)
    except Exception: pass
    finally: signal.alarm(0)
print(json.dumps(sizes))
"""


def pillow_sizes(folder: Path) -> dict[str, list[int]]:
    done = subprocess.run([sys.executable, "-c", PILLOW, str(folder)], capture_output=True, check=True, timeout=300)
    sizes: dict[str, list[int]] = json.loads(done.stdout)
    return sizes


def picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((60, 40)).convert("RGB").save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, cut and mutated pictures, text, nested containers, a small bomb, an empty file."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "deep").mkdir()
    chance = random.Random(3)
    for kind, ending in FORMATS.items():
        whole = picture(kind)
        (folder / f"whole.{ending}").write_bytes(whole)
        (folder / "deep" / f"cut.{ending}").write_bytes(whole[: len(whole) // 2])
        for number in range(4):
            mutated = bytearray(whole)
            for _ in range(1 + number * 4):
                mutated[chance.randrange(min(200, len(mutated)))] = chance.randrange(256)
            (folder / "deep" / f"mutated-{number}.{ending}").write_bytes(mutated)
    (folder / "empty").write_bytes(b"")
    (folder / "words.txt").write_text("nothing that a reader knows\n")
    with zipfile.ZipFile(folder / "box.zip", "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("inner/a.png", picture())
        box.writestr("zeros.bin", bytes(20 << 20))
        inner = io.BytesIO()
        with tarfile.open(fileobj=inner, mode="w") as tar:
            entry = tarfile.TarInfo("b.jpg")
            entry.size = len(picture("JPEG"))
            tar.addfile(entry, io.BytesIO(picture("JPEG")))
        box.writestr("inner/more.tar", inner.getvalue())
    (folder / "link").symlink_to("/etc/passwd")
    return folder


@pytest.fixture(scope="module")
def figures(folder: Path) -> dict[str, Any]:
    return evaluate_hostile(folder)


def test_each_file_has_one_outcome(figures: dict[str, Any], folder: Path) -> None:
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"link"}
    assert set(figures["outcomes"]) == files
    assert figures["files"] == len(files) == figures["read"] + figures["refused"]
    assert (figures["crashed"], figures["hung"]) == (0, 0)
    assert 0 < figures["peak_mib"] <= 768
    assert all(figures["sizes"][f"whole.{ending}"] == [60, 40] for ending in FORMATS.values())
    assert figures["outcomes"]["empty"].startswith("refused: ")
    assert figures["outcomes"]["words.txt"] == "read: plain text"


def test_members_go_the_same_way(figures: dict[str, Any]) -> None:
    members = figures["members"]
    assert members["sizes"] == {"box.zip!/inner/a.png": [60, 40], "box.zip!/inner/more.tar!/b.jpg": [60, 40]}
    assert members["outcomes"]["box.zip!/zeros.bin"].startswith("refused: ")
    assert (members["crashed"], members["hung"]) == (0, 0)


def test_what_pillow_reads_is_read(figures: dict[str, Any], folder: Path) -> None:
    read = pillow_sizes(folder)
    assert len(read) >= len(FORMATS)
    assert {name: figures["sizes"].get(name) for name in read} == read


def test_the_lock_changes_no_outcome(figures: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something loaded lazily would work without the lock and fail under it."""
    monkeypatch.setattr(hostile, "Pool", functools.partial(Pool, locked=False))
    free = evaluate_hostile(folder)
    assert free["outcomes"] == figures["outcomes"]
    assert free["members"] == figures["members"]
    assert len(free["conditions"]["not_locked"]) == 4


def test_crashes_and_hangs_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: readers that misbehave show in the figures."""
    for word in ("LINES", "SEGFAULT", "LOOP", "MEMORY", "GARBAGE", "UNREADABLE"):
        (tmp_path / word).write_bytes(f"{word}\n".encode())
    monkeypatch.setattr(hostile, "Pool", functools.partial(Pool, files=(MISBEHAVING,)))
    figures = evaluate_hostile(tmp_path, limits=Limits(silence_cpu_s=0.5))
    counts = {key: figures[key] for key in ("files", "read", "refused", "crashed", "hung")}
    assert counts == {"files": 6, "read": 1, "refused": 2, "crashed": 2, "hung": 1}
    assert figures["outcomes"]["LOOP"].startswith("hung: nothing came of")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared data here")
@pytest.mark.parametrize("name", ["hostile", "exif", "disk"])
def test_shared_sets(name: str) -> None:
    figures = evaluate_hostile(SHARED / name)
    assert (figures["crashed"], figures["hung"], figures["members"]["crashed"]) == (0, 0, 0)
    assert figures["peak_mib"] <= 768
    read = pillow_sizes(SHARED / name)
    assert {file: figures["sizes"].get(file) for file in read} == read


def test_names_that_are_no_utf8_and_paths_of_any_length_have_an_outcome(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"latin\xe9.txt")).write_text("The heron is back.\n")
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(25):
        os.mkdir("d" * 200, dir_fd=folder)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    deep = os.open("deep.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder)
    os.write(deep, b"The otter too.\n")
    os.close(deep)
    os.close(folder)
    figures = evaluate_hostile(tmp_path)
    assert (figures["files"], figures["read"]) == (2, 2)
    assert "latin%E9.txt" in figures["outcomes"]

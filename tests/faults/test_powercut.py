"""Power cuts: one run is recorded, and every disk that it could have left is opened (TRUST.md, test 7).

To put another store to the test, write a module with ``write`` and ``check`` as in subject_sqlite, and name it in
SUBJECTS. TRACKWAY_FAULTS_FULL=1 opens 1,000 disks instead of 40.
"""

import functools
import importlib
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from injector import Recording, python, record
from powercut import images, unseen

IMAGES = 1000 if os.environ.get("TRACKWAY_FAULTS_FULL") == "1" else 40
BATCHES = 40
SUBJECTS = ["subject_sqlite", "subject_store"]
WORKER = Path(__file__).with_name("worker.py")

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("subject", SUBJECTS)]


@functools.cache
def recorded(subject: str, synchronous: str) -> tuple[Recording, list[str]]:
    """One undisturbed run, and the files of it that the recording does not account for."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        recording = record(python(WORKER, f"{subject}:write", directory, str(BATCHES), synchronous), directory)
        assert recording.process.returncode == 0, recording.process.stderr
        return recording, unseen(recording, directory)


def judged(subject: str, synchronous: str, tmp_path: Path) -> Counter[str]:
    """How many of the disks are corrupt, look tampered with, hold half a batch, or have lost what was acknowledged."""
    check = importlib.import_module(subject).check
    found: Counter[str] = Counter()
    for image in images(recorded(subject, synchronous)[0], IMAGES):
        disk = tmp_path / str(image.cut)
        disk.mkdir(exist_ok=True)
        state = check(image.lay_out(disk), image.acked)
        found += Counter(corrupt=state.corrupt != "", ledger=state.ledger != "", half=state.half, lost=state.lost)
        shutil.rmtree(disk)
    return found


def test_the_recording_is_complete(subject: str, tmp_path: Path) -> None:
    recording, missed = recorded(subject, "FULL")
    assert missed == []
    assert sum(op.kind == "ack" for op in recording.ops) == BATCHES
    assert {"plan", "commit"} <= recording.phases().keys()


def test_after_a_power_cut_nothing_acknowledged_is_lost_and_nothing_is_half(
    subject: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(subject, "FULL", tmp_path) == Counter()
    with capsys.disabled():
        print(f"\n{subject}, synchronous=FULL, {IMAGES} power cuts: 0 corrupt, 0 half, 0 lost, 0 cut ledgers")


def test_control_without_syncs_stores_are_corrupt_or_lose(
    subject: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = judged(subject, "OFF", tmp_path)
    assert found["corrupt"] > 0
    assert found["corrupt"] + found["lost"] > IMAGES // 2
    with capsys.disabled():
        print(f"\n{subject}, synchronous=OFF (control), {IMAGES} power cuts: {dict(found)}")


def test_control_with_fewer_syncs_nothing_is_corrupt_but_the_ledger_looks_cut(subject: str, tmp_path: Path) -> None:
    found = judged(subject, "NORMAL", tmp_path)
    assert (found["corrupt"], found["half"]) == (0, 0)
    assert found["lost"] >= found["ledger"] > 0

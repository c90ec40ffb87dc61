"""Containers in containers in containers: what comes out of one file of an exhibit is bounded, all of it together."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from intake_cases import Case, lay
from trackway.intake import tasks, worker_threads
from trackway.intake.exhibit import Opener
from trackway.intake.spool import digest_descriptor
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool

BREADTH = 4


@pytest.fixture
def case(tmp_path: Path, pool: Pool) -> Case:
    return Case(tmp_path / "case", pool)


def bomb(depth: int) -> bytes:
    """Zips in zips, ``BREADTH`` in each, none like another; 64 KiB of zeros at the bottom of each way down."""
    inner = b"\0" * (64 << 10) if depth == 0 else bomb(depth - 1)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(BREADTH):
            archive.writestr(f"{number}.zip" if depth else f"{number}.bin", inner + bytes([number]))
    return target.getvalue()


def test_a_file_that_expands_without_end_costs_only_itself(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SPACE", 1 << 20)
    monkeypatch.setattr(tasks, "RATIO", 1)
    exhibit = lay(tmp_path / "stick", {"a bomb.zip": bomb(2), "notes.txt": b"The heron is back.\n"})
    case.add(exhibit)
    (answer,) = case.exhibits().values()
    reasons = {one.name: one.reason for one in answer.not_understood}
    # Which of the containers under way meets the bound first is a matter of threads; that one does is not.
    stopped = [name for name, reason in reasons.items() if reason == worker_threads.BEYOND]
    assert stopped
    assert all(name.startswith("a bomb.zip") for name in stopped)
    assert "notes.txt" not in reasons
    assert answer.files < BREADTH**3, "most of it was never drawn"
    assert case.digest().partial


def test_the_same_file_within_the_bound_is_read_whole(case: Case, tmp_path: Path) -> None:
    case.add(lay(tmp_path / "stick", {"a bomb.zip": bomb(2)}))
    (answer,) = case.exhibits().values()
    assert answer.files == 1 + BREADTH + BREADTH**2 + BREADTH**3
    assert worker_threads.BEYOND not in {one.reason for one in answer.not_understood}


def test_members_count_for_more_than_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SPACE", 10 * tasks.MEMBER)
    inner = tasks.Task(1, "inner.zip", parent=tasks.Task(1, "outer.zip"))
    assert [inner.expand(tasks.MEMBER) for _ in range(11)] == [True] * 10 + [False]


def test_a_file_that_grows_while_it_is_read_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing.log"
    path.write_bytes(b"x" * 10)
    read = os.pread

    def growing(fd: int, count: int, offset: int) -> bytes:
        with path.open("ab") as more:
            more.write(b"x" * 10)
        return read(fd, count, offset)

    fd = os.open(path, os.O_RDONLY)
    monkeypatch.setattr(os, "pread", growing)
    with pytest.raises(OSError, match="grew while it was read"):
        digest_descriptor(fd)
    os.close(fd)


def test_a_machine_that_runs_short_costs_no_file(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exhibit = lay(tmp_path / "stick", {"notes.txt": b"The heron is back.\n"})

    def short(*_arguments: object) -> int:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Opener, "open", short)
        with pytest.raises(Refused, match="ran short: Too many open files"):
            case.add(exhibit)
    case.add(exhibit)
    (answer,) = case.exhibits().values()
    assert (answer.read, answer.not_understood) == (1, [])

"""The fault injector itself: it must see everything, and do what it says."""

import errno
import random
from pathlib import Path

import pytest
import subject_sqlite
from injector import Op, Recording, points, python, record, run_with_fault
from powercut import Disk, images, unseen

pytestmark = pytest.mark.faults
WORKER = Path(__file__).with_name("worker.py")

PREAMBLE = """
import ctypes, errno, mmap, os, subprocess, sys, threading
os.chdir(sys.argv[1])
def new(name, flags=0): return os.open(name, os.O_CREAT | os.O_RDWR | flags, 0o600)
"""


def script(tmp_path: Path, body: str) -> list[str]:
    """A program that works in the directory ``w`` below tmp_path."""
    (tmp_path / "w").mkdir(exist_ok=True)
    (program := tmp_path / "program.py").write_text(PREAMBLE + body, encoding="utf-8")
    return python(program, tmp_path / "w")


def recorded(tmp_path: Path, body: str, reads: bool = False) -> Recording:
    command = script(tmp_path, body)
    (tmp_path / "w" / "old").write_bytes(b"0123456789")
    recording = record(command, tmp_path / "w", reads=reads)
    assert recording.process.returncode == 0, recording.process.stderr
    return recording


def short(op: Op) -> tuple[object, ...]:
    return tuple(part for part in (op.kind, op.path, op.offset, op.data, op.target) if part not in (0, b"", None))


CALLS = [
    ("os.write(new('a'), b'xyz')", [("create", "a"), ("write", "a", b"xyz")]),
    ("os.write(new('old', os.O_APPEND), b'xyz')", [("write", "old", 10, b"xyz")]),
    ("os.pwrite(new('old'), b'xyz', 4)", [("write", "old", 4, b"xyz")]),
    ("os.writev(new('a'), [b'xy', b'', b'z'])", [("create", "a"), ("write", "a", b"xyz")]),
    ("os.pwritev(new('old'), [b'xy', b'z'], 2)", [("write", "old", 2, b"xyz")]),
    ("os.close(os.dup(new('a'))); os.write(os.dup(new('a')), b'x')", [("create", "a"), ("write", "a", b"x")]),
    ("open('a', 'wb').write(b'xyz')", [("create", "a"), ("write", "a", b"xyz")]),
    ("open('old', 'wb')", [("truncate", "old")]),
    ("os.ftruncate(new('old'), 4)", [("truncate", "old", 4)]),
    ("os.truncate('old', 40)", [("truncate", "old", 40)]),
    ("os.posix_fallocate(new('old'), 5, 15)", [("extend", "old", 20)]),
    ("os.copy_file_range(new('old'), new('a'), 5)", [("create", "a"), ("write", "a", b"01234")]),
    ("os.sendfile(new('a'), new('old'), 2, 5)", [("create", "a"), ("write", "a", b"23456")]),
    ("os.fsync(new('old'))", [("sync", "old")]),
    ("os.fdatasync(new('old'))", [("sync", "old")]),
    ("os.fsync(os.open('.', os.O_RDONLY))", [("sync", "")]),
    ("os.unlink('old')", [("unlink", "old")]),
    ("os.rename('old', 'a')", [("rename", "old", "a")]),
    ("f = new('old'); os.rename('old', 'a'); os.write(f, b'x')", [("rename", "old", "a"), ("write", "a", b"x")]),
    ("os.replace('old', '../gone')", [("unlink", "old")]),
    ("open('../come', 'w').write('x'); os.rename('../come', 'a')", [("create", "a"), ("write", "a", b"x")]),
    ("os.link('old', 'a')", [("link", "old", "a")]),
    ("os.mkdir('d'); os.write(new('d/a'), b'x')", [("mkdir", "d"), ("create", "d/a"), ("write", "d/a", b"x")]),
    ("os.mkdir('d'); os.rmdir('d')", [("mkdir", "d"), ("rmdir", "d")]),
    ("f = new('old'); os.unlink('old'); os.write(f, b'x')", [("unlink", "old")]),
    ("os.write(new('x-shm'), b'x'); os.write(1, b'x'); open('../out', 'w').write('x')", []),
    ("os.symlink('.', 'l'); os.unlink('l/old')", [("unlink", "old")]),
    ("os.write(new('.phase'), b'plan\\n')", [("phase", ".phase", b"plan\n")]),
    ("os.write(new('.ack'), b'7\\n'); os.fsync(new('.ack')); os.unlink('.ack')", [("ack", ".ack", b"7\n")]),
    ("subprocess.run(['true']); os.write(new('a'), b'x')", [("create", "a"), ("write", "a", b"x")]),
    ("os.fork() or (os.write(new('a'), b'x'), os._exit(0)); os.wait()", []),
    ("subprocess.run([sys.executable, '-c', 'open(\"a\", \"w\").write(\"x\")'])", []),
]  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), CALLS, ids=[call[0] for call in CALLS])
def test_every_call_is_recorded(body: str, expected: list[tuple[object, ...]], tmp_path: Path) -> None:
    recording = recorded(tmp_path, body)
    assert [short(op) for op in recording.ops] == expected
    assert recording.before == {"old": b"0123456789"}
    watched = "fork" not in body and "sys.executable" not in body
    assert (unseen(recording, tmp_path / "w") == []) is watched


def test_what_is_written_through_memory_is_noticed(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "mmap.mmap(new('old'), 10)[:3] = b'xyz'")
    assert unseen(recording, tmp_path / "w") == ["old"]


def test_reading_counts_on_request(tmp_path: Path) -> None:
    recording = recorded(tmp_path, "os.pread(os.open('old', os.O_RDONLY), 4, 0)", reads=True)
    assert [short(op) for op in recording.ops if op.path == "old"] == [("open", "old"), ("read", "old")]


def test_threads_are_recorded_in_the_order_of_the_disk(tmp_path: Path) -> None:
    body = """
def work(name):
    fd = new(name)
    for number in range(200): os.write(fd, b'%03d' % number)
threads = [threading.Thread(target=work, args=[name]) for name in 'abcd']
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    recording = recorded(tmp_path, body)
    assert [op.no for op in recording.ops] == list(range(1, 805))
    assert unseen(recording, tmp_path / "w") == []


PHASES = """
phase = new('.phase', os.O_APPEND)
for name in ('plan', 'read', 'commit'):
    os.write(phase, name.encode() + b'\\n')
    fd = new(name)
    for _ in range(len(name)): os.write(fd, b'x')
"""


def test_operations_are_counted_by_phase(tmp_path: Path) -> None:
    recording = recorded(tmp_path, PHASES)
    phases = recording.phases()
    assert {name: len(numbers) for name, numbers in phases.items()} == {"plan": 5, "read": 5, "commit": 7}
    assert recording.count == 17
    assert phases["commit"] == list(range(11, 18))
    for count in (1, 3, 10, 100):
        chosen = points(recording, count)
        assert all(set(chosen) & set(numbers) for numbers in phases.values())
        assert len(chosen) <= max(count, len(phases)) + 1


WRITES = """
fd = new('a')
for number in range(4):
    try: print(os.write(fd, b'%04d' % number))
    except OSError as error: print(errno.errorcode[error.errno])
os.unlink('a')
"""


@pytest.mark.parametrize(
    ("what", "sticky", "printed"),
    [
        ("eio", False, ["4", "EIO", "4", "4"]),
        ("enospc", False, ["4", "ENOSPC", "4", "4"]),
        ("enospc", True, ["4", "ENOSPC", "ENOSPC", "ENOSPC"]),
        ("short", False, ["4", "2", "4", "4"]),
        ("short", True, ["4", "2", "2", "2"]),
    ],
)
def test_the_fault_strikes_where_it_was_put(what: str, sticky: bool, printed: list[str], tmp_path: Path) -> None:
    ran = run_with_fault(script(tmp_path, WRITES), tmp_path / "w", 3, what, sticky)  # type: ignore[arg-type]
    assert (ran.stdout.split(), ran.returncode) == (printed, 0)
    assert not (tmp_path / "w" / "a").exists(), "a full disk still lets files be removed"


@pytest.mark.parametrize("at", range(1, 7))
def test_a_kill_strikes_before_the_operation(at: int, tmp_path: Path) -> None:
    ran = run_with_fault(script(tmp_path, WRITES), tmp_path / "w", at, "kill")
    assert ran.returncode == -9
    written = tmp_path / "w" / "a"
    assert (written.stat().st_size if written.exists() else None) == (None if at == 1 else 4 * (at - 2))


def test_a_device_that_is_gone_fails_everything(tmp_path: Path) -> None:
    ran = run_with_fault(script(tmp_path, WRITES), tmp_path / "w", 1, "eio", sticky=True)
    assert f"[Errno {errno.EIO}]" in ran.stderr


@pytest.mark.parametrize("what", ["kill", "eio", "enospc", "short"])
def test_a_store_that_was_disturbed_and_run_again_equals_an_undisturbed_one(what: str, tmp_path: Path) -> None:
    def command(name: str) -> list[str]:
        (tmp_path / name).mkdir(exist_ok=True)
        return python(WORKER, "subject_sqlite:write", tmp_path / name, "6", "FULL")

    recording = record(command("calm"), tmp_path / "calm")
    calm = subject_sqlite.content(tmp_path / "calm")
    for at in points(recording, 6):
        case = tmp_path / str(at)
        run_with_fault(command(case.name), case, at, what, sticky=what == "enospc")  # type: ignore[arg-type]
        acked = (case / ".ack").read_text(encoding="utf-8").splitlines() if (case / ".ack").exists() else []
        if (case / "case.sqlite").exists():
            assert subject_sqlite.check(case, acked) == subject_sqlite.Found()
        assert record(command(case.name), case).process.returncode == 0
        assert subject_sqlite.content(case) == calm


def op(kind: str, path: str = "a", offset: int = 0, data: bytes = b"", target: str | None = None) -> Op:
    return Op(1, kind, path, offset, data, target, "")  # type: ignore[arg-type]


BIG = b"x" * 2048
OUTCOMES: list[tuple[str, list[Op], set[bytes | None]]] = [
    ("nothing is safe", [op("create"), op("write", data=b"x")], {None, b"", b"x"}),
    ("a synced file without its name", [op("create"), op("write", data=b"x"), op("sync")], {None, b"x"}),
    ("name and file synced", [op("create"), op("write", data=b"x"), op("sync"), op("sync", "")], {b"x"}),
    ("the name alone synced", [op("create"), op("write", data=b"x"), op("sync", "")], {b"", b"x"}),
    ("unlinked", [op("unlink", "old")], {None}),
    ("renamed over", [op("rename", "old", target="a")], {None, b"old"}),
    ("renamed and synced", [op("rename", "old", target="a"), op("sync", "")], {b"old"}),
    ("another directory synced", [op("rename", "old", target="a"), op("sync", "d")], {None, b"old"}),
    ("reordered", [op("create"), op("sync", ""), *(op("write", offset=i, data=b"x") for i in (0, 1))],
     {b"", b"x", b"\0x", b"xx"}),
    ("torn at sectors", [op("create"), op("sync", ""), op("write", offset=100, data=BIG)],
     {b"", *(bytes(100) + b"x" * n for n in (412, 924, 1436, 1948, 2048))}),
    ("truncated", [op("create"), op("sync", ""), op("truncate", offset=2)], {b"", b"\0\0"}),
]  # fmt: skip


@pytest.mark.parametrize(("ops", "expected"), [case[1:] for case in OUTCOMES], ids=[case[0] for case in OUTCOMES])
def test_what_a_power_cut_can_leave(ops: list[Op], expected: set[bytes | None]) -> None:
    found = set()
    for seed in range(400):
        disk = Disk({"old": b"old"})
        for one in ops:
            disk.do(one)
        found.add(disk.after_power_cut(random.Random(seed)).get("a"))
    assert found == expected


def test_the_seed_decides(tmp_path: Path) -> None:
    recording = recorded(tmp_path, PHASES)
    assert list(images(recording, 20, seed=1)) == list(images(recording, 20, seed=1))
    assert list(images(recording, 20, seed=1)) != list(images(recording, 20, seed=2))

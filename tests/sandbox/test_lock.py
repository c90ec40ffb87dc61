"""What a worker that was taken over can reach: nothing. Each probe has its control, the same with the lock off."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackway.sandbox import seccomp
from trackway.sandbox.doctor import examine
from trackway.sandbox.pool import Pool
from trackway.sandbox.probes import PROBES, reached
from trackway.sandbox.protocol import Job, Limits

FILE = Path(__file__).with_name("misbehaving.py")
LOOP_S = "1.5"
IMPATIENT = Limits(silence_cpu_s=0.5)


@pytest.fixture(scope="module")
def locked() -> Iterator[Pool]:
    with Pool(1, IMPATIENT, files=(FILE,)) as pool:
        yield pool


@pytest.fixture(scope="module")
def unlocked() -> Iterator[Pool]:
    """The control: no lock, and patience."""
    with Pool(1, files=(FILE,), locked=False) as pool:
        yield pool


def attempt(pool: Pool, name: str, folder: Path) -> tuple[bool, str]:
    target = folder / "target"
    target.write_bytes(b"untouched")
    with target.open("rb") as file:
        aim = LOOP_S if name == "endless loop" else str(target)
        return reached(list(pool.run(Job(aim, 0, only=name, kind="probe"), file.fileno())))


@pytest.mark.parametrize("name", PROBES)
def test_a_locked_worker_reaches_nothing(name: str, locked: Pool, tmp_path: Path) -> None:
    got, how = attempt(locked, name, tmp_path)
    assert not got, how
    assert [one.name for one in tmp_path.iterdir()] == ["target"]
    assert (tmp_path / "target").read_bytes() == b"untouched"


@pytest.mark.parametrize("name", PROBES)
def test_the_probe_gets_through_without_the_lock(name: str, unlocked: Pool, tmp_path: Path) -> None:
    got, how = attempt(unlocked, name, tmp_path)
    assert got, how


def test_each_layer_is_reported(locked: Pool, unlocked: Pool) -> None:
    assert [one.name for one in locked.layers] == ["limits", "private", "landlock", "seccomp"]
    assert all(one.holds for one in locked.layers), locked.missing
    assert locked.missing == ()
    assert len(unlocked.missing) == 4
    assert "switched off" in unlocked.missing[0]


def test_doctor_probes_this_machine() -> None:
    checks = {one.name: one for one in examine()}
    assert all(checks[f"sandbox probe: {name}"].holds for name in PROBES)
    assert {"sandbox layer: seccomp", "library: pillow", "sqlite", "fonts", "postgresql", "python"} <= set(checks)


@pytest.mark.parametrize("machine", seccomp.MACHINES.values(), ids=seccomp.MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments", "answer"),
    [
        ("read", (), seccomp.ALLOW),
        ("sendto", (3,), seccomp.ALLOW),
        ("sendto", (4,), seccomp.EPERM),
        ("write", (1,), seccomp.EPERM),
        ("mmap", (0, 4096, 3), seccomp.ALLOW),
        ("mmap", (0, 4096, 5), seccomp.EPERM),
        ("mprotect", (0, 4096, 7), seccomp.EPERM),
        ("clone", (seccomp.THREAD_FLAGS,), seccomp.ALLOW),
        ("clone", (seccomp.THREAD_FLAGS | 0x20000,), seccomp.KILL),
        ("clone", (17,), seccomp.KILL),
        ("clone3", (), seccomp.ENOSYS),
        ("execve", (), seccomp.KILL),
        ("socket", (), seccomp.KILL),
        ("bpf", (), seccomp.KILL),
        (None, (), seccomp.EPERM),
    ],
)
def test_the_filter_on_both_machines(
    machine: seccomp.Machine, call: str | None, arguments: tuple[int, ...], answer: int
) -> None:
    number = 1000 if call is None else machine.calls[call]
    assert interpret(seccomp.program(machine, 3), number, machine.audit, arguments) == answer


def test_the_filter_kills_what_comes_by_another_call_table() -> None:
    code = seccomp.program(seccomp.X86_64, 3)
    assert interpret(code, 0, 0x40000003, ()) == seccomp.KILL
    assert interpret(code, 0x40000000, seccomp.X86_64.audit, ()) == seccomp.KILL


def interpret(code: bytes, number: int, audit: int, arguments: tuple[int, ...]) -> int:
    """The verdict of a filter, as the kernel would run it."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *arguments, *[0] * (6 - len(arguments)))
    steps = list(struct.iter_unpack("<HBBI", code))
    at = value = 0
    while True:
        operation, yes, no, k = steps[at]
        match operation:
            case seccomp.LOAD:
                value, jump = int.from_bytes(data[k : k + 4], "little"), 0
            case seccomp.JUMP_EQ:
                jump = yes if value == k else no
            case seccomp.JUMP_GE:
                jump = yes if value >= k else no
            case seccomp.JUMP_SET:
                jump = yes if value & k else no
            case seccomp.RETURN:
                return k
        at += 1 + jump

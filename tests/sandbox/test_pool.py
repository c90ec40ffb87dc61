"""A hostile file costs one file: whatever happens in a worker, its job ends with a sentence and the pool goes on."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from trackway.model.errors import Refused
from trackway.model.source import FileTimes, Measurement
from trackway.sandbox.pool import Pool
from trackway.sandbox.protocol import (
    Claimed,
    Done,
    Event,
    Failed,
    Incomplete,
    Job,
    Limits,
    Measured,
    MemberBegin,
    MemberBytes,
    MemberEnd,
    NotUnderstood,
    Traces,
    Unclaimed,
)

FILE = Path(__file__).with_name("misbehaving.py")
SOON = Limits(silence_s=2.0, silence_cpu_s=0.5, cpu_s=1.5, cpu_s_per_mib=0.0)
LINES = b"LINES\n" + b"[03:04] <someone> hello there, how are you today?\n" * 20
Run = Callable[..., list[Event]]


def memory_file(content: bytes) -> int:
    fd = os.memfd_create("evidence")
    os.write(fd, content)
    return fd


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, SOON, files=(FILE,)) as pool:
        yield pool


@pytest.fixture
def run(pool: Pool) -> Run:
    """One job over ``content``: everything that came of it."""

    def run(content: bytes, sibling: Callable[[str], int | None] = lambda name: None, **job: str) -> list[Event]:
        fd = memory_file(content)
        try:
            return list(pool.run(Job(job.pop("name", "a.txt"), len(content), **job), fd, sibling))  # type: ignore[arg-type]
        finally:
            os.close(fd)

    return run


def texts(events: list[Event]) -> list[str]:
    return [trace.text for event in events if isinstance(event, Traces) for trace in event.traces]


def test_a_reading_streams_its_traces_in_order(run: Run) -> None:
    events = run(b"LINES\n" + b"x\n" * 1234, zone="Europe/Amsterdam")
    assert events[0] == Claimed("reader", "lines", 1, {"zone": "Europe/Amsterdam"}, "begins with LINES")
    batches = [event for event in events if isinstance(event, Traces)]
    assert [batch.first for batch in batches] == [0, 500, 1000]
    assert batches[0].traces[0].author is not None
    assert batches[2].traces[-1].locator == "line 1234"
    assert events[-1] == Done(1235)


HOSTILE = [
    (b"CRASH\n", "crashed", "KeyError in misbehaving.py line"),
    (b"SEGFAULT\n", "crashed", "signal 11"),
    (b"QUIT\n", "crashed", "before its work did"),
    (b"MEMORY\n", "memory", "more memory"),
    (b"LOOP\n", "timed-out", "0.5 seconds of computing"),
    (b"SLEEP\n", "timed-out", "2 seconds"),
    (b"DRIP\n", "timed-out", "its size allows"),
    (b"FORBIDDEN\n", "killed", "forbids"),
    (b"NESTED\n", "unreadable", "nested too deeply"),
    (b"UNREADABLE\n", "unreadable", "cut off in the middle"),
    (b"GARBAGE\n", "protocol", "not a frame"),
    (b"HUGE\n", "protocol", "beyond the limit"),
    (b"UNASKED\n", "protocol", "protocol"),
    (b"SNIFF\n", "crashed", "IndexError"),
]


@pytest.mark.parametrize(("content", "how", "words"), HOSTILE, ids=[case[0].decode().strip() for case in HOSTILE])
def test_a_hostile_file_costs_one_file(content: bytes, how: str, words: str, run: Run) -> None:
    *_, end = run(content)
    assert isinstance(end, Failed)
    assert end.how == how
    assert words in end.reason
    assert "words of the evidence" not in end.reason
    assert run(LINES)[-1] == Done(21)


def test_what_came_before_the_fault_is_kept(run: Run) -> None:
    claimed, incomplete, traces, failed = run(b"UNREADABLE\n")
    assert isinstance(claimed, Claimed)
    assert incomplete == Incomplete("half of it is missing")
    assert isinstance(traces, Traces)
    assert failed == Failed("it is cut off in the middle", "unreadable")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "application/x-empty"),
        (b"some words\nand more", "text/plain"),
        ("\ufeffde één".encode(), "text/plain"),
        (b'{"a": 1}', "application/json"),
        (b"GIMP Palette\nName: x", "application/x-gimp-palette"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (bytes(range(256)), "application/octet-stream"),
    ],
)
def test_what_nobody_claims_is_named_by_its_type(content: bytes, kind: str, run: Run) -> None:
    assert run(content) == [Unclaimed(kind)]


def test_a_reader_can_be_asked_for_by_name(run: Run) -> None:
    assert run(b"no mark\n", only="lines")[-1] == Done(1)
    assert run(b"no mark\n", only="nobody") == [Failed("there is no reader named nobody", "unreadable")]


def test_records_only_leaves_containers_and_media_alone(run: Run) -> None:
    assert run(b"BOX\n", accept="records") == [Unclaimed("text/plain")]
    assert run(b"MEDIA\n", accept="records") == [Unclaimed("text/plain")]


def test_media_are_measured(run: Run) -> None:
    claimed, traces, measured, done = run(b"MEDIA\n")
    assert isinstance(claimed, Claimed)
    assert isinstance(traces, Traces)
    assert measured == Measured(Measurement("test-size", 1, {"width": 3, "height": 6}))
    assert done == Done(1)


def test_members_come_with_places_and_bytes(run: Run) -> None:
    content = b"BOX\n" + bytes(600_000)
    events = run(content)
    assert events[0] == Claimed("container", "box", 2, {}, "begins with BOX")
    assert events[1] == MemberBegin(
        "a/one.txt", len(content), FileTimes(written="2026-01-02T03:04:05Z"), "present", "", True
    )
    blocks = [event.data for event in events[2:5] if isinstance(event, MemberBytes)]
    assert len(blocks) == 3
    assert b"".join(blocks) == content
    assert events[5:7] == [
        MemberEnd(True),
        MemberBegin("locked.bin", 10, FileTimes(), "present", "it is encrypted", False),
    ]
    assert events[7] == MemberBegin("bad.txt", None, FileTimes(), "deleted", "", True)
    assert events[8] == MemberBytes(b"BOX\n")
    end = events[9]
    assert isinstance(end, MemberEnd)
    assert not end.ok
    assert "EOFError" in end.reason
    assert "words of the evidence" not in end.reason
    assert isinstance(events[10], MemberBegin)
    assert events[10].path == "nam?.txt"
    assert events[-1] == Done(0)


def test_what_records_carry_follows_the_traces(run: Run) -> None:
    events = run(b"MAIL\nx\n")
    kinds = [(event.kind, event.name) for event in events if isinstance(event, Claimed)]
    assert kinds == [("reader", "mail"), ("container", "attachments")]
    assert isinstance(events[1], Traces)
    assert events[-1] == Done(2)


def test_what_the_wire_cannot_hold_is_made_fit(run: Run) -> None:
    claimed, note, first, large, cut, after, done = run(b"ODD\n")
    assert isinstance(claimed, Claimed)
    assert note == NotUnderstood("a?b", "c?")
    assert isinstance(first, Traces)
    assert first.traces[0].text == "half \ufffd a pair"
    assert first.traces[0].fields == {"n": hex(1 << 80), "k\ufffd": [2.5, None]}
    assert isinstance(large, Traces)
    assert (len(large.traces[0].text), len(large.traces[0].raw)) == (256 << 10, 256 << 10)
    assert cut == NotUnderstood("b", "a record of 7120 KiB: only its beginning is kept")
    assert isinstance(after, Traces)
    assert (after.first, after.traces[0].text) == (2, "after")
    assert done == Done(3)


def test_siblings_are_asked_for_and_never_leave_the_folder(run: Run) -> None:
    asked = []

    def sibling(name: str) -> int | None:
        asked.append(name)
        return memory_file(f"{name:>8}".encode()) if name != "missing" else None

    before = len(os.listdir("/proc/self/fd"))
    events = run(b"SIBLINGS\n", sibling)
    assert len(os.listdir("/proc/self/fd")) == before
    wanted = [f"part.{number}".rjust(8) for number in range(30)]
    assert texts(events) == [*(name[:4] for name in wanted), *(name[4:] for name in wanted), "None", "None", "None"]
    assert not {"", "../part.1"} & set(asked)
    assert events[-1] == Done(63)


def test_a_worker_holds_the_source_and_nothing_else(run: Run) -> None:
    assert texts(run(b"DESCRIPTORS\n")) == ["0 1 2 3 4"]
    assert texts(run(b"DESCRIPTORS\n")) == ["0 1 2 3 4"]


def test_evidence_cannot_be_written_even_through_a_writable_descriptor(run: Run, tmp_path: Path, pool: Pool) -> None:
    evidence = tmp_path / "evidence"
    evidence.write_bytes(b"WRITE\n" + b"original")
    with evidence.open("r+b") as file:
        events = list(pool.run(Job("evidence", 14), file.fileno()))
    assert texts(events) == []
    assert events[-1] == Done(0)
    assert evidence.read_bytes() == b"WRITE\noriginal"
    with Pool(1, files=(FILE,), locked=False) as control, evidence.open("rb") as file:
        assert texts(list(control.run(Job("evidence", 14), file.fileno()))) == []


def test_closing_early_ends_the_worker_and_not_the_pool(pool: Pool, run: Run) -> None:
    content = b"ENDLESS\n" + bytes(1000)
    fd = memory_file(content)
    events = pool.run(Job("a", len(content)), fd)
    for _ in range(10):
        next(events)
    events.close()
    os.close(fd)
    assert run(LINES)[-1] == Done(21)


def test_a_busy_caller_is_not_taken_for_a_silent_worker(pool: Pool) -> None:
    content = b"LINES\n" + b"line\n" * 40_000
    fd = memory_file(content)
    events = pool.run(Job("a", len(content)), fd)
    next(events)
    time.sleep(2.5)
    assert list(events)[-1] == Done(40_001)
    os.close(fd)


def test_a_job_inside_a_job_never_waits_for_itself() -> None:
    with Pool(1, SOON, files=(FILE,)) as pool:
        content = b"BOX\n" + b"\n" * 2_000_000

        def down(depth: int) -> int:
            fd = memory_file(content)
            events = pool.run(Job("a", len(content)), fd)
            next(events)
            reached = down(depth - 1) + 1 if depth else 0
            assert list(events)[-1] == Done(0)
            os.close(fd)
            return reached

        assert down(4) == 4


def test_two_hundred_jobs_on_two_workers_from_four_threads() -> None:
    with Pool(2, replace(SOON, jobs_per_worker=20), files=(FILE,)) as pool:

        def job(number: int) -> Event:
            content = (b"CRASH\n" if number % 10 == 3 else b"LINES\n") + b"line\n" * number
            fd = memory_file(content)
            try:
                return list(pool.run(Job(str(number), len(content)), fd))[-1]
            finally:
                os.close(fd)

        with ThreadPoolExecutor(4) as threads:
            ends = list(threads.map(job, range(200)))
    for number, end in enumerate(ends):
        assert isinstance(end, Failed) if number % 10 == 3 else end == Done(number + 1)
    assert 10 < pool.peak_mib < 200
    assert threading.active_count() < 10


def test_an_innocent_file_does_not_pay_for_a_worker_harmed_before(pool: Pool, run: Run) -> None:
    run(LINES)
    for worker in list(pool._idle):
        os.kill(worker.pid, 9)
    assert run(LINES)[-1] == Done(21)
    assert run(LINES)[-1] == Done(21)


def test_no_process_is_left_behind() -> None:
    with Pool(2, SOON, files=(FILE,)) as pool:
        fd = memory_file(b"SLEEP\n")
        events = pool.run(Job("a", 6), fd)
        next(events)
        zygote = pool._process
        assert zygote is not None
        children = _children(zygote.pid)
        assert children
    assert not any(Path(f"/proc/{pid}").exists() for pid in [zygote.pid, *children])
    assert isinstance(list(events)[-1], Failed)
    os.close(fd)


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def test_a_pool_that_cannot_start_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text("raise RuntimeError('no such library')\n")
    with pytest.raises(Refused, match=r"could not be started.*no such library"), Pool(1, files=(broken,)):
        pass


def test_starting_is_quick_and_text_flows(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints; asserts only what a slow machine cannot break."""
    content = b"LINES\n" + b"[03:04] <someone> hello there, how are you today?\n" * 100_000
    start = time.perf_counter()
    with Pool(1, files=(FILE,)) as pool:
        started = time.perf_counter()
        for _ in range(10):
            pool._end(pool._fork())
        forked = time.perf_counter()
        fd = memory_file(content)
        events = list(pool.run(Job("a", len(content)), fd))
        done = time.perf_counter()
        os.close(fd)
    with capsys.disabled():
        print(
            f"\nsandbox: start {started - start:.2f} s, fork + lock + end {(forked - started) * 100:.1f} ms,"
            f" {100_000 / (done - forked):,.0f} small traces/s"
        )
    assert events[-1] == Done(100_001)

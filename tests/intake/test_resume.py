"""Stopping politely and going on: nothing is lost, nothing doubled, and what is not complete says so."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from casework import facts
from intake_cases import LAW, Case, lay, log, mail, picture, scoped
from trackway.intake import run, worker_threads, writer
from trackway.intake.exhibit import Opener
from trackway.intake.law import Law
from trackway.intake.run import Progress
from trackway.intake.tasks import Stop, Task
from trackway.intake.worker_threads import CHANGED
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.store import schema

FEEDER = Path(__file__).with_name("feeder.py")
BOX = b"BOX\n" + b"".join(
    b"member%02d FEED|" % n
    + b"|".join(b"message %d words %d of %d " % (n * 50 + i, i, n) + b"." * 30_000 for i in range(3))
    + b"\n"
    for n in range(12)
)
"""Twelve members, each more than a worker gathers before it sends: a stop falls between them."""


@pytest.fixture(scope="module")
def feeder() -> Iterator[Pool]:
    with Pool(workers=2, files=[FEEDER]) as pool:
        yield pool


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit after every few records, so that a stop meets facts on both sides of it."""
    monkeypatch.setattr(writer, "BATCH_TRACES", 20)
    monkeypatch.setattr(writer, "BATCH_PLACES", 2)


def stop_when(stop: Stop, holds: Callable[[Progress], bool]) -> Callable[[Progress], None]:
    return lambda progress: stop.set() if holds(progress) else None


def stopped(case: Case, folder: Path, holds: Callable[[Progress], bool], law: Law = LAW) -> bool:
    stop = Stop()
    return case.add(folder, law=law, stop=stop, changed=stop_when(stop, holds)).stopped


FILES = {f"{n:02d}.log": log(*(f"19:{i:02d} heron {n} {i}" for i in range(60))) for n in range(6)}
FILES |= {"box": picture(1), "mail.mbox": mail(1, "a@x.example", "b@x.example", "Sat, 28 Feb 2026 20:00:00 +0000")}


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("at", [0, 1, 60, 200, 361])
def test_a_stop_anywhere_and_a_second_run_give_what_an_undisturbed_one_gives(
    tmp_path: Path, pool: Pool, at: int
) -> None:
    folder = lay(tmp_path / "desk", FILES)
    case, whole = Case(tmp_path / "case", pool), Case(tmp_path / "whole", pool)
    whole.add(folder)
    assert stopped(case, folder, lambda progress: progress.traces >= at and (at > 0 or progress.planned > 0))
    assert case.exhibits()["desk"].complete is False
    assert case.digest().partial is True
    assert case.traces().items() <= whole.traces().items()
    assert case.verify().ok, case.verify().damage
    case.add(folder)
    assert case.exhibits() == whole.exhibits()
    assert case.exhibits()["desk"].complete is True
    assert case.digest() == whole.digest()
    assert facts(str(case.folder)) == facts(str(whole.folder))


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("places", [1, 2, 4, 7, 11])
def test_a_container_that_was_stopped_in_the_middle_is_read_again_whole(
    tmp_path: Path, feeder: Pool, places: int
) -> None:
    folder = lay(tmp_path / "desk", {"a.box": BOX})
    case, whole = Case(tmp_path / "case", feeder), Case(tmp_path / "whole", feeder)
    whole.add(folder)
    assert len(whole.traces()) == 36
    assert stopped(case, folder, lambda progress: progress.places >= places)
    assert (case.digest().partial, case.exhibits()["desk"].complete) == (True, False)
    case.add(folder)
    assert case.traces() == whole.traces()
    assert case.digest() == whole.digest()


class _Dropping(worker_threads.Threads):
    """The last member is dropped by a stop that comes just before its container ends."""

    stop: Stop

    def try_give(self, task: Task) -> bool:
        if task.path == "member11":
            self.stop.set()
        return super().try_give(task)


@pytest.mark.parametrize("safeguard", [True, False])
def test_a_member_that_is_dropped_keeps_its_container_open(
    tmp_path: Path, feeder: Pool, monkeypatch: pytest.MonkeyPatch, safeguard: bool
) -> None:
    """Control: a container that forgets what was dropped is taken for read, and its last member is lost."""
    stop = Stop()
    monkeypatch.setattr(_Dropping, "stop", stop, raising=False)
    monkeypatch.setattr(run, "Threads", _Dropping)
    # The container's own end is heard however the stop falls.
    monkeypatch.setattr(_Dropping, "_run", lambda self, task: _to_the_end(self, task))
    if not safeguard:
        monkeypatch.setattr(Task, "cut", property(lambda self: False, lambda self, value: None))
    folder = lay(tmp_path / "desk", {"a.box": BOX})
    case = Case(tmp_path / "case", feeder)
    case.add(folder, stop=stop)
    assert len(case.traces()) < 36
    monkeypatch.setattr(run, "Threads", worker_threads.Threads)
    case.add(folder)
    assert (len(case.traces()) == 36) is safeguard


def _to_the_end(threads: worker_threads.Threads, task: Task) -> None:
    """``Threads._run`` that hears its worker out also after a stop."""
    assert task.bytes is not None
    job = worker_threads.protocol.Job(name=task.name, size=task.bytes.size)
    members = worker_threads._Members(threads, task)
    for event in threads._pool.run(job, task.bytes.fd):
        if not members.take(event):
            threads.messages.put(worker_threads.Message("event", task, event))
    members.close()


@pytest.mark.usefixtures("small_batches")
def test_a_stop_while_a_wider_scope_is_read_leaves_a_whole_store(tmp_path: Path, feeder: Pool) -> None:
    feed = b"SLOW\n" + b"".join(b"message %d words %d\n" % (n % 7, n) for n in range(3_000))
    folder = lay(tmp_path / "desk", {"a.feed": feed})
    case, whole = Case(tmp_path / "case", feeder), Case(tmp_path / "whole", feeder)
    whole.add(folder)
    case.add(folder, law=scoped(until=3))
    before = case.traces()
    assert case.verify().ok
    assert stopped(case, folder, lambda progress: progress.traces >= 100)
    assert case.verify().ok, "a reading that goes on is no damage"
    assert case.digest().partial is True
    assert before.items() < case.traces().items() < whole.traces().items()
    case.add(folder)
    assert case.digest() == whole.digest()
    assert case.traces() == whole.traces()


# ------------------------------------------------------------------ the next add


@pytest.fixture
def case(tmp_path: Path, pool: Pool) -> Case:
    return Case(tmp_path / "case", pool)


def test_new_files_are_found_and_old_ones_are_not_opened_again(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one")})
    case.add(folder)
    opened: list[str] = []
    given = Opener.open
    monkeypatch.setattr(Opener, "open", lambda self, path: opened.append(path) or given(self, path))
    lay(folder, {"sub/b.log": log("19:00 heron two")})
    case.add(folder)
    assert case.texts() == ["one", "two"]
    assert opened == ["sub/b.log"]
    assert case.exhibits()["desk"].files == 2
    opened.clear()
    case.add(folder)
    assert opened == []


def test_a_file_that_changed_is_said_and_its_first_reading_stands(case: Case, tmp_path: Path) -> None:
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one", "19:01 otter two"), "b.log": log("19:00 heron b")})
    law = scoped(persons=("heron",))
    case.add(folder, law=law)
    first = case.digest().digest, case.traces()
    (folder / "a.log").write_bytes(log("19:00 heron another"))
    case.add(folder, law=law)
    assert case.places() == {"a.log": ("refused", CHANGED), "b.log": ("read", "")}
    assert (case.digest().digest, case.traces()) == first
    answer = case.exhibits()["desk"]
    assert [(one.name, one.reason) for one in answer.not_understood] == [("a.log", CHANGED)]
    assert answer.out_of_scope == 1, "what the first reading counted"
    lay(folder, {"a.log": log("19:00 heron one", "19:01 otter two")})
    case.add(folder, law=law)
    assert case.places()["a.log"] == ("read", "")
    assert case.digest().partial is False
    assert (case.digest().digest, case.traces()) == first
    assert case.exhibits()["desk"].out_of_scope == 1


def test_a_file_that_was_only_touched_is_the_same(case: Case, tmp_path: Path) -> None:
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one")})
    case.add(folder)
    before = case.digest(), case.traces(), case.exhibits()
    os.utime(folder / "a.log", (1_780_000_000, 1_780_000_000))
    case.add(folder)
    assert (case.digest(), case.traces(), case.exhibits()) == before


def test_what_could_not_be_opened_is_tried_again(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one"), "b.log": log("19:00 heron two")})
    given = Opener.open

    def unplugged(self: Opener, path: str) -> int:
        if path == "b.log":
            raise OSError(5, "Input/output error")
        return given(self, path)

    with monkeypatch.context() as patch:
        patch.setattr(Opener, "open", unplugged)
        case.add(folder)
        assert case.places()["b.log"] == ("refused", "cannot be opened: Input/output error")
        case.add(folder)
    assert case.texts() == ["one"]
    case.add(folder)
    assert case.texts() == ["one", "two"]
    assert case.exhibits()["desk"].not_understood == []
    whole = Case(tmp_path / "whole", case.pool)
    whole.add(folder)
    assert case.digest() == whole.digest()


def test_an_exhibit_with_no_file_in_it_is_complete(case: Case, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    case.add(tmp_path / "empty")
    answer = case.exhibits()["empty"]
    assert (answer.files, answer.complete, case.digest().partial) == (0, True, False)


def test_complete_is_taken_back_while_a_later_add_is_not(tmp_path: Path, pool: Pool) -> None:
    case = Case(tmp_path / "case", pool)
    folder = lay(tmp_path / "desk", {"a.log": log("19:00 heron one")})
    case.add(folder)
    assert case.digest().partial is False
    lay(folder, {"b.log": log("19:00 heron two"), "c.log": log("19:00 heron three")})
    stop = Stop()
    stop.set()
    assert case.add(folder, stop=stop).stopped
    assert case.exhibits() == case.exhibits()
    assert case.exhibits()["desk"].complete is True, "a stop before it began took nothing up"
    assert stopped(case, folder, lambda progress: progress.planned > 1)
    assert case.exhibits()["desk"].complete is False
    case.add(folder)
    assert (case.exhibits()["desk"].complete, len(case.traces())) == (True, 3)


def test_two_exhibits_and_the_second_was_never_begun(tmp_path: Path, pool: Pool) -> None:
    case = Case(tmp_path / "case", pool)
    one, two = lay(tmp_path / "one", FILES), lay(tmp_path / "two", {"z.log": log("19:00 heron z")})
    stop = Stop()
    added = case.add(one, two, stop=stop, changed=stop_when(stop, lambda progress: progress.traces > 0))
    assert ([Path(given).name for given, _ in added.exhibits], added.stopped) == (["one"], True)
    assert list(case.exhibits()) == ["one"]
    case.add(one, two)
    assert case.exhibits()["two"].complete


def test_a_fault_of_ours_in_a_thread_is_told_and_costs_no_facts(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay(tmp_path / "desk", FILES)
    given = worker_threads.Threads._run

    def fault(self: worker_threads.Threads, task: Task) -> None:
        if task.path == "04.log":
            raise ZeroDivisionError
        given(self, task)

    with monkeypatch.context() as patch:
        patch.setattr(worker_threads.Threads, "_run", fault)
        with pytest.raises(ZeroDivisionError):
            case.add(folder)
    assert case.verify().ok
    case.add(folder)
    whole = Case(tmp_path / "whole", case.pool)
    whole.add(folder)
    assert case.digest() == whole.digest()


def test_a_second_intake_is_refused_while_one_is_at_work(case: Case, tmp_path: Path) -> None:
    folder = lay(tmp_path / "desk", FILES)
    refused: list[Refused] = []

    def again(progress: Progress) -> None:
        if not refused:
            with pytest.raises(Refused) as caught:
                case.add(folder)
            refused.append(caught.value)

    case.add(folder, changed=again)
    assert refused[0].code == "busy"
    assert refused[0].sentence.startswith("Another intake is at work on this case")
    assert case.exhibits()["desk"].complete


def test_stopping_leaves_no_descriptor_and_no_thread(tmp_path: Path, feeder: Pool) -> None:
    case = Case(tmp_path / "case", feeder)
    folder = lay(tmp_path / "desk", {f"{n}.box": BOX.replace(b"words", b"word%d" % n) for n in range(4)})
    before = _open()
    for places in (1, 5, 9):
        stopped(case, folder, lambda progress, places=places: progress.places >= places)
    case.add(folder)
    assert len(case.traces()) == 4 * 36
    deadline = time.monotonic() + 5
    while _open() > before + 2 and time.monotonic() < deadline:  # the pool keeps a worker or two
        time.sleep(0.05)
    assert _open() <= before + 2
    assert case.select(select(schema.place.c.path).where(schema.place.c.outcome == "")) == []


def _open() -> int:
    return len(os.listdir("/proc/self/fd"))

"""Intake is killed, and its disk fails, at points spread over the whole run; run again, the case equals one that was
never disturbed (TRUST.md, promise 1 and test 10): nothing lost, nothing doubled, the same digest and the same answers.

What counts as a point: each call of the intake process that opens, reads, writes, syncs, renames or removes a file of
the case or of the exhibit, and each that sends to or receives from a worker or the database server. Points are drawn by
seed in each phase (plan, read, commit, analyse), so that every phase is cut, however short it is.
TRACKWAY_FAULTS_FULL=1 (`make faults`) cuts at 250 points on each store instead of a few.
"""

import json
import os
import random
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal, get_args

import pytest
from injector import Recording, Run, python, record, run_with_fault, snapshot
from nursery import nursery

import casework
from casework import case_at
from trackway.model.errors import Refused
from trackway.sandbox.pool import Pool
from trackway.store.case import DATABASE, create_case, open_case
from trackway.views.verify import verify

pytestmark = pytest.mark.faults
SQLITE = pytest.param("sqlite", marks=pytest.mark.xdist_group("faults on sqlite"))
POSTGRES = pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("faults on postgres")])

FULL = os.environ.get("TRACKWAY_FAULTS_FULL") == "1"
Phase = Literal["plan", "read", "commit", "analyse"]
PHASES: tuple[Phase, ...] = get_args(Phase)
KILLS = dict(zip(PHASES, (40, 90, 40, 80) if FULL else (3, 4, 3, 4), strict=True))
"""How many points are cut in each phase, on each store: 250 in all, at least 10 a phase."""
FAULTS = 40 if FULL else 3
"""Points of each kind of failing disk."""
COMMANDS = 12 if FULL else 2
"""Kills of the command as a process of its own, with the batches that it is delivered with."""
SEED = 20260228
BATCH = {"TRACKWAY_TEST_BATCH": "300 11 60"}
"""Traces, places, and seconds, of one transaction: the small case has several, as a large one has."""


@dataclass(frozen=True)
class Bench:
    """The folder that is watched (exhibits, and the case where it is a folder), and how a case is made and read."""

    folder: Path
    exhibits: list[Path]
    lists: list[Path]
    fresh: Callable[[], str]
    pool: Pool
    expected: dict[str, Any]
    facts: Counter[tuple[str, ...]]

    def command(self, case: str) -> list[str]:
        return ["add", case, *map(str, self.exhibits), "--basis", casework.BASIS, "--as", casework.OFFICER.name]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with nursery() as started:
        yield started


@pytest.fixture(scope="module", params=[SQLITE, POSTGRES])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench").resolve()
    casework.lay_out(folder / "medium" / "flat", ["desk", "stick"])
    (folder / "medium" / "flat" / "desk" / "logs" / "long.log").write_bytes(casework.channel(1200))
    exhibits = [folder / "medium" / "flat"]  # one exhibit: each phase comes once
    lists, terms = casework.lay_out_lists(folder / "lists")
    snapshot(folder)  # as every recording does: the exhibits' times of access are those of now, before the first run
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKWAY_NOW", casework.NOW)
        made = 0

        def fresh() -> str:
            """A case with lists and terms and nothing else."""
            nonlocal made
            made += 1
            if request.param == "sqlite":
                shutil.rmtree(folder / "case", ignore_errors=True)
                if (folder / "empty").exists():
                    shutil.copytree(folder / "empty", folder / "case")
                    return str(folder / "case")
            address = str(folder / "case")
            if request.param == "postgres":
                address = case_at(request.getfixturevalue("postgres"), f"faults-{made}-{os.getpid()}")
            create_case(address).close()
            casework.load(address, pool, lists, terms)
            if request.param == "sqlite":
                shutil.copytree(folder / "case", folder / "empty")
            return address

        calm = fresh()
        casework.add(calm, pool, exhibits)
        yield Bench(folder, exhibits, lists, fresh, pool, casework.answers(calm), casework.facts(calm))


def recorded(bench: Bench, run: Run) -> Recording:
    recording = record(bench.command(bench.fresh()), bench.folder, env=BATCH, reads=True, sockets=True, run=run)
    assert recording.process.returncode in (0, 1), recording.process.stderr
    assert set(PHASES) <= recording.phases().keys()
    return recording


def disturbed(
    bench: Bench, run: Run, case: str, at: int, what: str, phase: str, sticky: bool = False, calls: bool = True
) -> subprocess.CompletedProcess[str]:
    (bench.folder / ".phase").unlink(missing_ok=True)
    return run_with_fault(
        bench.command(case),
        bench.folder,
        at,
        what,  # type: ignore[arg-type]
        sticky,
        env=BATCH,
        reads=calls,
        sockets=calls,
        phase=phase,
        run=run,
    )


def phase_of(bench: Bench) -> str:
    """The phase that had begun when the process died."""
    return (bench.folder / ".phase").read_text("utf-8").split()[-1]


def assert_whole(case: str) -> None:
    """What stands after the fault is what an intake could have committed: nothing of it is half."""
    store = open_case(case)
    try:
        assert verify(store, None).damage == []
    finally:
        store.close()


def resume(bench: Bench, case: str) -> None:
    retry(lambda: casework.add(case, bench.pool, bench.exhibits))


def retry(act: Callable[[], object]) -> None:
    """Run it again. A server may need a moment to see that its client has died."""
    until = monotonic() + 20
    while True:
        try:
            act()
            return
        except Refused as refused:
            if refused.code != "busy" or monotonic() > until:
                raise
            sleep(0.05)


def assert_same(bench: Bench, case: str) -> None:
    facts = casework.facts(case)
    assert {"lost": bench.facts - facts, "doubled": facts - bench.facts} == {"lost": Counter(), "doubled": Counter()}
    found = casework.answers(case)
    for part, expected in bench.expected.items():
        assert found[part] == expected, part


def test_killed_anywhere_and_run_again_nothing_is_lost_and_nothing_doubled(
    bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = recorded(bench, run)
    chance = random.Random(SEED)
    struck: Counter[str] = Counter()
    for phase, count in KILLS.items():
        last = len(recording.phases()[phase])
        while struck[phase] < count:
            case = bench.fresh()
            if disturbed(bench, run, case, chance.randint(1, last), "kill", phase).returncode != -9:
                continue  # a run takes some calls more or less than another: it was over before
            struck[phase_of(bench)] += 1
            assert_whole(case)
            resume(bench, case)
            assert_same(bench, case)
    assert struck.total() >= sum(KILLS.values())
    if FULL:
        assert struck.total() >= 250
        assert min(struck[phase] for phase in PHASES) >= 10
    with capsys.disabled():
        spread = ", ".join(f"{name} {struck[name]}" for name in PHASES)
        print(f"\nkilled at {struck.total()} calls of {recording.count} ({spread}): lost 0, doubled 0")


def test_loading_lists_is_killed_and_run_again(bench: Bench, run: Run, tmp_path: Path) -> None:
    """A list is in force whole or not at all; a newer version of it takes the place of the one that is in force."""
    (newer := tmp_path / "partner.json").write_bytes(bench.lists[0].read_bytes().replace(b"HERON", b"SPARROW"))
    parts = ("known", "media", "queue", "personas")

    def answers(case: str) -> list[Any]:
        found = casework.answers(case)
        return [found[part] for part in parts]

    calm = bench.fresh()
    casework.add(calm, bench.pool, bench.exhibits)
    before = answers(calm)
    casework.load(calm, bench.pool, [newer])
    after = answers(calm)
    assert before[1] != after[1]
    recording = record(["known", calm, str(bench.lists[0])], bench.folder, reads=True, sockets=True, run=run)
    chance = random.Random(SEED)
    for _ in range(FAULTS):
        case = bench.fresh()
        casework.add(case, bench.pool, bench.exhibits)
        at = chance.randint(1, recording.count)
        run_with_fault(["known", case, str(newer)], bench.folder, at, "kill", reads=True, sockets=True, run=run)
        assert answers(case)[0] in (before[0], after[0])
        retry(lambda case=case: casework.load(case, bench.pool, [newer]))  # type: ignore[misc]
        assert answers(case) == after


FAILING = [("eio", False), ("eio", True), ("enospc", False), ("enospc", True), ("short", False), ("short", True)]


@pytest.mark.parametrize("bench", [SQLITE], indirect=True)
@pytest.mark.parametrize(("what", "sticky"), FAILING, ids=lambda value: str(value))
def test_a_failing_disk_is_said_and_run_again_nothing_is_lost(
    what: str, sticky: bool, bench: Bench, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """The case's own files fail: input and output errors, a full disk, writes of half a block."""
    recording = record(bench.command(bench.fresh()), bench.folder / "case", env=BATCH, run=run)
    chance = random.Random(f"{SEED} {what} {sticky}")
    outcomes: Counter[int] = Counter()
    for _ in range(FAULTS):
        case = bench.fresh()
        at = chance.randint(1, recording.count)
        said = run_with_fault(
            bench.command(case),
            Path(case),
            at,
            what,
            sticky,
            env=BATCH,
            run=run,  # type: ignore[arg-type]
        )
        outcomes[said.returncode] += 1
        assert_one_sentence(said)
        assert_whole(case)
        resume(bench, case)
        assert_same(bench, case)
    with capsys.disabled():
        print(f"\n{what}{' from then on' if sticky else ''} at {FAULTS} calls: exit codes {dict(outcomes)}; lost 0")


@pytest.mark.parametrize("bench", [SQLITE], indirect=True)
@pytest.mark.parametrize("sticky", [False, True], ids=["once", "from then on"])
def test_a_medium_that_fails_costs_what_it_holds_and_is_read_when_it_is_back(
    sticky: bool, bench: Bench, run: Run
) -> None:
    """The exhibit's files fail: each is said by name with its reason, and is read the next time."""
    medium = bench.folder / "medium"
    recording = record(bench.command(bench.fresh()), medium, env=BATCH, reads=True, run=run)
    chance = random.Random(f"{SEED} medium {sticky}")
    for _ in range(FAULTS):
        case = bench.fresh()
        at = chance.randint(1, recording.count)
        said = run_with_fault(
            [*bench.command(case), "--json"], medium, at, "eio", sticky, env=BATCH, reads=True, run=run
        )
        assert_one_sentence(said)
        if said.returncode != 2:
            missed = [one["reason"] for one in json.loads(said.stdout)["exhibits"][0]["not_understood"]]
            assert any("Input/output error" in reason for reason in missed), missed
        resume(bench, case)
        assert_same(bench, case)


def assert_one_sentence(said: subprocess.CompletedProcess[str]) -> None:
    """Either the fault did no harm, or the command is refused in one sentence, which is no fault of the program."""
    assert said.returncode in (0, 1, 2), said.stderr
    assert "Traceback" not in said.stderr
    if said.returncode == 2:
        lines = said.stderr.strip().splitlines()
        assert len(lines) == 1, said.stderr
        assert lines[0].startswith("trackway: ")
        assert "fault in the program" not in lines[0], lines[0]


@pytest.mark.parametrize("bench", [SQLITE], indirect=True)
def test_the_command_itself_killed_and_run_again(bench: Bench) -> None:
    """As a process of its own, with its own workers and with the batches that it is delivered with."""
    chance = random.Random(SEED)
    struck: list[str] = []
    while len(struck) < COMMANDS:
        case, phase = bench.fresh(), PHASES[len(struck) % len(PHASES)]
        (bench.folder / ".phase").unlink(missing_ok=True)
        command = python("-m", "trackway.cli.main", *bench.command(case))
        at = chance.randint(1, 12)
        if run_with_fault(command, bench.folder, at, "kill", reads=True, sockets=True, phase=phase).returncode == -9:
            struck.append(phase_of(bench))
            assert_whole(case)
            resume(bench, case)
            assert_same(bench, case)
    assert set(struck) == set(PHASES[:COMMANDS])


@pytest.mark.xdist_group("faults on sqlite")
@pytest.mark.parametrize("what", ["kill", "eio", "enospc", "short"])
def test_making_a_case_is_cut_and_run_again(what: str, run: Run, tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    recording = record(["init", str(folder / "calm")], folder, run=run)
    assert recording.process.returncode == 0
    points = range(1, recording.count + 1) if FULL else random.Random(SEED).sample(range(1, recording.count + 1), 6)
    for at in points:
        case = folder / f"{what} {at}"
        said = run_with_fault(["init", str(case)], folder, at, what, sticky=what == "enospc", run=run)  # type: ignore[arg-type]
        if what != "kill":
            assert_one_sentence(said)
        if not (case / DATABASE).exists():
            assert said.returncode != 0
            create_case(str(case)).close()
        open_case(str(case)).close()
        assert_whole(str(case))
        assert sorted(path.name for path in case.iterdir()) == [DATABASE]


@pytest.mark.parametrize("bench", [SQLITE], indirect=True)
def test_control_an_intake_that_forgets_to_finish_differs(bench: Bench, run: Run) -> None:
    """Killed and not run again, the case is not the same: the comparison sees what is missing."""
    recording = recorded(bench, run)
    case = bench.fresh()
    middle = len(recording.phases()["read"]) // 2
    assert disturbed(bench, run, case, middle, "kill", "read").returncode == -9
    assert bench.facts - casework.facts(case) != Counter()
    assert casework.answers(case)["digest"] != bench.expected["digest"]

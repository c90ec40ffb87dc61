"""Findings follow from facts and decisions alone: not from the order in which these came, nor from what was derived
in between (DESIGN section 4, "Incremental")."""

import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from universe import EXHIBITS, LISTS, SOURCES, TERMS, Add, Decide, Known, Operation, Terms, answers, derived

from handmade import Case, dropped, moment, new_case
from trackway.findings.engine import Desk

EXAMPLES = int(os.environ.get("TRACKWAY_EXAMPLES", "700" if os.environ.get("TRACKWAY_FAULTS_FULL") else "8"))
"""Of each of the three shares of either property."""
SHARES = range(3)
_counter = itertools.count()


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with moment():
        yield


paths = st.lists(st.sampled_from(sorted(SOURCES)), min_size=1, max_size=9, unique=True).map(
    lambda held: tuple(sorted(held))
)
adds = st.builds(Add, st.sampled_from(EXHIBITS), paths, narrow=st.booleans(), newer=st.booleans())
wide_adds = st.builds(Add, st.sampled_from(EXHIBITS), paths)
lists = st.builds(Known, st.sampled_from(sorted(LISTS)))
terms = st.builds(Terms, st.sampled_from(range(len(TERMS))))
decisions = st.builds(
    Decide, st.sampled_from(("claim", "judge", "withdraw", "category", "acknowledge")), st.integers(0, 5)
)
interleavings = st.lists(st.one_of(adds, adds, lists, terms, decisions), min_size=2, max_size=7)
NAMES = sorted({name for name, _ in LISTS.values()})


@st.composite
def two_orders(draw: st.DrawFn) -> tuple[list[Operation], list[Operation]]:
    """The same operations in two orders; of one list's versions the last stands, so each list comes once."""
    versions = [draw(st.sampled_from([key for key, (held, _) in LISTS.items() if held == name])) for name in NAMES]
    operations: list[Operation] = draw(
        st.lists(st.one_of(wide_adds, wide_adds, terms), min_size=1, max_size=4, unique=True)
    )
    operations += [Known(version) for version in versions[: draw(st.integers(0, len(versions)))]]
    return operations, draw(st.permutations(operations))


def run(folder: Path, operations: Sequence[Operation], deriving: bool = True) -> Case:
    case = new_case(folder, f"case {next(_counter)}")
    case.deriving = deriving
    for operation in operations:
        operation(case)
    if not deriving:
        case.derive()
    return case


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """By table or answer: what only the first holds, and what only the second."""
    found = {}
    for name in one:
        if one[name] != other[name]:
            mine, theirs = ([repr(row) for row in side[name]] for side in (one, other))
            found[name] = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
    return found


def same_from_scratch(folder: Path, operations: Sequence[Operation]) -> dict[str, Any]:
    """How what was derived step by step differs from what is derived from nothing."""
    case = run(folder, operations)
    try:
        before, said = derived(case), answers(case)
        case.derive(scratch=True)
        return differences(before, derived(case)) | differences(said, answers(case))
    finally:
        case.close()


def same_in_either_order(folder: Path, one: Sequence[Operation], other: Sequence[Operation]) -> dict[str, Any]:
    cases = [run(folder, order) for order in (one, other)]
    try:
        first, second = (derived(case) for case in cases)
        said, again = (answers(case) for case in cases)
        return differences(first, second) | differences(said, again)
    finally:
        for case in cases:
            case.close()


property_settings = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate, Phase.reuse],
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    derandomize=False,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("interleavings")


@pytest.mark.parametrize("share", SHARES)
def test_any_interleaving_gives_what_analyse_from_scratch_gives(share: int, folder: Path) -> None:
    @property_settings
    @given(interleavings)
    def holds(operations: list[Operation]) -> None:
        assert same_from_scratch(folder, operations) == {}

    holds()


@pytest.mark.parametrize("share", SHARES)
def test_the_order_of_intake_changes_no_answer(share: int, folder: Path) -> None:
    @property_settings
    @given(two_orders())
    def holds(orders: tuple[list[Operation], list[Operation]]) -> None:
        assert same_in_either_order(folder, *orders) == {}

    holds()


# ------------------------------------------------------------------ controls: without its marks a stage is left behind

EVERYTHING = tuple(sorted(SOURCES))
CONTROLS: dict[str, tuple[Operation, ...]] = {
    "content": (Add("laptop.img", ("photos/heron_001.jpg",)), Known("partner 1")),
    "match": (Add("laptop.img", ("photos/heron_001.jpg",)), Known("partner 1")),
    "media": (Add("laptop.img", EVERYTHING), Known("partner 1")),
    "reading": (Add("laptop.img", ("result.json",)), Add("laptop.img", ("photos/alone.jpg",))),
    "report": (Add("laptop.img", ("777.xml",)), Add("usb-stick", ("photos/heron_009.jpg",))),
    "words": (Add("laptop.img", ("result.json",)), Terms(0)),
    "date": (Terms(0), Add("laptop.img", ("result.json",)), Add("usb-stick", ("result.json", "photos/fox.mp4"))),
    "persona": (Add("laptop.img", ("result.json",)), Add("laptop.img", ("photos/heron_009.jpg",))),
    "profile": (Add("laptop.img", ("letters.mbox",)), Add("usb-stick", ("777.xml",))),
    "claim": (Add("laptop.img", ("letters.mbox",)), Add("usb-stick", ("777.xml",))),
    "item": (Add("laptop.img", EVERYTHING), Known("partner 1"), Known("partner 2")),
}
"""For each stage operations that give other findings where nothing marks that stage's subjects."""


@pytest.mark.parametrize("stage", CONTROLS)
def test_without_its_marks_a_stage_is_left_behind(stage: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    operations = CONTROLS[stage]
    assert same_from_scratch(folder, operations) == {}
    case = run(folder, operations[:-1])
    with monkeypatch.context() as forgetful:
        forgetful.setattr(Desk, "mark", dropped(Desk.mark, stage))
        operations[-1](case)
    before = derived(case)
    case.derive(scratch=True)
    assert differences(before, derived(case)) != {}
    case.close()

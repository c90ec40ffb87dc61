"""The same exhibits give the same answer: in either store, in whichever order they came, and however often."""

from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

import casework
from trackway.sandbox.pool import Pool
from trackway.store.case import create_case, open_case
from trackway.views.verify import verify

Case = Callable[[str], str]
ORDERS = list(permutations([*casework.EXHIBITS, "lists"]))
"""The lists may be loaded before, between or after the exhibits."""

pytestmark = pytest.mark.usefixtures("fixed_now")


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], list[Path], Path]:
    folder = tmp_path_factory.mktemp("material")
    exhibits = dict(zip(casework.EXHIBITS, casework.lay_out(folder / "exhibits"), strict=True))
    return exhibits, *casework.lay_out_lists(folder / "lists")


@pytest.fixture(scope="module")
def expected(
    material: tuple[dict[str, Path], list[Path], Path], tmp_path_factory: pytest.TempPathFactory, pool: Pool
) -> dict[str, Any]:
    """What one office, with SQLite, reads in one go."""
    case = str(tmp_path_factory.mktemp("office") / "case")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKWAY_NOW", casework.NOW)
        create_case(case).close()
        work_through(case, ("lists", *casework.EXHIBITS), material, pool)
        return casework.answers(case)


def work_through(
    case: str, order: tuple[str, ...], material: tuple[dict[str, Path], list[Path], Path], pool: Pool
) -> None:
    exhibits, lists, terms = material
    for step in order:
        if step == "lists":
            casework.load(case, pool, lists, terms)
        else:
            casework.add(case, pool, [exhibits[step]])


def test_the_case_is_worth_comparing(expected: dict[str, Any]) -> None:
    """It holds known, near and new media, two of tier 1, personas of three services, and files that are not read."""
    assert {item["novelty"] for item in expected["media"]} == {"known", "near", "unlisted", "undetermined"}
    assert [item["tier"] for item in expected["queue"]][:2] == [1, 1]
    assert {persona["service"] for persona in expected["personas"]} == {"irc", "telegram", "email"}
    assert sum(len(exhibit["not_understood"]) for exhibit in expected["exhibits"]) >= 3


@pytest.mark.parametrize("order", ORDERS[:: len(ORDERS) // 5], ids="-".join)
def test_any_order_in_either_store_gives_the_same_answer(
    order: tuple[str, ...],
    case: Case,
    material: tuple[dict[str, Path], list[Path], Path],
    expected: dict[str, Any],
    pool: Pool,
) -> None:
    create_case(case("heron")).close()
    work_through(case("heron"), order, material, pool)
    found = casework.answers(case("heron"))
    for part in expected:
        assert found[part] == expected[part], part


def test_adding_again_adds_nothing_and_changes_no_answer(
    case: Case, material: tuple[dict[str, Path], list[Path], Path], expected: dict[str, Any], pool: Pool
) -> None:
    create_case(case("heron")).close()
    work_through(case("heron"), ("lists", *casework.EXHIBITS), material, pool)
    before = casework.facts(case("heron"))
    work_through(case("heron"), ("desk", "lists", "stick", "card"), material, pool)
    assert casework.facts(case("heron")) == before
    assert casework.answers(case("heron")) == expected


def test_deriving_from_scratch_changes_no_answer(
    case: Case, material: tuple[dict[str, Path], list[Path], Path], expected: dict[str, Any], pool: Pool
) -> None:
    from trackway.acts.analyse import analyse
    from trackway.cli.session import settings_of

    create_case(case("heron")).close()
    work_through(case("heron"), ("stick", "lists", "desk", "card"), material, pool)
    store = open_case(case("heron"))
    analyse(store, settings_of(store.folder), scratch=True)
    store.close()
    assert casework.answers(case("heron")) == expected


def test_another_exhibit_changes_the_digest_and_the_same_one_elsewhere_does_not(
    case: Case, material: tuple[dict[str, Path], list[Path], Path], pool: Pool, tmp_path: Path
) -> None:
    """Control: the digest is of what was read, not of where it lay."""
    exhibits, _, _ = material
    lines = {}
    (moved,) = casework.lay_out(tmp_path / "another office", ["stick"])
    for name, wanted in (("a", [exhibits["stick"]]), ("b", [moved]), ("c", [exhibits["card"]])):
        create_case(case(name)).close()
        casework.add(case(name), pool, wanted)
        lines[name] = casework.answers(case(name))["digest"]["digest"]
    assert lines["a"] == lines["b"] != lines["c"]


@pytest.mark.postgres
def test_cases_in_one_database_do_not_see_each_other(
    postgres: str,
    material: tuple[dict[str, Path], list[Path], Path],
    expected: dict[str, Any],
    pool: Pool,
    tmp_path: Path,
) -> None:
    """Two offices hold the same files; one of them has fewer, and no list."""
    from casework import case_at

    exhibits, _, _ = material
    whole, part, alone = case_at(postgres, "whole"), case_at(postgres, "part"), str(tmp_path / "alone")
    for case in (whole, part, alone):
        create_case(case).close()
    for step in ("lists", "desk", "card", "stick"):
        work_through(whole, (step,), material, pool)
        if step == "card":
            casework.add(part, pool, [exhibits["card"]])
        if step == "stick":
            casework.add(part, pool, [exhibits["stick"]])
    for name in ("card", "stick"):
        casework.add(alone, pool, [exhibits[name]])
    assert casework.answers(part) == casework.answers(alone)
    assert casework.answers(whole) == expected
    for case in (whole, part):
        store = open_case(case)
        assert verify(store, None).damage == []
        store.close()


@pytest.mark.parametrize("places", [1, 4, 7])
def test_stopped_in_the_middle_and_run_again_gives_the_same_answer(
    places: int,
    case: Case,
    material: tuple[dict[str, Path], list[Path], Path],
    expected: dict[str, Any],
    pool: Pool,
) -> None:
    """The first Ctrl-C: what is under way is finished, nothing new is begun."""
    exhibits, lists, terms = material
    create_case(case("heron")).close()
    casework.load(case("heron"), pool, lists, terms)
    stopped = casework.add(case("heron"), pool, exhibits.values(), stop_after=places)
    assert stopped.stopped
    assert casework.answers(case("heron"))["digest"] != expected["digest"]
    work_through(case("heron"), casework.EXHIBITS, material, pool)
    assert casework.answers(case("heron")) == expected


def test_many_copies_of_one_file_are_one_reading(case: Case, tmp_path: Path, pool: Pool) -> None:
    """Copies that are read at the same time by several workers."""
    for number in range(24):
        (tmp_path / "copies" / f"{number % 4}").mkdir(parents=True, exist_ok=True)
        (tmp_path / "copies" / f"{number % 4}" / f"log {number}.txt").write_bytes(casework.channel(3000))
        (tmp_path / "copies" / f"{number % 4}" / f"reed {number}.jpg").write_bytes(casework.picture(7))
    create_case(case("heron")).close()
    casework.add(case("heron"), pool, [tmp_path / "copies"])
    found = casework.answers(case("heron"))
    assert (found["digest"]["readings"], found["digest"]["partial"]) == (2, False)
    assert found["exhibits"][0]["read"] == 48
    facts = casework.facts(case("heron"))
    assert sum(1 for fact in facts if fact[0] == "trace") == 3000 + 6

"""Who is ranked and on what, which indications traces show, what the coverage says; the same in every order."""

from pathlib import Path

import pytest
from network_cases import (
    WALLET,
    Case,
    answered,
    at,
    direct,
    ident,
    notice,
    own,
    persona,
    picture,
    posted,
    who,
)

from trackway.model.trace import Trace
from trackway.network import media
from trackway.network.parts import Indication
from trackway.network.thresholds import COMMON_ITEM


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path / "case")


STAR = [direct("heron", f"bird{n}", n) for n in range(6)] + [direct("bird0", "bird1", 9)]


def test_the_middle_of_a_star_comes_first(case: Case) -> None:
    case.exhibit("phone", STAR)
    found = case.network()
    best = found.nodes[0]
    assert (best.id, best.rank) == (ident("heron"), 1)
    for one in found.nodes:
        assert one.rank is not None
        assert one.interval is not None
        assert 1 <= one.interval[0] <= one.rank <= one.interval[1] <= 7


def test_messages_do_not_count_but_counterparts_do(case: Case) -> None:
    case.exhibit("phone", STAR + [direct("bird0", "bird1", 100 + n) for n in range(50)])
    assert persona(case.network(), "heron").rank == 1


@pytest.mark.parametrize(
    ("traces", "counts"),
    [
        ([direct("heron", "quarry", 1)], True),
        ([answered("heron", "quarry", 1)], True),
        ([posted("heron", 1, shares=(picture("fox"),)), posted("quarry", 2, shares=(picture("fox"),))], True),
        ([posted(name, 1, identifiers=(own("wallet", WALLET),)) for name in ("heron", "quarry")], True),
        ([posted("heron", 1), posted("quarry", 2)], False),  # one room
        ([posted("heron", 1, shares=(picture("fox"),)), posted("quarry", 2, shares=(picture("hare"),))], False),
        ([posted(name, 1, identifiers=(own("phone", "+31612345678"),)) for name in ("heron", "quarry")], False),
    ],
)
def test_what_makes_counterparts(case: Case, traces: list[Trace], counts: bool) -> None:
    case.exhibit("phone", traces)
    assert (persona(case.network(), "heron").rank is not None) is counts


def test_what_everybody_shares_links_nobody(case: Case) -> None:
    people = [f"bird{n}" for n in range(COMMON_ITEM)]
    case.exhibit("phone", [posted(one, n, shares=(picture("viral"),)) for n, one in enumerate(people)])
    assert persona(case.network(), "bird0").rank is not None
    case.exhibit("laptop", [posted("one-more", 50, shares=(picture("viral"),))])
    found = case.network()
    assert {one.rank for one in found.nodes} == {None}
    assert any("1 files or wallets" in note for note in found.coverage["notes"])


@pytest.mark.parametrize("category", ["victim", "minor", "witness", "family"])
def test_victims_minors_witnesses_and_family_are_never_ranked(case: Case, category: str) -> None:
    """The control is the same case before the category and after it was corrected."""
    case.exhibit("phone", STAR)
    assert persona(case.network(), "heron").rank == 1
    case.category("heron", category)
    found = case.network()
    hidden = persona(found, "heron")
    assert (hidden.rank, hidden.interval) == (None, None)
    assert sorted(one.rank for one in found.nodes if one.rank) == [1, 1, 3, 3, 3, 3]  # ranked among the others
    case.category("heron", "suspect", no=2)
    assert persona(case.network(), "heron").rank == 1


def _shown(case: Case, key: str) -> list[Indication]:
    return persona(case.network(), key).indications


@pytest.mark.parametrize(
    ("role", "traces"),
    [
        ("administrator", [notice("heron", 1, "create_group")]),
        ("introducer", [notice("heron", 1, "invite_members", members=["Quarry"])]),
        ("moderator", [notice("heron", n, "remove_members", members=["Quarry"]) for n in range(3)]),
        ("moderator", [notice("heron", n, "kick", (who("quarry"),)) for n in range(3)]),
        ("moderator", [notice("heron", n, "mode", reason="+b *!*@host") for n in range(3)]),
        ("administrator", [notice("heron", 1, "mode", reason="+o quarry")]),
        ("administrator", [notice("heron", 1, "mode", reason="gives channel operator status to quarry")]),
    ],
)
def test_indications_that_notices_show(case: Case, role: str, traces: list[Trace]) -> None:
    case.exhibit("phone", traces)
    (found,) = _shown(case, "heron")
    assert (found.role, found.total, len(found.traces)) == (role, len(traces), len(traces))
    assert found.since is not None
    assert found.since.startswith("2026-01-01T0")


@pytest.mark.parametrize(
    "traces",
    [
        [notice("heron", n, "remove_members", members=["Quarry"]) for n in range(2)],  # not repeatedly
        [notice("heron", n, "remove_members", members=["Heron"]) for n in range(5)],  # leaving
        [notice("heron", 1, "invite_members", members=[None, 7])],
        [notice("heron", 1, "mode", reason="+o heron")],
        [notice("heron", 1, "mode", reason="+m")],
        [notice("heron", 1, "join")],
        [posted("heron", 1, fields={"event": "create_group"})],  # a message that says so
    ],
)
def test_what_indicates_nothing(case: Case, traces: list[Trace]) -> None:
    case.exhibit("phone", traces)
    assert _shown(case, "heron") == []


def _supply(first_basis: str, gap: float, items: int = 3) -> list[Trace]:
    shared = []
    for n in range(items):
        early = Trace("message", f"e{n}", at(n, first_basis), who("heron"), id=f"e{n}", shares=(picture(f"p{n}"),))
        shared += [early, posted("quarry", n + gap, shares=(picture(f"p{n}"),))]
    return shared


def test_supplier_is_who_was_first_with_what_others_share_again(case: Case) -> None:
    case.exhibit("phone", _supply("stated", 1))
    (found,) = _shown(case, "heron")
    assert (found.role, found.total, len(found.traces)) == ("supplier", 3, 3)
    assert "earliest" in found.sentence
    assert _shown(case, "quarry") == []


@pytest.mark.parametrize(
    ("traces", "zone_margin", "shown"),
    [
        (_supply("stated", 1, items=2), None, False),
        (_supply("stated", 0), None, False),  # at one instant: nobody was first
        (_supply("assumed", 1), None, False),  # an hour apart, but the zone is a guess
        (_supply("assumed", 1), 0, True),  # the control: without the margin
        (_supply("assumed", 30), None, True),
    ],
)
def test_supplier_needs_items_and_times_that_can_be_ordered(
    case: Case, monkeypatch: pytest.MonkeyPatch, traces: list[Trace], zone_margin: int | None, shown: bool
) -> None:
    if zone_margin is not None:
        monkeypatch.setattr(media, "ZONE_MARGIN", zone_margin)
    case.exhibit("phone", traces)
    assert bool(_shown(case, "heron")) is shown


def test_coverage_says_what_the_picture_rests_on(case: Case) -> None:
    case.exhibit("phone", STAR)
    case.exhibit("laptop", [direct("heron", "bird0", 0), direct("bird0", "heron", 20)])
    found = case.network().coverage
    assert found["sentence"] == "Prominent among the 7 personas seen, not in the whole network."
    assert found["period"] == ["2026-01-01T00:00:00Z", "2026-01-01T20:00:00Z"]
    assert [(one["exhibit"], one["records"]) for one in found["exhibits"]] == [("laptop", 2), ("phone", 7)]
    assert found["layers"]["private"] == 8
    assert found["layers_not_held"] == ["public", "share", "money", "infrastructure"]
    assert found["edges_seen_from_one_side"] == round(6 / 7, 4)
    assert (found["how_chosen"], found["missing_share"]) == ("unknown", 0.3)


def test_an_empty_case_has_an_empty_network(case: Case) -> None:
    found = case.network()
    assert (found.nodes, found.edges) == ([], [])
    assert found.coverage["edges_seen_from_one_side"] is None

"""A series' name can carry a child's name: what leaves is a token, one a series, a list where lists disagree."""

import pytest

from handmade import Case, Listed, picture
from trackway.match.series import series_token

HERON = picture(1)
BOTH = sorted(filter(None, map(series_token, ("Marsh Heron", "Otter"))))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Marsh Heron", "marsh heron", True),
        ("Marsh Heron", "  Marsh\tHERON ", True),
        ("Ｍarsh Heron", "Marsh Heron", True),
        ("Marsh Heron", "Marsh Heron 2", False),
        ("Marsh Heron", "Marsh Otter", False),
    ],
)
def test_one_token_a_series(one: str, other: str, same: bool) -> None:
    assert (series_token(one) == series_token(other)) is same


@pytest.mark.parametrize("name", [None, "", "   ", "\u3000"])
def test_no_name_is_no_series(name: str | None) -> None:
    assert series_token(name) is None


def test_the_token_holds_nothing_of_the_name() -> None:
    token = series_token("Marsh Heron")
    assert token is not None
    assert token.startswith("series-")
    assert not {"marsh", "heron"} & {part for i in range(len(token)) for part in (token[i : i + 5].lower(),)}


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        pytest.param([None], None, id="no list names one"),
        pytest.param(["Marsh Heron", "marsh  heron"], series_token("Marsh Heron"), id="lists agree"),
        pytest.param(["Marsh Heron", None], series_token("Marsh Heron"), id="one is silent"),
        pytest.param(
            ["Marsh Heron", "Otter"],
            sorted(filter(None, map(series_token, ("Marsh Heron", "Otter")))),
            id="they disagree",
        ),
    ],
)
def test_the_series_of_a_file(case: Case, says: list[str | None], expected: str | list[str] | None) -> None:
    case.add("stick", {"a.jpg": HERON})
    for i, series in enumerate(says):
        case.known(f"list {i}", Listed(HERON, series=series))
    assert case.media(HERON).series == expected


@pytest.mark.parametrize(
    ("flags", "identified"),
    [
        ((None, None), None),
        ((False, None), False),
        ((False, True), True),
        ((None, True), True),
    ],
)
def test_a_victim_is_identified_as_soon_as_one_record_says_so(
    case: Case, flags: tuple[bool | None, ...], identified: bool | None
) -> None:
    """A file that is new in such a series is the strongest alarm there is; a silent record says nothing."""
    for i, flag in enumerate(flags):
        named = ((picture(10 + n), f"heron_{n}.jpg") for n in range(3))
        case.known(
            f"list {i}", *(Listed(one, series="S", victim_identified=flag, names=(name,)) for one, name in named)
        )
    case.add("stick", {"heron_9.jpg": HERON})
    (tie,) = case.media(HERON).ties
    assert tie.victim_identified is identified

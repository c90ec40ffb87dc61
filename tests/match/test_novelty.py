"""Known, near, unlisted or undetermined (CONTRACT.md, media), and what every record of every list says of a file."""

import hashlib
from dataclasses import replace

import pytest

from handmade import EMPTY, Case, Listed, Source, export, film, pdq_of, picture
from trackway.match.listed import Match
from trackway.match.verdict import Media
from trackway.model.trace import Digests, PersonaRef, Share, Trace

HERON, FOX, BROKEN, FILM = picture(1), picture(2), picture(3, decoded=False), film("heron")
GONE = Source(b"only its digest is left")
RECORD = export(
    "log",
    Trace(
        "message", "line 1", author=PersonaRef("irc", "osprey"), text="get it",
        shares=(Share("record_only", digests=Digests(md5=GONE.md5)),),
    ),
)  # fmt: skip
ALL = {
    "heron.jpg": HERON,
    "fox.jpg": FOX,
    "broken.jpg": BROKEN,
    "film.mp4": FILM,
    "empty.jpg": EMPTY,
    "hide.log": RECORD,
}
KEYS = {"heron": HERON, "fox": FOX, "broken": BROKEN, "film": FILM, "empty": EMPTY, "gone": f"md5:{GONE.md5}"}


def one(case: Case, name: str) -> Media:
    return case.media(KEYS[name])


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param((), dict.fromkeys(KEYS, "undetermined"), id="no list is loaded"),
        pytest.param(
            (Listed(Source(b"something else")),),
            dict.fromkeys(KEYS, "undetermined") | {"heron": "unlisted", "fox": "unlisted"},
            id="a list that names none of them",
        ),
        pytest.param((Listed(HERON, ("md5",)),), {"heron": "known", "fox": "unlisted"}, id="by MD5"),
        pytest.param((Listed(HERON, ("sha1",)),), {"heron": "known", "fox": "unlisted"}, id="by SHA-1"),
        pytest.param((Listed(HERON, ("sha256",)),), {"heron": "known", "fox": "unlisted"}, id="by SHA-256"),
        pytest.param((Listed(pdq=pdq_of(1, "dark")),), {"heron": "near", "fox": "unlisted"}, id="near a list's hash"),
        pytest.param((Listed(pdq=pdq_of(1, "mirror")),), {"heron": "near"}, id="mirrored of a list's hash"),
        pytest.param((Listed(BROKEN), Listed(FILM)), {"broken": "known", "film": "known"}, id="listed, not decoded"),
        pytest.param((Listed(GONE),), {"gone": "known"}, id="only the digest is left, and it is listed"),
        pytest.param((Listed(EMPTY), Listed(FOX)), {"empty": "undetermined"}, id="a list that names the empty file"),
        pytest.param((Listed(pdq="0" * 64),), {"heron": "unlisted"}, id="a hash that flat pictures give"),
    ],
)
def test_novelty(case: Case, entries: tuple[Listed, ...], expected: dict[str, str]) -> None:
    case.add("stick", ALL)
    if entries:
        case.known("partner.csv", *entries)
    assert {name: one(case, name).novelty for name in expected} == expected


def test_the_order_of_list_and_exhibit_does_not_matter(case: Case) -> None:
    case.known("partner.csv", Listed(HERON), Listed(pdq=pdq_of(2, "dark")))
    case.add("stick", ALL)
    assert (one(case, "heron").novelty, one(case, "fox").novelty) == ("known", "near")


def test_a_copy_of_a_listed_file_of_the_case_is_near_though_the_list_has_digests_only(case: Case) -> None:
    copy = picture(1, "dark")
    case.add("stick", {"heron.jpg": HERON})
    case.add("laptop", {"small.jpg": copy})
    case.known("partner.csv", Listed(HERON, ("md5",), entry="17"))
    media = case.media(copy)
    (match,) = media.matches
    assert (media.novelty, media.sha256, media.new_material) == ("near", copy.key, False)
    assert (match.list, match.entry, match.kind, match.via) == ("partner.csv", "17", "near", HERON.key)
    assert 0 < match.distance <= case.settings.near_radius


def test_a_copy_of_a_copy_is_not_near_what_the_first_was_made_of(case: Case) -> None:
    """One step only: each further step would reach further from what is listed."""
    case.add("stick", {"a.jpg": picture(1, "dark")})
    case.known("partner.csv", Listed(HERON, ("md5",)))
    assert case.media(picture(1, "dark")).novelty == "unlisted"


def test_the_form_in_which_the_hashes_meet_is_said(case: Case) -> None:
    mirrored = picture(1, "mirror")
    case.add("stick", {"heron.jpg": HERON, "mirrored.jpg": mirrored})
    case.known("partner.csv", Listed(HERON, ("sha1",)))
    (match,) = case.media(mirrored).matches
    assert (match.edit, match.distance <= 4) == ("flip y", True)
    assert "flip y" in case.media(mirrored).sentence


def _said(match: Match) -> tuple[str, str, str, bool | None, str | None]:
    return match.list, match.entry, match.kind, match.victim_identified, match.category


def test_every_record_of_every_list_that_names_the_file_appears(case: Case) -> None:
    case.add("stick", {"heron.jpg": HERON})
    case.known(
        "a.json",
        Listed(HERON, ("md5",), entry="1", victim_identified=True, category="1"),
        Listed(HERON, ("sha1",), entry="2", victim_identified=False, category="3"),
        Listed(FOX, entry="3"),
    )
    case.known("b.txt", Listed(HERON, ("sha256",)))
    assert [_said(match) for match in case.media(HERON).matches] == [
        ("a.json", "1", "exact", True, "1"),
        ("a.json", "2", "exact", False, "3"),
        ("b.txt", HERON.key, "exact", None, None),
    ]


def test_records_that_bear_one_id_stay_apart(case: Case) -> None:
    """MediaID is repeated in the wild: one record names the file itself, the other a file that it is near."""
    copy = picture(1, "dark")
    case.add("stick", {"heron.jpg": HERON, "copy.jpg": copy})
    case.known(
        "a.json", Listed(copy, ("md5",), entry="7", category="1"), Listed(HERON, ("md5",), entry="7", category="2")
    )
    assert [(m.kind, m.category) for m in case.media(copy).matches] == [("exact", "1"), ("near", "2")]
    assert [(m.kind, m.category) for m in case.media(HERON).matches] == [("exact", "2"), ("near", "1")]


def test_a_later_version_of_a_list_takes_the_earlier_ones_place(case: Case) -> None:
    case.add("stick", {"heron.jpg": HERON, "fox.jpg": FOX})
    case.known("a.json", Listed(HERON), Listed(Source(b"x")))
    case.known("a.json", Listed(FOX))
    assert (case.media(HERON).novelty, case.media(FOX).novelty) == ("unlisted", "known")
    case.known("a.json", Listed(HERON), Listed(Source(b"x")))
    assert (case.media(HERON).novelty, case.media(FOX).novelty) == ("known", "unlisted")


def test_featureless_pictures_meet_nothing(case: Case) -> None:
    """Below the quality guard a picture takes part in no near match; its digests still do. The control is above."""
    flat, other = (replace(picture(seed), measures=(_of_quality(seed, 20),)) for seed in (1, 5))
    case.add("stick", {"flat.jpg": flat, "other.jpg": other})
    case.known("a.json", Listed(pdq=pdq_of(1)), Listed(other))
    assert (case.media(flat).novelty, case.media(other).novelty) == ("unlisted", "known")


def _of_quality(seed: int, quality: int):  # type: ignore[no-untyped-def]
    (measure,) = picture(seed).measures[:1]
    return type(measure)(measure.method, measure.version, measure.value | {"quality": quality})


def test_a_file_that_is_gone_is_known_by_what_its_record_states(case: Case) -> None:
    case.add("stick", {"hide.log": RECORD})
    case.known("a.json", Listed(FOX))
    media = one(case, "gone")
    assert (media.sha256, media.md5, media.sha1, media.places) == (None, GONE.md5, None, [])
    assert media.sightings["record_only"] == 1
    late = replace(picture(9), data=GONE.data)
    case.add("laptop", {"late.jpg": late})
    assert case.media(late).sightings["record_only"] == 1
    assert f"md5:{GONE.md5}" not in case.all_media()


def test_what_is_no_media_is_no_item_unless_it_is_named(case: Case) -> None:
    note, listed = Source(b"a note", outcome="unclaimed"), Source(b"a listed note", outcome="unclaimed")
    named = Source(b"cut", outcome="incomplete")
    case.add("stick", {"note.txt": note, "listed.txt": listed, "shore_07.jpg": named})
    case.known("a.json", Listed(listed))
    assert sorted(case.all_media()) == sorted([listed.key, named.key])


def test_the_empty_file_is_an_item_and_nothing_else(case: Case) -> None:
    case.add("stick", {"heron_014.jpg": EMPTY})
    case.known("a.json", Listed(EMPTY), *(Listed(picture(i), series="S", names=(f"heron_{i}.jpg",)) for i in range(4)))
    media = case.media(EMPTY)
    assert (media.matches, media.new_material, media.ties, media.size) == ([], False, [], 0)
    assert media.sha256 == hashlib.sha256(b"").hexdigest()


def test_stacks_join_what_is_near_directly_or_through_others(case: Case) -> None:
    mirrored, copy = picture(1, "mirror"), picture(1, "dark")
    case.add("stick", {"heron.jpg": HERON, "mirrored.jpg": mirrored, "copy.jpg": copy, "fox.jpg": FOX})
    stacks = {case.media(source).stack for source in (HERON, mirrored, copy)}
    assert len(stacks) == 1
    assert case.media(FOX).stack not in stacks

"""A person's word on a file or a persona: kept with its reason, it ties, and it can be taken back."""

import pytest

from handmade import Case, Listed, picture
from trackway.acts.category import OF_PERSONS, categorise
from trackway.model.errors import Refused
from trackway.store.journal import Officer

OFFICER = Officer("17")


def _unlisted(case: Case) -> str:
    case.add("stick", {"a.jpg": picture(1)})
    case.known("partner.json", Listed(picture(2)))
    return next(key for key, media in case.all_media().items() if media.novelty == "unlisted")


def test_a_category_ties_an_unlisted_file_and_undetermined_takes_it_back(case: Case) -> None:
    key = _unlisted(case)
    assert not case.media(key).new_material
    categorise(case.store, OFFICER, f"media:{key}", "2", "seen in look session 4")
    case.derive()
    (tie,) = case.media(key).ties
    assert (tie.kind, case.media(key).new_material) == ("person", True)
    categorise(case.store, OFFICER, f"media:{key}", "undetermined", "a mistake")
    case.derive()
    assert not case.media(key).new_material


@pytest.mark.parametrize(
    ("subject", "category", "reason", "code"),
    [
        ("media:00", "2", "why", "no-subject"),
        ("media:00", "2", " ", "no-reason"),
        ("media:00", " ", "why", "bad-category"),
        ("persona:00", "leader", "why", "bad-category"),
        ("exhibit:00", "2", "why", "bad-subject"),
    ],
)
def test_what_is_refused(case: Case, subject: str, category: str, reason: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        categorise(case.store, OFFICER, subject, category, reason)
    assert refusal.value.code == code


def test_the_categories_of_persons_are_those_of_the_directive() -> None:
    assert {"victim", "minor", "witness", "family"} < set(OF_PERSONS)

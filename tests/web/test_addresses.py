"""Addresses hold opaque ids: what is not opaque by itself is sealed, and only this case opens it."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from trackway.danger.item import Ref
from trackway.web.address import OPAQUE, Addresses
from trackway.web.problem import Missing

OURS, OTHERS = Addresses(b"one case"), Addresses(b"another case")


@given(some.text(max_size=300))
def test_any_id_comes_back(name: str) -> None:
    part = OURS.id(name)
    assert OURS.named(part) == name
    assert part == name if OPAQUE.fullmatch(name) else part[1:].replace("-", "").replace("_", "").isalnum()
    assert OURS.id(name) == part


@given(some.text(min_size=8, max_size=80))
def test_only_this_case_opens_it_and_only_for_its_use(text: str) -> None:
    sealed = OURS.seal(text, "queue")
    for addresses, part, use in (
        (OTHERS, sealed, "queue"),
        (OURS, sealed, "subject"),
        (OURS, sealed[:-2] + ("AA" if sealed[-2:] != "AA" else "BB"), "queue"),
        (OURS, sealed[1:], "queue"),
        (OURS, "~", "queue"),
        (OURS, "~" + "A" * 5000, "queue"),
    ):
        with pytest.raises(Missing):
            addresses.unseal(part, use)
    assert OURS.unseal(sealed, "queue") == text


@pytest.mark.parametrize(
    ("ref", "opaque"),
    [
        (Ref("persona", "0f" * 16), True),
        (Ref("media", "0f" * 32), True),
        (Ref("media", "md5:" + "0f" * 16), True),
        (Ref("series", "series-0123456789abcdef"), True),
        (Ref("camera", "Kestrel K2 · kitchen phone"), False),
        (Ref("report", "190410077"), False),
        (Ref("identifier", "heron@marsh.example"), False),
    ],
)
def test_a_subject_as_an_address(ref: Ref, opaque: bool) -> None:
    kind, _, part = OURS.item(ref).partition("/")
    assert (part == ref.id) is opaque
    assert OURS.subject(kind, part) == ref.key


@pytest.mark.parametrize("kind", ["", "Persona", "../x", "a" * 30])
def test_a_kind_that_is_none(kind: str) -> None:
    with pytest.raises(Missing):
        OURS.subject(kind, "0f" * 16)

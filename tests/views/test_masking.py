"""Names of series are masked in every spelling and everywhere; ids, digests and our own words stay whole."""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct
from secrets_of_views import IMPORTED, SERIES, VICTIM
from sqlalchemy import select

from casework import OFFICER
from intake_cases import Case
from trackway.cli.session import settings_of
from trackway.store import schema
from trackway.store.case import CaseStore, open_case
from trackway.store.ids import trace_ids
from trackway.views.door import View, consult
from trackway.views.exhibits import exhibits
from trackway.views.lists import conflicts, lists
from trackway.views.masking import MASK, Names
from trackway.views.media import all_media
from trackway.views.network import network
from trackway.views.personas import personas
from trackway.views.queue import queue
from trackway.views.show import show

DIGEST = hashlib.sha256(b"x").hexdigest()


@pytest.mark.parametrize(
    ("name", "text", "masked"),
    [
        ("MARSH-HERON", "marsh heron", MASK),
        ("MARSH-HERON", "Marsh_Heron_014.jpg", f"{MASK}_014.jpg"),
        ("MARSH-HERON", "thenewmarshheronset.zip", f"thenew{MASK}set.zip"),
        ("MARSH-HERON", "m.a.r.s.h - h.e.r.o.n", MASK),
        ("MARSH-HERON", "marsh/heron", MASK),
        ("MARSH-HERON", "marsh\u200bheron", MASK),
        ("MARSH-HERON", "ｍａｒｓｈ heron", MASK),
        ("MARSH-HERON", "mársh héron", MASK),
        ("MARSH-HERON", "ma\u0301rsh heron", MASK),
        ("MARSH-HERON", "x.example/marsh%20heron?a=1", f"x.example/{MASK}?a=1"),
        ("MARSH-HERON", "marsh&nbsp;h&#101;ron", MASK),
        ("MARSH-HERON", r'{"name": "M\u00e1rsh\u2013Heron"}', f'{{"name": "{MASK}"}}'),
        ("Élan", "=C3=89lan and =C3lan", f"{MASK} and =C3lan"),
        ("MARSH-HERON", "100%abmarshhero=n &; \\u00", f"100%ab{MASK} &; \\u00"),
        ("MARSH-HERON", "a marsh, and far away a heron", "a marsh, and far away a heron"),
        ("MARSH-HERON", "marsh ~~~~ heron", "marsh ~~~~ heron"),
        ("MARSH-HERON", "marsh herring", "marsh herring"),
        ("MARSH-HERON", "marshheron, marsh heron!", f"{MASK}, {MASK}!"),
        ("Zoë Blau", "zoe-blau.jpg", f"{MASK}.jpg"),
        ("Zoë Blau", "ZOË\u0308 BLAU", MASK),
        ("Straße", "STRASSE 1", f"{MASK} 1"),
        ("Жар-птица", "жар птица", MASK),
        ("花火 大会", "花火大会.mp4", f"{MASK}.mp4"),
        ("Ann", "Ann was here", f"{MASK} was here"),
        ("Ann", "a_n-n.jpg, then ANN", f"{MASK}.jpg, then {MASK}"),
        ("Ann", "annual, joann, Anna", "annual, joann, Anna"),
        ("A-1", "set a1, A_1 and A 1", f"set {MASK}, {MASK} and {MASK}"),
        ("A-1", "a12 and ba1", "a12 and ba1"),
        ("---", "--- nothing ---", "--- nothing ---"),
        ("", "text", "text"),
        ("beef", f"corned beef {DIGEST}", f"corned {MASK} {DIGEST}"),
        ("beef", "md5:" + "beef" * 8, "md5:" + "beef" * 8),
        ("beef", "series-beefbeefbeefbeef", "series-beefbeefbeefbeef"),
        ("beef", "in stack-0000beef00000000", "in stack-0000beef00000000"),
        ("2026", "2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
        ("2026", "2026-03-01", "2026-03-01"),
        ("2026", "holiday 2026.jpg", f"holiday {MASK}.jpg"),
        ("cafe" * 8, "cafe" * 8 + ".jpg", f"{MASK}.jpg"),
    ],
)  # fmt: skip
def test_a_name_is_masked_however_it_is_spelt(name: str, text: str, masked: str) -> None:
    assert Names([name]).masked(text) == masked


def test_the_longest_of_several_names_is_masked() -> None:
    names = Names(["marsh", "marsh heron", "heron"])
    assert names.masked("Marsh Heron and marsh and heron") == f"{MASK} and {MASK} and {MASK}"


WORDS = st.text(st.sampled_from("abcABCéß12 -_./"), max_size=30)


@given(st.lists(WORDS, max_size=4), WORDS)
def test_what_is_no_name_is_left_as_it_was(names: list[str], text: str) -> None:
    masked = Names(names).masked(text)
    parts = masked.split(MASK)
    at = 0
    for part in parts:
        assert part in text[at:]
        at = text.index(part, at) + len(part)


@given(
    st.text(st.sampled_from("ghijé"), min_size=4, max_size=12),
    WORDS,
    WORDS,
    st.text(st.sampled_from("-_. "), max_size=3),
)
def test_a_name_of_four_letters_is_found_inside_anything(name: str, before: str, after: str, gap: str) -> None:
    assert MASK in Names([name]).masked(before + gap.join(name.upper()) + after)


class _Answer(Struct, frozen=True):
    kind: Literal["media", "mail"]
    title: str
    parts: list["_Answer"]
    held: dict[str, Any]
    pair: tuple[str, int]


def test_an_answer_keeps_its_shape_its_own_words_and_its_ids() -> None:
    inner = _Answer("mail", "untouched", [], {}, ("x", 1))
    answer = _Answer(
        "media", "the Media set", [inner], {"media": "media", "a/media.jpg": 1, "b/media.jpg": 2}, ("media", 3)
    )
    masked = Names(["media"]).within(answer)
    assert (masked.kind, masked.title, masked.pair) == ("media", f"the {MASK} set", (MASK, 3))
    assert masked.parts[0] == inner
    assert masked.held == {"media": MASK, f"a/{MASK}.jpg (2)": 1, f"b/{MASK}.jpg (3)": 2}
    assert Names([]).within(answer) == answer
    assert answer.title == "the Media set", "what was derived is not changed"


def test_many_names_and_much_text_take_no_time() -> None:
    names = Names(f"series number {n} of {n * 7919}" for n in range(5_000))
    texts = [f"IMG_{n:05d} on the boardwalk at the far bank.jpg" for n in range(5_000)]
    start = time.process_time()
    assert [names.masked(text) for text in texts] == texts
    assert time.process_time() - start < 5


# ------------------------------------------------------------------ in a case


def everything(store: CaseStore, view: View, look: Callable[[View, Any], Any]) -> Iterator[tuple[str, str]]:
    """(what, its JSON) of every answer of the case."""
    settings = settings_of(store.folder)
    said = {
        "exhibits": exhibits(view),
        "media": list(all_media(view)),
        "queue": queue(view, settings),
        "personas": personas(view),
        "known": [lists(view), conflicts(view)],
    }
    t = schema.trace.c
    numbers = view.connection.execute(select(t.n).where(t.case_no == store.case_no)).scalars().all()
    for n, public in trace_ids(view.connection, numbers).items():
        said[f"trace {n}"] = show(view, settings, public)
    for item in list(said["media"]):
        said[f"media {item.id}"] = show(view, settings, item.id)
    for row in list(said["queue"]):
        said[f"item {row.subject.key}"] = show(view, settings, row.subject.key)
    for what, answer in said.items():
        yield what, msgspec.json.encode(look(view, answer)).decode()


def folded(text: str) -> str:
    return "".join(c for c in text.casefold().replace("å", "a").replace("é", "e") if c.isalnum())


SECRETS = [folded(SERIES), folded(IMPORTED), folded(VICTIM), "31600000077"]


def leaks(case: Case, reveal: bool, look: Callable[[View, Any], Any]) -> dict[str, set[str]]:
    """Which answers hold which secret."""
    store = open_case(str(case.folder))
    try:
        with consult(store, OFFICER, "test", reveal=reveal) as view:
            found = {
                what: {secret for secret in SECRETS if secret in folded(text)}
                for what, text in everything(store, view, look)
            }
        answer = network(store, OFFICER, reveal)
        found["network"] = {secret for secret in SECRETS if secret in folded(msgspec.json.encode(answer).decode())}
        return {what: secrets for what, secrets in found.items() if secrets}
    finally:
        store.close()


def test_no_answer_holds_the_name_of_a_series_or_a_victims_data(told: Case) -> None:
    assert leaks(told, False, lambda view, answer: view.masked(answer)) == {}


def test_what_is_asked_for_is_shown(told: Case) -> None:
    """Control: with --reveal each of them stands somewhere, so that the search above could have found it."""
    found = leaks(told, True, lambda view, answer: view.masked(answer))
    assert set().union(*found.values()) == set(SECRETS)
    assert {"media", "known"} & set(found)


def test_without_the_mask_the_names_are_there(told: Case) -> None:
    """Control: names leave by what the view does not mask."""
    found = leaks(told, False, lambda view, answer: answer)
    assert {folded(SERIES), folded(IMPORTED)} <= set().union(*found.values())


def test_an_answer_is_the_same_but_for_the_names(told: Case) -> None:
    def ids(reveal: bool) -> list[tuple[str, str | None, tuple[str, ...]]]:
        store = open_case(str(told.folder))
        with consult(store, OFFICER, "test", reveal=reveal) as view:
            found = [(one.id, one.sha256, tuple(one.traces)) for one in view.masked(list(all_media(view)))]
        store.close()
        return found

    assert ids(False) == ids(True)


def test_what_is_revealed_stands_in_the_ledger(told: Case) -> None:
    before = len(told.ledger())
    for reveal in (False, True):
        store = open_case(str(told.folder))
        with consult(store, OFFICER, "media", reveal=reveal):
            pass
        store.close()
    entries = told.ledger()[before:]
    assert [one["body"] for one in entries] == [{"view": "media"}, {"view": "media", "reveal": True}]
    said = msgspec.json.encode(told.ledger("consulted")).decode()
    assert not any(secret in folded(said) for secret in SECRETS), "no look writes what it hid"

"""Pages: however long they are, one after the other they are the whole list, in its order and with its ranks."""

import contextlib
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from casework import OFFICER
from intake_cases import Case
from trackway.cli.session import settings_of
from trackway.danger.item import Item, Reason, Ref, item_of
from trackway.findings.engine import Settings
from trackway.store import schema
from trackway.store.case import create_case, open_case
from trackway.views.door import View, consult
from trackway.views.media import all_media, media_page
from trackway.views.personas import personas, personas_page
from trackway.views.queue import queue, queue_page, queue_row

IDS = [
    "heron",
    "her|on",
    "a|1|b",
    "",
    "|",
    "||",
    "1|2|3|4",
    "ø",
    "🦦",
    "%",
    "_",
    "Zz",
    "zz",
    "x" * 300,
    "a\nb",
    '"',
    "\\",
]


def item(kind: str, name: str, signs: list[tuple[str, int]]) -> Item:
    reasons = [Reason(sign, tier, f"{sign} of {name}") for sign, tier in signs]  # type: ignore[arg-type]
    made = item_of(Ref(kind, name), reasons)  # type: ignore[arg-type]
    assert made is not None
    return made


def lay_items(view: View, items: list[Item]) -> None:
    view.connection.execute(delete(schema.item))
    rows = {
        one.subject.key: {
            "case_no": view.case_no,
            "subject": one.subject.key,
            "tier": one.tier,
            "order": one.order,
            "body": msgspec.json.encode(one).decode(),
        }
        for one in items
    }
    if rows:
        view.connection.execute(insert(schema.item), list(rows.values()))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("queue") / "case"
    create_case(str(folder)).close()
    return folder


@contextlib.contextmanager
def looking(folder: Path) -> Iterator[View]:
    """What is laid out inside is taken back at the end."""
    store = open_case(str(folder))

    class _Back(Exception):
        pass

    try:
        with contextlib.suppress(_Back), consult(store, OFFICER, "test") as view:
            yield view
            raise _Back
    finally:
        store.close()


def pages(view: View, count: int) -> tuple[list[msgspec.Struct], list[int]]:
    rows: list[msgspec.Struct] = []
    sizes = []
    after: str | None = None
    while True:
        page = queue_page(view, Settings(), after, count)
        rows += page.rows
        sizes.append(len(page.rows))
        assert page.blind_spots
        assert len(sizes) < 500, "the pages have no end"
        if page.more is None:
            return rows, sizes
        after = page.more


SIGNS = st.lists(
    st.tuples(st.sampled_from(["live", "access", "known", "unlisted", "own sign"]), st.integers(1, 5)),
    min_size=1,
    max_size=3,
)
KINDS = st.sampled_from(["persona", "media", "report", "series", "identifier", "camera"])
ITEMS = st.lists(st.builds(item, KINDS, st.sampled_from(IDS), SIGNS), max_size=25)


@settings(deadline=None, max_examples=60)
@given(ITEMS, st.integers(1, 8))
def test_pages_are_the_whole_list(empty: Path, items: list[Item], count: int) -> None:
    with looking(empty) as view:
        lay_items(view, items)
        whole = queue(view, Settings())
        found, sizes = pages(view, count)
        assert found == whole
        assert all(size == count for size in sizes[:-1])
        assert [row.rank for row in whole] == list(range(1, len(whole) + 1))
        assert [row.tier for row in whole] == sorted(row.tier for row in whole)


def test_a_long_queue_in_pages_of_any_length(empty: Path) -> None:
    random.seed(7)
    items = [
        item("media", f"{n * 7919 % 1000:03d}|{n}", [(random.choice(["known", "live"]), random.randint(1, 5))])
        for n in range(300)
    ]
    with looking(empty) as view:
        lay_items(view, items)
        whole = queue(view, Settings())
        assert len(whole) == 300
        for count in (1, 50, 299, 300, 301):
            assert pages(view, count)[0] == whole
        for row in whole[::37]:
            assert queue_row(view, Settings(), row.subject.key) == row


def test_a_page_goes_on_where_it_stopped_though_the_queue_changed(empty: Path) -> None:
    items = [item("media", name, [("known", 5)]) for name in "abcdef"]
    with looking(empty) as view:
        lay_items(view, items)
        first = queue_page(view, Settings(), None, 3)
        lay_items(view, [*items[:2], item("media", "aa", [("live", 1)]), *items[3:]])
        rest = queue_page(view, Settings(), first.more, 10)
        assert [row.subject.id for row in rest.rows] == ["d", "e", "f"], "none twice, none left out"


@pytest.mark.parametrize("cursor", ["", "x", "1|2", "{}", "[1]", '["a","b","c","d"]', "[1,2,3,4]", "null"])
def test_a_cursor_that_no_page_gave_is_no_fault_of_the_program(empty: Path, cursor: str) -> None:
    with looking(empty) as view, pytest.raises(ValueError, match="cursor"):
        queue_page(view, Settings(), cursor)


def test_media_and_personas_by_pages_are_the_whole_list(told: Case) -> None:
    store = open_case(str(told.folder))
    with consult(store, OFFICER, "test") as view:
        whole = list(all_media(view))
        assert len(whole) > 10
        for count in (1, 3, len(whole), 1000):
            found, after = [], ""
            while page := media_page(view, after, count):
                found += page
                after = page[-1].id
            assert found == whole
        people = personas(view)
        for count in (1, 4, 1000):
            met, after = [], ""
            while some := personas_page(view, after, count):
                met += some
                after = some[-1].id
            assert met == people
        assert queue(view, settings_of(store.folder))
    store.close()

"""Opening one thing by its id: the right one, with its record as it stands in the source; nothing for what is none."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from secrets_of_views import IMPORTED, REPORT, VICTIM
from sqlalchemy import select

from casework import OFFICER, exhibit, lay_out
from intake_cases import Case, lay, log, mail
from trackway.cli.session import settings_of
from trackway.sandbox.pool import Pool
from trackway.store import raw, schema
from trackway.store.case import open_case
from trackway.store.ids import trace_ids, trace_number
from trackway.views.answers import MediaAnswer, QueueRow, TraceAnswer
from trackway.views.door import View, consult
from trackway.views.masking import MASK
from trackway.views.media import all_media
from trackway.views.personas import PersonaAnswer, personas
from trackway.views.queue import queue
from trackway.views.show import show


@contextlib.contextmanager
def looking(case: Case, reveal: bool = False) -> Iterator[tuple[View, Any]]:
    store = open_case(str(case.folder))
    try:
        with consult(store, OFFICER, "test", reveal=reveal) as view:
            yield view, settings_of(store.folder)
    finally:
        store.close()


def all_ids(view: View) -> list[str]:
    t = schema.trace.c
    numbers = view.connection.execute(select(t.n).where(t.case_no == view.case_no)).scalars()
    return list(trace_ids(view.connection, numbers).values())


@pytest.mark.parametrize(("name", "locator"), [("logs/birdhide.log", "line"), ("ChatExport/result.json", "messages")])
def test_a_trace_opens_with_the_bytes_of_its_record(told: Case, name: str, locator: str) -> None:
    source = exhibit("desk")[name]
    with looking(told) as (view, settings):
        seen = 0
        for public in all_ids(view):
            trace = show(view, settings, public)
            assert isinstance(trace, TraceAnswer)
            assert trace.id == public
            if name not in [place.path for place in trace.places] or not trace.raw:
                continue
            seen += 1
            assert locator in trace.locator
            if name.endswith(".log"):
                number = int(trace.locator.rsplit(" ", 1)[1])
                assert source.split(b"\n")[number - 1].decode("utf-8", "replace") == trace.raw
            else:
                record = json.loads(source)["messages"][int(trace.locator.split("[")[1].rstrip("]"))]
                assert trace.raw.encode() in source
                assert json.loads(trace.raw) == record
                assert record["text"].startswith(trace.text[:20])
        assert seen > 20


def test_every_record_of_a_long_reading_is_the_right_one(
    tmp_path: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the borders of blocks and batches."""
    lines = [f"{n // 60 % 24:02d}:{n % 60:02d} heron words {n}" for n in range(1_300)]
    data = log(*lines)
    case = Case(tmp_path / "case", pool)
    case.add(lay(tmp_path / "desk", {"a.log": data}))
    said = data.decode().split("\n")
    with looking(case) as (view, settings):
        for public in all_ids(view):
            trace = show(view, settings, public)
            assert trace.raw == said[int(public[24:], 16) + 1]
            assert trace.text == trace.raw.partition("> ")[2]


def test_the_same_id_in_another_case_of_the_same_exhibits(told: Case, tmp_path: Path, pool: Pool) -> None:
    other = Case(tmp_path / "other", pool)
    other.add(lay_out(tmp_path / "exhibits", ["desk"])[0])
    with looking(told) as (view, settings), looking(other) as (other_view, _):
        for public in all_ids(other_view)[::9]:
            mine, theirs = show(view, settings, public), show(other_view, settings, public)
            assert (mine.raw, mine.locator, mine.text) == (theirs.raw, theirs.locator, theirs.text)


def test_a_trace_of_two_places_names_both(told: Case) -> None:
    with looking(told) as (view, settings):
        t = schema.trace.c
        n = view.connection.execute(select(t.n).where(t.text == "0 lapwings on the far bank")).scalars().first()
        assert n is not None
        trace = show(view, settings, trace_ids(view.connection, [n])[n])
        places = [(place.exhibit, place.path) for place in trace.places]
        assert places == [
            ("desk", "logs/birdhide.log"),
            ("desk", "logs/copy of birdhide.log"),
            ("stick", "backup.zip/birdhide.log"),
        ]
        assert (trace.reader, trace.kind, trace.author["names"]) == ("irc", "message", ["heron"])


def test_media_personas_and_items_open_by_the_ids_that_the_lists_print(told: Case) -> None:
    with looking(told) as (view, settings):
        for item in all_media(view):
            assert show(view, settings, item.id) == item
        for one in personas(view):
            assert show(view, settings, one.id) == one
        for row in queue(view, settings):
            opened = show(view, settings, row.subject.key)
            assert isinstance(opened, QueueRow)
            assert (opened.rank, opened.subject, opened.reasons) == (row.rank, row.subject, row.reasons)
        kinds = {type(show(view, settings, one.id)) for one in [*all_media(view), *personas(view)]}
        assert kinds == {MediaAnswer, PersonaAnswer}


def test_every_trace_that_an_answer_names_can_be_opened(told: Case) -> None:
    with looking(told) as (view, settings):
        named = {trace for item in all_media(view) for trace in item.traces}
        named |= {trace for item in all_media(view) for tie in item.ties for trace in tie.traces}
        named |= {trace for row in queue(view, settings) for reason in row.reasons for trace in reason.traces}
        assert named
        for public in named:
            assert isinstance(show(view, settings, public), TraceAnswer)


UNKNOWN = [
    "", " ", "0" * 32, "f" * 32, "f" * 31, "zz", "media:" + "0" * 64, "0" * 64, "md5:" + "0" * 32, "persona:x",
    "report:1", "series-0000000000000000", "claim:" + "0" * 32, "' or 1=1 --", "%", "*", "\x00", "🦦", "a" * 100_000,
    "../../etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN, ids=[repr(name[:20]) for name in UNKNOWN])
def test_what_nothing_bears_opens_nothing(told: Case, name: str) -> None:
    with looking(told) as (view, settings):
        assert show(view, settings, name) is None


def test_an_id_of_a_record_that_the_scope_keeps_out_opens_nothing(told: Case) -> None:
    with looking(told) as (view, settings):
        public = all_ids(view)[0]
        beyond = public[:24] + "ffffffff"
        number = trace_number(view.connection, view.case_no, beyond)
        assert number is not None
        assert number & 0xFFFFFFFF == 0xFFFFFFFF
        assert show(view, settings, beyond) is None


def report_trace(case: Case, reveal: bool) -> TraceAnswer:
    with looking(case, reveal) as (view, settings):
        t = schema.trace.c
        n = view.connection.execute(select(t.n).where(t.kind == "report")).scalar_one()
        answer: TraceAnswer = view.masked(show(view, settings, trace_ids(view.connection, [n])[n]))
        return answer


def test_a_victims_data_are_shown_only_when_asked_for(told: Case) -> None:
    hidden, shown = report_trace(told, False), report_trace(told, True)
    assert hidden.fields["victim_data"] == MASK
    assert hidden.fields["victims"] == 1, "that there is one is no secret"
    assert hidden.raw.startswith(MASK)
    assert VICTIM in repr(shown.fields["victim_data"])
    assert shown.raw
    assert VICTIM in shown.raw
    assert shown.raw in REPORT or shown.raw.replace(" ", "") in REPORT.replace(" ", "")
    assert (hidden.text, hidden.id, hidden.author) == (shown.text, shown.id, shown.author)


def test_the_label_of_an_import_is_masked_with_its_record(told: Case) -> None:
    def opened(reveal: bool) -> TraceAnswer:
        with looking(told, reveal) as (view, settings):
            for public in all_ids(view):
                trace = view.masked(show(view, settings, public))
                if trace.label is not None:
                    return trace
        raise AssertionError("the import has a label")

    hidden, shown = opened(False), opened(True)
    assert hidden.label is not None
    assert hidden.label["series"] == MASK
    assert shown.label is not None
    assert shown.label["series"] == IMPORTED
    assert json.loads(shown.raw)["Series"] == IMPORTED
    assert json.loads(hidden.raw)["Series"] == MASK


def test_a_record_longer_than_is_shown_is_cut_and_says_nothing_else(tmp_path: Path, pool: Pool) -> None:
    case = Case(tmp_path / "case", pool)
    words = "lapwing " * 5_000
    case.add(
        lay(tmp_path / "d", {"a.mbox": mail(1, "a@x.example", "b@x.example", "Sat, 28 Feb 2026 20:00:00 +0000", words)})
    )
    with looking(case) as (view, settings):
        trace = show(view, settings, all_ids(view)[0])
        assert len(trace.raw) <= 20_000 < len(trace.text) + 1
        assert trace.text == words.strip()


def test_a_damaged_block_is_a_sentence_not_a_wrong_record(tmp_path: Path, pool: Pool) -> None:
    case = Case(tmp_path / "case", pool)
    case.add(lay(tmp_path / "desk", {"a.log": log("19:00 heron one")}))
    with looking(case) as (view, _settings):
        public = all_ids(view)[0]
        n = trace_number(view.connection, view.case_no, public)
        view.connection.execute(schema.raw.update().values(block=b"\x28\xb5\x2f\xfd damaged"))
        with pytest.raises(ValueError, match=r"damaged|missing"):
            raw.Raw(view.connection).of(int(n or 0))

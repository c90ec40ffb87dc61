"""What the workspace's own views answer: the chain, media by stack, a persona's months."""

from pathlib import Path

import pytest
from sqlalchemy import select, update
from webcase import claimed
from website import Site

from casework import OFFICER
from trackway.store import schema
from trackway.store.case import create_case
from trackway.views.custody import address_key, chain, ledger_page
from trackway.views.door import consult
from trackway.views.stacks import stack_page
from trackway.views.timeline import persona_traces, timeline


def test_the_chain_names_the_entry_from_which_it_is_broken(tmp_path: Path) -> None:
    store = create_case(str(tmp_path / "case"))
    for _ in range(5):
        with consult(store, OFFICER, "queue") as view:
            whole = chain(view)
    assert whole.whole
    assert whole.whole_to == whole.size == 5
    e = schema.entry.c
    with store.write() as connection:
        body = bytes(connection.execute(select(e.body).where(e.no == 3)).scalar_one())
        connection.execute(update(schema.entry).where(e.no == 3).values(body=body.replace(b"officer", b"0fficer")))
    with consult(store, OFFICER, "queue") as view:
        broken = chain(view)
    assert not broken.whole
    assert (broken.whole_to, broken.size) == (2, 6)
    assert "entry 3" in broken.damage[0]
    store.close()


def test_the_ledger_with_and_without_consultations(tmp_path: Path) -> None:
    store = create_case(str(tmp_path / "case"))
    for _ in range(3):
        with consult(store, OFFICER, "queue", "consulted") as view:
            first = address_key(view)
    with consult(store, OFFICER, "custody") as view:
        assert [line.no for line in ledger_page(view, None, 50, True)] == [4, 3, 2, 1]
        assert [line.no for line in ledger_page(view, 3, 1, True)] == [2]
        assert ledger_page(view, None, 50, False) == []
        assert address_key(view) == first
    store.close()


def test_stacks_follow_each_other_and_hold_every_file_once(full: Site) -> None:
    f = schema.finding.c
    with consult(full.store, OFFICER, "test") as view:
        keys = set(view.connection.execute(select(f.subject).where(f.kind == "media")).scalars())
        seen: list[str] = []
        after = ""
        while stacks := stack_page(view, after, 7):
            for one in stacks:
                seen += [one.media.id, *(member.id for member in one.others)]
                assert one.total == 1 + len(one.others)
            after = stacks[-1].media.id
        near = [one.media.id for one in stack_page(view, "", 500, "known")]
    assert sorted(seen) == sorted(keys)
    assert len(near) == 8


def test_a_month_holds_the_traces_that_its_bar_counts(full: Site) -> None:
    persona, _ = claimed(full.store)
    with consult(full.store, OFFICER, "test") as view:
        months = timeline(view, persona).months
        for month in months:
            lines = persona_traces(view, persona, "", 1000, month.month)
            assert len(lines) == month.traces
            assert all(line.instant is not None and line.instant.startswith(month.month) for line in lines)
        every = persona_traces(view, persona, "", 1000)
        paged = persona_traces(view, persona, "", 1)
        while more := persona_traces(view, persona, paged[-1].id, 1):
            paged += more
        assert [line.id for line in paged] == [line.id for line in every]
        assert timeline(view, "0" * 32).months == []
        with pytest.raises(ValueError, match="cursor"):
            persona_traces(view, persona, "nonsense", 1)

"""The engine: a fault on one subject costs that subject, and the store's own faults stop everything."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from trackway.findings.engine import UNDERIVED, Desk, Settings, Stage, work_off
from trackway.store import schema
from trackway.store.case import CaseStore, create_case


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    for subject in subjects:
        if subject == "7" and not desk.settings.recent_days:
            raise KeyError(subject)
        desk.connection.execute(
            insert(schema.finding).values(
                case_no=desk.case_no, kind="square", subject=subject, method="square", version=1, body=subject
            )
        )


STAGE = Stage("square", _derive, lambda connection, case_no: [str(i) for i in range(20)])


def _found(store: CaseStore, kind: str) -> set[str]:
    f = schema.finding.c
    with store.read() as connection:
        return set(connection.execute(select(f.subject).where(f.kind == kind)).scalars())


def _marked(store: CaseStore, subjects: Sequence[str]) -> None:
    with store.write() as connection:
        Desk(connection, store.case_no, Settings()).mark("square", subjects)


def test_a_fault_on_one_subject_costs_that_subject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKWAY_DEBUG", raising=False)
    store = create_case(str(tmp_path / "case"))
    _marked(store, [str(i) for i in range(20)])
    work_off(store, [STAGE], Settings(recent_days=0))
    assert _found(store, "square") == {str(i) for i in range(20) if i != 7}
    assert _found(store, UNDERIVED) == {"square:7"}
    _marked(store, ["7"])
    work_off(store, [STAGE], Settings())
    assert "7" in _found(store, "square")
    assert _found(store, UNDERIVED) == set()
    store.close()


def test_without_a_fault_nothing_is_said_to_be_underived(tmp_path: Path) -> None:
    """The control of the test above."""
    store = create_case(str(tmp_path / "case"))
    _marked(store, [str(i) for i in range(20)])
    work_off(store, [STAGE], Settings())
    assert len(_found(store, "square")) == 20
    assert _found(store, UNDERIVED) == set()
    store.close()

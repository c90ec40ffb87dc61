"""Running the command line inside this process, with the workers that the whole test run shares."""

import contextlib
import sys
from pathlib import Path

import pytest
from console_run import Done, Run

from casework import lay_out, lay_out_lists, load
from intake_cases import Case
from trackway.cli import custody, intake, main
from trackway.sandbox.pool import Pool


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pool: Pool, fixed_now: None) -> Run:
    """``run("queue", case, "--json")``: the command line as the shell calls it."""
    for module in (intake, custody):
        monkeypatch.setattr(module, "workers", lambda: contextlib.nullcontext(pool))
    monkeypatch.setenv("TRACKWAY_OFFICER", "officer 17")

    def trackway(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["trackway", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            main.main()
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return trackway


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Case:
    """A case with exhibits, lists and terms. Tests only look at it."""
    folder = tmp_path_factory.mktemp("cli")
    case = Case(folder / "case", pool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKWAY_NOW", "2026-03-01T09:00:00+00:00")
        lists, terms = lay_out_lists(folder / "lists")
        load(str(case.folder), pool, lists, terms)
        case.add(*lay_out(folder / "exhibits"))
    return case


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """A place for a case that does not stand yet."""
    return tmp_path / "case"

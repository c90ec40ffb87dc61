"""One case for the tests of the views: exhibits, lists and terms, a report about a victim, an imported list."""

import pytest
from secrets_of_views import REPORT, imported

from casework import lay_out, lay_out_lists, load
from intake_cases import Case, lay, log, picture
from trackway.sandbox.pool import Pool


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Case:
    """The case. Tests only look at it (each look is an entry) and count from where they began."""
    folder = tmp_path_factory.mktemp("views")
    case = Case(folder / "case", pool)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACKWAY_NOW", "2026-03-01T09:00:00+00:00")
        lists, terms = lay_out_lists(folder / "lists")
        load(str(case.folder), pool, lists, terms)
        extra = {
            "report.xml": REPORT.encode(),
            "case.json": imported(),
            "mårsh  heron/MARSH_HERON (7).jpg": picture(7),
            "elanvert7.jpg": picture(6),
            "talk.log": log("19:00 reed the marsh.heron set", "19:01 reed m-a-r-s-h h e r o n again, and élan-vert.7"),
        }
        case.add(*lay_out(folder / "exhibits"), lay(folder / "exhibits" / "extra", extra))
    return case


@pytest.fixture(autouse=True)
def _clock(fixed_now: None) -> None:
    pass

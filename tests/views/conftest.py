"""One case for the tests of the views: exhibits, lists and terms, a report about a victim, an imported list."""

import hashlib
import json
from pathlib import Path

import pytest
from casework import lay_out, lay_out_lists, load
from intake_cases import Case, lay, log, picture

from trackway.sandbox.pool import Pool

SERIES = "MARSH-HERON"
IMPORTED = "Élan Vert 7"
"""A series that only an exhibit names."""
VICTIM = "Placeholderkin"
REPORT = f"""<report><reportId>4711001</reportId><incidentSummary><incidentType>Test</incidentType>
<incidentDateTime>2026-02-27T10:00:00Z</incidentDateTime></incidentSummary>
<personOrUserReported><espService>Kestrelnet</espService><screenName>otterfan</screenName></personOrUserReported>
<victim><victimPerson><firstName>{VICTIM}</firstName><phone>+31600000077</phone></victimPerson>
<additionalInfo>{VICTIM} keeps a tortoise</additionalInfo></victim>
<fileDetails><reportId>4711001</reportId><fileId>f-1</fileId><originalFileName>Marsh Heron 3.jpg</originalFileName>
<originalFileHash hashType="MD5">{hashlib.md5(picture(5)).hexdigest()}</originalFileHash></fileDetails></report>"""


def imported() -> bytes:
    """A VICS case as an exhibit: its labels are another tool's."""
    data = picture(6)
    entry = {
        "MediaID": 1, "Category": 2, "Series": IMPORTED, "MD5": hashlib.md5(data).hexdigest().upper(),
        "Comments": f"set of {IMPORTED}", "MediaFiles": [{"FileName": "elan_vert-7.jpg", "FilePath": "E:\\set"}],
    }  # fmt: skip
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Media"
    return json.dumps({"@odata.context": context, "value": [entry]}).encode()


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

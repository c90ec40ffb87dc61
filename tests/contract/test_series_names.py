"""Names of series leave only where they are asked for: those of lists, and those of cases that other programs exported.

And what a camera alone ties: recent first-generation material is tier 1, as CONTRACT.md says, old material is not."""

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PIL import Image

from casework import EXHIBITS, OFFICER, add, answers, lay_out, lay_out_lists, load, picture
from trackway.demo.pictures import Scene, draw
from trackway.sandbox.pool import Pool
from trackway.store.case import create_case, open_case
from trackway.views import media, show
from trackway.views.door import consult

CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/UK/$metadata#Cases"
pytestmark = pytest.mark.usefixtures("fixed_now")


def taken(seed: int, when: str, serial: str = "SN-4711") -> bytes:
    """A picture whose EXIF names camera, serial number and moment."""
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x010F], exif[0x0110] = "Kestrel", "K2"
    exif.get_ifd(0x8769).update({0xA431: serial, 0x9003: when})
    draw(Scene("heron", seed), 320, 240).save(out, "JPEG", quality=92, exif=exif)
    return out.getvalue()


def exported(folder: Path, data: bytes) -> Path:
    """An exhibit with a VICS case that another program wrote; its series is on no list."""
    record = {"MediaID": 7, "Category": 1, "MD5": hashlib.md5(data).hexdigest(), "Series": "Silverbrook"}
    folder.mkdir()
    (folder / "case.json").write_text(
        json.dumps({"@odata.context": CONTEXT, "value": [{"CaseID": "x", "Media": [record]}]})
    )
    (folder / "silverbrook 07.jpg").write_bytes(data)
    return folder


def revealed(case: str, key: str, reveal: bool) -> Any:
    store = open_case(case)
    try:
        with consult(store, OFFICER, "test", reveal=reveal) as view:
            item = media.one_media(view, key)
            assert item is not None
            ties = [show.show(view, None, trace) for tie in item.ties for trace in tie.traces]  # type: ignore[arg-type]
            return json.loads(msgspec.json.encode(view.masked([item, *ties])))
    finally:
        store.close()


def test_names_of_listed_series_leave_only_when_asked_for(tmp_path: Path, pool: Pool) -> None:
    case = str(tmp_path / "case")
    create_case(case).close()
    lists, terms = lay_out_lists(tmp_path / "lists")
    load(case, pool, lists, terms)
    add(case, pool, lay_out(tmp_path / "seized", EXHIBITS[1:2]))
    key = hashlib.sha256(picture(1)).hexdigest()
    hidden, shown = revealed(case, key, False)[0], revealed(case, key, True)[0]
    assert hidden["series"] == shown["series"]
    assert "series_names" not in hidden
    assert shown["series_names"] == {shown["series"]: ["MARSH-HERON"]}
    assert "marshheron" not in json.dumps(answers(case)).lower()


def test_names_of_imported_series_are_masked_like_those_of_lists(tmp_path: Path, pool: Pool) -> None:
    case, data = str(tmp_path / "case"), picture(61)
    create_case(case).close()
    lists, terms = lay_out_lists(tmp_path / "lists")
    load(case, pool, lists, terms)
    add(case, pool, [exported(tmp_path / "workstation", data)])
    key = hashlib.sha256(data).hexdigest()
    assert "silverbrook" not in json.dumps([answers(case), revealed(case, key, False)]).lower()
    assert "silverbrook" in json.dumps(revealed(case, key, True)).lower(), "the control: asked for, it is there"


@pytest.mark.parametrize(("when", "tiers"), [("2026:02:20 10:00:00", {1}), ("2019:02:20 10:00:00", {2, 3})])
def test_camera_alone_lifts_only_what_is_recent(tmp_path: Path, pool: Pool, when: str, tiers: set[int]) -> None:
    case, listed, new = str(tmp_path / "case"), taken(71, "2018:01:01 09:00:00"), taken(72, when)
    create_case(case).close()
    (tmp_path / "own.txt").write_text(hashlib.md5(listed).hexdigest() + "\n")
    load(case, pool, [tmp_path / "own.txt"])
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "one.jpg").write_bytes(listed)
    (tmp_path / "phone" / "two.jpg").write_bytes(new)
    add(case, pool, [tmp_path / "phone"])
    items = [
        row
        for row in answers(case)["queue"]
        if {"kind": "media", "id": hashlib.sha256(new).hexdigest()} in row["about"]
    ]
    assert [row["tier"] in tiers for row in items] == [True]

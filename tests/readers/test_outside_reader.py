"""A reader that lives outside the package: found by its entry point, obeying the seam, and printed in the how-to."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_sources import Bytes, read_all

from trackway.model.source import Reader
from trackway.model.times import iso
from trackway.readers import registry

HERE = Path(__file__).parent / "outside"
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-reader.md"
PROJECT = tomllib.loads((HERE / "pyproject.toml").read_text("utf-8"))["project"]
LOG = b"#feeder 1 garden\n2026-01-02T03:04:05+01:00;Heron;two jays; one wren\nrain\n2026-01-02T03:05:00Z;wren;hello\r\n"


@pytest.fixture(autouse=True, scope="module")
def _importable() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(HERE))
        yield


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package as an installer would leave it: its module on the path, and its metadata beside it."""
    info = tmp_path / f"{PROJECT['name'].replace('-', '_')}-{PROJECT['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {PROJECT['name']}\nVersion: {PROJECT['version']}\n")
    points = PROJECT["entry-points"][registry.GROUP]
    lines = [f"[{registry.GROUP}]", *(f"{name} = {value}" for name, value in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.readers.cache_clear()
    yield
    registry.readers.cache_clear()


@pytest.fixture
def reader() -> Reader:
    ((name, value),) = PROJECT["entry-points"][registry.GROUP].items()
    loaded = EntryPoint(name, value, registry.GROUP).load()
    assert isinstance(loaded, Reader)
    return loaded


@pytest.mark.usefixtures("installed")
def test_an_installed_reader_comes_after_ours_but_before_plain_text_and_says_whose_it_is() -> None:
    names = [reader.name for reader in registry.readers()]
    assert names[-2:] == ["feeder-log@trackway-feeder-log-1.0", "text"]


def test_without_the_package_there_is_no_such_reader() -> None:
    """The control of the test above."""
    registry.readers.cache_clear()
    assert not any("feeder-log" in reader.name for reader in registry.readers())


@pytest.mark.usefixtures("installed")
def test_no_reader_of_ours_takes_its_source() -> None:
    claimed = [reader.name for reader in registry.readers() if reader.claims(Bytes(LOG, "garden.log"))]
    assert claimed[0] == "feeder-log@trackway-feeder-log-1.0"


def test_the_reader_obeys_the_seam(reader: Reader) -> None:
    assert reader.claims(Bytes(LOG)) == "the first line is '#feeder 1'"
    assert reader.claims(Bytes(b"#feeders\n")) is None
    assert reader.options(Bytes(LOG)) == {}
    traces, notes = read_all(reader, LOG)
    assert [(trace.kind, trace.locator, trace.text) for trace in traces] == [
        ("message", "line 2", "two jays; one wren"),
        ("event", "line 3", ""),
        ("message", "line 4", "hello"),
    ]
    first = traces[0]
    assert first.when
    assert first.author
    assert first.conversation
    assert (iso(first.when.instant), first.when.basis) == ("2026-01-02T02:04:05Z", "stated")
    assert (first.author.service, first.author.key, first.author.names) == ("feeder", "heron", ("Heron",))
    assert (first.conversation.id, first.conversation.visibility) == ("garden", "open")
    assert b"".join(trace.raw for trace in traces) == LOG.partition(b"\n")[2]
    assert notes.said == [("line 3", "not 'time;account;text'")]
    assert read_all(reader, LOG)[0] == traces, "the same bytes give the same traces"


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    module = importlib.import_module("trackway_feeder_log")
    for whole in (data, b"#feeder 1 " + data, b"#feeder 1 x\n0001-01-01T00:00:00+23:59;a;" + data):
        module.claims(Bytes(whole))
        read_all(module.READER, whole)


@pytest.mark.parametrize(("language", "file"), [("python", "trackway_feeder_log.py"), ("toml", "pyproject.toml")])
def test_the_how_to_shows_the_very_files(language: str, file: str) -> None:
    (block,) = re.findall(rf"```{language}\n(.*?)```", HOW_TO.read_text("utf-8"), re.DOTALL)
    text = (HERE / file).read_text("utf-8")
    assert block == text if language == "python" else block in text


def test_every_file_that_the_how_to_names_exists() -> None:
    root = HOW_TO.parents[2]
    named = set(re.findall(r"`((?:src|tests|readers)/[\w./-]+\.\w+)`", HOW_TO.read_text("utf-8")))
    missing = {path for path in named if not ((root / path).exists() or (root / "src/trackway" / path).exists())}
    assert named
    assert missing == set()

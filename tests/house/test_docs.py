"""The documentation, held against the program: commands, settings, schemas, dependencies, links, examples."""

import json
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import console
import jsonschema
import pytest

from trackway.cli import reference
from trackway.findings.engine import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("path", reference.pages())
def test_the_reference_is_what_the_program_says_of_itself(path: str) -> None:
    assert (DOCS / "reference" / path).read_bytes() == reference.pages()[path], "the program changed: make docs"


def test_no_page_of_the_reference_is_left_from_an_earlier_program() -> None:
    here = {str(path.relative_to(DOCS / "reference")) for path in (DOCS / "reference" / "schemas").iterdir()}
    assert here == {path for path in reference.pages() if path.startswith("schemas/")}


@pytest.mark.parametrize("name", reference.commands())
def test_every_command_is_documented(name: str) -> None:
    """In the reference, and by hand: where one would use it."""
    assert f"\n## {name}\n" in _text("docs/reference/cli.md")
    by_hand = [page.read_text("utf-8") for page in PAGES if page.name != "cli.md"]
    assert any(re.search(rf"\btrackway {name}\b", text) for text in by_hand), f"no page says what {name} is for"


@pytest.mark.parametrize("name", Settings.__struct_fields__)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    rows = [line for line in _text("docs/reference/settings.md").splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1, f"docs/reference/settings.md needs one row for {name}"
    assert f"| {getattr(Settings(), name)} |" in rows[0]


def _variables() -> set[str]:
    sources = [path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py")]
    return set(re.findall(r"environ(?:\.get\(|\[)\"(TRACKWAY_\w+)\"", "\n".join(sources)))


@pytest.mark.parametrize("name", sorted(_variables()))
def test_every_environment_variable_is_documented(name: str) -> None:
    assert f"`{name}`" in _text("docs/reference/settings.md")


@pytest.mark.parametrize("name", reference.schemas())
def test_the_contract_explains_each_schema_and_each_schema_is_one(name: str) -> None:
    assert f"(schemas/{name}.json)" in _text("docs/reference/contract.md")
    jsonschema.Draft202012Validator.check_schema(json.loads(reference.schemas()[name]))


def _requirements() -> list[str]:
    project = tomllib.loads(_text("pyproject.toml"))
    found = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    packages = json.loads(_text("package.json"))
    names = [re.split(r"[\[<>=;! ]", one)[0] for one in found]
    return sorted({*names, *packages.get("dependencies", {}), *packages.get("devDependencies", {})})


@pytest.mark.parametrize("name", _requirements())
def test_every_dependency_has_its_reason(name: str) -> None:
    assert f"| `{name}` |" in _text("docs/decisions/dependencies.md")


def _links(page: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if not re.match(r"[a-z]+:", target):
            yield unquote(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in _links(page):
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} leads nowhere"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, f"{target}: no such heading"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_page_can_be_reached_from_the_first() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in _links(page)]
    assert [str(page.relative_to(ROOT)) for page in PAGES if page not in seen] == []


Walked = dict[str, list[tuple[console.Step, str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


@pytest.fixture(scope="module")
def walked(folder: Path) -> Walked:
    """Every page's examples, run one after the other; ``heron`` in the folder is then the demonstration."""
    known: dict[str, str] = {}
    return {name: list(console.walk(_text(name), folder, known)) for name in console.PAGES}


@pytest.mark.xdist_group("examples")
@pytest.mark.parametrize("page", console.PAGES)
def test_the_examples_print_what_the_page_shows(walked: Walked, page: str) -> None:
    assert walked[page], "a page with no example"
    for step, now in walked[page]:
        assert now == step.shown, f"$ {step.command} (make docs writes what it prints now)"


@pytest.mark.xdist_group("examples")
@pytest.mark.parametrize("name", sorted(set(reference.schemas()) - {"add", "trace", "error", "hash"}))
@pytest.mark.usefixtures("walked")
def test_what_a_command_prints_fits_its_schema(folder: Path, name: str) -> None:
    _fits(name, console.printed(f"trackway {name} heron/case --json", folder, console.environment()))


@pytest.mark.xdist_group("examples")
@pytest.mark.usefixtures("walked")
def test_what_the_other_commands_print_fits_its_schema(folder: Path) -> None:
    def run(command: str) -> str:
        return console.printed(command, folder, console.environment())

    _fits("add", run("trackway add heron/case heron/exhibits/usb-stick --basis 'invented, item 2' --json"))
    _fits("hash", run("trackway hash heron/exhibits/heron-watch.mbox --json"))
    _fits("error", run("trackway queue no-such-case --json"))
    queue = json.loads(run("trackway queue heron/case --json"))
    _fits("trace", run(f"trackway show heron/case {queue[0]['reasons'][0]['traces'][0]} --json"))


def _fits(name: str, printed: str) -> None:
    answer = json.loads(printed)
    jsonschema.Draft202012Validator(json.loads(reference.schemas()[name])).validate(answer)
    assert answer, "an empty answer fits everything"


def test_control_another_answer_fits_no_schema() -> None:
    for name in reference.schemas():
        with pytest.raises(jsonschema.ValidationError):
            _fits(name, '[{"rank": "first"}, "heron"]')


def test_every_command_shown_anywhere_exists() -> None:
    known = set(reference.commands())
    for page in PAGES:
        for fence in FENCE.findall(page.read_text("utf-8")):
            if fence.startswith("```text"):
                continue
            for name in re.findall(r"^(?:\$ )?(?:[\w./-]*bin/)?trackway ([a-z]+)", fence, re.MULTILINE):
                assert name in known, f"{page.name}: trackway {name}"


def test_the_first_page_says_that_this_is_not_for_real_cases_yet() -> None:
    first = _text("README.md")[:3000]
    assert "No real case before the team server's need-to-know is in place." in first


def test_control_a_step_that_prints_something_else_is_seen(tmp_path: Path) -> None:
    page = "```console\n$ echo heron\nwren\n$ export A=b\n$ echo $A\nb\n```"
    found = list(console.walk(page, tmp_path, {}))
    assert [step.shown == now for step, now in found] == [False, True, True]
    assert console.rewritten(page, tmp_path, {}) == page.replace("wren", "heron")


def test_control_the_environment_of_the_examples_is_the_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TRACKWAY_NOW", "2001-01-01")
    assert "TRACKWAY_NOW" not in console.environment()

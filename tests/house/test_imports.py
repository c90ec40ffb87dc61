"""Who may import whom: the contracts of pyproject.toml, the ledger's promise, and the declared dependencies."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "trackway"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LAYERS = next(contract for contract in PROJECT["tool"]["importlinter"]["contracts"] if contract["id"] == "layers")
NOT_BY_NAME = {
    "psycopg": "SQLAlchemy imports it for postgresql+psycopg addresses",
    "python-multipart": "Starlette imports it for forms",
    "tzdata": "zoneinfo reads it where the machine has no time zones",
}
"""Dependencies that no module of ours imports, and who does."""

BAD = {
    "a reader that knows the store": ("readers/chat.py", "from trackway.store import schema"),
    "a reader that knows containers": ("readers/chat.py", "import trackway.sources.zip"),
    "the model above nothing": ("model/trace.py", "from trackway.measure import pdq"),
    "the store and the measures": ("store/case.py", "from trackway.measure import pdq"),
    "a parser outside the sandbox": ("match/hits.py", "from trackway.readers.chat import read"),
    "analysts that know each other": ("danger/queue.py", "from trackway.network import graph"),
    "a view that acts": ("views/queue.py", "from trackway.acts import claims"),
    "a page that matches by itself": ("web/app.py", "from trackway.match import hits"),
    "the ledger and the model": ("ledger/tree.py", "from trackway.model import trace"),
    "a core that knows its face": ("acts/claims.py", "from trackway.cli import main"),
    "two that import each other": ("match/hits.py", "from trackway.match.sub import b"),
}


def _lint(config: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--config", str(config), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_the_contracts_hold() -> None:
    done = _lint(ROOT / "pyproject.toml", ROOT)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    """A package of the same parts with nothing in them, beside the real contracts without their exceptions."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("ignore_imports")]
    (tmp_path / "pyproject.toml").write_text("\n".join(kept))
    parts = [part.strip() for layer in LAYERS["layers"] for part in layer.split("|")]
    for name in [*parts, "match/sub"]:
        (tmp_path / "trackway" / name).mkdir(parents=True)
        (tmp_path / "trackway" / name / "__init__.py").touch()
    (tmp_path / "trackway" / "__init__.py").touch()
    files = ["network/graph", "model/trace", "store/schema", "store/case", "measure/pdq", "readers/chat", "sources/zip"]
    files += ["sources/registry", "match/hits", "match/sub/b", "acts/claims", "cli/main", "danger/queue", "web/app"]
    for name in [*files, "views/queue", "ledger/tree"]:
        (tmp_path / "trackway" / f"{name}.py").touch()
    (tmp_path / "trackway/match/sub/b.py").write_text("from trackway.match import hits\n")
    return tmp_path


def test_a_package_without_imports_passes(skeleton: Path) -> None:
    done = _lint(skeleton / "pyproject.toml", skeleton)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("bad", BAD)
def test_control_what_is_forbidden_is_found(skeleton: Path, bad: str) -> None:
    path, statement = BAD[bad]
    (skeleton / "trackway" / path).write_text(f"{statement}\n")
    done = _lint(skeleton / "pyproject.toml", skeleton)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Each imported module in full, and whether everything is imported from it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), any(alias.name == "*" for alias in node.names)


def _standard(module: str) -> bool:
    return module.split(".")[0] in sys.stdlib_module_names


def test_the_ledger_needs_the_standard_library_only() -> None:
    """The defence can run it alone."""
    files = sorted((SOURCE / "ledger").rglob("*.py"))
    assert files
    for path in files:
        foreign = [name for name, _ in _imports(path) if not _standard(name) and not name.startswith("trackway.ledger")]
        assert not foreign, f"{path.name} imports {foreign}"


def test_control_a_foreign_import_in_the_ledger_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("import hashlib\ndef f():\n    import msgspec\n")
    assert [name for name, _ in _imports(tmp_path / "x.py") if not _standard(name)] == ["msgspec"]


def test_imports_are_absolute_and_by_name() -> None:
    for path in sorted(ROOT.glob("src/**/*.py")) + sorted(ROOT.glob("tests/**/*.py")):
        for name, everything in _imports(path):
            assert not everything, f"{path.relative_to(ROOT)}: from {name} import *"
            assert not name.startswith("."), f"{path.relative_to(ROOT)}: {name} is relative"


def _plain(requirement: str) -> str:
    """The name of a requirement as indexes normalise it."""
    for end, character in enumerate(requirement):
        if not (character.isalnum() or character in "-_."):
            requirement = requirement[:end]
            break
    return requirement.lower().replace("_", "-").replace(".", "-")


def _imported() -> set[str]:
    """Distributions that the program imports, by normalised name."""
    providers = packages_distributions()
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        for name, _ in _imports(path):
            top = name.split(".")[0]
            if top and not _standard(top) and top not in ("trackway", "compression"):
                found |= {_plain(provider) for provider in providers.get(top, [top])}
    return {"dissect-target" if name.startswith("dissect-") else name for name in found}


def test_what_is_imported_is_declared_and_what_is_declared_is_used() -> None:
    declared = {_plain(one) for one in PROJECT["project"]["dependencies"]}
    assert _imported() - declared == set(), "imported, but not declared"
    assert declared - _imported() - set(NOT_BY_NAME) == set(), "declared, but not imported"

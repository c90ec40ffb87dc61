"""The lock: everything pinned with hashes, nothing said of where it comes from, in step with pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "tools/uv-requirements.txt"]
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[0-9][^ ]*)(?: ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")


def _problems(text: str) -> list[str]:
    """Lines that are neither a pin nor a hash, and pins without a hash."""
    lines = text.splitlines()
    found = [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)]
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if PIN.fullmatch(line) and not HASH.fullmatch(after):
            found.append(line)
    return found


def _pins() -> dict[str, list[str]]:
    pins: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if match := PIN.fullmatch(line):
            pins.setdefault(match["name"], []).append(match["version"])
    return pins


def _required() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert text
    assert _problems(text) == []


@pytest.mark.parametrize(
    "bad",
    [
        "--index-url https://example.org/simple",
        "ruff==0.17.6",
        "ruff>=0.1 \\",
        "ruff @ https://example.org/ruff.whl \\",
        "# a comment",
    ],
)
def test_control_anything_else_would_be_seen(bad: str) -> None:
    good = (ROOT / "requirements.lock").read_text("utf-8")
    assert _problems(f"{good}{bad}\n")


@pytest.mark.parametrize("requirement", _required())
def test_every_dependency_is_pinned_to_a_version_that_it_allows(requirement: str) -> None:
    wanted = Requirement(requirement)
    versions = _pins().get(canonicalize_name(wanted.name), [])
    assert versions, f"{wanted.name} is not in requirements.lock: make lock"
    assert all(wanted.specifier.contains(version, prereleases=True) for version in versions)


def test_no_file_of_uv_or_pip_names_where_packages_come_from() -> None:
    assert not (ROOT / "uv.lock").exists()
    assert not (ROOT / "pylock.toml").exists()
    assert "resolved" not in (ROOT / "package-lock.json").read_text("utf-8")

"""Help, versions and completion answer at once: they import nothing heavy (DESIGN section 5)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from trackway.cli.main import app

HEAVY = {
    "sqlalchemy",
    "numpy",
    "PIL",
    "dissect",
    "fastapi",
    "starlette",
    "uvicorn",
    "numba",
    "scipy",
    "igraph",
    "zstandard",
}
LIST = """import atexit, sys
atexit.register(lambda: print(*sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr))"""
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


def loaded(*arguments: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """The command in a process of its own, and the packages that it had imported at its end."""
    program = f"{LIST}\nimport sys\nsys.argv = {['trackway', *arguments]!r}\nfrom trackway.cli.main import main\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | environment,
        check=False,
    )
    return done, set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], [], ["add", "--help"], ["serve", "--help"], ["nosuch"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    done, packages = loaded(*arguments)
    assert done.returncode == (2 if arguments == ["nosuch"] else 0), done.stderr
    assert "typer" in packages, "control: what is imported is seen"
    assert packages & HEAVY == set()


def test_a_command_that_works_does_import_them(tmp_path: Path) -> None:
    """Control."""
    done, packages = loaded("init", str(tmp_path / "case"))
    assert done.returncode == 0, done.stderr
    assert "sqlalchemy" in packages


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands_and_imports_nothing_heavy(shell: str) -> None:
    done, packages = loaded(
        _TRACKWAY_COMPLETE=f"complete_{shell}",
        COMP_WORDS="trackway ",
        COMP_CWORD="1",
        _TYPER_COMPLETE_ARGS="trackway ",
        _TYPER_COMPLETE_FISH_ACTION="get-args",
    )
    assert done.returncode == 0
    assert [name for name in COMMANDS if name not in done.stdout] == []
    assert packages & HEAVY == set()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("trackway qu", ["queue"]),
        ("trackway ver", ["verify"]),
        ("trackway add --sco", ["--scope-from", "--scope-person"]),
    ],
)
def test_completion_goes_on_from_what_was_typed(typed: str, offered: list[str]) -> None:
    count = str(len(typed.split()) - 1)
    done, _ = loaded(_TRACKWAY_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=count)
    words = done.stdout.split()
    assert set(offered) <= set(words)
    assert all(word.startswith(typed.split()[-1]) for word in words)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_that_switches_completion_on_can_be_printed(shell: str) -> None:
    done, packages = loaded("--show-completion", shell)
    assert "_TRACKWAY_COMPLETE" in done.stdout
    assert packages & HEAVY == set()

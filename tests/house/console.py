"""Runs the console blocks of a page, as a reader would: one shell line after a ``$``, then what it printed.

``python tests/house/console.py`` writes what the commands print now into the pages (``make docs``).
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/tutorial/demo-case.md", "docs/how-to/verify-and-checkpoint.md"]
"""Pages whose blocks are run, one after the other in one folder, each from its first block to its last."""
ONCE = "trackway demo "
"""What begins so is run once for all pages."""
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WIDTH = 100
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Step:
    """One line behind a ``$``, and the lines that the page shows below it."""

    command: str
    shown: str


def steps(block: str) -> Iterator[Step]:
    """The steps of one block. ValueError where it does not begin with a command."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    if parts[0]:
        raise ValueError(f"A console block begins with '$ ': {parts[0]!r}")
    for command, shown in zip(parts[1::2], parts[2::2], strict=True):
        yield Step(command, shown)


def environment() -> dict[str, str]:
    """Like the reader's: the program on the path, a terminal of a known width, a name."""
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    fixed = {"PATH": path, "COLUMNS": str(WIDTH), "TERM": "dumb", "PYTHONUTF8": "1", "TRACKWAY_OFFICER": "officer 17"}
    return kept | fixed


def printed(command: str, folder: Path, variables: dict[str, str]) -> str:
    """What a step prints on standard output. ``export A=B`` changes ``variables`` for the steps after it."""
    if match := re.fullmatch(r"export (\w+)=(\S+)", command):
        variables[match[1]] = match[2]
        return ""
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def walk(page: str, folder: Path, known: dict[str, str]) -> Iterator[tuple[Step, str]]:
    """Each step of a page, and what it prints now. ``known``: what commands that are run once printed."""
    variables = environment()
    for block in BLOCK.findall(page):
        for step in steps(block):
            now = known.get(step.command)
            if now is None:
                now = printed(step.command, folder, variables)
            if step.command.startswith(ONCE):
                known[step.command] = now
            yield step, now


def rewritten(page: str, folder: Path, known: dict[str, str]) -> str:
    """The page with what its commands print now."""
    found = iter(list(walk(page, folder, known)))

    def block(match: re.Match[str]) -> str:
        lines = [f"$ {step.command}\n{now}" for step, now in (next(found) for _ in steps(match[1]))]
        return f"```console\n{''.join(lines)}```"

    return BLOCK.sub(block, page)


def main() -> None:
    known: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in PAGES:
            page = ROOT / name
            page.write_text(rewritten(page.read_text("utf-8"), Path(folder), known), "utf-8")


if __name__ == "__main__":
    main()

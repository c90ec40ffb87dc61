"""Writes the reference pages that come from the program itself: the command line's, and the contract's JSON schemas.

``python -m trackway.cli.reference [FOLDER]``; ``make docs`` calls it, and a test says when the pages differ from what
it would write.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
from typer.main import get_command
from typer.testing import CliRunner

from trackway.cli.main import app
from trackway.network.assemble import Network
from trackway.views import answers
from trackway.views.personas import PersonaAnswer

FOLDER = Path("docs/reference")
ANSWERS: dict[str, Any] = {
    "add": answers.AddAnswer,
    "known": answers.KnownAnswer,
    "media": list[answers.MediaAnswer],
    "queue": list[answers.QueueRow],
    "personas": list[PersonaAnswer],
    "network": Network,
    "hash": list[answers.HashAnswer],
    "digest": answers.DigestAnswer,
    "verify": answers.VerifyAnswer,
    "trace": answers.TraceAnswer,
    "error": answers.ErrorAnswer,
}
"""The commands of the contract and what each prints with ``--json``; ``trace`` is what ``show`` prints for one, and
``error`` what every command prints instead where it refuses."""
WIDTH = 100
INTRODUCTION = """# The command line

Written by `make docs` from the program's own help; do not edit it here.

Exit codes of every command: 0 done; 1 done, but not everything could be read, or damage was found, and it is listed;
2 refused, with a sentence on standard error. With `--json`, one JSON document stands on standard output and nothing
else: see [the contract](contract.md).
"""


def commands() -> list[str]:
    """The names of all commands, in the order of the help."""
    command: Any = get_command(app)
    return list(command.commands)


def command_line() -> str:
    """The page of all commands: the help of each, word for word."""
    parts = [INTRODUCTION, _help([]), *(f"## {name}\n\n{_help([name])}" for name in commands())]
    return "\n".join(parts)


def schemas() -> dict[str, bytes]:
    """JSON schemas (draft 2020-12) by the name of the command."""
    return {name: _schema(name, answer) for name, answer in ANSWERS.items()}


def pages() -> dict[str, bytes]:
    """Everything generated, by its path below the folder of the reference."""
    found = {f"schemas/{name}.json": schema for name, schema in schemas().items()}
    return found | {"cli.md": command_line().encode()}


def _schema(name: str, answer: Any) -> bytes:
    (schema,), components = msgspec.json.schema_components([answer], ref_template="#/$defs/{name}")
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **schema, "$defs": components}
    return msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=1) + b"\n"


def _help(arguments: list[str]) -> str:
    shown = CliRunner().invoke(
        app, [*arguments, "--help"], prog_name="trackway", env={"COLUMNS": str(WIDTH)}, terminal_width=WIDTH
    )
    lines = [line.rstrip() for line in shown.output.strip("\n").split("\n")]
    return "```text\n" + "\n".join(lines) + "\n```\n"


def main(folder: Path = FOLDER) -> None:
    """Write every page."""
    for path, page in pages().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(page)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))

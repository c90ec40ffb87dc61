"""Printing: JSON for programs, tables for people, one sentence for refusals."""

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from trackway.model.errors import Refused


def emit(answer: Any) -> None:
    """One JSON document on standard output."""
    import msgspec

    try:
        document = msgspec.json.encode(answer, order="sorted")
    except UnicodeEncodeError:
        document = msgspec.json.encode(_spelled(msgspec.to_builtins(answer)), order="sorted")
    with _writing():
        sys.stdout.buffer.write(msgspec.json.format(document, indent=1) + b"\n")
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    """Standard output may be a full disk. A reader of it that went away (BrokenPipeError) is no fault."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Refused(f"The answer cannot be written: {error.strerror}. What was done stands.", "output") from error


def prepare() -> None:
    """Make standard streams usable: one that is closed becomes the null device, lest the case's database take its
    number and be printed into; what a terminal's encoding cannot say is spelled out."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Write out what is still held back. Raises as ``emit`` does."""
    with _writing():
        sys.stdout.flush()


def silence(stream: int) -> None:
    """Nothing more can be written there: what is held back is dropped, so that the interpreter's end is quiet too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def _spelled(value: Any) -> Any:
    """The same document; what is no UTF-8 (a file's name as it was typed) is spelled out."""
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case dict():
            return {_spelled(key): _spelled(one) for key, one in value.items()}
        case list() | tuple():
            return [_spelled(one) for one in value]
    return value


def say(json: bool, answer: Any, sentence: str) -> None:
    """The answer as JSON, or a sentence for a person."""
    if json:
        emit(answer)
    else:
        line(sentence)


def refuse(json: bool, sentence: str, code: str) -> int:
    """A refusal: the sentence on standard error, with ``--json`` a document on standard output. Exit code 2."""
    try:
        if json:
            emit({"error": sentence, "code": code})
        finish()
    except (Refused, OSError):
        silence(1)
    try:
        print(f"trackway: {clean(sentence)}", file=sys.stderr, flush=True)
    except OSError:
        silence(2)
    return 2


def trace(error: Exception) -> None:
    """For developers, only where TRACKWAY_DEBUG asks for it: where it happened."""
    if os.environ.get("TRACKWAY_DEBUG"):
        traceback.print_exception(error)


def fault(json: bool, error: Exception) -> int:
    """A fault of ours: the person reads a sentence."""
    trace(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(where.filename)}:{where.lineno}"
    sentence = (
        f"A fault in the program ({type(error).__name__} at {place}). What was committed stands; please report it."
    )
    return refuse(json, sentence, "fault")


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table for people; plain text of the evidence is never read as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(title=Text(title), title_justify="left", show_lines=False, expand=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text("\n".join(map(clean, cell.split("\n")))) for cell in row))
    with _writing():
        Console().print(shown)


def rows(found: list[tuple[str, ...]], widths: tuple[int, ...]) -> None:
    """Lines in columns without a frame; the last column wraps."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, show_header=False, pad_edge=False, expand=False)
    for width in widths:
        shown.add_column(width=width, no_wrap=True, overflow="ellipsis")
    shown.add_column(overflow="fold")
    for row in found:
        shown.add_row(*(Text(clean(cell)) for cell in row))
    with _writing():
        Console().print(Padding(shown, (0, 0, 0, 2)))


def line(text: str) -> None:
    """A line for people, without control characters that evidence may carry."""
    with _writing():
        print(clean(text))


def clean(text: str) -> str:
    """Text without control characters: names of files and people may try to steer a terminal."""
    return "".join(c if c.isprintable() else "�" for c in text)

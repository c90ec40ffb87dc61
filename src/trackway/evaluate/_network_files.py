"""Networks as files: an edge list, a square matrix, or a two-mode matrix, told apart by their shape."""

import csv
import io
import math
from collections import defaultdict
from itertools import combinations
from pathlib import Path

from msgspec import Struct

from trackway.model.errors import Refused

BYTES_MAX = 64 << 20
BUSY_COLUMN = 1000
"""A column of a two-mode matrix with more rows than this is left out: it would make half a million pairs."""
_HEADERS = frozenset({"source", "target", "from", "to", "node1", "node2"})


class Loaded(Struct):
    """``names`` by node number; ``weights`` by pair (lower number first); directions are put together, loops left out.
    ``shape``: edge list, square matrix, two-mode matrix. ``left_out``: columns too busy to be projected."""

    shape: str
    names: list[str]
    weights: dict[tuple[int, int], float]
    left_out: int = 0


def load(path: Path) -> Loaded:
    """Read a network. Raises Refused with a sentence that names the line."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise Refused(f"{path.name} is larger than {BYTES_MAX >> 20} MiB.", "too-large")
        text = path.read_text("utf-8-sig", errors="replace")
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}.", "unreadable") from error
    rows = _rows(text)
    if not rows:
        raise Refused(f"{path.name} holds no row.", "empty")
    if all(len(row) in (2, 3) for row in rows) and rows[0][0]:
        return _edge_list(rows)
    return _matrix(rows)


def _rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "%"))]
    if not lines:
        return []
    mark = next((sign for sign in ("\t", ";", ",") if sign in lines[0]), None)
    if mark is None:
        return [line.split() for line in lines]
    try:
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=mark)]
    except csv.Error as error:
        raise Refused(f"The rows cannot be told apart: {error}.", "bad-network") from error


def _number(cell: str, line: int) -> float:
    try:
        value = float(cell or 0)
    except ValueError:
        raise Refused(f"Row {line}: {cell[:40]!r} is no number.", "bad-network") from None
    if not math.isfinite(value):
        raise Refused(f"Row {line}: {cell[:40]!r} is no number.", "bad-network")
    return value


def _edge_list(rows: list[list[str]]) -> Loaded:
    if {rows[0][0].lower(), rows[0][1].lower()} <= _HEADERS:
        rows = rows[1:]
    numbers: dict[str, int] = {}
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for line, row in enumerate(rows, 1):
        weight = _number(row[2], line) if len(row) == 3 else 1.0
        a, b = (numbers.setdefault(name, len(numbers)) for name in row[:2])
        if weight > 0 and a != b:
            weights[(min(a, b), max(a, b))] += weight
    return Loaded("edge list", list(numbers), dict(weights))


def _matrix(rows: list[list[str]]) -> Loaded:
    header = _is_name(rows[0][0]) or (len(rows) > 1 and len(rows[0]) == len(rows[1]) - 1)
    if header:
        body = rows[1:]
        columns = rows[0] if body and len(rows[0]) == len(body[0]) - 1 else rows[0][1:]
        names, cells = [row[0] for row in body], [row[1:] for row in body]
    else:
        cells = rows
        columns = [str(i) for i in range(len(rows[0]))]
        names = [str(i) for i in range(len(rows))]
    for line, row in enumerate(cells, 1 + header):
        if len(row) != len(columns):
            raise Refused(f"Row {line} has {len(row)} cells, the first {len(columns)}.", "bad-network")
    for labels in (names, columns):
        if len(set(labels)) != len(labels):
            raise Refused("Two rows or two columns of the matrix bear one name.", "bad-network")
    if set(names) == set(columns):
        return _square(names, columns, cells, 1 + header)
    return _two_mode(names, columns, cells, 1 + header)


def _is_name(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return True
    return False


def _square(names: list[str], columns: list[str], cells: list[list[str]], first: int) -> Loaded:
    number = {name: i for i, name in enumerate(names)}
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for i, row in enumerate(cells):
        for name, cell in zip(columns, row, strict=True):
            j = number[name]
            if i != j and cell != "0" and (weight := _number(cell, first + i)) > 0:
                weights[(min(i, j), max(i, j))] += weight
    return Loaded("square matrix", names, dict(weights))


def _two_mode(names: list[str], columns: list[str], cells: list[list[str]], first: int) -> Loaded:
    """Rows that share a column are linked; the weight is how many columns they share."""
    bearers: list[list[int]] = [[] for _ in columns]
    for i, row in enumerate(cells):
        for j, cell in enumerate(row):
            if cell != "0" and _number(cell, first + i) > 0:
                bearers[j].append(i)
    weights: dict[tuple[int, int], float] = defaultdict(float)
    for rows in bearers:
        if len(rows) <= BUSY_COLUMN:
            for pair in combinations(rows, 2):
                weights[pair] += 1
    return Loaded("two-mode matrix", names, dict(weights), sum(len(rows) > BUSY_COLUMN for rows in bearers))

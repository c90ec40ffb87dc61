"""Plain lists of digests: one a line, with or without columns, names (md5sum), a header, prefixes ("pdq:...").

64 hexadecimal digits are SHA-256 or PDQ. A header, a prefix, a comment or a quality column says which; then the
digests themselves can (PDQ sets half of its 256 bits by construction); last the file's name, which is then an option.
"""

import math
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct

from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Label, Share, Trace
from trackway.readers import icse
from trackway.readers._digests import HASH_NAMES, LENGTHS, DigestTaker, first_digest, flag, plain, tags_of
from trackway.readers._rows import Row, head_lines, rows, split

SAMPLE = 200
"""Lines looked at for sniffing."""
AGREE = 0.9
"""Share of them that must hold a digest where a digest is due."""
PDQ_EVIDENCE = 3.0
"""log10 of the likelihood ratio at which the bits of a list count as PDQ."""

_LABELS = {
    "id": "entry",
    "entry": "entry",
    "entryid": "entry",
    "mediaid": "entry",
    "imageid": "entry",
    "category": "category",
    "cat": "category",
    "classification": "category",
    "scheme": "scheme",
    "country": "scheme",
    "series": "series",
    "seriesname": "series",
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
    "isdistributed": "distributed",
    "distributed": "distributed",
    "issuspected": "suspected",
    "suspected": "suspected",
    "selfgenerated": "self_generated",
    "tags": "tags",
    "tag": "tags",
    "comment": "comments",
    "comments": "comments",
    "name": "name",
    "filename": "name",
    "file": "name",
    "path": "name",
    "filepath": "name",
}
_FLAGS = ("victim_identified", "offender_identified", "distributed", "suspected", "self_generated")
_ANY_HASH = frozenset({"hash", "hashvalue", "digest", "checksum", "fingerprint"})
_NOT_A_LIST = frozenset(
    {"from", "to", "sender", "author", "user", "username", "ip", "ipaddress", "message", "body", "text", "timestamp"}
)
"""Columns of a table of acts (who sent what when), which is another reader's."""
_BY_LENGTH = {32: "md5", 40: "sha1"}
_BSD = re.compile(r"(MD5|SHA-?1|SHA-?256)\s?\((.*)\)\s?=\s?([0-9A-Fa-f]{32,64})\Z", re.IGNORECASE)
_PREFIX = re.compile(r"(md5|sha-?1|sha-?256|pdq|photodna)[:=]\s*", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})\Z")
_PDQ_WORD = re.compile(r"(?:^|[^a-z])pdq(?:[^a-z]|$)", re.IGNORECASE)


class Shape(Struct, frozen=True):
    """What a list looks like. ``header`` is empty where it has none; ``wide`` is what 64 hexadecimal digits mean."""

    delimiter: str | None
    header: tuple[str, ...]
    wide: str
    by_name: bool


def _is_comment(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith(("#", "//")) or (text.startswith("%%%%") and "," not in text)


def _cell(cell: str) -> tuple[str, str]:
    """(kind or "", digest) of a cell that may carry a prefix ("pdq:f8f8..."); ("", "") where it holds none."""
    prefix = _PREFIX.match(cell)
    kind = HASH_NAMES[plain(prefix[1])] if prefix else ""
    value = cell[prefix.end() :].strip() if prefix else cell.lstrip("\\*")
    if kind == "photodna" or _HEX.match(value):
        return kind, value
    return "", ""


def _cells(line: str, delimiter: str | None) -> list[str] | None:
    """Cells of one line; "digest  name", "digest *name" and "MD5 (name) = digest" come as [digest, name]."""
    bsd = _BSD.match(line.strip())
    if bsd:
        return [f"{bsd[1]}:{bsd[3]}", bsd[2]]
    if delimiter is None:
        first, _, rest = line.strip().partition(" ")
        return [first, rest.strip().removeprefix("*")] if rest else [first]
    return split(line, delimiter)


def _delimiter(line: str) -> str | None:
    best = max("\t;,|", key=line.count)
    if not line.count(best):
        return None
    # "digest  name, with comma": the digest ends at the blank, so the blank divides.
    return None if _cell(line.split(" ", 1)[0])[1] and _cell(line.split(best, 1)[0].strip())[1] == "" else best


def _header(line: str) -> tuple[str, ...]:
    """The column names, where the line is a header that names a digest; else ()."""
    line = line.strip().removeprefix("%%%%").strip()
    delimiter = _delimiter(line)
    cells = split(line, delimiter) or []
    names = {plain(cell) for cell in cells}
    if any(_cell(cell)[1] for cell in cells) or names & _NOT_A_LIST:
        return ()
    return tuple(cells) if names & (set(HASH_NAMES) | _ANY_HASH) else ()


def _bits_say_pdq(values: list[str]) -> bool:
    """Whether the numbers of set bits are those of PDQ, which sets every bit above the median of its own values.

    log10 likelihood ratios a digest, rounded towards caution from 1,450 PDQ values of the reference implementation
    (128 bits in 79 %, an even number in all) against the binomial of a random digest."""
    score = 0.0
    for value in values:
        bits = int(value, 16).bit_count()
        score += 1.1 if bits == 128 else -0.4 if bits % 2 == 0 and 112 <= bits <= 144 else -2.0
    return score >= PDQ_EVIDENCE


def _quality_column(table: list[list[str]]) -> bool:
    """Whether the second column of a list without header is PDQ's quality: 0 to 100, and beyond any category."""
    numbers = [row[1] for row in table if len(row) > 1]
    if len(numbers) < len(table) or not all(number.isdecimal() and len(number) < 4 for number in numbers):
        return False
    return all(int(number) <= 100 for number in numbers) and max(map(int, numbers), default=0) > 20


def _wide(source: Source, header: tuple[str, ...], comments: list[str], table: list[list[str]]) -> tuple[str, bool]:
    """(what 64 hexadecimal digits mean, whether the file's name decided)."""
    names = {plain(cell) for cell in header}
    if names & {"pdq", "pdqhash", "quality"}:
        return "pdq", False
    if "sha256" in names:
        return "sha256", False
    if any(_PDQ_WORD.search(comment) for comment in comments):
        return "pdq", False
    values = [
        value for row in table for kind, value in map(_cell, row[:3]) if len(value) == LENGTHS["pdq"] and not kind
    ]
    if not values:
        return "sha256", False
    if (not header and _quality_column(table)) or _bits_say_pdq(values):
        return "pdq", False
    return ("pdq", True) if _PDQ_WORD.search(source.name) else ("sha256", False)


def _shape(source: Source) -> Shape | None:
    """What the head looks like, where it looks like a list of digests."""
    whole = head_lines(source.head, source.size)
    comments = [line for line in whole if _is_comment(line)]
    table = [line for line in whole if not _is_comment(line)][: SAMPLE + 1]
    if not table:
        return None
    header = _header(table[0])
    body = table[1:] if header else table[:SAMPLE]
    delimiter = _delimiter(table[0].strip().removeprefix("%%%%").strip())
    cells = [row for row in (_cells(line, delimiter) for line in body) if row]
    good = sum(_holds_digest(row, header) for row in cells)
    if not body or good < max(1, math.ceil(AGREE * len(body))):
        return None
    wide, by_name = _wide(source, header, comments, cells)
    return Shape(delimiter, header, wide, by_name)


def _holds_digest(row: list[str], header: tuple[str, ...]) -> bool:
    if not header:
        return bool(_cell(row[0])[1])
    return any(_cell(cell)[1] for name, cell in zip(header, row, strict=False) if _kind(name, cell, "sha256"))


def _kind(name: str, cell: str, wide: str) -> str:
    """Which digest a column holds; "" for another column. ``name`` "" in a list without header."""
    word = plain(name)
    if word in HASH_NAMES:
        return HASH_NAMES[word]
    if name and word not in _ANY_HASH:
        return ""
    kind, value = _cell(cell)
    return kind or (_BY_LENGTH.get(len(value), wide) if value else "")


def claims(source: Source) -> str | None:
    """At least 90 % of the first 200 lines hold a digest where one is due."""
    if b"\x00" in source.head[:4096] and not source.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    if icse.claims(source):
        return None
    shape = _shape(source)
    return "its lines are digests" if shape else None


def options(source: Source) -> Mapping[str, str]:
    """The meaning of 64 hexadecimal digits, where the file's name decided it."""
    shape = _shape(source)
    return {"wide": shape.wide} if shape and shape.by_name else {}


def _values(row: list[str], shape: Shape) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """(digests by kind, label values by field, the rest by column name) of one row."""
    digests: dict[str, str] = {}
    known: dict[str, str] = {}
    rest: dict[str, str] = {}
    for number, cell in enumerate(row):
        name = shape.header[number] if number < len(shape.header) else ""
        kind = _kind(name, cell, shape.wide)
        if kind:
            digests.setdefault(kind, _cell(cell)[1] or cell)
        elif plain(name) in _LABELS:
            known.setdefault(_LABELS[plain(name)], cell)
        elif not shape.header and number == len(row) - 1 and cell and not cell.isdecimal():
            known.setdefault("name", cell)
        elif cell:
            rest[name or f"column {number + 1}"] = cell
    return digests, known, rest


def _trace(row: Row, cells: list[str], shape: Shape, taker: DigestTaker) -> tuple[Trace | None, str]:
    """The row as a trace or None, and what was wrong with it ("" where nothing is, or where it is counted)."""
    stated, known, rest = _values(cells, shape)
    digests, reason = taker.take(**stated)
    if digests is None:
        return None, reason
    label = Label(
        entry=known.get("entry") or first_digest(digests),
        category=known.get("category") or None,
        scheme=known.get("scheme") or None,
        series=known.get("series") or None,
        tags=tags_of(known.get("tags")),
        comments=known.get("comments", ""),
        **{name: flag(known.get(name)) for name in _FLAGS},
    )
    share = Share("record_only", name=known.get("name", ""), digests=digests)
    return Trace("record", f"line {row.line}", shares=(share,), label=label, fields=dict(rest), raw=row.raw), reason


def _bodies(source: Source, shape: Shape) -> Iterator[Row]:
    """The rows below the header, comments passed over, cells divided as ``_cells`` does."""
    waiting_for_header = bool(shape.header)
    with source.open() as stream:
        for row in rows(stream, shape.delimiter):
            line = row.raw.decode("utf-8", errors="replace")
            if _is_comment(line):
                continue
            if waiting_for_header:
                waiting_for_header = False
                continue
            special = shape.delimiter is None or _BSD.match(line.strip())
            yield Row(row.line, row.raw, _cells(line, shape.delimiter)) if special else row


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One ``record`` trace a line; a line without a digest costs itself only."""
    shape = _shape(source)
    if shape is None:
        return
    taker = DigestTaker(report)
    for row in _bodies(source, shape):
        trace, reason = _trace(row, row.cells, shape, taker) if row.cells else (None, "broken row: an open quote")
        if trace is not None:
            yield trace
        if reason:
            report.not_understood(f"line {row.line}", reason)
    taker.close()


READER = Reader("hash-list", 1, "List of digests (text, CSV)", claims, read, options)

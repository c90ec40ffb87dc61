"""INTERPOL ICSE baseline list: CSV with ``;`` and a header line; columns known by name, in any order.

Source: public readers of the list (FORMATS.md); there is no public specification.
"""

from collections.abc import Iterator

from trackway.model.errors import Unreadable
from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Label, Share, Trace
from trackway.readers._digests import DigestTaker, first_digest, flag, plain
from trackway.readers._rows import Row, head_lines, rows, split

COLUMNS = {
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "pdq": "pdq",
    "photodna": "photodna",
    "imageid": "entry",
    "isdistributed": "distributed",
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
    "seriesname": "series",
    "baseline": "baseline",
}
DIGESTS = ("md5", "sha1", "sha256", "pdq", "photodna")
_OWN = {"isdistributed", "victimidentified", "offenderidentified", "seriesname", "numberofsubmissions", "baseline"}


def _delimiter(header: str) -> str:
    return max(";,\t", key=header.count)


def _header(source: Source) -> list[str] | None:
    """The column names, where the first line that is not blank is an ICSE header."""
    first = next((line for line in head_lines(source.head, source.size) if line.strip()), "")
    cells = split(first, _delimiter(first))
    if not cells:
        return None
    names = {plain(cell) for cell in cells}
    if "imageid" in names and names & {"md5", "sha1"} and names & _OWN:
        return cells
    return None


def claims(source: Source) -> str | None:
    """The header line names ICSE's columns."""
    return "the header line names the columns of an ICSE list" if _header(source) else None


def _trace(row: Row, cells: list[str], header: list[str], taker: DigestTaker) -> tuple[Trace | None, str]:
    """The row as a trace or None, and what was wrong with it ("" where nothing is, or where it is counted)."""
    known: dict[str, str] = {}
    rest: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=True):
        key = COLUMNS.get(plain(name))
        if key:
            known.setdefault(key, cell)
        elif cell:
            rest[name] = cell
    digests, reason = taker.take(**{kind: known.get(kind) for kind in DIGESTS})
    if digests is None:
        return None, reason
    label = Label(
        entry=known.get("entry") or first_digest(digests),
        category="baseline" if flag(known.get("baseline")) else None,
        scheme="ICSE",
        series=known.get("series") or None,
        victim_identified=flag(known.get("victim_identified")),
        offender_identified=flag(known.get("offender_identified")),
        distributed=flag(known.get("distributed")),
    )
    share = Share("record_only", digests=digests)
    return Trace("record", f"line {row.line}", shares=(share,), label=label, fields=dict(rest), raw=row.raw), reason


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One ``record`` trace a row. A row with a wrong number of columns or a bad digest costs itself only."""
    header = _header(source)
    if header is None:
        raise Unreadable("no header line of an ICSE list")
    first = next(line for line in head_lines(source.head, source.size) if line.strip())
    taker = DigestTaker(report)
    with source.open() as stream:
        table = rows(stream, _delimiter(first))
        next(table, None)
        for row in table:
            cells = row.cells
            # Spreadsheets add empty cells at the end.
            while cells and len(cells) > len(header) and not cells[-1]:
                cells.pop()
            if cells is None or len(cells) != len(header):
                found = "an open quote" if cells is None else f"{len(cells)} columns instead of {len(header)}"
                report.not_understood(f"line {row.line}", f"broken row: {found}")
                continue
            trace, reason = _trace(row, cells, header, taker)
            if trace is not None:
                yield trace
            if reason:
                report.not_understood(f"line {row.line}", reason)
    taker.close()


READER = Reader("icse", 1, "INTERPOL ICSE baseline list (CSV)", claims, read)

"""Which readings hold which hotline report: one report can be found in several exhibits, and its files beside it."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import delete, insert, select

from trackway.findings.engine import Desk, Stage
from trackway.match.shares import span
from trackway.model.trace import Trace
from trackway.store import schema

_trace = msgspec.msgpack.Decoder(Trace).decode
KIND = "report-reading"


def report_number(trace: Trace) -> str:
    """The number of the report that this trace belongs to."""
    return str(trace.fields.get("report") or trace.id)


def current_text(desk: Desk, reading: int) -> bool:
    """Whether this is the current reading of its source, and not merely what a picture says of itself."""
    r = schema.reading.c
    row = desk.connection.execute(select(r.reader, r.current).where(r.no == reading)).first()
    return row is not None and bool(row.current) and row.reader != "media"


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    t, f = schema.trace.c, schema.finding_link.c
    for subject in subjects:
        mine = (f.case_no == desk.case_no) & (f.kind == KIND) & (f.subject == subject)
        numbers = set(desk.connection.execute(select(f.to).where(mine)).scalars())
        desk.connection.execute(delete(schema.finding_link).where(mine))
        found: set[str] = set()
        if current_text(desk, int(subject)):
            low, high = span(int(subject))
            bodies = desk.connection.execute(
                select(t.body).where(t.n.between(low, high), t.kind.in_(("report", "upload")))
            ).scalars()
            found = {f"report:{report_number(_trace(body))}" for body in bodies}
        if found:
            desk.connection.execute(
                insert(schema.finding_link),
                [{"case_no": desk.case_no, "kind": KIND, "subject": subject, "to": to} for to in sorted(found)],
            )
        desk.mark("item", numbers | found)


REPORTS = Stage("report", _derive)

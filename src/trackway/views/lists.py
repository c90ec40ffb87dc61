"""Known lists: what is loaded, and where lists contradict each other. Nothing is merged or adopted."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import func, select

from trackway.findings.engine import chunks
from trackway.match.series import series_token
from trackway.measure.digests import EMPTY_DIGESTS
from trackway.model.trace import Label
from trackway.store import schema
from trackway.views.answers import Conflict, ListAnswer, NotRead, Says
from trackway.views.door import View

CONFLICTS_SHOWN = 1000


def lists(view: View) -> list[ListAnswer]:
    """The lists in force, by name."""
    c, d = schema.listver.c, schema.decision.c
    loads = view.connection.execute(
        select(d.subject, d.body).where(d.case_no == view.case_no, d.act == "list-loaded").order_by(d.no)
    )
    passed_over = {row.subject: int(msgspec.json.decode(row.body)["skipped"]) for row in loads}
    rows = view.connection.execute(
        select(schema.listver).where(c.case_no == view.case_no, c.current.is_(True)).order_by(c.name)
    )
    return [
        ListAnswer(
            row.name,
            row.format,
            row.country,
            row.version,
            row.records,
            row.photodna,
            [NotRead(locator, reason) for locator, reason in msgspec.json.decode(row.skipped)][:50],
            passed_over.get(row.name, 0),
        )
        for row in rows
    ]


def conflicts(view: View) -> list[Conflict]:
    """Entries that name one file (by MD5, SHA-1 or SHA-256) and say different things of it.

    Categories are national: they are compared within one scheme only. A series is shown as its token."""
    found: dict[tuple[str, str], Conflict] = {}
    for kind in ("md5", "sha1", "sha256"):
        for digest, rows in _shared(view, kind):
            for conflict in _compare(digest, rows, kind):
                found.setdefault((conflict.field, repr(conflict.says)), conflict)
    return sorted(found.values(), key=lambda c: (c.field, c.digest))[:CONFLICTS_SHOWN]


def _shared(view: View, kind: str) -> Iterable[tuple[str, list[Any]]]:
    e, v = schema.list_entry.c, schema.listver.c
    joined = schema.list_entry.join(schema.listver, e.list == v.no)
    mine = (v.case_no == view.case_no) & v.current.is_(True) & e[kind].is_not(None)
    digests = view.connection.execute(
        select(e[kind]).select_from(joined).where(mine).group_by(e[kind]).having(func.count() > 1)
    ).scalars()
    for part in chunks(sorted(bytes(digest) for digest in digests if bytes(digest).hex() not in EMPTY_DIGESTS)):
        rows = view.connection.execute(
            select(schema.list_entry, v.name.label("list_name"))
            .select_from(joined)
            .where(mine, e[kind].in_(part))
            .order_by(v.name, e.entry, e.label)
        )
        by_digest = defaultdict(list)
        for row in rows:
            by_digest[bytes(row._mapping[kind])].append(row)
        for digest in part:
            yield digest.hex(), by_digest[digest]


def _compare(digest: str, rows: list[Any], shared: str) -> Iterable[Conflict]:
    labels = [msgspec.json.decode(row.label, type=Label) for row in rows]

    def conflict(field: str, values: list[Any]) -> Iterable[Conflict]:
        if len({value for value in values if value is not None}) > 1:
            says = [Says(r.list_name, r.entry, x) for r, x in zip(rows, values, strict=True) if x is not None]
            yield Conflict(field, digest, says)

    yield from conflict("series", [series_token(label.series) for label in labels])
    yield from conflict("victim_identified", [label.victim_identified for label in labels])
    for scheme in sorted({label.scheme or "" for label in labels}):
        yield from conflict(
            "category", [label.category if (label.scheme or "") == scheme else None for label in labels]
        )
    for other in ("md5", "sha1", "sha256"):
        if other != shared:
            values = [None if row._mapping[other] is None else bytes(row._mapping[other]).hex() for row in rows]
            yield from conflict("digest", values)

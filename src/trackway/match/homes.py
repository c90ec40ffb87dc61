"""Which exhibit a file counts for. A file exhibit that lies inside another exhibit is that same exhibit, and two
exhibits with the same files in the same places are one: what lies there is possessed once.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, func, insert, select

from trackway.findings.engine import Desk, chunks
from trackway.store import schema

KIND, METHOD, VERSION = "exhibit-shape", "exhibit shape", 1


def homes_of(desk: Desk, keys: Iterable[str]) -> dict[str, set[int]]:
    """For each media the exhibits (internal numbers) in which its bytes lie."""
    p, c = schema.place.c, schema.content.c
    found: dict[str, set[int]] = defaultdict(set)
    here = [bytes.fromhex(key) for key in keys if ":" not in key]
    for part in chunks(here):
        rows = desk.connection.execute(
            select(c.sha256, p.exhibit, p.parent)
            .select_from(schema.place.join(schema.content, p.content == c.no))
            .where(c.case_no == desk.case_no, c.sha256.in_(part), p.outcome != "out-of-scope")
        )
        for row in rows:
            found[bytes(row.sha256).hex()].add(_home(desk, int(row.exhibit), int(row.parent)))
    return found


def homes_of_reading(desk: Desk, reading: int) -> set[int]:
    """The exhibits in which a reading's source lies."""
    cache = desk.cache.setdefault("homes of readings", {})
    if reading not in cache:
        p, r = schema.place.c, schema.reading.c
        rows = desk.connection.execute(
            select(p.exhibit, p.parent)
            .select_from(schema.reading.join(schema.place, p.content == r.content))
            .where(r.no == reading)
        )
        cache[reading] = {_home(desk, int(row.exhibit), int(row.parent)) for row in rows}
    homes: set[int] = cache[reading]
    return homes


def _home(desk: Desk, exhibit: int, parent: int) -> int:
    """The exhibit that a place counts for."""
    twins, roots = _twins(desk)
    p = schema.place.c
    inside = desk.cache.setdefault("inside", {})
    walked = []
    home: int | None = None
    at = parent
    while at:
        if at in inside:
            home = inside[at]
            break
        walked.append(at)
        row = desk.connection.execute(select(p.parent, p.content).where(p.no == at)).one()
        if row.content in roots:
            home = roots[row.content]
            break
        at = int(row.parent)
    if home is None:
        home = exhibit
    for place in walked:
        inside[place] = home
    return twins.get(home, home)


def _twins(desk: Desk) -> tuple[dict[int, int], dict[int, int]]:
    """({exhibit: its earlier twin}, {content of a file exhibit: that exhibit})."""
    if "twins" not in desk.cache:
        p, e = schema.place.c, schema.exhibit.c
        rows = desk.connection.execute(
            select(
                p.exhibit,
                func.count().label("files"),
                func.sum(p.content).label("sum"),
                func.min(p.content).label("content"),
                func.max(p.content).label("max"),
                func.min(p.path).label("path"),
                func.min(e.name).label("name"),
            )
            .select_from(schema.place.join(schema.exhibit, p.exhibit == e.no))
            .where(p.case_no == desk.case_no, p.parent == 0)
            .group_by(p.exhibit)
            .order_by(p.exhibit)
        ).all()
        seen: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        twins: dict[int, int] = {}
        roots: dict[int, int] = {}
        for row in rows:
            exhibit = int(row.exhibit)
            alike = seen[(row.files, row.sum, row.content, row.max)]  # cheap to have, and the same for all twins
            twin = next((other for other in alike if _shape(desk, other) == _shape(desk, exhibit)), None)
            if twin is not None:
                twins[exhibit] = twin
                continue
            alike.append(exhibit)
            if row.files == 1 and row.content is not None and row.path == row.name:
                roots.setdefault(int(row.content), exhibit)
        desk.cache["twins"] = (twins, roots)
    held: tuple[dict[int, int], dict[int, int]] = desk.cache["twins"]
    return held


def _shape(desk: Desk, exhibit: int) -> str:
    """What tells an exhibit's files and their places from another's."""
    p, c = schema.place.c, schema.content.c
    rows = desk.connection.execute(
        select(p.path, c.sha256)
        .select_from(schema.place.outerjoin(schema.content, p.content == c.no))
        .where(p.exhibit == exhibit, p.parent == 0)
    )
    lines = sorted(f"{row.path}\0{bytes(row.sha256 or b'').hex()}" for row in rows)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def note_shape(desk: Desk, exhibit: int) -> set[str]:
    """Keep an exhibit's shape. Returns the media whose home may be another now: where it came to be like another
    exhibit, or is so no longer, or is a file that lies inside others."""
    f, p, c = schema.finding.c, schema.place.c, schema.content.c
    kept = (f.case_no == desk.case_no) & (f.kind == KIND)
    before = desk.connection.execute(select(f.body).where(kept, f.subject == str(exhibit))).scalar()
    now = _shape(desk, exhibit)
    if now == before:
        return set()
    desk.connection.execute(delete(schema.finding).where(kept, f.subject == str(exhibit)))
    alike = desk.connection.execute(select(f.subject).where(kept, f.body.in_((before, now)))).scalars().all()
    desk.connection.execute(
        insert(schema.finding).values(
            case_no=desk.case_no, kind=KIND, subject=str(exhibit), method=METHOD, version=VERSION, body=now
        )
    )
    around = {int(other) for other in alike} | _holders(desk, exhibit)
    touched = {exhibit, *around} if around else set()
    found: set[str] = set()
    for part in chunks(sorted(touched)):
        rows = desk.connection.execute(
            select(c.sha256)
            .distinct()
            .select_from(schema.place.join(schema.content, p.content == c.no))
            .where(p.exhibit.in_(part))
        ).scalars()
        found |= {bytes(sha256).hex() for sha256 in rows}
    return found


def _holders(desk: Desk, exhibit: int) -> set[int]:
    """Where this is a file exhibit: the other exhibits in which that file lies."""
    _, roots = _twins(desk)
    p = schema.place.c
    contents = [content for content, held in roots.items() if held == exhibit]
    rows = desk.connection.execute(
        select(p.exhibit).distinct().where(p.content.in_(contents), p.exhibit != exhibit)
    ).scalars()
    return set(rows) if contents else set()

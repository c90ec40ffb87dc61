"""The order-free line of a case (DESIGN section 2): two offices that read the same exhibits get the same one."""

import hashlib
from typing import Any

from sqlalchemy import Connection, select

from trackway.store import schema
from trackway.views.answers import DigestAnswer


def digest(connection: Connection, case_no: int) -> DigestAnswer:
    """SHA-256 over the sorted (reading, count, ordered root) of current readings, and the places inside exhibits.

    Internal numbers, the exhibits' names on this machine and the order of intake do not enter."""
    r = schema.reading.c
    rows = connection.execute(
        select(r.key, r.kept, r.root, r.reader, r.version, r.state, r.passes).where(
            r.case_no == case_no, r.current.is_(True)
        )
    ).all()
    lines = sorted(_line(row) for row in rows)
    whole = hashlib.sha256()
    for line in lines:
        whole.update(line + b"\n")
    exhibits = sorted(_exhibits(connection, case_no))
    for line in exhibits:
        whole.update(b"exhibit " + line + b"\n")
    p = schema.place.c
    # Containers have no reading: one that a limit cut is told by its place.
    unread = (p.outcome == "") | p.outcome.in_(("incomplete", "refused")) & p.content.is_not(None)
    waiting = connection.execute(select(p.no).where(p.case_no == case_no, unread).limit(1)).first()
    e = schema.exhibit.c
    begun = connection.execute(select(e.no).where(e.case_no == case_no, e.done.is_(False)).limit(1)).first()
    partial = waiting is not None or begun is not None or any(row.state != "done" for row in rows)
    readers = {row.reader: row.version for row in rows}
    return DigestAnswer(whole.hexdigest(), len(rows), partial, dict(sorted(readers.items())))


def _line(row: Any) -> bytes:
    """A reading that a limit or a crash cut counts as there, not as what chance let through."""
    key = bytes(row.key).hex()
    if row.state == "cut":
        return f"reading {key} cut".encode()
    return f"reading {key} {row.kept} {bytes(row.root or b'').hex()}".encode()


def _exhibits(connection: Connection, case_no: int) -> list[bytes]:
    """One digest an exhibit, over its places: path inside it (containers included), content, state."""
    p, c = schema.place.c, schema.content.c
    places: dict[int, list[str]] = {}
    paths: dict[int, str] = {0: ""}
    rows: Any = connection.execute(
        select(p.no, p.exhibit, p.parent, p.path, p.nth, p.state, c.sha256)
        .select_from(schema.place.outerjoin(schema.content, p.content == c.no))
        .where(p.case_no == case_no)
        .order_by(p.no)
    )
    for row in rows:
        path = f"{paths[int(row.parent)]}/{row.path}\0{row.nth}"
        paths[int(row.no)] = path
        sha256 = bytes(row.sha256).hex() if row.sha256 is not None else "-"
        places.setdefault(int(row.exhibit), []).append(f"{path}\0{row.state}\0{sha256}")
    return [hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest().encode() for lines in places.values()]

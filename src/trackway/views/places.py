"""Where a source stands: exhibit, path inside it, state, file-system times."""

import msgspec
from sqlalchemy import select

from trackway.match.verdict import Place
from trackway.store import schema
from trackway.views.door import View

SHOWN = 50


def places_of_content(view: View, content: int) -> list[Place]:
    """Up to fifty places of one content, in order."""
    p, e = schema.place.c, schema.exhibit.c
    rows = view.connection.execute(
        select(p.parent, p.path, p.state, p.times, e.name)
        .select_from(schema.place.join(schema.exhibit, p.exhibit == e.no))
        .where(p.content == content)
        .limit(SHOWN)
    ).all()
    found = [
        Place(row.name, _inside(view, int(row.parent)) + row.path, row.state, msgspec.json.decode(row.times))
        for row in rows
    ]
    return sorted(found, key=lambda place: (place.exhibit, place.path))


def _inside(view: View, parent: int) -> str:
    path = ""
    while parent:
        row = view.connection.execute(
            select(schema.place.c.parent, schema.place.c.path).where(schema.place.c.no == parent)
        ).one()
        path, parent = f"{row.path}/{path}", int(row.parent)
    return path

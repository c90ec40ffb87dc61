"""The media of a case, as text: no picture leaves here."""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET
from sqlalchemy import select

from trackway.match.verdict import Media
from trackway.store import schema
from trackway.views.answers import MediaAnswer
from trackway.views.door import View


def media_answer(media: Media) -> MediaAnswer:
    """A finding as the contract prints it."""
    fields = {name: getattr(media, name) for name in MediaAnswer.__struct_fields__ if name not in ("id", "unread")}
    unread = None if media.unread is UNSET else media.unread
    return MediaAnswer(id=media.key, unread=unread, **fields)


def all_media(view: View) -> Iterable[MediaAnswer]:
    """Every item, in the order of its key."""
    f = schema.finding.c
    bodies = view.connection.execute(
        select(f.body).where(f.case_no == view.case_no, f.kind == "media").order_by(f.subject)
    ).scalars()
    for body in bodies.yield_per(500):
        yield media_answer(msgspec.json.decode(body, type=Media))


def media_page(view: View, after: str, count: int, novelty: str | None = None) -> list[MediaAnswer]:
    """Up to ``count`` items after the key ``after`` (keyset: the 20,000th page costs what the first does)."""
    f = schema.finding.c
    statement = select(f.body).where(f.case_no == view.case_no, f.kind == "media", f.subject > after)
    if novelty is not None:
        statement = statement.where(f.body.contains(f'"novelty":"{novelty}"'))
    bodies = view.connection.execute(statement.order_by(f.subject).limit(count)).scalars()
    return [media_answer(msgspec.json.decode(body, type=Media)) for body in bodies]


def one_media(view: View, key: str) -> MediaAnswer | None:
    """One item by its key (SHA-256, or "md5:..." of a file that is gone)."""
    f = schema.finding.c
    body = view.connection.execute(
        select(f.body).where(f.case_no == view.case_no, f.kind == "media", f.subject == key)
    ).scalar()
    return None if body is None else media_answer(msgspec.json.decode(body, type=Media))

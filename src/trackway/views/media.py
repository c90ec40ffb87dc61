"""The media of a case, as text: no picture leaves here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import UNSET
from sqlalchemy import select

from trackway.match.verdict import Media
from trackway.store import schema
from trackway.views.answers import MediaAnswer
from trackway.views.door import View

OWN_FIELDS = ("id", "unread", "series_names")
"""What an answer does not take over from the finding as it stands."""


def media_answer(media: Media) -> MediaAnswer:
    """A finding as the contract prints it."""
    fields = {name: getattr(media, name) for name in MediaAnswer.__struct_fields__ if name not in OWN_FIELDS}
    unread = None if media.unread is UNSET else media.unread
    return MediaAnswer(id=media.key, unread=unread, **fields)


def _answers(view: View, bodies: Iterable[str]) -> Iterator[MediaAnswer]:
    """The findings as answers; with the names of their series where those were asked for."""
    names = _series_names(view) if view.reveal else {}
    for body in bodies:
        answer = media_answer(msgspec.json.decode(body, type=Media))
        tokens = [answer.series] if isinstance(answer.series, str) else answer.series or []
        named = {token: names[token] for token in tokens if token in names}
        yield msgspec.structs.replace(answer, series_names=named) if named else answer


def _series_names(view: View) -> dict[str, list[str]]:
    s, v = schema.list_series.c, schema.listver.c
    rows = view.connection.execute(
        select(s.token, s.name)
        .distinct()
        .select_from(schema.list_series.join(schema.listver, s.list == v.no))
        .where(v.case_no == view.case_no, v.current.is_(True))
        .order_by(s.token, s.name)
    )
    names: dict[str, list[str]] = defaultdict(list)
    for token, name in rows:
        names[token].append(name)
    return names


def all_media(view: View) -> Iterable[MediaAnswer]:
    """Every item, in the order of its key."""
    f = schema.finding.c
    bodies = view.connection.execute(
        select(f.body).where(f.case_no == view.case_no, f.kind == "media").order_by(f.subject)
    ).scalars()
    yield from _answers(view, bodies.yield_per(500))


def media_page(view: View, after: str, count: int, novelty: str | None = None) -> list[MediaAnswer]:
    """Up to ``count`` items after the key ``after`` (keyset: the 20,000th page costs what the first does)."""
    f = schema.finding.c
    statement = select(f.body).where(f.case_no == view.case_no, f.kind == "media", f.subject > after)
    if novelty is not None:
        statement = statement.where(f.body.contains(f'"novelty":"{novelty}"', autoescape=True))
    bodies = view.connection.execute(statement.order_by(f.subject).limit(count)).scalars()
    return list(_answers(view, bodies))


def one_media(view: View, key: str) -> MediaAnswer | None:
    """One item by its key (SHA-256, or "md5:..." of a file that is gone)."""
    f = schema.finding.c
    body = view.connection.execute(
        select(f.body).where(f.case_no == view.case_no, f.kind == "media", f.subject == key)
    ).scalar()
    return None if body is None else next(_answers(view, [body]))

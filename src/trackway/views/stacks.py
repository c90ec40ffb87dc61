"""Media by stack: near-identical files stand under one card, so that nobody goes through them one by one."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from sqlalchemy import func, literal, select

from trackway.match.hits import stack_of
from trackway.match.verdict import Media
from trackway.store import schema
from trackway.views.answers import MediaAnswer
from trackway.views.door import View
from trackway.views.media import media_answer, media_page

MEMBERS_SHOWN = 40


class Member(Struct, frozen=True):
    """Another file of the same stack."""

    id: str
    novelty: str
    type: str
    new_material: bool


class Stack(Struct, frozen=True):
    """One card: a file, and the others of its stack (at most forty of ``total`` - 1)."""

    media: MediaAnswer
    others: list[Member]
    total: int


def stack_page(view: View, after: str, count: int, novelty: str | None = None) -> list[Stack]:
    """Up to ``count`` stacks after the key ``after``, each under its first file; with ``novelty``, every file that is
    so (one card a file: the others of its stack may be something else)."""
    if novelty is not None:
        return [stack(view, media) for media in media_page(view, after, count, novelty)]
    f = schema.finding.c
    plain: object = f.subject
    for prefix in ("md5:", "sha1:", "sha256:"):
        plain = func.replace(plain, prefix, "")
    # A stack is named after the first of its members' keys (match.verdict): the member that bears its name leads it.
    leads = f.body.contains(literal('"stack":"stack-').concat(func.substr(plain, 1, 16)).concat('"'))
    bodies = view.connection.execute(
        select(f.body)
        .where(f.case_no == view.case_no, f.kind == "media", f.subject > after, leads)
        .order_by(f.subject)
        .limit(count)
    ).scalars()
    return [stack(view, media_answer(msgspec.json.decode(body, type=Media))) for body in bodies]


def stack(view: View, media: MediaAnswer) -> Stack:
    """The stack that this file stands in."""
    keys = sorted(stack_of(view.connection, view.case_no, [media.id]) - {media.id})
    return Stack(media, _members(view, keys[:MEMBERS_SHOWN]), len(keys) + 1)


def _members(view: View, keys: Sequence[str]) -> list[Member]:
    if not keys:
        return []
    f = schema.finding.c
    bodies = view.connection.execute(
        select(f.body).where(f.case_no == view.case_no, f.kind == "media", f.subject.in_(keys)).order_by(f.subject)
    ).scalars()
    found = [msgspec.json.decode(body, type=Media) for body in bodies]
    return [Member(one.key, one.novelty, one.type, one.new_material) for one in found]

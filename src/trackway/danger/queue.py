"""The queue's items: for each subject the reasons of all its signs, or no item.

One item a subject, the narrowest that carries the danger. Files are grouped where one by one would flood: known ones by
series, unlisted ones without a tie by camera and exhibit.
"""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import delete, insert, select

from trackway.danger import signs
from trackway.danger.item import Item, Reason, Ref, item_of
from trackway.findings.engine import Desk, Stage
from trackway.match.verdict import Media
from trackway.store import schema

GROUPS = ("known", "new-by-camera", "unlisted", "undetermined")
"""Kinds of link from a media item to the group in whose item it stands."""


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    for subject in subjects:
        kind, _, name = subject.partition(":")
        ref = Ref(kind, name)  # type: ignore[arg-type]
        _write(desk, ref, item_of(ref, _reasons(desk, ref)))


def _reasons(desk: Desk, ref: Ref) -> list[Reason]:
    match ref.kind:
        case "persona":
            party = desk.connection.execute(
                select(schema.party.c.no).where(
                    schema.party.c.case_no == desk.case_no, schema.party.c.key == bytes.fromhex(ref.id)
                )
            ).scalar()
            return [] if party is None else signs.of_persona(desk, int(party))
        case "report":
            return signs.of_report(desk, ref.id)
        case "media":
            media = signs.media_finding(desk, ref.id)
            _regroup(desk, ref.id, media)
            return [] if media is None else signs.of_media(desk, media)
        case "source":
            return signs.of_source(desk, ref.id)
        case "camera":
            return signs.of_camera(desk, ref)
        case _:
            return signs.of_known(desk, ref)


def _regroup(desk: Desk, key: str, media: Media | None) -> None:
    """Put the file into the groups in whose items it stands, and have those looked at again."""
    f = schema.finding_link.c
    mine = (f.case_no == desk.case_no) & f.kind.in_(GROUPS) & (f.subject == key)
    before = set(desk.connection.execute(select(f.to).where(mine)).scalars())
    desk.connection.execute(delete(schema.finding_link).where(mine))
    links = sorted(set(_groups(media))) if media is not None else []
    if links:
        desk.connection.execute(
            insert(schema.finding_link),
            [{"case_no": desk.case_no, "kind": kind, "subject": key, "to": to} for kind, to in links],
        )
    desk.mark("item", before | {to for _, to in links})


def _groups(media: Media) -> Iterable[tuple[str, str]]:
    exhibits = sorted({place.exhibit for place in media.places})
    if media.novelty in ("known", "near"):
        tokens = [media.series] if isinstance(media.series, str) else media.series or []
        yield from (("known", f"series:{token}") for token in tokens)
        if not tokens:
            yield from (("known", f"exhibit:{exhibit}") for exhibit in exhibits)
    elif signs.tied_by_camera_only(media):
        yield from (("new-by-camera", f"camera:{camera_of(media)} · {exhibit}") for exhibit in exhibits)
    elif not media.new_material and media.size != 0:
        sign = "unlisted" if media.novelty == "unlisted" else "undetermined"
        yield from ((sign, f"camera:{camera_of(media)} · {exhibit}") for exhibit in exhibits)


def camera_of(media: Media) -> str:
    """How a file names its camera: the serial number, else maker and model, else that it names none."""
    serial = media.about.get("serial")
    if isinstance(serial, str) and serial:
        return serial
    named = " ".join(str(media.about.get(part, "")) for part in ("make", "model")).strip()
    return named or "no camera named"


def _write(desk: Desk, ref: Ref, item: Item | None) -> None:
    c = schema.item.c
    desk.connection.execute(delete(schema.item).where(c.case_no == desk.case_no, c.subject == ref.key))
    if item is not None:
        desk.connection.execute(
            insert(schema.item).values(
                case_no=desk.case_no,
                subject=ref.key,
                tier=item.tier,
                order=item.order,
                body=msgspec.json.encode(item).decode(),
            )
        )


ITEMS = Stage("item", _derive)

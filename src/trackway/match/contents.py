"""Which contents are media items, and the groups that a file puts itself in: its camera, its distinctive name."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from trackway.findings.engine import Desk, Stage, chunks
from trackway.match.keys import virtual
from trackway.model.trace import Trace
from trackway.store import schema

_trace = msgspec.msgpack.Decoder(Trace).decode

PICTURE_NAMES = re.compile(
    r"\.(jpe?g|png|gif|webp|tiff?|bmp|heic|heif|avif|jp2|dng|cr2|nef|arw|mp4|mov|m4v|3gp|mkv|webm|avi|wmv|mpe?g|mp3|wav|ogg|"
    r"m4a|amr|flac)$",
    re.IGNORECASE,
)
"""Names that claim to be a picture, video or sound: such a file is an item even where its bytes are not understood."""

STEM = re.compile(r"^(?P<letters>.*?\p)[\s._(\[-]*(?P<number>\d{1,9})[)\]]?$".replace(r"\p", r"[^\W\d_]"))
DEFAULT_NAMES = frozenset(
    """
    img image images pic pict picture photo foto video vid vid_ mov mvi mvc dsc dscn dscf dsci dcim imgp p pxl gopr gp
    sam cimg kif hpim stp wp screenshot screen capture screencapture scan file doc document untitled new copy download
    downloaded received sent attachment whatsapp image whatsappimage whatsappvideo signal telegram snapchat instagram
    facebook fb fbimg messenger kik discord viber line wechat mmexport thumb thumbnail cache tmp temp frame page part
    unnamed unknown noname bild bilder afbeelding imagen imagem immagine photo foto film clip audio voice ptt aud rec
    recording burst pano panorama portrait selfie camera cam snap still edited final output result test sample
    wa mvimg imag dji lrm export exported resized effects collage nieuwe afbeelding kopie copie copia kopia imagepipe
    """.split()
)
"""What devices and programs name their files by themselves; such a name ties nothing (PRACTICE.md)."""
LONGEST_NAME = 255
"""Letters; no file system holds longer names, and no store indexes them."""
CAMERA_NAME = re.compile(r"[A-Z0-9_]{4}\d{4}|(?i:[a-z]{3}_\d{4})")
"""Four characters and four digits: the names that every camera gives (DCF, JEITA CP-3461), whatever its letters."""


def distinctive(name: str) -> str | None:
    """The pattern of a name made of letters and a number ("marshheron_014.jpg" -> "marshheron"), None where it is a
    device's or program's default, or has fewer than three letters or more than any file system takes."""
    stem = name.rsplit("/", 1)[-1]
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    found = STEM.match(stem.casefold())
    if found is None or CAMERA_NAME.fullmatch(stem):
        return None
    words = [word for word in re.split(r"[\W\d_]+", found["letters"]) if word]
    pattern = "".join(words)
    if (
        not 3 <= len(pattern) <= LONGEST_NAME
        or pattern in DEFAULT_NAMES
        or all(word in DEFAULT_NAMES for word in words)
    ):
        return None
    return pattern


def _subjects(connection: Connection, case_no: int) -> list[str]:
    c = schema.content.c
    return [str(no) for no in connection.execute(select(c.no).where(c.case_no == case_no)).scalars()]


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    connection = desk.connection
    for part in chunks([int(subject) for subject in subjects], 400):
        rows = connection.execute(select(schema.content).where(schema.content.c.no.in_(part))).all()
        keys = [bytes(row.sha256).hex() for row in rows]
        digests = [virtual(kind, bytes(row._mapping[kind])) for row in rows for kind in ("sha256", "md5", "sha1")]
        desk.mark("match", keys)
        desk.mark("media", [*keys, *digests])
        _mark_records_that_name(desk, rows)
        _group(desk, rows)


def _mark_records_that_name(desk: Desk, rows: Sequence[Any]) -> None:
    """Records that name one of these by digest: their file is no longer gone."""
    s = schema.share.c
    conditions = [s[kind].in_([bytes(row._mapping[kind]) for row in rows]) for kind in ("sha256", "md5", "sha1")]
    numbers: set[int] = set()
    for condition in conditions:
        numbers |= set(desk.connection.execute(select(s.n).where(s.case_no == desk.case_no, condition)).scalars())
    desk.mark("reading", {str(int(n) >> 32) for n in numbers})


def _group(desk: Desk, rows: Sequence[Any]) -> None:
    connection = desk.connection
    keys = {int(row.no): bytes(row.sha256).hex() for row in rows}
    g = schema.tie_group.c
    own = (g.case_no == desk.case_no) & g.media.in_(list(keys.values())) & g.kind.in_(("camera", "name"))
    connection.execute(delete(schema.tie_group).where(own))
    groups: set[tuple[str, str, str, int]] = set()
    for number, n, trace in media_traces(connection, list(keys)):
        for identifier in trace.identifiers:
            if identifier.kind == "camera-serial":
                groups.add((keys[number], "camera", identifier.value, n))
    p = schema.place.c
    for number, path in connection.execute(
        select(p.content, p.path).where(p.content.in_(list(keys)), p.outcome != "out-of-scope")
    ):
        if (pattern := distinctive(path)) is not None:
            groups.add((keys[int(number)], "name", pattern, 0))
    if groups:
        connection.execute(
            insert(schema.tie_group),
            [{"media": m, "kind": k, "value": v, "n": n, "case_no": desk.case_no} for m, k, v, n in sorted(groups)],
        )
        if any(kind == "name" for _, kind, _, _ in groups):
            desk.cache.clear()


def media_traces(connection: Connection, contents: Sequence[int]) -> Iterable[tuple[int, int, Trace]]:
    """(content, n, trace) of what each media content says about itself."""
    r, t = schema.reading.c, schema.trace.c
    for part in chunks(contents):
        readings = connection.execute(
            select(r.no, r.content).where(r.content.in_(part), r.reader == "media", r.current.is_(True))
        ).all()
        by_first = {int(row.no) << 32: int(row.content) for row in readings}
        for n, body in connection.execute(select(t.n, t.body).where(t.n.in_(list(by_first)))):
            yield by_first[int(n)], int(n), _trace(body)


def looks_like_media(name: str) -> bool:
    """Whether a name claims to be a picture, a video or a sound."""
    return PICTURE_NAMES.search(name) is not None


def is_media_type(content_type: str) -> bool:
    return content_type.split("/", 1)[0] in ("image", "video", "audio")


CONTENTS = Stage("content", _derive, _subjects)

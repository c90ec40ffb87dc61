"""Held against every known list, exactly and nearly, and against each other.

Exact: the digest itself is listed. Near: the PDQ hash, in one of its eight forms, lies within the radius. Distances are
the same whichever side asked, so that the order of intake changes nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, or_, select

from trackway.findings.engine import Desk, Stage, chunks
from trackway.match.keys import split
from trackway.measure.digests import EMPTY_DIGESTS
from trackway.measure.pdq import FORMS, as_words, featureless, within
from trackway.store import schema

Words = NDArray[np.uint64]
INVERSE = {"turn 90": "turn 270", "turn 270": "turn 90"}
"""What was done to A to make B, from what undoes it; the other forms undo themselves."""


class Hashes:
    """PDQ hashes of the case, each in its eight forms: ``keys`` (n), ``forms`` (n, 8, 4) words of 64 bits."""

    def __init__(self, keys: list[str], forms: Words) -> None:
        self.keys, self.forms = keys, forms
        self.index = {key: i for i, key in enumerate(keys)}


def _hashes(desk: Desk) -> Hashes:
    """All usable hashes of the case (PDQ quality at or above the guard: featureless pictures match everything)."""
    if "hashes" not in desk.cache:
        m, c = schema.measure.c, schema.content.c
        rows = desk.connection.execute(
            select(c.sha256, m.value)
            .select_from(schema.measure.join(schema.content, m.content == c.no))
            .where(m.case_no == desk.case_no, m.method == "pdq")
            .order_by(c.sha256)
        )
        keys: list[str] = []
        forms: list[str] = []
        for sha256, value in rows:
            measured = msgspec.json.decode(value)
            if measured["quality"] >= desk.settings.pdq_quality:
                keys.append(bytes(sha256).hex())
                forms.extend(measured["forms"])
        desk.cache["hashes"] = Hashes(keys, as_words(forms).reshape(len(keys), len(FORMS), 4))
    held: Hashes = desk.cache["hashes"]
    return held


def _listed(desk: Desk) -> tuple[list[int], Words]:
    """Entries of the lists in force that carry a PDQ hash."""
    if "listed" not in desk.cache:
        e, v = schema.list_entry.c, schema.listver.c
        rows = desk.connection.execute(
            select(e.no, e.pdq)
            .select_from(schema.list_entry.join(schema.listver, e.list == v.no))
            .where(v.case_no == desk.case_no, v.current.is_(True), e.pdq.is_not(None))
        ).all()
        usable = [(int(row.no), pdq) for row in rows if not featureless(pdq := bytes(row.pdq).hex())]
        desk.cache["listed"] = ([no for no, _ in usable], as_words([pdq for _, pdq in usable]))
    held: tuple[list[int], Words] = desk.cache["listed"]
    return held


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    connection = desk.connection
    before = stack_of(connection, desk.case_no, subjects)
    for part in chunks(subjects):
        connection.execute(delete(schema.hit).where(schema.hit.c.case_no == desk.case_no, schema.hit.c.media.in_(part)))
        near = schema.near.c
        connection.execute(
            delete(schema.near).where(near.case_no == desk.case_no, or_(near.a.in_(part), near.b.in_(part)))
        )
    there = _there(desk, subjects)
    hits = {(row["media"], row["list_entry"]): row for row in _near_lists(desk, there)}
    hits |= {(row["media"], row["list_entry"]): row for row in _exact(desk, there)}
    if hits:
        connection.execute(insert(schema.hit), [hits[key] for key in sorted(hits)])
    pairs = _near_pairs(desk, there)
    if pairs:
        connection.execute(insert(schema.near), [pairs[key] for key in sorted(pairs)])
    around = set(subjects) | before | stack_of(connection, desk.case_no, subjects)
    desk.mark("media", around | _grouped_with(connection, desk.case_no, around))


def _there(desk: Desk, keys: Sequence[str]) -> list[str]:
    """Without the digests that no record names any more: their file has come."""
    s = schema.sighting.c
    named: set[str] = set()
    for part in chunks([key for key in keys if ":" in key]):
        named |= set(
            desk.connection.execute(
                select(s.media).distinct().where(s.case_no == desk.case_no, s.media.in_(part))
            ).scalars()
        )
    return [key for key in keys if ":" not in key or key in named]


def _exact(desk: Desk, subjects: Sequence[str]) -> Iterable[dict[str, Any]]:
    e, v, c = schema.list_entry.c, schema.listver.c, schema.content.c
    digests: dict[str, dict[bytes, set[str]]] = {"sha256": {}, "md5": {}, "sha1": {}}
    here = []
    for key in subjects:
        kind, digest = split(key)
        if kind == "content":
            here.append(digest)
        else:
            digests[kind].setdefault(digest, set()).add(key)
    for part in chunks(here):
        for row in desk.connection.execute(
            select(c.sha256, c.md5, c.sha1).where(c.case_no == desk.case_no, c.sha256.in_(part), c.size > 0)
        ):
            for kind in digests:
                digests[kind].setdefault(bytes(row._mapping[kind]), set()).add(bytes(row.sha256).hex())
    for kind, wanted in digests.items():
        known = sorted(digest for digest in wanted if digest.hex() not in EMPTY_DIGESTS)
        for part in chunks(known):
            rows = desk.connection.execute(
                select(e.no, e[kind])
                .select_from(schema.list_entry.join(schema.listver, e.list == v.no))
                .where(v.case_no == desk.case_no, v.current.is_(True), e[kind].in_(part))
            )
            for no, digest in rows:
                for key in wanted[bytes(digest)]:
                    yield _hit(desk, key, int(no), "exact", 0, "")


def _hit(desk: Desk, media: str, entry: int, kind: str, distance: int, form: str) -> dict[str, Any]:
    return {
        "media": media,
        "list_entry": entry,
        "case_no": desk.case_no,
        "kind": kind,
        "distance": distance,
        "form": form,
    }


def _asked(hashes: Hashes, subjects: Sequence[str]) -> list[int]:
    return [hashes.index[key] for key in subjects if key in hashes.index]


def _near_lists(desk: Desk, subjects: Sequence[str]) -> Iterable[dict[str, Any]]:
    hashes, (entries, listed) = _hashes(desk), _listed(desk)
    asked = _asked(hashes, subjects)
    best: dict[tuple[int, int], tuple[int, int]] = {}
    if asked and entries:
        for form in range(len(FORMS)):
            queries = np.ascontiguousarray(hashes.forms[asked, form])
            found = within(queries, listed, desk.settings.near_radius)
            for q, e, distance in zip(*(side.tolist() for side in found), strict=True):
                held = best.get((q, e))
                if held is None or (distance, form) < held:
                    best[(q, e)] = (distance, form)
    for (q, e), (distance, form) in best.items():
        made = INVERSE.get(FORMS[form], FORMS[form])
        yield _hit(desk, hashes.keys[asked[q]], entries[e], "near", distance, made)


def _near_pairs(desk: Desk, subjects: Sequence[str]) -> dict[tuple[str, str], dict[str, Any]]:
    """Pairs of files within the radius. Each pair is compared once and always the same way, the forms of the lower key
    against the higher one as it is: what came in first changes nothing."""
    hashes = _hashes(desk)
    asked = np.asarray(_asked(hashes, subjects), dtype=np.intp)
    others = np.setdiff1d(np.arange(len(hashes.keys)), asked)
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for lower, higher in ((asked, np.arange(len(hashes.keys))), (others, asked)) if len(asked) else ():
        plain = np.ascontiguousarray(hashes.forms[higher, 0])
        for form in range(len(FORMS)):
            found = within(np.ascontiguousarray(hashes.forms[lower, form]), plain, desk.settings.near_radius)
            for i, j, distance in zip(*(side.tolist() for side in found), strict=True):
                pair = (int(lower[i]), int(higher[j]))
                if pair[0] < pair[1] and (distance, form) < best.get(pair, (257, 0)):
                    best[pair] = (distance, form)
    rows = {}
    for (low, high), (distance, form) in best.items():
        for x, y, made in ((high, low, FORMS[form]), (low, high, INVERSE.get(FORMS[form], FORMS[form]))):
            rows[(hashes.keys[x], hashes.keys[y])] = {
                "a": hashes.keys[x],
                "b": hashes.keys[y],
                "case_no": desk.case_no,
                "distance": distance,
                "form": made,
            }
    return rows


def stack_of(connection: Connection, case_no: int, keys: Iterable[str]) -> set[str]:
    """The media that near pairs join to these, directly or through others (the keys themselves included)."""
    n = schema.near.c
    seen = set(keys)
    edge = list(seen)
    while edge:
        found: set[str] = set()
        for part in chunks(edge):
            mine = (n.case_no == case_no) & n.a.in_(part)
            found |= set(connection.execute(select(n.b).where(mine)).scalars())
        edge = sorted(found - seen)
        seen |= found
    return seen


def _grouped_with(connection: Connection, case_no: int, keys: Iterable[str]) -> set[str]:
    """The media in the same message, album, camera or name pattern: what one of them is may tie the others to abuse."""
    g = schema.tie_group.c
    groups: set[tuple[str, str]] = set()
    for part in chunks(sorted(keys)):
        rows = connection.execute(select(g.kind, g.value).where(g.case_no == case_no, g.media.in_(part)).distinct())
        groups |= {(row.kind, row.value) for row in rows}
    found: set[str] = set()
    for kind in {kind for kind, _ in groups}:
        for part in chunks(sorted(value for other, value in groups if other == kind)):
            found |= set(
                connection.execute(
                    select(g.media).where(g.case_no == case_no, g.kind == kind, g.value.in_(part)).distinct()
                ).scalars()
            )
    return found


MATCHES = Stage("match", _derive)

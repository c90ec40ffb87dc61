"""What ties an unlisted file to abuse (PRACTICE.md, "Unlisted is not new"): the one place that decides it.

A folder or a generic name is no tie. Each tie is a sentence with its traces, and says how strong it is: by a camera
alone it weighs less.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import select

from trackway.findings.engine import Desk, chunks
from trackway.match.listed import Match, direct_matches, listed_keys
from trackway.model.trace import Label
from trackway.store import schema
from trackway.store.ids import trace_ids

TieKind = Literal["person", "report", "label", "message", "album", "camera", "name", "term"]
NAME_FILES = 3
"""A name is distinctive of a series when so many listed files of it bear it."""


class Tie(Struct, frozen=True, omit_defaults=True):
    """Why this file belongs with abuse. ``series``: tokens it ties the file to; ``victim_identified``: what the lists
    say of the victim of that series (True as soon as one says so)."""

    kind: TieKind
    sentence: str
    traces: tuple[str, ...] = ()
    series: tuple[str, ...] = ()
    victim_identified: bool | None = None


class Group(Struct, frozen=True):
    """Files that one message, album, camera or name holds together, and those of them that are listed."""

    kind: str
    value: str
    n: int


def groups_of(desk: Desk, keys: Sequence[str]) -> dict[str, list[Group]]:
    """The groups in which each media lies, in a fixed order."""
    g = schema.tie_group.c
    found: dict[str, list[Group]] = defaultdict(list)
    for part in chunks(keys):
        rows = desk.connection.execute(select(schema.tie_group).where(g.case_no == desk.case_no, g.media.in_(part)))
        for row in rows:
            found[row.media].append(Group(row.kind, row.value, int(row.n)))
    return found


def ties_of(desk: Desk, key: str, groups: Iterable[Group], own: int | None) -> list[Tie]:
    """All ties of one unlisted media item, strongest kind first. ``own``: the trace of what the file says of itself,
    on which a name's tie rests."""
    held = list(groups)
    ids = trace_ids(desk.connection, [own or 0, *(group.n or own or 0 for group in held)])
    ties: list[Tie] = []
    for group in held:
        n = group.n or own or 0
        trace = (ids[n],) if n in ids else ()
        match group.kind:
            case "report":
                ties.append(Tie("report", f"Named by hotline report {group.value}.", trace))
            case "label":
                ties.append(Tie("label", f"An imported record labels it: category {group.value}.", trace))
            case "name":
                ties.extend(_by_name(desk, group, trace))
            case _:
                ties.extend(_by_listed_member(desk, key, group, trace))
    ties.extend(_by_term(desk, key))
    ties.extend(_by_person(desk, key, (ids[own],) if own in ids else ()))
    merged: dict[tuple[str, str], Tie] = {}
    for tie in ties:
        held_tie = merged.get((tie.kind, tie.sentence))
        traces = sorted({*tie.traces, *(held_tie.traces if held_tie else ())})
        merged[(tie.kind, tie.sentence)] = Tie(
            tie.kind, tie.sentence, tuple(traces[:40]), tie.series, tie.victim_identified
        )
    return [merged[place] for place in sorted(merged, key=lambda place: (_RANK[place[0]], place[1]))]


_RANK = {kind: i for i, kind in enumerate(("person", "report", "label", "name", "album", "message", "term", "camera"))}
_SENTENCE = {
    "message": "Shared in one message with a listed file.",
    "album": "In one album with a listed file.",
    "camera": "Taken, by its camera's serial number, with the camera of a listed file.",
}


def _by_listed_member(desk: Desk, key: str, group: Group, trace: tuple[str, ...]) -> Iterable[Tie]:
    cache = desk.cache.setdefault("members", {})
    place = (group.kind, group.value)
    if place not in cache:
        g = schema.tie_group.c
        members = desk.connection.execute(
            select(g.media).distinct().where(g.case_no == desk.case_no, g.kind == group.kind, g.value == group.value)
        ).scalars()
        listed = sorted(set(members) & listed_keys(desk))
        cache[place] = (listed, _series_of(direct_matches(desk, listed)))
    listed, series = cache[place]
    if [member for member in listed if member != key]:
        yield Tie(_kind(group.kind), _SENTENCE[group.kind], trace, *series)


def _kind(name: str) -> TieKind:
    return "album" if name == "album" else "camera" if name == "camera" else "message"


def _series_of(matches: dict[str, list[Match]]) -> tuple[tuple[str, ...], bool | None]:
    flat = [match for one in matches.values() for match in one if match.series]
    said = {match.victim_identified for match in flat}
    return tuple(sorted({match.series for match in flat if match.series})), _any(said)


def _any(said: set[bool | None]) -> bool | None:
    """What several records say of a victim: identified as soon as one says so; unknown where none says anything."""
    return True if True in said else False if False in said else None


def _by_name(desk: Desk, group: Group, trace: tuple[str, ...]) -> Iterable[Tie]:
    for series, files, identified in _series_with_name(desk, group.value):
        if files >= NAME_FILES:
            yield Tie(
                "name",
                f"Bears the distinctive name of {files} listed files of one series.",
                trace,
                (series,),
                identified,
            )


def _series_with_name(desk: Desk, pattern: str) -> list[tuple[str, int, bool | None]]:
    """(series token, distinct listed files that bear the name, victim identified), by the lists' own file names and by
    the names under which listed files lie in this case."""
    cache = desk.cache.setdefault("names", {})
    if pattern in cache:
        held: list[tuple[str, int, bool | None]] = cache[pattern]
        return held
    files: dict[str, set[str]] = defaultdict(set)
    said: dict[str, set[bool | None]] = defaultdict(set)
    e, v, n = schema.list_entry.c, schema.listver.c, schema.list_name.c
    rows = desk.connection.execute(
        select(n.series, e.md5, e.sha1, e.sha256, e.label)
        .select_from(
            schema.list_name.join(schema.list_entry, n.list_entry == e.no).join(schema.listver, n.list == v.no)
        )
        .where(v.case_no == desk.case_no, v.current.is_(True), n.pattern == pattern)
    )
    for row in rows:
        files[row.series].add((row.md5 or row.sha1 or row.sha256 or b"").hex())
        said[row.series].add(_label_says(row.label))
    g, c = schema.tie_group.c, schema.content.c
    members = set(
        desk.connection.execute(
            select(g.media).where(g.case_no == desk.case_no, g.kind == "name", g.value == pattern)
        ).scalars()
    )
    matches = direct_matches(desk, members & listed_keys(desk))
    md5 = {
        bytes(row.sha256).hex(): bytes(row.md5).hex()
        for part in chunks([bytes.fromhex(key) for key in sorted(matches) if ":" not in key])
        for row in desk.connection.execute(select(c.sha256, c.md5).where(c.case_no == desk.case_no, c.sha256.in_(part)))
    }
    for key, found in matches.items():
        for match in found:
            if match.kind == "exact" and match.series:
                files[match.series].add(md5.get(key, key))
                said[match.series].add(match.victim_identified)
    summary = [(series, len(files[series]), _any(said[series])) for series in sorted(files)]
    cache[pattern] = summary
    return summary


def _label_says(label: str) -> bool | None:
    return msgspec.json.decode(label, type=Label).victim_identified


def _by_term(desk: Desk, key: str) -> Iterable[Tie]:
    """A message whose own text holds a listed danger term shares it."""
    s, h, t = schema.sighting.c, schema.term_hit.c, schema.term.c
    rows = desk.connection.execute(
        select(s.n, t.sign)
        .select_from(schema.sighting.join(schema.term_hit, s.n == h.n).join(schema.term, h.term == t.no))
        .where(s.case_no == desk.case_no, s.media == key)
    ).all()
    ids = trace_ids(desk.connection, (int(row.n) for row in rows))
    for row in rows:
        yield Tie("term", f"Shared in a message that holds a listed term ({row.sign}).", (ids[int(row.n)],))


def _by_person(desk: Desk, key: str, trace: tuple[str, ...]) -> Iterable[Tie]:
    """The category that a person gave it last."""
    d = schema.decision.c
    body = desk.connection.execute(
        select(d.body)
        .where(d.case_no == desk.case_no, d.act == "category", d.subject == f"media:{key}")
        .order_by(d.no.desc())
        .limit(1)
    ).scalar()
    category = "" if body is None else str(msgspec.json.decode(body).get("category", ""))
    if category not in ("", "0", "undetermined"):
        yield Tie("person", f"A person set its category: {category}.", trace)

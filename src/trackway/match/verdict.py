"""The finding on each media item: known, near, unlisted or undetermined; new material or not; and why.

What CONTRACT.md prints for ``media`` is what is stored here, whole: one finding, one answer everywhere.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import delete, insert, select

from trackway.findings.engine import Desk, Stage, chunks
from trackway.match.contents import is_media_type, looks_like_media, media_traces
from trackway.match.hits import stack_of
from trackway.match.listed import Match, lists_in_force, matches_of
from trackway.match.sightings import Seen, sightings_of
from trackway.match.ties import Group, Tie, groups_of, ties_of
from trackway.store import schema
from trackway.store.ids import trace_ids

METHOD, VERSION = "media verdict", 1
Novelty = Literal["known", "near", "unlisted", "undetermined"]
PLACES_SHOWN = 200


class Place(Struct, frozen=True):
    """Where the bytes stand: exhibit (base name), path inside it, present or deleted, file-system times."""

    exhibit: str
    path: str
    state: str
    times: dict[str, str]


class Media(Struct, frozen=True, kw_only=True):
    """One media item. ``sha256`` is None where only a record's digest is left of it."""

    key: str
    sha256: str | None
    md5: str | None
    sha1: str | None
    type: str
    size: int | None
    pdq: str | None
    quality: int | None
    names: list[str]
    places: list[Place]
    places_total: int
    novelty: Novelty
    sentence: str
    new_material: bool
    ties: list[Tie]
    matches: list[Match]
    series: str | list[str] | None
    stack: str
    sightings: dict[str, int]
    shared_by: list[str]
    """Ids of the personas that shared it."""
    traces: list[str]
    traces_total: int
    first_generation: list[str]
    re_encoded: list[str]
    about: dict[str, Any]
    """What the file says of itself: camera, dates as written, place, size in pixels."""
    unread: str | UnsetType = UNSET
    """Why it could not be decoded."""


class _Facts(Struct):
    """What is known of the items of one batch before any judgement."""

    contents: dict[str, Any]
    names: dict[str, set[str]]
    places: dict[str, list[Place]]
    outcomes: dict[str, set[str]]
    reasons: dict[str, str]
    measures: dict[str, dict[str, Any]]
    fields: dict[str, dict[str, Any]]
    own: dict[str, int]


def _derive(desk: Desk, subjects: Sequence[str]) -> None:
    for part in chunks(subjects, 400):
        _derive_part(desk, part)


def _derive_part(desk: Desk, keys: list[str]) -> None:
    connection = desk.connection
    f = schema.finding.c
    facts = _facts(desk, keys)
    matches = matches_of(desk, keys)
    seen = sightings_of(desk, keys)
    groups = groups_of(desk, keys)
    rows = []
    for key in keys:
        if not _is_item(key, facts, matches[key], seen[key], groups.get(key, [])):
            continue
        media = _judge(desk, key, facts, matches[key], seen[key], groups.get(key, []))
        rows.append(
            {
                "case_no": desk.case_no,
                "kind": "media",
                "subject": key,
                "method": METHOD,
                "version": VERSION,
                "body": msgspec.json.encode(media, order="deterministic").decode(),
            }
        )
    mine = (f.case_no == desk.case_no) & (f.kind == "media") & f.subject.in_(keys)
    changed = set(connection.execute(select(f.subject).where(mine)).scalars()) ^ {str(row["subject"]) for row in rows}
    connection.execute(delete(schema.finding).where(mine))
    if rows:
        connection.execute(insert(schema.finding), rows)
    # A persona's acts are those on media items: its count changes when a file becomes one, or is none any more.
    desk.mark("persona", {str(act.party) for key in changed for act in seen[key].acts if act.party is not None})
    desk.mark("item", (f"media:{key}" for key in keys))


def _is_item(key: str, facts: _Facts, matches: list[Match], seen: Seen, groups: list[Group]) -> bool:
    """Pictures, videos, sounds; the empty file; what a list, a report or an imported label names, or a record of a file
    that is gone. Other files are sources only, attached to a mail or not."""
    if ":" in key:
        return bool(seen.acts)
    row = facts.contents.get(key)
    if row is None or not (facts.places.get(key)):
        return False
    return bool(
        is_media_type(row.type)
        or row.size == 0
        or any(match.kind == "exact" for match in matches)
        or any(group.kind in ("report", "label") for group in groups)
        or (
            facts.outcomes[key] & {"unclaimed", "refused", "incomplete"}
            and any(map(looks_like_media, facts.names[key]))
        )
    )


def _facts(desk: Desk, keys: Sequence[str]) -> _Facts:
    connection = desk.connection
    c, p, m, e = schema.content.c, schema.place.c, schema.measure.c, schema.exhibit.c
    facts = _Facts({}, defaultdict(set), defaultdict(list), defaultdict(set), {}, defaultdict(dict), {}, {})
    here = [bytes.fromhex(key) for key in keys if ":" not in key]
    if not here:
        return facts
    rows = connection.execute(select(schema.content).where(c.case_no == desk.case_no, c.sha256.in_(here))).all()
    by_no = {int(row.no): bytes(row.sha256).hex() for row in rows}
    facts.contents = {by_no[int(row.no)]: row for row in rows}
    found = connection.execute(
        select(p.no, p.content, p.parent, p.path, p.state, p.times, p.outcome, p.reason, e.name)
        .select_from(schema.place.join(schema.exhibit, p.exhibit == e.no))
        .where(p.content.in_(list(by_no)), p.outcome != "out-of-scope")
    )
    for place in found:
        key = by_no[int(place.content)]
        facts.names[key].add(place.path.rsplit("/", 1)[-1])
        facts.outcomes[key].add(place.outcome)
        if place.reason:
            facts.reasons[key] = min(facts.reasons.get(key, place.reason), place.reason)
        times = msgspec.json.decode(place.times)
        facts.places[key].append(Place(place.name, _path(desk, place), place.state, times))
    for number, method, value in connection.execute(
        select(m.content, m.method, m.value).where(m.content.in_(list(by_no)))
    ):
        facts.measures[by_no[int(number)]][method] = msgspec.json.decode(value)
    for number, n, trace in media_traces(connection, list(by_no)):
        facts.fields[by_no[number]] = trace.fields
        facts.own[by_no[number]] = n
    return facts


def _path(desk: Desk, row: Any) -> str:
    """The path inside the exhibit, containers included."""
    parents = desk.cache.setdefault("paths", {0: ""})
    p = schema.place.c
    chain = []
    at = int(row.parent)
    while at not in parents:
        above = desk.connection.execute(select(p.parent, p.path).where(p.no == at)).one()
        chain.append((at, above.path, int(above.parent)))
        at = int(above.parent)
    for number, path, parent in reversed(chain):
        parents[number] = f"{parents[parent]}{path}/"
    return f"{parents[int(row.parent)]}{row.path}"


def _judge(desk: Desk, key: str, facts: _Facts, matches: list[Match], seen: Seen, groups: list[Group]) -> Media:
    row = facts.contents.get(key)
    measures = facts.measures.get(key, {})
    pdq = measures.get("pdq", {})
    kind, digest = (None, "") if row is not None else key.split(":", 1)
    empty = row is not None and row.size == 0
    novelty, sentence = _novelty(desk, matches, row is not None and bool(pdq), empty)
    ties = ties_of(desk, key, groups, facts.own.get(key)) if novelty == "unlisted" and not empty else []
    series = sorted(
        {m.series for m in matches if m.series} or {s for tie in ties if tie.kind == "name" for s in tie.series}
    )
    numbers = sorted({n for act in seen.acts for n in act.traces} | ({facts.own[key]} if key in facts.own else set()))
    ids = sorted(trace_ids(desk.connection, numbers).values())
    places = sorted(facts.places.get(key, []), key=lambda place: (place.exhibit, place.path, place.state))
    signs = measures.get("first-generation", {})
    return Media(
        key=key,
        sha256=bytes(row.sha256).hex() if row is not None else digest if kind == "sha256" else None,
        md5=bytes(row.md5).hex() if row is not None else digest if kind == "md5" else None,
        sha1=bytes(row.sha1).hex() if row is not None else digest if kind == "sha1" else None,
        type=row.type if row is not None else "",
        size=int(row.size) if row is not None else None,
        pdq=pdq.get("pdq"),
        quality=pdq.get("quality"),
        names=sorted(facts.names.get(key, set())) or _recorded_names(desk, seen),
        places=places[:PLACES_SHOWN],
        places_total=len(places),
        novelty=novelty,
        sentence=sentence,
        new_material=bool(ties),
        ties=ties,
        matches=matches,
        series=None if not series else series[0] if len(series) == 1 else series,
        stack=_stack(desk, key),
        sightings=seen.counts(),
        shared_by=_sharers(desk, seen),
        traces=ids[:40],
        traces_total=len(ids),
        first_generation=list(signs.get("signs", ())),
        re_encoded=list(signs.get("against", ())),
        about=facts.fields.get(key, {}),
        unread=facts.reasons.get(key, UNSET) if not pdq else UNSET,
    )


def _novelty(desk: Desk, matches: list[Match], decoded: bool, empty: bool) -> tuple[Novelty, str]:
    exact = [match for match in matches if match.kind == "exact"]
    if exact:
        names = sorted({match.list for match in exact})
        return "known", f"Its digest stands in {_some(names)}."
    if matches:
        best = matches[0]
        where = "a listed file of this case" if best.via else f"an entry of {best.list}"
        how = f", {best.edit}" if best.edit else ""
        return "near", f"Not listed itself, but {best.distance} of 256 bits from {where}{how}."
    count = lists_in_force(desk)
    if empty:
        return "undetermined", "The file is empty: there is nothing to compare."
    if not count:
        return "undetermined", "No known list is loaded."
    if not decoded:
        return "undetermined", "Its digest is on no list, and it could not be decoded for comparison."
    return "unlisted", f"On none of the {count} lists in force, and made of nothing listed that was found."


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _stack(desk: Desk, key: str) -> str:
    cache = desk.cache.setdefault("stacks", {})
    if key not in cache:
        members = stack_of(desk.connection, desk.case_no, [key])
        for member in members:
            cache[member] = "stack-" + min(members).rsplit(":", 1)[-1][:16]
    token: str = cache[key]
    return token


def _sharers(desk: Desk, seen: Seen) -> list[str]:
    parties = sorted({act.party for act in seen.acts if act.party is not None})
    found: list[str] = []
    for part in chunks(parties):
        rows = desk.connection.execute(select(schema.party.c.key).where(schema.party.c.no.in_(part))).scalars()
        found.extend(bytes(key).hex() for key in rows)
    return sorted(found)


def _recorded_names(desk: Desk, seen: Seen) -> list[str]:
    """The names that records give to a file that is gone."""
    s = schema.share.c
    names: set[str] = set()
    for part in chunks(sorted({n for act in seen.acts for n in act.traces})):
        names |= set(desk.connection.execute(select(s.name).where(s.n.in_(part), s.name != "")).scalars())
    return sorted(names)[:20]


VERDICTS = Stage("media", _derive)

"""What the lists say of the media of this case, gathered once a run: hits with their entries, and who is listed."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from msgspec import Struct
from sqlalchemy import func, select

from trackway.findings.engine import Desk, chunks
from trackway.match.series import series_token
from trackway.model.trace import Label
from trackway.store import schema


class Match(Struct, frozen=True):
    """One record of one list that names the file, or something that it is made of.

    ``via``: the file of the case through which a near match goes, if any."""

    list: str
    entry: str
    kind: str
    distance: int
    edit: str | None
    victim_identified: bool | None
    category: str | None
    scheme: str | None = None
    series: str | None = None
    via: str | None = None

    @property
    def order(self) -> tuple[bool, int, str, str]:
        return self.kind != "exact", self.distance, self.list, self.entry


def lists_in_force(desk: Desk) -> int:
    """How many known lists are loaded and in force."""
    if "lists" not in desk.cache:
        c = schema.listver.c
        desk.cache["lists"] = desk.connection.execute(
            select(func.count()).where(c.case_no == desk.case_no, c.current.is_(True))
        ).scalar_one()
    count: int = desk.cache["lists"]
    return count


def direct_matches(desk: Desk, keys: Iterable[str]) -> dict[str, list[Match]]:
    """Hits of these media against the lists, exact first."""
    return {key: [match for _, match in found] for key, found in _numbered(desk, keys).items()}


def _numbered(desk: Desk, keys: Iterable[str]) -> dict[str, list[tuple[int, Match]]]:
    """Hits with the number of their record: some lists give several records one id, and each of them is a record."""
    h, e, v = schema.hit.c, schema.list_entry.c, schema.listver.c
    found: dict[str, list[tuple[int, Match]]] = defaultdict(list)
    for part in chunks(sorted(set(keys))):
        rows = desk.connection.execute(
            select(h.media, h.kind, h.distance, h.form, e.no, e.entry, e.label, v.name)
            .select_from(schema.hit.join(schema.list_entry, h.list_entry == e.no).join(schema.listver, e.list == v.no))
            .where(h.case_no == desk.case_no, h.media.in_(part))
        )
        for row in rows:
            label = msgspec.json.decode(row.label, type=Label)
            match = Match(
                row.name,
                row.entry,
                row.kind,
                row.distance,
                edit_of(row.form),
                label.victim_identified,
                label.category,
                label.scheme,
                series_token(label.series),
            )
            found[row.media].append((int(row.no), match))
    for matches in found.values():
        matches.sort(key=lambda numbered: (*numbered[1].order, numbered[0]))
    return found


def edit_of(form: str) -> str | None:
    """What was done to the picture, by the form in which the hashes meet; None for nothing."""
    return None if form in ("", "original") else form


def near_of(desk: Desk, keys: Iterable[str]) -> dict[str, list[tuple[str, int, str]]]:
    """For each media the files of the case that it nearly equals: (key, distance, form)."""
    n = schema.near.c
    found: dict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for part in chunks(sorted(set(keys))):
        for row in desk.connection.execute(select(schema.near).where(n.case_no == desk.case_no, n.a.in_(part))):
            found[row.a].append((row.b, row.distance, row.form))
    return found


def matches_of(desk: Desk, keys: Iterable[str]) -> dict[str, list[Match]]:
    """All matches of these media: exact, near a list's own hash, and near a file of the case that is listed."""
    held = list(keys)
    neighbours = near_of(desk, held)
    everyone = set(held) | {b for pairs in neighbours.values() for b, _, _ in pairs}
    direct = _numbered(desk, everyone)
    result: dict[str, list[Match]] = {}
    for key in held:
        best = dict(direct.get(key, ()))
        for other, distance, form in sorted(neighbours.get(key, ())):
            for record, match in direct.get(other, ()):
                if match.kind == "exact":
                    near = msgspec.structs.replace(match, kind="near", distance=distance, edit=edit_of(form), via=other)
                    if record not in best or near.order < best[record].order:
                        best[record] = near
        result[key] = [best[record] for record in sorted(best, key=lambda record: (*best[record].order, record))]
    return result


def listed_keys(desk: Desk) -> frozenset[str]:
    """Media that are listed, or made of something listed. Gathered once a run."""
    if "listed keys" not in desk.cache:
        h, n = schema.hit.c, schema.near.c
        hits = desk.connection.execute(select(h.media, h.kind).where(h.case_no == desk.case_no)).all()
        exact = {row.media for row in hits if row.kind == "exact"}
        near: set[str] = set()
        for part in chunks(sorted(exact)):
            near |= set(desk.connection.execute(select(n.b).where(n.case_no == desk.case_no, n.a.in_(part))).scalars())
        desk.cache["listed keys"] = frozenset({row.media for row in hits} | near)
    keys: frozenset[str] = desk.cache["listed keys"]
    return keys

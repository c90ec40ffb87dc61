"""Danger signs: each a small function from findings and traces to reasons, with its sentence and its traces.

The one place that decides what a sign weighs. Signs only ever add: no label, number or known-ness takes one away.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC
from typing import Any

import msgspec
from sqlalchemy import select

from trackway.danger import reports
from trackway.danger.dates import exhibits_of, is_recent
from trackway.danger.item import Reason, Ref, Tier
from trackway.findings.engine import Desk, chunks
from trackway.match.shares import span
from trackway.match.verdict import Media
from trackway.measure.exif import parse_date
from trackway.model.times import instant_of, iso
from trackway.model.trace import Trace
from trackway.store import schema
from trackway.store.ids import persona_key, trace_ids

_trace = msgspec.msgpack.Decoder(Trace).decode
SHOWN = 40

TERM_SENTENCE = {
    "live": "Wrote a listed term that announces something live",
    "access": "Wrote a listed term that claims access to a child",
    "announced": "Wrote a listed term that announces abuse",
    "sextortion": "Wrote a listed term of sextortion or coercion",
    "self-harm": "Wrote a listed term of self-harm",
    "travel": "Wrote a listed term of a meeting or a journey",
}


# ------------------------------------------------------------------ what a persona wrote


def of_persona(desk: Desk, party: int) -> list[Reason]:
    """Listed terms in what this persona wrote. Any one puts its writer into the queue; time decides the tier."""
    h, t, m = schema.term_hit.c, schema.term.c, schema.trace.c
    rows = desk.connection.execute(
        select(h.n, t.sign, t.language, m.instant)
        .select_from(schema.term_hit.join(schema.term, h.term == t.no).join(schema.trace, h.n == m.n))
        .where(h.case_no == desk.case_no, h.author == party)
    ).all()
    by_sign: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_sign[row.sign].append(row)
    reasons = []
    for sign, found in by_sign.items():
        near = [row for row in found if is_recent(desk, row.instant, exhibits_of(desk, int(row.n) >> 32))]
        shown = near or found
        tier: Tier = 1 if near else 2
        numbers = {int(row.n) for row in shown}
        instants = [row.instant for row in shown if row.instant is not None]
        last = f", last on {str(iso(max(instants)))[:10]}" if instants else ", undated"
        when = "near the exhibit's date" if near else "long before the exhibit's date"
        start = TERM_SENTENCE.get(sign, f"Wrote a listed term ({sign})")
        times = "once" if len(numbers) == 1 else f"{len(numbers)} times"
        shared = _shared_in(desk, numbers)
        reasons.append(
            _reason(
                desk, sign, tier, f"{start}, {times}{last}, {when}.", numbers, [Ref("media", key) for key in shared]
            )
        )
    return reasons


def of_source(desk: Desk, sha256: str) -> list[Reason]:
    """Listed terms in a text whose writer nobody names (a notes file): somebody should read it."""
    h, t, r, c = schema.term_hit.c, schema.term.c, schema.reading.c, schema.content.c
    readings = desk.connection.execute(
        select(r.no)
        .select_from(schema.reading.join(schema.content, r.content == c.no))
        .where(c.case_no == desk.case_no, c.sha256 == bytes.fromhex(sha256), r.current.is_(True))
    ).scalars()
    by_sign: dict[str, set[int]] = defaultdict(set)
    for reading in readings.all():
        low, high = span(int(reading))
        rows = desk.connection.execute(
            select(h.n, t.sign)
            .select_from(schema.term_hit.join(schema.term, h.term == t.no))
            .where(h.n.between(low, high), h.author.is_(None))
        )
        for row in rows:
            by_sign[row.sign].add(int(row.n))
    return [
        _reason(desk, sign, 2, f"A text of a writer who is not named holds a listed term ({sign}).", numbers, [])
        for sign, numbers in sorted(by_sign.items())
    ]


def _shared_in(desk: Desk, numbers: set[int]) -> list[str]:
    s = schema.sighting.c
    found: set[str] = set()
    for part in chunks(sorted(numbers)):
        found |= set(desk.connection.execute(select(s.media).where(s.n.in_(part))).scalars())
    return sorted(found)[:SHOWN]


# ------------------------------------------------------------------ hotline reports


def of_report(desk: Desk, number: str) -> list[Reason]:
    """What a hotline report says: escalation, live streaming, physical harm, earlier reports on the account."""
    traces = _report_traces(desk, number)
    if not traces:
        return []
    filed = {n: trace for n, trace in traces.items() if trace.kind == "report"}
    about = sorted(
        {Ref("persona", _persona_id(trace)) for trace in filed.values() if trace.author is not None}
        | {Ref("media", key) for key in _shared_in(desk, set(traces))}
    )[:SHOWN]
    reasons = []

    def add(sign: str, tier: Tier, sentence: str, numbers: Iterable[int]) -> None:
        held = set(numbers)
        if held:
            reasons.append(_reason(desk, sign, tier, sentence, held, about))

    def flagged(flag: str) -> list[int]:
        return [n for n, trace in traces.items() if _flag(trace, flag)]

    add("escalated", 1, "The hotline marked this report as urgent.", flagged("escalated"))
    add("live", 1, "The hotline marked live streaming in this report.", flagged("live_streaming"))
    add("physical-harm", 1, "The hotline marked physical harm in this report.", flagged("physical_harm"))
    prior = sorted({str(one) for trace in filed.values() for one in trace.fields.get("prior_reports") or ()})
    earlier = "one earlier report" if len(prior) == 1 else f"{len(prior)} earlier reports"
    if prior:
        add("prior-reports", 2, f"The same account has {earlier}.", filed)
    reasons.extend(_terms_in(desk, set(traces), about))
    add("reported", 3, "A hotline report, not yet handled.", filed or traces)
    return reasons


def _terms_in(desk: Desk, numbers: set[int], about: list[Ref]) -> Iterable[Reason]:
    h, t = schema.term_hit.c, schema.term.c
    by_sign: dict[str, set[int]] = defaultdict(set)
    for part in chunks(sorted(numbers)):
        rows = desk.connection.execute(
            select(h.n, t.sign).select_from(schema.term_hit.join(schema.term, h.term == t.no)).where(h.n.in_(part))
        )
        for row in rows:
            by_sign[row.sign].add(int(row.n))
    for sign, found in sorted(by_sign.items()):
        yield _reason(desk, sign, 1, f"The text of the report holds a listed term ({sign}).", found, about)


def _flag(trace: Trace, name: str) -> bool:
    if trace.fields.get(name) is True:
        return True
    annotations = trace.fields.get("annotations") or ()
    return name in annotations or name.replace("_", "-") in annotations


def _report_traces(desk: Desk, number: str) -> dict[int, Trace]:
    """The report's own trace and those of its files, from every exhibit in which it was found."""
    f, t = schema.finding_link.c, schema.trace.c
    readings = desk.connection.execute(
        select(f.subject).where(f.case_no == desk.case_no, f.kind == reports.KIND, f.to == f"report:{number}")
    ).scalars()
    found = {}
    for reading in readings.all():
        low, high = span(int(reading))
        rows = desk.connection.execute(
            select(t.n, t.body).where(t.n.between(low, high), t.kind.in_(("report", "upload")))
        )
        for n, body in rows:
            trace = _trace(body)
            if reports.report_number(trace) == number:
                found[int(n)] = trace
    return found


def _persona_id(trace: Trace) -> str:
    assert trace.author is not None
    return persona_key(trace.author.service, trace.author.key).hex()


# ------------------------------------------------------------------ media


def of_media(desk: Desk, media: Media) -> list[Reason]:
    """The reasons of a file that has an item of its own."""
    return [] if not media.new_material or tied_by_camera_only(media) else _media_reasons(desk, media)


def _media_reasons(desk: Desk, media: Media) -> list[Reason]:
    """New material, new inside a known series, first-generation signs. Missing data never lowers a tier."""
    instant = _taken(media)
    recent = is_recent(desk, instant, _exhibits_of_media(desk, media))
    strong = [tie for tie in media.ties if tie.kind != "camera"]
    about = [Ref("persona", persona) for persona in media.shared_by]
    traces = tuple(sorted({trace for tie in media.ties for trace in tie.traces} | set(media.traces)))
    reasons: list[Reason] = []

    def add(sign: str, tier: Tier, sentence: str, more: list[Ref] | None = None) -> None:
        reasons.append(
            Reason(sign, tier, sentence, traces[:SHOWN], len(traces), tuple(sorted([*about, *(more or [])])[:SHOWN]))
        )

    for tie in media.ties:
        by_series = tie.kind in ("name", "album") or (tie.kind == "camera" and (recent or instant is None))
        if tie.series and by_series:
            identified = tie.victim_identified is True
            victim = "whose victim a list marks as identified" if identified else "whose victim is not identified"
            add(
                "new-in-known-series",
                1 if identified else 2,
                f"A new file inside a known series {victim}. {tie.sentence}",
                [Ref("series", token) for token in tie.series],
            )
    if _camera_original(media):
        how = "taken near the exhibit's date" if recent else "taken long before the exhibit's date"
        only = "" if strong else " and tied by its camera only"
        tier: Tier = 1 if recent else 2 if strong else 3
        add("first-generation", tier, f"New material with first-generation signs, {how}{only}: {_signs(media)}")
    if instant is not None and recent:
        add("recent", 2, f"New material, taken by its own data near the exhibit's date ({_as_written(media)}).")
    add("new-material", 3, f"New material: on no list, and tied to abuse. {media.ties[0].sentence}")
    return reasons


def _signs(media: Media) -> str:
    """The signs in one line; the file's own page itemises all of them."""
    more = len(media.first_generation) - 1
    first = f"{media.first_generation[0]}; {more} more for it" if more > 0 else f"{media.first_generation[0]}"
    if media.re_encoded:
        return f"{first}, and {len(media.re_encoded)} against: {media.re_encoded[0]}."
    return f"{first}, none against."


def _camera_original(media: Media) -> bool:
    """Whether the file itself names maker, model and moment of the picture, as cameras write. The signs for and against
    are itemised and never counted: some phones write the very tables that programs re-encode with."""
    return bool(media.first_generation and media.about.get("make") and media.about.get("model") and _as_written(media))


def _taken(media: Media) -> int | None:
    """The capture time that the file itself states, as an instant for comparing with dates; None where it has none.
    Without a zone the wall clock is read as UTC: a day more or less does not matter here."""
    moment = parse_date(_as_written(media))
    return None if moment is None else instant_of(moment.replace(tzinfo=UTC))


def _as_written(media: Media) -> str:
    dates = media.about.get("dates")
    return str(dates.get("original", "")) if isinstance(dates, dict) else ""


def _exhibits_of_media(desk: Desk, media: Media) -> set[int]:
    p, c = schema.place.c, schema.content.c
    if media.sha256 is None:
        return set()
    rows = desk.connection.execute(
        select(p.exhibit)
        .select_from(schema.place.join(schema.content, p.content == c.no))
        .where(c.case_no == desk.case_no, c.sha256 == bytes.fromhex(media.sha256))
        .distinct()
    ).scalars()
    return set(rows)


# ------------------------------------------------------------------ groups of files


def tied_by_camera_only(media: Media) -> bool:
    """Whether the camera alone ties a new file to abuse: such files come by the dozen, and stand in their camera's item
    (PRACTICE.md: one item per camera and exhibit)."""
    return media.new_material and all(tie.kind == "camera" for tie in media.ties)


def of_camera(desk: Desk, subject: Ref) -> list[Reason]:
    """What the files of one camera in one exhibit mean: new ones that only it ties to abuse, unlisted ones, and those
    that could not be compared (tier 3 at best)."""
    return [*_new_by_camera(desk, subject), *_without_tie(desk, subject)]


def _new_by_camera(desk: Desk, subject: Ref) -> Iterable[Reason]:
    """The reasons of each of these files, one a sign: as strong as the strongest, about all of them."""
    by_sign: dict[str, list[tuple[str, Reason]]] = defaultdict(list)
    for key in _members(desk, "new-by-camera", subject.key):
        media = media_finding(desk, key)
        for reason in _media_reasons(desk, media) if media is not None else ():
            by_sign[reason.sign].append((key, reason))
    for sign, found in sorted(by_sign.items()):
        found.sort(key=lambda one: (one[1].tier, one[0]))
        first = found[0][1]
        count = "" if len(found) == 1 else f"{len(found)} new files of this camera in this exhibit. The first: "
        traces = sorted({trace for _, reason in found for trace in reason.traces})
        about = sorted({Ref("media", key) for key, _ in found} | {ref for _, reason in found for ref in reason.about})
        # The files first: which they are matters more here than who else is concerned.
        about.sort(key=lambda ref: ref.kind != "media")
        yield Reason(sign, first.tier, count + first.sentence, tuple(traces[:SHOWN]), len(traces), tuple(about[:SHOWN]))


def _without_tie(desk: Desk, subject: Ref) -> list[Reason]:
    reasons = []
    for sign, one, many, why in (
        ("unlisted", "One unlisted picture", "unlisted pictures", "nothing ties them to abuse"),
        ("undetermined", "One file", "files", "they could not be held against any list"),
    ):
        keys = _members(desk, sign, subject.key)
        if keys:
            count = one if len(keys) == 1 else f"{len(keys)} {many}"
            about = tuple(Ref("media", key) for key in keys[:SHOWN])
            sentence = f"{count} of this camera in this exhibit; {why}."
            reasons.append(Reason(sign, 3, sentence, _own(desk, keys), len(keys), about))
    return reasons


def of_known(desk: Desk, subject: Ref) -> list[Reason]:
    """Known material: one item a series, or an exhibit where lists name no series. It never stands above a danger."""
    keys = _members(desk, "known", subject.key)
    if not keys:
        return []
    media = [held for key in keys[:2000] if (held := media_finding(desk, key)) is not None]
    shares = sum(one.sightings["sent"] + one.sightings["offered"] for one in media)
    identified = any(match.victim_identified is True for one in media for match in one.matches)
    tier: Tier = 5 if identified or subject.kind == "exhibit" else 4
    files = "One known file" if len(keys) == 1 else f"{len(keys)} known files"
    of = "of this series" if subject.kind == "series" else "in this exhibit"
    again = f", shared at least {shares} times in these exhibits" if shares else ""
    about = tuple(Ref("media", key) for key in keys[:SHOWN])
    return [Reason("known", tier, f"{files} {of}{again}.", _own(desk, keys), len(keys), about)]


def _own(desk: Desk, keys: list[str]) -> tuple[str, ...]:
    traces: set[str] = set()
    for key in keys[:SHOWN]:
        media = media_finding(desk, key)
        if media is not None:
            traces |= set(media.traces[:2])
    return tuple(sorted(traces)[:SHOWN])


def _members(desk: Desk, kind: str, to: str) -> list[str]:
    f = schema.finding_link.c
    rows = desk.connection.execute(
        select(f.subject).where(f.case_no == desk.case_no, f.kind == kind, f.to == to).order_by(f.subject)
    ).scalars()
    return list(rows)


def media_finding(desk: Desk, key: str) -> Media | None:
    """The finding on one media item, as stored."""
    f = schema.finding.c
    body = desk.connection.execute(
        select(f.body).where(f.case_no == desk.case_no, f.kind == "media", f.subject == key)
    ).scalar()
    return None if body is None else msgspec.json.decode(body, type=Media)


def _reason(desk: Desk, sign: str, tier: Tier, sentence: str, numbers: Iterable[int], about: Iterable[Ref]) -> Reason:
    ids = sorted(trace_ids(desk.connection, numbers).values())
    return Reason(sign, tier, sentence, tuple(ids[:SHOWN]), len(ids), tuple(sorted(set(about))[:SHOWN]))

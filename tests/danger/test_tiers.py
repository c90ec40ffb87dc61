"""The queue, sentence by sentence of CONTRACT.md: what stands in which tier, on which subject, with which signs."""

from typing import Any, NamedTuple

import pytest

from handmade import ADDED, DAY, Case, Listed, Source, at, export, picture
from trackway.danger.item import Item
from trackway.match.series import series_token
from trackway.model.trace import Conversation, Digests, PersonaRef, Share, Trace
from trackway.store.ids import persona_key

OSPREY, ROOM = PersonaRef("telegram", "user1"), Conversation("telegram", "1", visibility="open")
KESTREL = ("Kestrel Optics", "K1")
RECENT, OLD = "2026:02:20 10:00:00", "2019:02:20 10:00:00"
SERIES = series_token("Marsh Heron")


def said(text: str, days_ago: float | None = 1, number: str = "1", *shares: Share) -> Trace:
    when = None if days_ago is None else at(days_ago)
    return Trace("message", f"m{number}", when, OSPREY, (), ROOM, number, text, shares)


def report(text: str = "", author: bool = True, kind: Any = "report", **fields: Any) -> Trace:
    who = PersonaRef("ncmec", "esp:osprey") if author else None
    return Trace(
        kind, "report[0]", at(2), who, (), Conversation("ncmec", "777"), "777", text, fields={"report": "777"} | fields
    )


def series(identified: bool | None = True) -> tuple[Listed, ...]:
    """Three files of one series under a distinctive name, the first of a camera with a serial number."""
    files = (picture(1, serial="SN-1"), picture(2), picture(3))
    said_of = {"series": "Marsh Heron", "victim_identified": identified}
    return tuple(Listed(one, entry=str(i), names=(f"heron_{i}.jpg",), **said_of) for i, one in enumerate(files))


def shared(text: str, file: Source) -> dict[str, Source]:
    """A file, and a message of these words that shares it."""
    return {"e": export("e", said(text, 1, "1", Share("offered", "0", "x.jpg"))), "x.jpg": file}


def new(seed: int = 20, **more: Any) -> Source:
    """An unlisted picture as a camera wrote it."""
    return picture(seed, camera=KESTREL, signs=("it has the size that this camera writes",), **more)


LISTED = picture(1, serial="SN-1")
BARE = picture(20)


class Row(NamedTuple):
    """An exhibit, a list and terms; and the one item that is expected: its kind, the tiers it may have, its signs."""

    kind: str
    tiers: tuple[int, ...]
    signs: set[str]
    files: dict[str, Source]
    known: tuple[Listed, ...] = series()
    terms: dict[str, str] = {"live": "lantern"}  # noqa: RUF012


def wrote(tiers: tuple[int, ...], signs: set[str], terms: dict[str, str], *traces: Trace) -> Row:
    return Row("persona", tiers, signs, {"e": export("e", *traces)}, terms=terms)


def filed(tiers: tuple[int, ...], signs: set[str], *traces: Trace) -> Row:
    return Row("report", tiers, signs, {"777.xml": export("r", *traces)})


LIVE, NEST = {"live": "lantern tonight"}, {"access": "nest"}
SERIAL = {"serial": "SN-1"}
IN_SERIES, FIRST = {"new-in-known-series", "new-material"}, {"first-generation", "new-material"}
TABLE: dict[str, Row] = {
    # something live announced by a listed term for a time near the exhibit's date
    "live, near": wrote((1,), {"live"}, LIVE, said("lantern tonight!")),
    "live, in disguise": wrote((1,), {"live"}, LIVE, said("l4ntern t o n i g h t")),
    "live, long ago": wrote((2,), {"live"}, LIVE, said("lantern tonight", 400)),
    "live, undated": wrote((1,), {"live"}, LIVE, said("lantern tonight", None)),
    "live, old and new": wrote((1,), {"live"}, LIVE, said("lantern tonight", 400), said("lantern tonight", 2, "2")),
    # access by a listed term; any listed term puts its writer into the queue, with its sign
    "access": wrote((1, 2), {"access"}, NEST, said("my nest")),
    "access, long ago": wrote((1, 2), {"access"}, NEST, said("my nest", 400)),
    "sextortion": wrote((1, 2), {"sextortion"}, {"sextortion": "nest"}, said("my nest")),
    "self-harm": wrote((1, 2), {"self-harm"}, {"self_harm": "nest"}, said("nest")),
    "a sign of the team's own": wrote((1, 2, 3), {"moving"}, {"moving": "nest"}, said("nest")),
    "two signs": wrote((1,), {"access", "live"}, LIVE | NEST, said("nest"), said("lantern tonight", 9, "2")),
    # reports
    "escalated": filed((1,), {"escalated", "reported"}, report(escalated=True)),
    "live streaming": filed((1,), {"live", "reported"}, report(annotations=["live_streaming"])),
    "earlier reports": filed((1, 2), {"prior-reports", "reported"}, report(prior_reports=["776"])),
    "a plain report": filed((3,), {"reported"}, report()),
    "a report's own words": filed((1,), {"live", "reported"}, report("the lantern", author=False)),
    "the words of its file": filed((1,), {"live", "reported"}, report("a lantern", author=False, kind="upload")),
    # a new file inside a known series: by its distinctive name, or by its camera unless it is dated and old
    "victim identified": Row("media", (1,), IN_SERIES, {"heron_9.jpg": BARE}),
    "victim not identified": Row("media", (1, 2), IN_SERIES, {"heron_9.jpg": BARE}, series(False)),
    "victim not spoken of": Row("media", (1, 2), IN_SERIES, {"heron_9.jpg": BARE}, series(None)),
    "by name, though old": Row("media", (1,), IN_SERIES | FIRST, {"heron_9.jpg": new(taken=OLD)}),
    "by camera, recent": Row(
        "camera", (1,), IN_SERIES | FIRST | {"recent"}, {"x.jpg": new(taken=RECENT, **SERIAL), "a.jpg": LISTED}
    ),
    "by camera, undated": Row("camera", (1,), IN_SERIES, {"x.jpg": picture(20, **SERIAL), "a.jpg": LISTED}),
    "by camera, old": Row("camera", (2, 3), FIRST, {"x.jpg": new(taken=OLD, **SERIAL), "a.jpg": LISTED}),
    # new material with first-generation signs, recent against the exhibit's date
    "new material, recent": Row("media", (1,), FIRST | {"recent"}, shared("lantern", new(taken=RECENT))),
    "new material, old": Row("media", (2,), FIRST, shared("lantern", new(taken=OLD))),
    "new material without signs": Row("media", (2, 3), {"new-material"}, shared("lantern", BARE)),
    # unlisted pictures without a tie: tier 3 at best, one item per camera and exhibit
    "unlisted, as from a camera": Row("camera", (3,), {"unlisted"}, {"x.jpg": new(taken=RECENT, serial="SN-7")}),
    "unlisted, without any data": Row("camera", (3,), {"unlisted"}, {"x.jpg": BARE}),
    "not to be held against a list": Row("camera", (3, 4), {"undetermined"}, {"x.jpg": picture(9, decoded=False)}),
    # known and viral material
    "known": Row("series", (4, 5), {"known"}, {"x.jpg": LISTED}),
    "known, of no series": Row("exhibit", (4, 5), {"known"}, {"x.jpg": LISTED}, (Listed(LISTED),)),
    "near": Row("series", (4, 5), {"known"}, {"x.jpg": picture(2, "dark"), "y.jpg": picture(2)}),
}


def arranged(case: Case, row: Row, exhibit: str = "stick", **more: Any) -> dict[str, Item]:
    case.terms(**row.terms)
    case.add(exhibit, row.files, acquired=ADDED, **more)
    case.known("partner.json", *row.known)
    return case.items()


@pytest.mark.parametrize("name", TABLE)
def test_tiers(case: Case, name: str) -> None:
    row = TABLE[name]
    items = [item for item in arranged(case, row).values() if item.subject.kind == row.kind]
    assert len(items) == 1, "one item a subject"
    (item,) = items
    assert item.tier in row.tiers
    assert {reason.sign for reason in item.reasons} == row.signs
    assert all(reason.sentence.endswith(".") for reason in item.reasons)
    assert all(reason.traces for reason in item.reasons), "every answer opens its traces"
    assert item.tier == min(reason.tier for reason in item.reasons)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("live, near", f"persona:{persona_key('telegram', 'user1').hex()}"),
        ("escalated", "report:777"),
        ("victim identified", f"media:{BARE.key}"),
        ("known", f"series:{SERIES}"),
    ],
)
def test_subjects_are_named_as_the_contract_says(case: Case, name: str, subject: str) -> None:
    assert subject in arranged(case, TABLE[name])


def test_the_narrowest_subject_carries_the_danger(case: Case) -> None:
    """A file, a persona, a report; an exhibit only for known material that no series holds."""
    row = TABLE["new material, recent"]
    kinds = {item.subject.kind for item in arranged(case, row).values() if item.tier <= 2}
    assert kinds == {"persona", "media"}


def test_about_names_what_else_it_concerns(case: Case) -> None:
    row = TABLE["new material, recent"]
    items = arranged(case, row)
    persona = f"persona:{persona_key('telegram', 'user1').hex()}"
    file = f"media:{row.files['x.jpg'].key}"
    assert [ref.key for ref in items[persona].about] == [file]
    assert persona in [ref.key for ref in items[file].about]


def test_at_most_forty_are_named(case: Case) -> None:
    case.add("stick", {f"{i}.jpg": picture(100 + i) for i in range(50)})
    case.known("partner.json", *series())
    (item,) = case.items().values()
    assert (len(item.about), item.reasons[0].total) == (40, 50)


# ------------------------------------------------------------------ what never moves a tier


def test_volume_lifts_nobody(case: Case) -> None:
    """A thousand known shares, and fifty unlisted pictures, stand below one plain report."""
    shares = tuple(Share("offered", str(i), "a.jpg") for i in range(100))
    many = {f"{i}.jpg": picture(100 + i, serial="SN-5") for i in range(50)}
    case.add("stick", many | {"a.jpg": LISTED, "e": export("e", *(said("", 1, str(i), *shares) for i in range(10)))})
    case.known("partner.json", *series())
    case.add("hotline", {"777.xml": export("r", report())})
    items = list(case.items().values())
    assert [item.subject.kind for item in items] == ["report", "camera", "series"]
    assert [item.tier for item in items] == [3, 3, 5]
    assert case.media(LISTED).sightings["offered"] == 1000


def test_more_of_one_sign_moves_nobody_within_a_tier(case: Case) -> None:
    one, many = PersonaRef("telegram", "aa"), PersonaRef("telegram", "zz")

    def wrote(who: PersonaRef, number: int) -> Trace:
        return Trace("message", f"{number}", at(1), who, (), ROOM, f"{who.key}{number}", "lantern tonight")

    case.terms(**LIVE)
    case.add("stick", {"e": export("e", wrote(one, 0), *(wrote(many, i) for i in range(200)))})
    orders = {item.order.rsplit(":", 2)[0] for item in case.items().values()}
    assert len(orders) == 1


@pytest.mark.parametrize(
    ("fuller", "barer"),
    [
        ("live, near", "live, undated"),
        ("by camera, recent", "by camera, undated"),
        ("victim not identified", "victim not spoken of"),
    ],
)
def test_missing_data_never_lowers_a_tier(case: Case, fuller: str, barer: str) -> None:
    assert min(TABLE[barer].tiers) <= min(TABLE[fuller].tiers)


def test_a_known_file_lowers_nothing(case: Case) -> None:
    """Signs only add: a persona who shares known material as well stays where the danger puts it."""
    row = TABLE["live, near"]
    before = arranged(case, row)
    shared = export("f", said("", 1, "9", Share("offered", "0", "a.jpg")))
    case.add("laptop", {"a.jpg": LISTED, "f": shared})
    subject = f"persona:{persona_key('telegram', 'user1').hex()}"
    assert case.items()[subject].tier == before[subject].tier == 1


def test_a_benign_phone_gives_no_item_of_tier_1_or_2(case: Case) -> None:
    pictures = {f"DCIM/IMG_{i:04}.jpg": new(200 + i, serial="SN-F", taken=RECENT) for i in range(30)}
    case.terms(live="lantern tonight", access="nest")
    case.known("partner.json", *series())
    case.add("phone", pictures | {"e": export("e", *(said("see you tonight", 1, str(i)) for i in range(9)))})
    assert [(item.subject.kind, item.tier) for item in case.items().values()] == [("camera", 3)]


def test_one_item_a_camera_and_exhibit(case: Case) -> None:
    case.known("partner.json", *series())
    case.add("phone", {f"{i}.jpg": picture(200 + i, serial="SN-F" if i < 5 else "SN-G") for i in range(9)})
    case.add("card", {f"{i}.jpg": picture(300 + i, serial="SN-F") for i in range(3)})
    case.add("stick", {"a.jpg": picture(400), "b.jpg": picture(401, camera=KESTREL)})
    named = sorted((item.subject.id, item.reasons[0].total) for item in case.items().values())
    assert named == [
        ("Kestrel Optics K1 · stick", 1),
        ("SN-F · card", 3),
        ("SN-F · phone", 5),
        ("SN-G · phone", 4),
        ("no camera named · stick", 1),
    ]


# ------------------------------------------------------------------ near the exhibit's date


@pytest.mark.parametrize(
    ("acquired_days_ago", "written_days_ago", "tier"),
    [(0, 179, 1), (0, 181, 2), (400, 410, 1), (400, 590, 2), (400, 1, 1)],
)
def test_recent_is_measured_against_the_exhibit_not_against_today(
    case: Case, acquired_days_ago: int, written_days_ago: int, tier: int
) -> None:
    case.terms(**LIVE)
    files = {"e": export("e", said("lantern tonight", written_days_ago))}
    case.add("stick", files, acquired=ADDED - acquired_days_ago * DAY)
    (item,) = case.items().values()
    assert item.tier == tier


def test_without_a_date_of_acquisition_the_last_trace_before_intake_dates_the_exhibit(case: Case) -> None:
    """A clock that ran ahead does not move it; an old phone that comes in today is judged by its own days."""
    case.terms(**LIVE)
    ahead = said("see you", -4000, "9")
    case.add("stick", {"e": export("e", said("lantern tonight", 900), said("good night", 890, "2"), ahead)})
    (item,) = case.items().values()
    assert item.tier == 1


def test_the_same_words_in_two_exhibits_are_near_when_they_are_near_to_one(case: Case) -> None:
    case.terms(**LIVE)
    files = {"e": export("e", said("lantern tonight", 400))}
    case.add("new phone", files, acquired=ADDED)
    assert [item.tier for item in case.items().values()] == [2]
    case.add("old phone", files | {"x": Source(b"x", outcome="unclaimed")}, acquired=ADDED - 390 * DAY)
    assert [item.tier for item in case.items().values()] == [1]


# ------------------------------------------------------------------ order


def test_within_a_tier_the_strongest_sign_stands_first_then_more_signs(case: Case) -> None:
    case.terms(live="lantern", access="nest", announced="beacon")
    traces = []
    wrote = {"a": "beacon", "b": "nest", "c": "lantern", "d": "nest beacon", "e": "lantern nest"}
    for who, text in wrote.items():
        traces.append(Trace("message", who, at(1), PersonaRef("telegram", who), (), ROOM, who, text))
    case.add("stick", {"e": export("e", *traces), "777.xml": export("r", report(escalated=True))})
    ids = {persona_key("telegram", who).hex(): who for who in "abcde"} | {"777": "report"}
    assert [ids[item.subject.id] for item in case.items().values()] == ["e", "c", "report", "d", "b", "a"]


def test_digests_alone_make_no_new_material(case: Case) -> None:
    gone = Digests(md5="0" * 31 + "1")
    trace = Trace("upload", "f", at(1), PersonaRef("ncmec", "x"), (), Conversation("ncmec", "777"), "777",
                  shares=(Share("sent", "f", digests=gone),), fields={"report": "777"})  # fmt: skip
    case.add("hotline", {"777.xml": export("r", report(), trace)})
    case.known("partner.json", *series())
    assert [(item.subject.kind, item.tier) for item in case.items().values()] == [("report", 3)]

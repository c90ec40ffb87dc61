"""Reckons the demo's truth from its story: which pictures are listed, made of listed ones, or bound to them and how."""

from trackway.demo import image, lists, people, reports
from trackway.demo.compare_queue import Calm, Danger, Subject
from trackway.demo.gallery import FAMILY_MAIN, FAMILY_SECOND, VIRAL, Picture
from trackway.demo.lists import Entry
from trackway.demo.story import CAMERA_CARD, LAPTOP, REPORTS, Story, Who
from trackway.demo.truth import ConflictTruth, ListTruth, MatchTruth, MediaTruth, PersonaTruth

NEW = ("heron-new", "fox-new", "fox-camera-old", "shared-new", "reported-new")
"""Unlisted pictures with a tie: series name (and camera), series name, camera only, a listed term, a report."""
UNDECODABLE = frozenset({"broken-listed", "broken-unlisted"})
NOT_UNDERSTOOD = {LAPTOP: [image.TRAVERSAL, image.SEALED, image.UNKNOWN, "shore_07.jpg", "shore_08.jpg"]}
MAY_NOT_BE_UNDERSTOOD = {
    LAPTOP: ["untitled.jpg", "notes.txt", "old list.txt"],
    REPORTS: [f"{reports.ESCALATED}.pdf"],
}
COUNTRY = {lists.PARTNER: "UK", lists.NEIGHBOUR: "UK"}


def family() -> list[list[str]]:
    """Keys of the benign pictures, a list a camera."""
    keys = [f"family{n}" for n in range(1, FAMILY_MAIN + FAMILY_SECOND + 1)]
    return [keys[:FAMILY_MAIN], keys[FAMILY_MAIN:]]


def media_truth(story: Story) -> dict[str, MediaTruth]:
    """Every distinct picture (and gone file) that the case can know of, by SHA-256 or "md5:..."."""
    by_picture: dict[str, list[Entry]] = {}
    for entry in lists.entries():
        by_picture.setdefault(entry.picture, []).append(entry)
    present = {key for _, key in story.places}
    named = {act.picture for act in story.acts}
    found = {}
    for key, picture in story.pictures.items():
        if key in present or key in named:
            truth = _media(story, picture, by_picture, key in present)
            found[picture.sha256 if key in present else f"md5:{picture.md5}"] = truth
    for gone in story.gone.values():
        sightings = story.sightings(gone.key)
        found[f"md5:{gone.md5}"] = MediaTruth(gone.key, None, gone.md5, "undetermined", False, sightings)
    return found


def _media(story: Story, picture: Picture, by_picture: dict[str, list[Entry]], present: bool) -> MediaTruth:
    """One file of the gallery. The empty file is in lists, and matches nothing."""
    listed = [] if picture.key == "empty" else by_picture.get(picture.key, [])
    parents = by_picture.get(picture.origin, []) if picture.origin != picture.key else []
    if picture.key == "empty":
        novelty = ""
    elif listed:
        novelty = "known"
    elif parents:
        novelty = "near"
    else:
        novelty = "undetermined" if picture.key in UNDECODABLE else "unlisted"
    series = sorted({entry.series for entry in listed if entry.series})
    matches = [_match(story, entry, "exact" if listed else "near") for entry in listed or parents]
    sha256, sightings = picture.sha256 if present else None, story.sightings(picture.key)
    new = picture.key in NEW
    return MediaTruth(picture.key, sha256, picture.md5, novelty, new, sightings, matches, series)


def _match(story: Story, entry: Entry, kind: str) -> MatchTruth:
    """``entry``: the list's own id, else the digest that it gives."""
    md5, sha1 = lists.digests(entry, story.pictures)
    category = None if entry.category is None else str(entry.category)
    own = entry.id or (sha1 if entry.hash_only == "sha1" else md5)
    return MatchTruth(entry.list, own, kind, entry.victim_identified, category)


def list_truth(folder: str) -> list[ListTruth]:
    """Records a list, the empty file left out."""
    counted = dict.fromkeys((lists.PARTNER, lists.NEIGHBOUR, lists.ICSE, lists.PLAIN), 0)
    for entry in lists.entries():
        counted[entry.list] += entry.picture != "empty"
    return [ListTruth(f"{folder}/{name}", number, COUNTRY.get(name)) for name, number in counted.items()]


def conflict_truth() -> list[ConflictTruth]:
    """The disputed file, and the digest pair that does not fit."""
    disputed = [(lists.PARTNER, "401"), (lists.NEIGHBOUR, "N-1")]
    fields = ("series", "victim_identified", "category")
    digest = ConflictTruth("digest", [(lists.PARTNER, "903"), (lists.NEIGHBOUR, "N-3")])
    return [*(ConflictTruth(field, disputed) for field in fields), digest]


def persona_truth(story: Story) -> list[PersonaTruth]:
    """Everybody who appears."""
    return [
        PersonaTruth(who.service, who.key, list(who.names), list(who.identifiers), story.sightings_of(who))
        for who in story.people.values()
    ]


def _person(who: Who) -> Subject:
    return Subject("persona", who.key, who.service)


def _report(number: str) -> Subject:
    return Subject("report", number)


def _file(story: Story, key: str) -> Subject:
    return Subject("media", story.pictures[key].sha256)


def danger_truth(story: Story) -> list[Danger]:
    """What was planted, in which tiers it may stand, and under which sign."""
    live, new, three = ["live", "announced"], ["new-material"], [1, 2, 3]
    prior = [_report(reports.PRIOR), _person(people.N_QUARRY)]
    fox = ["new-in-known-series", "new-material"]
    return [
        Danger("An escalated report", ["escalated"], [1], [_report(reports.ESCALATED)]),
        Danger("A report of a live stream", ["live"], [1], [_report(reports.LIVE)]),
        Danger("A new file in an identified series", ["new-in-known-series"], [1], [_file(story, "heron-new")]),
        Danger("A live announcement on IRC", live, [1], [_person(people.I_NEW)]),
        Danger("A live announcement in disguise", live, [1], [_person(people.T_REED)]),
        Danger("New material fresh from a camera", ["first-generation"], [1], [_file(story, "shared-new")]),
        Danger("A report on an account with earlier reports", ["prior-reports"], [1, 2], prior),
        Danger("A claim of access", ["access"], [1, 2], [_person(people.T_QUARRY)]),
        Danger("A new file in a series whose victim is not identified", fox, [1, 2], [_file(story, "fox-new")]),
        Danger("An old file tied by its camera only", new, [2, 3], [_file(story, "fox-camera-old")]),
        Danger("New material that a report names", new, [2, 3], [_file(story, "reported-new")]),
        Danger("The writer of a listed term", new, three, [_person(people.T_HERON)]),
        Danger("A live announcement two years ago", live, [2, 3, 4, 5], [_person(people.I_CLERK)]),
    ]


def calm_truth(story: Story) -> Calm:
    """What must not alarm anybody, and all that may stand in tier 1."""
    cameras = [[story.pictures[key].sha256 for key in keys] for keys in family()]
    viral = [_file(story, f"viral{n}") for n in range(1, VIRAL + 1)]
    crowd = [people.T_GULL, people.T_SKUA, people.N_GULL, people.M_GULL]
    first = [subject for danger in danger_truth(story) if 1 in danger.tiers for subject in danger.subjects]
    return Calm(
        unlisted=[story.pictures["walk"].sha256, *(sha256 for camera in cameras for sha256 in camera)],
        one_camera_each=cameras,
        background=[*viral, *(_person(who) for who in crowd), _report(reports.VIRAL_ONE)],
        silent=[_person(people.I_MOTH), _person(people.I_GREBE), _person(people.M_SOCIETY)],
        may_be_first=[*first, *(_person(who) for who in (people.N_HERON, people.N_REED, people.N_QUARRY))],
    )


def counts(story: Story, media: dict[str, MediaTruth], exhibits: int) -> dict[str, int]:
    """Figures for the demo's summary."""
    of = [item.novelty for item in media.values()]
    shared = sum(item.sightings["sent"] + item.sightings["offered"] for item in media.values())
    return {
        "exhibits": exhibits,
        "media": len(media),
        **{novelty: of.count(novelty) for novelty in ("known", "near", "unlisted", "undetermined")},
        "new_material": sum(item.new_material for item in media.values()),
        "re_shares": shared,
        "personas": len(story.people),
        "reports": len(reports.TIPS),
        "dangers": len(danger_truth(story)),
        "benign_pictures": sum(1 for exhibit, _ in story.places if exhibit == CAMERA_CARD),
    }

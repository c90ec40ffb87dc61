"""The comparison with the demo's truth: silent when all agrees, and a sentence for every planted difference."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from trackway.demo import compare_queue, expect, image, lists
from trackway.demo import truth as truth_module
from trackway.demo.build import truth_of
from trackway.demo.chats import irc_logs, stick_export
from trackway.demo.compare_queue import Danger, Subject
from trackway.demo.gallery import Picture
from trackway.demo.mail import mailbox
from trackway.demo.reports import ESCALATED, reports
from trackway.demo.story import CAMERA_CARD, Story
from trackway.demo.truth import ExhibitTruth, MediaTruth, Truth, check

Answers = dict[str, Any]


def _stand_ins() -> dict[str, Picture]:
    """The keys of the gallery with a few bytes each: the comparison looks at no picture."""
    keys = {entry.picture for entry in lists.entries() if entry.picture}
    keys |= {*image.KEEP, *image.LOOSE, *expect.NEW, "walk", "viral3-again", "fox1-again"}
    keys |= {key for keys in expect.family() for key in keys}
    origins = {"heron6-again": "heron6", "heron2-half": "heron2", "heron3-mirrored": "heron3"}
    origins |= {"viral3-again": "viral3", "fox1-again": "fox1"}
    return {
        key: Picture(key, origins.get(key, key), f"{key}.jpg", b"" if key == "empty" else key.encode())
        for key in sorted(keys)
    }


@pytest.fixture(scope="module")
def told() -> Truth:
    story = Story(_stand_ins())
    image.laptop_files(story), stick_export(story), irc_logs(story), mailbox(story), reports(story)
    story.lay(CAMERA_CARD, [key for keys in expect.family() for key in keys])
    return truth_of(
        story, [ExhibitTruth("exhibits/laptop.img", "basis", 90, 93), ExhibitTruth("exhibits/mail", "basis", 1, 9)]
    )


def _persona_id(subject: Subject) -> str:
    return f"p-{subject.service}-{subject.id}"


def _item(tier: int, subject: Subject, sign: str) -> dict[str, Any]:
    identity = _persona_id(subject) if subject.kind == "persona" else subject.id
    return {
        "tier": tier,
        "subject": {"kind": subject.kind, "id": identity},
        "about": [],
        "reasons": [{"sign": sign, "sentence": "Because.", "traces": ["t"]}],
        "clock": {"state": "running"},
    }


def _media(media: MediaTruth) -> dict[str, Any]:
    tokens = {"MARSH-HERON": "s1", "QUARRY-FOX": "s2", "HARBOUR-SEAL": "s3", "TIDE-OTTER": "s4"}
    series = [tokens[name] for name in media.series]
    return {
        "sha256": media.sha256,
        "md5": media.md5,
        "type": "image/jpeg",
        "novelty": media.novelty or "undetermined",
        "new_material": media.new_material,
        "ties": [{"sentence": "Because.", "traces": ["t"]}] if media.new_material else [],
        "matches": [
            {key: getattr(one, key) for key in ("list", "entry", "kind", "victim_identified", "category")}
            for one in media.matches
        ],
        "series": series if len(series) > 1 else series[0] if series else None,
        "sightings": dict(media.sightings),
    }


def _personas(told: Truth) -> list[dict[str, Any]]:
    found = [
        {
            "id": _persona_id(Subject("persona", who.key, who.service)),
            "service": who.service,
            "names": list(who.names),
            "identifiers": [{"kind": kind, "value": value} for kind, value in who.identifiers],
            "sightings": dict(who.sightings),
            "claims": [],
        }
        for who in told.personas
    ]
    by_id = {item["id"]: item for item in found}
    for first, second in told.claims:
        ids = [_persona_id(Subject("persona", key, service)) for service, key in (first, second)]
        claim = {
            "other": {"kind": "persona", "id": ids[1]},
            "log10_lr": None,
            "reason": "said",
            "basis": [{"evidence": "nick"}],
        }
        by_id[ids[0]]["claims"].append(claim)
    return found


@pytest.fixture
def right(told: Truth) -> Answers:
    """What a program without a fault would answer."""
    queue = [_item(min(danger.tiers), danger.subjects[0], danger.sign[0]) for danger in told.queue]
    queue += [_item(3, Subject("media", camera[0]), "unlisted") for camera in told.calm.one_camera_each]
    queue.append(_item(3, told.calm.background[-1], "known"))
    return {
        "add": {
            "exhibits": [
                {
                    "exhibit": exhibit.path,
                    "files": exhibit.files_at_least,
                    "not_understood": [
                        {"name": name, "reason": "why"} for name in told.not_understood.get(exhibit.path[9:], [])
                    ],
                }
                for exhibit in told.exhibits
            ]
        },
        "known": {
            "lists": [{"name": known.path, "records": known.records, "country": known.country} for known in told.lists],
            "conflicts": [
                {
                    "field": one.field,
                    "says": [{"list": which, "entry": entry, "value": "v"} for which, entry in one.says],
                }
                for one in told.conflicts
            ],
        },
        "media": [_media(media) for media in told.media.values()],
        "personas": _personas(told),
        "queue": sorted(queue, key=lambda item: item["tier"]),
    }


def test_nothing_to_say_where_all_agrees(told: Truth, right: Answers) -> None:
    assert check(told, right) == []
    assert check(told, {}) == []


def _pick(told: Truth, answers: Answers, story: str) -> dict[str, Any]:
    md5 = next(media.md5 for media in told.media.values() if media.story == story)
    return next(item for item in answers["media"] if item["md5"] == md5)


def _who(answers: Answers, service: str, name: str) -> dict[str, Any]:
    return next(item for item in answers["personas"] if item["service"] == service and name in item["names"])


def _queued(told: Truth, answers: Answers, label: str) -> dict[str, Any]:
    danger = next(danger for danger in told.queue if danger.label == label)
    wanted = danger.subjects[0]
    identity = _persona_id(wanted) if wanted.kind == "persona" else wanted.id
    return next(item for item in answers["queue"] if item["subject"]["id"] == identity and item["tier"] in danger.tiers)


Plant = Callable[[Truth, Answers], object]


def _exact(entry: str, which: str = lists.PARTNER) -> dict[str, Any]:
    return {"list": which, "entry": entry, "kind": "exact", "victim_identified": None, "category": None}


def _near(entry: str) -> dict[str, Any]:
    return {**_exact(entry), "kind": "near"}


MEDIA: list[tuple[str, Plant]] = [
    ("is missing from media", lambda t, a: a["media"].remove(_pick(t, a, "heron1"))),
    ("'unseen' is missing", lambda t, a: a["media"].remove(_pick(t, a, "unseen"))),
    ("in media twice", lambda t, a: a["media"].append(_pick(t, a, "heron1"))),
    ("does not have", lambda t, a: a["media"].append({**_pick(t, a, "walk"), "sha256": "f" * 64})),
    ("called unlisted, the story says known", lambda t, a: _pick(t, a, "broken-listed").update(novelty="unlisted")),
    ("called known, the story says near", lambda t, a: _pick(t, a, "heron2-half").update(novelty="known")),
    ("new_material is True", lambda t, a: _pick(t, a, "family7").update(new_material=True)),
    ("new_material is False", lambda t, a: _pick(t, a, "fox-camera-old").update(new_material=False)),
    ("ties are missing", lambda t, a: _pick(t, a, "heron-new").update(ties=[])),
    ("2 sent, the story has 1", lambda t, a: _pick(t, a, "shared-new")["sightings"].update(sent=2)),
    ("1 possessed, the story has 0", lambda t, a: _pick(t, a, "fox3")["sightings"].update(possessed=1)),
    ("not matched with icse", lambda t, a: _pick(t, a, "heron1").update(matches=_pick(t, a, "heron1")["matches"][:2])),
    ("matched exactly with", lambda t, a: _pick(t, a, "empty")["matches"].append(_exact("999"))),
    ("of which it was not made", lambda t, a: _pick(t, a, "family3")["matches"].append(_near("101"))),
    ("not matched with any record", lambda t, a: _pick(t, a, "heron6-again").update(matches=[])),
    ("victim identified False", lambda t, a: _pick(t, a, "fox1")["matches"][0].update(victim_identified=True)),
    ("victim identified None", lambda t, a: _pick(t, a, "viral1")["matches"][0].update(victim_identified=False)),
    ("says category 1", lambda t, a: _pick(t, a, "heron1")["matches"][0].update(category="4")),
    ("another series token", lambda t, a: _pick(t, a, "heron2").update(series="s9")),
    ("the same token", lambda t, a: [_pick(t, a, f"fox{n}").update(series="s1") for n in range(1, 6)]),
    ("1 series, the story 2", lambda t, a: _pick(t, a, "disputed").update(series="s3")),
    ("by its name", lambda t, a: _pick(t, a, "heron1").update(series="Marsh-Heron")),
]
PERSONAS: list[tuple[str, Plant]] = [
    ("is missing", lambda t, a: a["personas"].remove(_who(a, "irc", "dusk_mallard"))),
    ("merged into one", lambda t, a: _who(a, "irc", "dusk_mallard").update(id="p-irc-mallard_42")),
    ("lacks the name", lambda t, a: _who(a, "ncmec", "quarry_king").update(names=["pit-1204"])),
    ("lacks the phone", lambda t, a: _who(a, "telegram", "heron_watch")["identifiers"].pop()),
    ("lacks the ip-port", lambda t, a: _who(a, "ncmec", "reed_bunting").update(identifiers=[])),
    ("48 offered", lambda t, a: _who(a, "telegram", "gull_express")["sightings"].update(offered=48)),
    ("No sourced claim", lambda t, a: _who(a, "irc", "mallard_42").update(claims=[])),
    ("No sourced claim", lambda t, a: _who(a, "irc", "mallard_42")["claims"][0].update(log10_lr=2.0)),
]
QUEUE: list[tuple[str, Plant]] = [
    ("report: not in the queue", lambda t, a: a["queue"].remove(_queued(t, a, "An escalated report"))),
    ("in tier 3, expected 1", lambda t, a: _queued(t, a, "A live announcement in disguise").update(tier=3)),
    ("expected access", lambda t, a: _queued(t, a, "A claim of access")["reasons"][0].update(sign="known")),
    ("does not explain", lambda t, a: a["queue"].insert(0, _item(1, t.calm.background[0], "viral"))),
    ("does not explain", lambda t, a: a["queue"].insert(0, _item(1, Subject("media", t.calm.unlisted[0]), "new"))),
    (
        "tied to nothing stands in tier 2",
        lambda t, a: a["queue"].append(_item(2, Subject("media", t.calm.unlisted[3]), "x")),
    ),
    (
        "2 items in the queue",
        lambda t, a: a["queue"].append(_item(3, Subject("media", t.calm.unlisted[3]), "unlisted")),
    ),
    ("above a danger", lambda t, a: a["queue"].insert(0, _item(2, t.calm.background[0], "known"))),
    ("nothing was said or done", lambda t, a: a["queue"].append(_item(3, t.calm.silent[0], "live"))),
    ("order of its tiers", lambda t, a: a["queue"].reverse()),
    ("without a sentence", lambda t, a: a["queue"][0]["reasons"][0].update(traces=[])),
    ("without a sentence", lambda t, a: a["queue"][0].update(reasons=[])),
    ("has no clock", lambda t, a: a["queue"][0].update(clock=None)),
]
REST: list[tuple[str, Plant]] = [
    ("missing from what add says", lambda t, a: a["add"]["exhibits"].pop()),
    ("89 files counted", lambda t, a: a["add"]["exhibits"][0].update(files=89)),
    ("sealed.jpg is not named", lambda t, a: a["add"]["exhibits"][0]["not_understood"].pop(1)),
    (
        "nothing is wrong with it",
        lambda t, a: a["add"]["exhibits"][1]["not_understood"].append({"name": "a.txt", "reason": "x"}),
    ),
    ("without a reason", lambda t, a: a["add"]["exhibits"][0]["not_understood"][0].update(reason="")),
    ("is not loaded", lambda t, a: a["known"]["lists"].pop()),
    ("records, the story has", lambda t, a: a["known"]["lists"][0].update(records=1)),
    ("expected UK", lambda t, a: a["known"]["lists"][0].update(country=None)),
    ("conflict about digest", lambda t, a: a["known"]["conflicts"].pop()),
    (
        "do not disagree",
        lambda t, a: a["known"]["conflicts"].append(
            {
                "field": "series",
                "says": [{"list": lists.PARTNER, "entry": "101"}, {"list": lists.ICSE, "entry": "880001"}],
            }
        ),
    ),
]


@pytest.mark.parametrize(("expected", "plant"), [*MEDIA, *PERSONAS, *QUEUE, *REST])
def test_every_planted_difference_is_said(told: Truth, right: Answers, expected: str, plant: Plant) -> None:
    answers = copy.deepcopy(right)
    plant(told, answers)
    found = check(told, answers)
    assert any(expected in sentence for sentence in found), found
    assert all(sentence[0].isupper() or sentence[0].islower() for sentence in found)


def test_an_item_of_a_series_may_stand_for_its_new_file(told: Truth, right: Answers) -> None:
    item = _queued(told, right, "A new file in an identified series")
    item["about"] = [dict(item["subject"])]
    item["subject"] = {"kind": "series", "id": "s1"}
    assert check(told, right) == []
    item["about"] = []
    assert any("not in the queue" in sentence for sentence in check(told, right))


def test_every_kind_of_difference_is_planted() -> None:
    """Control of the table: as many sentences as the comparison can say, none of them untried."""
    source = inspect.getsource(truth_module) + inspect.getsource(compare_queue)
    tried = {expected for expected, _ in (*MEDIA, *PERSONAS, *QUEUE, *REST)}
    assert len(tried) >= source.count('yield f"') + source.count('yield "')


def test_dangers_and_calm_do_not_overlap(told: Truth) -> None:
    urgent = {subject for danger in told.queue if 1 in danger.tiers for subject in danger.subjects}
    assert not urgent & {*told.calm.background, *told.calm.silent}
    assert not {subject.id for subject in urgent} & {*told.calm.unlisted}
    assert Subject("report", ESCALATED) in urgent
    assert all(isinstance(danger, Danger) and danger.sign for danger in told.queue)

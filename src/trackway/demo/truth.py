"""The demo's truth as data (``truth.json``), and the comparison of what the program answered with it.

The truth is reckoned from the story - how the files were made - and never by the program's own matching. ``check``
speaks the contract's JSON (CONTRACT.md) and answers with sentences: one a difference, none where all agrees.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from trackway.demo import compare_queue
from trackway.demo.compare import Answers, Persons, base, resolve


class MatchTruth(Struct, omit_defaults=True):
    """One record of a list that names a file, or (``near``) the file that it was made of."""

    list: str
    entry: str
    kind: str
    victim_identified: bool | None = None
    category: str | None = None


class MediaTruth(Struct, omit_defaults=True):
    """One distinct file. ``novelty`` "" = the contract leaves it open. ``series``: placeholder names, compared as a
    grouping only, since answers hold tokens."""

    story: str
    sha256: str | None
    md5: str
    novelty: str
    new_material: bool
    sightings: dict[str, int]
    matches: list[MatchTruth] = []
    series: list[str] = []


class PersonaTruth(Struct, omit_defaults=True):
    """One pseudonym: ``names`` and ``identifiers`` [kind, value] must be among those answered."""

    service: str
    key: str
    names: list[str]
    identifiers: list[tuple[str, str]]
    sightings: dict[str, int]


class ExhibitTruth(Struct, omit_defaults=True):
    """One exhibit, as given to ``add``: path relative to the demo's folder, and legal basis. ``files_at_least`` counts
    what certainly is a source; ``files_at_most`` adds what may count as one (a mail's parts, a deleted file)."""

    path: str
    basis: str
    files_at_least: int
    files_at_most: int


class ListTruth(Struct, omit_defaults=True):
    """One known list: path relative to the demo's folder, records that count, country where the list says one."""

    path: str
    records: int
    country: str | None = None


class ConflictTruth(Struct):
    """Lists that disagree about one file: which field, and the (list, entry) pairs that do."""

    field: str
    says: list[tuple[str, str]]


class Truth(Struct):
    """Everything that the demo knows about itself."""

    now: str
    exhibits: list[ExhibitTruth]
    lists: list[ListTruth]
    terms: str
    conflicts: list[ConflictTruth]
    media: dict[str, MediaTruth]
    """By SHA-256, or "md5:..." for a file of which only a digest is left."""
    queue: list[compare_queue.Danger]
    calm: compare_queue.Calm
    personas: list[PersonaTruth]
    claims: list[tuple[tuple[str, str], tuple[str, str]]]
    """Pairs of personas, each (service, key), between which a sourced claim without a figure must stand."""
    not_understood: dict[str, list[str]]
    may_not_be_understood: dict[str, list[str]]
    counts: dict[str, int] = field(default_factory=dict)


def load(folder: Path) -> Truth:
    """The truth of a demo folder that ``build`` wrote; OSError or msgspec.ValidationError where it is none."""
    return msgspec.json.decode((folder / "truth.json").read_bytes(), type=Truth)


def check(truth: Truth, answers: Answers) -> list[str]:
    """Every difference as a sentence. ``answers``: the contract's JSON under "add", "known", "media", "personas" and
    "queue"; what is absent is not compared."""
    persons = Persons(
        resolve([(who.service, who.key, who.names) for who in truth.personas], answers.get("personas", []))
    )
    differences: list[str] = []
    if "add" in answers:
        differences += _add(truth, answers["add"])
    if "known" in answers:
        differences += _known(truth, answers["known"])
    if "media" in answers:
        differences += [*_media(truth, answers["media"]), *_series(truth, answers["media"])]
    if "personas" in answers:
        differences += _personas(truth, persons)
    if "queue" in answers:
        differences += compare_queue.check(truth.queue, truth.calm, answers["queue"], persons)
    return differences


def _add(truth: Truth, answer: Any) -> Iterator[str]:
    """Files counted, and exactly the expected names not understood."""
    said = {base(str(item["exhibit"])): item for item in answer["exhibits"]}
    for exhibit in truth.exhibits:
        name = base(exhibit.path)
        item = said.get(name)
        if item is None:
            yield f"Exhibit {name} is missing from what add says."
            continue
        if not exhibit.files_at_least <= item["files"] <= exhibit.files_at_most:
            span = f"{exhibit.files_at_least} to {exhibit.files_at_most}"
            yield f"Exhibit {name}: {item['files']} files counted, the story has {span}."
        expected = set(truth.not_understood.get(name, []))
        actual = {base(str(one["name"])): one for one in item["not_understood"]}
        for missing in sorted(expected - set(actual)):
            yield f"Exhibit {name}: {missing} is not named as not understood."
        for extra in sorted(set(actual) - expected - set(truth.may_not_be_understood.get(name, []))):
            yield f"Exhibit {name}: {extra} is said to be not understood, but nothing is wrong with it."
        for one in sorted(one for one in actual if not actual[one].get("reason")):
            yield f"Exhibit {name}: {one} is not understood without a reason."


def _known(truth: Truth, answer: Any) -> Iterator[str]:
    """Records and country of each list; exactly the expected conflicts."""
    said = {base(str(item["name"])): item for item in answer["lists"]}
    for known in truth.lists:
        item = said.get(base(known.path))
        if item is None:
            yield f"List {base(known.path)} is not loaded."
            continue
        if item["records"] != known.records:
            yield f"List {base(known.path)}: {item['records']} records, the story has {known.records}."
        if known.country and item["country"] != known.country:
            yield f"List {base(known.path)}: country {item['country']}, expected {known.country}."
    expected = {(one.field, frozenset(one.says)) for one in truth.conflicts}
    actual = {
        (one["field"], frozenset((base(str(say["list"])), str(say["entry"]).lower()) for say in one["says"]))
        for one in answer["conflicts"]
    }
    wanted = {(name, frozenset((which, entry.lower()) for which, entry in says)) for name, says in expected}
    for name, says in sorted(wanted - actual, key=str):
        yield f"The conflict about {name} between {_spoken(says)} is not shown."
    for name, says in sorted(actual - wanted, key=str):
        yield f"A conflict about {name} between {_spoken(says)} is shown, but these do not disagree."


def _spoken(says: frozenset[tuple[str, str]]) -> str:
    return " and ".join(f"{which} {entry}" for which, entry in sorted(says))


def _media(truth: Truth, answer: Any) -> Iterator[str]:
    """Each file once, with its novelty, matches, ties and sightings; no picture that the story does not have."""
    said: dict[str, Any] = {}
    for item in answer:
        key = item["sha256"] or f"md5:{item['md5']}"
        if key in said:
            yield f"The file {key[:16]} stands in media twice."
        said[key] = item
    for key, item in said.items():
        pictured = str(item.get("type") or "").startswith(("image/", "video/")) or key.startswith("md5:")
        if key not in truth.media and pictured:
            yield f"Media holds a picture {key[:16]} that the story does not have."
    for key, media in truth.media.items():
        item = said.get(key)
        if item is None:
            yield f"The file '{media.story}' is missing from media."
        else:
            yield from _one(media, item)


def _one(media: MediaTruth, item: Any) -> Iterator[str]:
    """One file against its truth."""
    label = f"The file '{media.story}'"
    if media.novelty and item["novelty"] != media.novelty:
        yield f"{label} is called {item['novelty']}, the story says {media.novelty}."
    if item["new_material"] is not media.new_material:
        yield f"{label}: new_material is {item['new_material']}, the story says {media.new_material}."
    if media.new_material and not all(tie.get("sentence") and tie.get("traces") for tie in item["ties"] or [{}]):
        yield f"{label} is new material, but its ties are missing or rest on nothing."
    for kind, number in media.sightings.items():
        if item["sightings"][kind] != number:
            yield f"{label}: {item['sightings'][kind]} {kind}, the story has {number}."
    yield from _matches(label, media, item["matches"])


def _matches(label: str, media: MediaTruth, matches: list[Any]) -> Iterator[str]:
    """Exact matches must be exactly the listed records; a near copy must lead to a record of what it was made of."""
    allowed = {(one.list, one.entry.lower()): one for one in media.matches}
    exact = {key for key, one in allowed.items() if one.kind == "exact"}
    found = {(base(str(one["list"])), str(one["entry"]).lower()): one for one in matches if one["kind"] == "exact"}
    for which, entry in sorted(exact - set(found)):
        yield f"{label} is not matched with {which} {entry}."
    for which, entry in sorted(set(found) - exact):
        yield f"{label} is matched exactly with {which} {entry}, which is not this file."
    for key in sorted(exact & set(found)):
        if found[key]["victim_identified"] is not allowed[key].victim_identified:
            said = found[key]["victim_identified"]
            yield f"{label}: {key[0]} says victim identified {allowed[key].victim_identified}, the answer {said}."
        category = allowed[key].category
        if category is not None and category not in str(found[key]["category"]):
            yield f"{label}: {key[0]} says category {category}, the answer {found[key]['category']}."
    near = {(base(str(one["list"])), str(one["entry"]).lower()) for one in matches if one["kind"] != "exact"}
    for which, entry in sorted(near - set(allowed)):
        yield f"{label} is matched nearly with {which} {entry}, of which it was not made."
    if media.novelty == "near" and not near & set(allowed):
        yield f"{label} is not matched with any record of what it was made of."


def _tokens(item: Any) -> list[str]:
    series = item["series"]
    return sorted(series) if isinstance(series, list) else [] if series is None else [series]


def _series(truth: Truth, answer: Any) -> Iterator[str]:
    """One token a series: the same in all its listed files, another in every other; lists where lists disagree."""
    said = {item["sha256"] or f"md5:{item['md5']}": item for item in answer}
    token_of: dict[str, str] = {}
    for key, media in truth.media.items():
        if media.novelty not in {"known", "unlisted"} or media.new_material or key not in said:
            continue
        tokens = _tokens(said[key])
        if len(tokens) != len(media.series):
            yield f"The file '{media.story}' has {len(tokens)} series, the story {len(media.series)}."
        elif any(name.lower() in str(tokens).lower() for name in media.series):
            yield f"The file '{media.story}': the series stands by its name, not by a token."
        elif len(tokens) == 1 and token_of.setdefault(media.series[0], tokens[0]) != tokens[0]:
            yield f"The file '{media.story}' has another series token than its companions."
    if len(set(token_of.values())) < len(token_of):
        yield "Two different series have the same token."


def _personas(truth: Truth, persons: Persons) -> Iterator[str]:
    """Each pseudonym once and apart from the others, with its names, identifiers, acts; and the sourced claims."""
    seen: dict[str, str] = {}
    for who in truth.personas:
        label = f"The persona {who.names[0]} ({who.service})"
        item = persons.of(who.service, who.key)
        if item is None:
            yield f"{label} is missing."
            continue
        other = seen.setdefault(item["id"], label)
        if other != label:
            yield f"{label} and {other} are merged into one."
        for name in sorted(set(who.names) - set(item["names"])):
            yield f"{label} lacks the name {name}."
        have = {(one["kind"], one["value"]) for one in item["identifiers"]}
        for kind, value in sorted(set(who.identifiers) - have):
            yield f"{label} lacks the {kind} {value}."
        for kind, number in who.sightings.items():
            if item["sightings"][kind] != number:
                yield f"{label}: {item['sightings'][kind]} {kind}, the story has {number}."
    for first, second in truth.claims:
        a, b = persons.of(*first), persons.of(*second)
        if a and b and not any(_sourced(x, y) for x, y in ((a, b), (b, a))):
            yield f"No sourced claim stands between {first[1]} and {second[1]}."


def _sourced(item: Any, other: Any) -> bool:
    """A claim about ``other`` that rests on a sourced fact and states no figure."""
    return any(
        claim["other"]["id"] == other["id"] and claim["log10_lr"] is None and claim["basis"] for claim in item["claims"]
    )

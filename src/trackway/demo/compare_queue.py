"""The demo's dangers, and the comparison of the queue with them (CONTRACT.md: queue)."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from trackway.demo.compare import Persons

HOLDERS = frozenset({"series", "identifier", "camera"})
"""Kinds of subject that hold several files: such an item may stand for a file that it is about."""


class Subject(Struct, frozen=True, omit_defaults=True):
    """media -> sha256; report -> number; identifier -> value; persona -> the service's key, with ``service``."""

    kind: str
    id: str
    service: str = ""


class Danger(Struct, omit_defaults=True):
    """Something planted. It must be in the queue under one of ``subjects``, in one of ``tiers``, with one of
    ``sign``."""

    label: str
    sign: list[str]
    tiers: list[int]
    subjects: list[Subject]


class Calm(Struct):
    """What must not alarm anybody."""

    unlisted: list[str]
    """SHA-256 of pictures tied to nothing: tier 3 at best."""
    one_camera_each: list[list[str]]
    """SHA-256 a camera and exhibit: at most one item each."""
    background: list[Subject]
    """Known and viral: below every tier-1 danger."""
    silent: list[Subject]
    """Not in the queue at all."""
    may_be_first: list[Subject]
    """All that may stand in tier 1."""


def check(dangers: list[Danger], calm: Calm, items: list[Any], persons: Persons) -> Iterator[str]:
    """Differences between the queue and the story, as sentences."""
    ids = _Ids(persons)
    for danger in dangers:
        yield from _planted(danger, items, ids)
    yield from _first(calm, items, ids)
    yield from _unlisted(calm, items)
    yield from _background(dangers, calm, items, ids)
    for subject in calm.silent:
        if any(ids.is_it(item["subject"], subject) for item in items):
            yield f"{subject.id} stands in the queue, though nothing was said or done."
    yield from _form(items)


class _Ids:
    """Tells whether an answered {kind, id} is a subject of the story."""

    def __init__(self, persons: Persons) -> None:
        self._persons = persons

    def is_it(self, said: Any, subject: Subject) -> bool:
        """Persona ids are opaque: they are resolved through the personas' answer."""
        if subject.kind == "persona":
            item = self._persons.of(subject.service, subject.id)
            return said["kind"] == "persona" and item is not None and said["id"] == item["id"]
        return said["kind"] == subject.kind and str(said["id"]) == subject.id

    def holds(self, item: Any, subject: Subject) -> bool:
        """The item's subject is a series or camera, and it is about this file."""
        if subject.kind != "media" or item["subject"]["kind"] not in HOLDERS:
            return False
        return any(self.is_it(said, subject) for said in item["about"])


def _planted(danger: Danger, items: list[Any], ids: _Ids) -> Iterator[str]:
    own = [item for item in items if any(ids.is_it(item["subject"], one) for one in danger.subjects)]
    held = [item for item in items if any(ids.holds(item, one) for one in danger.subjects)]
    if not own and not held:
        yield f"{danger.label}: not in the queue."
        return
    fitting = [item for item in own if item["tier"] in danger.tiers]
    fitting += [item for item in held if item["tier"] <= max(danger.tiers)]
    if not fitting:
        tiers = sorted({item["tier"] for item in [*own, *held]})
        yield f"{danger.label}: in tier {_either(tiers)}, expected {_either(danger.tiers)}."
        return
    signs = {reason["sign"] for item in fitting for reason in item["reasons"]}
    if not signs & set(danger.sign):
        yield f"{danger.label}: signs {', '.join(sorted(signs)) or 'none'}, expected {_either(danger.sign)}."


def _either(options: list[Any]) -> str:
    return " or ".join(str(option) for option in options)


def _first(calm: Calm, items: list[Any], ids: _Ids) -> Iterator[str]:
    """Tier 1 holds nothing that the story does not explain."""
    for item in items:
        explained = any(ids.is_it(item["subject"], one) or ids.holds(item, one) for one in calm.may_be_first)
        if item["tier"] == 1 and not explained:
            subject = item["subject"]
            yield f"Tier 1 holds the {subject['kind']} {str(subject['id'])[:24]}, which the story does not explain."


def _unlisted(calm: Calm, items: list[Any]) -> Iterator[str]:
    """Unlisted pictures without a tie: tier 3 at best, one item a camera and exhibit."""
    for item in items:
        said = item["subject"]
        concerned = [said] if said["kind"] == "media" else item["about"] if said["kind"] in HOLDERS else []
        named = {one["id"] for one in concerned if one["kind"] == "media"}
        if item["tier"] < 3 and named & set(calm.unlisted):
            yield f"A picture tied to nothing stands in tier {item['tier']}."
    for number, camera in enumerate(calm.one_camera_each, 1):
        touching = sum(1 for item in items if _touches(item, set(camera)))
        if touching > 1:
            yield f"Camera {number} of the benign exhibit has {touching} items in the queue, at most one is due."


def _touches(item: Any, camera: set[str]) -> bool:
    return any(one["kind"] == "media" and one["id"] in camera for one in (item["subject"], *item["about"]))


def _background(dangers: list[Danger], calm: Calm, items: list[Any], ids: _Ids) -> Iterator[str]:
    """Volume, known and viral material stand below every danger of tier 1."""
    urgent = [one for danger in dangers if danger.tiers == [1] for one in danger.subjects]
    places = [at for at, item in enumerate(items) if any(ids.is_it(item["subject"], one) for one in urgent)]
    last = max(places, default=-1)
    for at, item in enumerate(items):
        if at < last and any(ids.is_it(item["subject"], one) for one in calm.background):
            yield f"Known or viral material ({item['subject']['kind']}) stands above a danger, at place {at + 1}."


def _form(items: list[Any]) -> Iterator[str]:
    """Best first; every reason has a sentence and traces; tiers 1 and 2 have a clock."""
    tiers = [item["tier"] for item in items]
    if tiers != sorted(tiers):
        yield "The queue is not in the order of its tiers."
    for item in items:
        subject = f"{item['subject']['kind']} {str(item['subject']['id'])[:24]}"
        if not all(reason["sentence"] and reason["traces"] for reason in item["reasons"] or [{"sentence": ""}]):
            yield f"The item {subject} has a reason without a sentence or traces."
        if item["tier"] <= 2 and not (item["clock"] and item["clock"]["state"]):
            yield f"The item {subject} of tier {item['tier']} has no clock."

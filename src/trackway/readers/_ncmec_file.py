"""fileDetails of a CyberTip report: one file that a provider reports as uploaded, as a trace."""

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from msgspec import Struct

from trackway.model.source import Report
from trackway.model.trace import Conversation, Digests, Identifier, Label, Moment, PersonaRef, Share, Trace
from trackway.readers._digests import HASH_NAMES, LENGTHS, DigestTaker, digest, flag, moment_of, plain
from trackway.readers._ncmec_parts import (
    all_said,
    as_json,
    connection,
    device,
    marks,
    pairs,
    said,
    without_repeats,
)
from trackway.readers._vics_media import camera_serials

INDUSTRY = "industry classification"
_HANDLED = {
    "reportId",
    "fileId",
    "originalFileName",
    "locationOfFile",
    "fileViewedByEsp",
    "exifViewedByEsp",
    "publiclyAvailable",
    "fileRelevance",
    "fileAnnotations",
    "industryClassification",
    "originalFileHash",
    "ipCaptureEvent",
    "deviceId",
    "details",
    "additionalInfo",
}


class Filing(Struct, frozen=True):
    """What a file takes over from the report that names it."""

    number: str
    conversation: Conversation
    author: PersonaRef | None = None
    incident: Moment | None = None


class Means(Struct, frozen=True):
    """What making a trace needs beside the element: the exhibit's zone, and where to say what was wrong."""

    zone: str | None
    taker: DigestTaker
    report: Report


def _hashes(element: Element) -> tuple[dict[str, str], dict[str, str], list[tuple[str, str]]]:
    """(digests by kind, hashes of other kinds by their own names, EXIF and other pairs)."""
    found: dict[str, str] = {}
    others: dict[str, str] = {}
    rest: list[tuple[str, str]] = []
    stated = [
        ("HASH", child.get("hashType", ""), (child.text or "").strip())
        for child in element.iterfind("originalFileHash")
    ]
    for kind_of_pair, name, value in [*stated, *pairs(element.iterfind("details"))]:
        kind = HASH_NAMES.get(plain(name))
        if kind is None and kind_of_pair == "HASH" and not name:
            kind = next((k for k, size in LENGTHS.items() if len(value) == size and digest(k, value)), None)
        if kind and value and kind_of_pair in ("HASH", ""):
            if found.setdefault(kind, value) != value:
                others[name] = value
        elif kind_of_pair == "HASH":
            others[name or "hash"] = value
        else:
            rest.append((name, value))
    return found, others, rest


def _named(found: list[tuple[str, str]]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, value in found:
        named[name] = f"{named[name]}; {value}" if name in named else value
    return named


def _location(element: Element) -> tuple[str | None, str, str]:
    """(path beside the report or None, name, address on the network or "")."""
    where, name = said(element, "locationOfFile"), said(element, "originalFileName")
    remote = where if "://" in where else ""
    path = (name if remote else where or name).replace("\\", "/")
    base = name.replace("\\", "/") or path or remote.split("?")[0]
    return path or None, base.rstrip("/").rpartition("/")[2], remote


def _identifiers(element: Element, exif: list[tuple[str, str]], remote: str) -> tuple[Identifier, ...]:
    def all_of() -> Iterator[Identifier]:
        yield from filter(None, map(connection, element.iterfind("ipCaptureEvent")))
        yield from filter(None, map(device, element.iterfind("deviceId")))
        yield from camera_serials(exif)
        if remote:
            yield Identifier("url", remote, "mentioned")

    return without_repeats(all_of())


def _fields(element: Element, report_number: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"report": report_number, "annotations": marks(element.find("fileAnnotations"))}
    for field, name in (
        ("viewed_by_esp", "fileViewedByEsp"),
        ("exif_viewed_by_esp", "exifViewedByEsp"),
        ("publicly_available", "publiclyAvailable"),
    ):
        child = element.find(name)
        if child is not None:
            fields[field] = flag((child.text or "").strip())
    if said(element, "fileRelevance"):
        fields["file_relevance"] = said(element, "fileRelevance")
    if said(element, "industryClassification"):
        fields["industry_classification"] = said(element, "industryClassification")
    fields.update({child.tag: as_json(child) for child in element if child.tag not in _HANDLED})
    return fields


def _when(element: Element, zone: str | None, incident: Moment | None) -> tuple[Moment | None, str]:
    """The upload's own time, else the incident's; with the name of the element that gave it."""
    events = element.findall("ipCaptureEvent")
    events.sort(key=lambda event: said(event, "eventName").lower() != "upload")
    for event in events:
        if said(event, "dateTime"):
            return moment_of(said(event, "dateTime"), zone), "ipCaptureEvent"
    return incident, "incidentDateTime" if incident else ""


def _label(element: Element, entry: str, annotations: list[str]) -> Label | None:
    """The provider's classification, as the claim that it is; None where it makes none."""
    category = said(element, "industryClassification")
    if not category:
        return None
    own = True if "possible_self_production" in annotations else None
    return Label(entry, category, INDUSTRY, self_generated=own, tags=tuple(annotations))


def _shared(element: Element, act: str, digests: Digests | None) -> Share:
    public = flag(said(element, "publiclyAvailable")) is True
    path, name, _ = _location(element)
    return Share("offered" if public else "sent", act, path, name, digests)


def file_trace(element: Element, where: str, filing: Filing, means: Means) -> Trace:
    """The ``upload`` trace of one fileDetails element."""
    stated, others, exif = _hashes(element)
    digests, reason = means.taker.take(**stated)
    if reason and stated:
        means.report.not_understood(where, reason)
    act = said(element, "fileId") or next(iter(stated.values()), "") or said(element, "originalFileName") or where
    fields = _fields(element, filing.number)
    remote = _location(element)[2]
    when, when_from = _when(element, means.zone, filing.incident)
    extra = {"exif": _named(exif), "hashes": others, "location": remote, "when_from": when_from}
    fields.update({name: value for name, value in extra.items() if value})
    return Trace(
        "upload",
        where,
        when=when,
        author=filing.author,
        conversation=filing.conversation,
        id=f"{filing.number}/{act}",
        text="\n\n".join(all_said(element, "additionalInfo")),
        shares=(_shared(element, act, digests),),
        identifiers=_identifiers(element, exif, remote),
        label=_label(element, f"{filing.number}/{act}", fields["annotations"]),
        fields=fields,
    )

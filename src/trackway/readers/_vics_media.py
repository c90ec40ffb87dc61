"""One Media record of VICS as a trace: digests, label, the places of the file, EXIF, and all that is not known."""

import ntpath
from collections.abc import Iterable
from typing import Any

from msgspec import structs

from trackway.model.trace import Digests, Identifier, Label, Share, Trace
from trackway.readers._digests import (
    HASH_NAMES,
    DigestTaker,
    first_digest,
    flag,
    moment_of,
    plain,
    tags_of,
    text_of,
)

_LABELLED = {
    "mediaid",
    "category",
    "series",
    "tags",
    "comments",
    "victimidentified",
    "offenderidentified",
    "isdistributed",
    "issuspected",
    "selfgenerated",
}
_DIGESTS = {"md5", "sha1", "sha256", "photodna", "pdq"}
_FILE_KEYS = {
    "filename": "name",
    "filepath": "path",
    "created": "created",
    "written": "written",
    "accessed": "accessed",
    "change": "changed",
    "changed": "changed",
    "deleted": "deleted",
    "unallocated": "unallocated",
    "md5": "md5",
    "parentmd5": "parent_md5",
    "parentfilename": "parent_name",
    "parentfilepath": "parent",
    "physicallocation": "physical_location",
    "parentphysicallocation": "parent_physical_location",
    "sourceid": "source",
}
_ON_MEDIA = {key for key in _FILE_KEYS if key not in ("md5", "deleted", "unallocated")}
"""Keys of a file that 1.3 may put on the record itself."""
_READ = _LABELLED | _DIGESTS | _ON_MEDIA | {"mediafiles", "exifs", "exif", "mediametadata", "alternativehashes"}
_SERIALS = {"serialnumber", "bodyserialnumber", "cameraserialnumber", "camerabodyserialnumber", "deviceserialnumber"}


def camera_serials(pairs: Iterable[tuple[str, str]]) -> tuple[Identifier, ...]:
    """The camera serial numbers among named EXIF values; blank and all-zero ones are none."""
    found = (value.strip() for name, value in pairs if plain(name) in _SERIALS)
    return tuple(
        Identifier("camera-serial", value, "own")
        for value in dict.fromkeys(found)
        if value.strip("0 ") and len(value) < 80
    )


def _objects(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _place(entry: dict[str, Any]) -> dict[str, Any]:
    """One place of a file, under our names; flags read, times as written, what is not known under its own name."""
    place: dict[str, Any] = {}
    for key, value in entry.items():
        if value is None or value == "":
            continue
        name = _FILE_KEYS.get(key.lower())
        if name in ("deleted", "unallocated"):
            read = flag(value)
            place[name] = value if read is None else read
        else:
            place[name or key] = value
    return place


def _pairs(entries: list[dict[str, Any]]) -> list[tuple[str, str]]:
    pairs = []
    for entry in entries:
        lower = {key.lower(): value for key, value in entry.items()}
        name = text_of(lower.get("propertyname"))
        if name:
            pairs.append((name, text_of(lower.get("propertyvalue"))))
    return pairs


def _named(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    """Named values; a name that is repeated with another value keeps all of them in a list."""
    named: dict[str, Any] = {}
    for name, value in pairs:
        if name not in named:
            named[name] = value
        elif value not in (before := named[name] if isinstance(named[name], list) else [named[name]]):
            named[name] = [*before, value]
    return named


def _digests(known: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(digests by kind from the record and its alternative hashes, the alternative hashes of other kinds)."""
    found = {kind: known[kind] for kind in _DIGESTS if known.get(kind)}
    rest = []
    for entry in _objects(known.get("alternativehashes")):
        lower = {key.lower(): value for key, value in entry.items()}
        kind = HASH_NAMES.get(plain(text_of(lower.get("hashname"))))
        value = lower.get("hashvalue")
        if kind and value and found.setdefault(kind, value) == value:
            continue
        rest.append(entry)
    return found, rest


def _shares(
    known: dict[str, Any], stated: dict[str, Any], places: list[dict[str, Any]], taker: DigestTaker
) -> tuple[tuple[Share, ...], str]:
    """One share a file: the record's own digests, else each digest that its files name."""
    problems = []
    if stated:
        digests, reason = taker.take(**stated)
        if digests is not None:
            return (Share("record_only", name=_name(known, places), digests=digests),), reason
        if not reason:
            return (), ""
        problems.append(reason)
    shares: list[Share] = []
    by_digest: dict[str, dict[str, Any]] = {}
    for place in places:
        if place.get("md5"):
            by_digest.setdefault(text_of(place["md5"]).lower(), place)
    for value, place in by_digest.items():
        digests, reason = taker.take(md5=value)
        if digests is not None:
            name = _name({}, [place])
            # The first act keeps the default, so that it is encoded as every other first act.
            share = Share("record_only", name=name, digests=digests)
            shares.append(structs.replace(share, act=str(len(shares))) if shares else share)
        elif reason:
            problems.append(reason)
    if not stated and not by_digest:
        problems.append("names no digest")
    return tuple(shares), "; ".join(problems)


def _name(known: dict[str, Any], places: list[dict[str, Any]]) -> str:
    """The file's name: of its first place, else the last part of a path."""
    for place in places:
        if found := text_of(place.get("name")) or ntpath.basename(text_of(place.get("path"))):
            return found
    return ntpath.basename(text_of(known.get("relativefilepath")))


def _category(value: object) -> str | None:
    """Category 0 is a value; absent and blank are not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return text_of(value) or None


def _label(known: dict[str, Any], scheme: str | None, digests: Digests) -> Label:
    category = _category(known.get("category"))
    return Label(
        entry=text_of(known.get("mediaid")) or first_digest(digests),
        category=category,
        scheme=scheme,
        series=text_of(known.get("series")) or None,
        victim_identified=flag(known.get("victimidentified")),
        offender_identified=flag(known.get("offenderidentified")),
        distributed=flag(known.get("isdistributed")),
        suspected=flag(known.get("issuspected")),
        self_generated=flag(known.get("selfgenerated")),
        tags=tags_of(known.get("tags")) if known.get("tags") else (),
        comments=text_of(known.get("comments")),
    )


def media_trace(
    where: str, record: dict[str, Any], text: str, scheme: str | None, zone: str | None, taker: DigestTaker
) -> tuple[Trace | None, str]:
    """The record as a trace or None, and what was wrong with it ("" where nothing is, or where it is counted)."""
    known: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for key, value in record.items():
        lower = key.lower()
        known.setdefault(lower, value)
        if lower not in _READ and value is not None and value != "":
            fields[key] = value
    places = [_place(entry) for entry in _objects(known.get("mediafiles"))]
    own_place = _place({key: known[key] for key in sorted(_ON_MEDIA & known.keys())})
    if own_place:
        places.append(own_place)
    stated, others = _digests(known)
    shares, reason = _shares(known, stated, places, taker)
    if not shares or shares[0].digests is None:
        return None, reason
    exif = _pairs(_objects(known.get("exifs")) + _objects(known.get("exif")))
    metadata = _pairs(_objects(known.get("mediametadata")))
    size = text_of(known.get("mediasize"))
    if size.isdecimal() and len(size) < 19:
        fields["MediaSize"] = int(size)
    if isinstance(known.get("series"), dict) and len(known["series"]) > 1:
        fields["Series"] = known["series"]
    extra = {"files": places, "exif": _named(exif), "metadata": _named(metadata), "AlternativeHashes": others}
    fields.update({name: value for name, value in extra.items() if value})
    trace = Trace(
        "record",
        where,
        when=moment_of(known.get("dateupdated"), zone),
        shares=shares,
        identifiers=camera_serials(exif + metadata),
        label=_label(known, scheme, shares[0].digests),
        fields=fields,
        raw=text.encode("utf-8", "replace"),
    )
    return trace, reason

"""NCMEC hash-sharing XML, version 2: queryResult with images and videos, deleted ones included.

Source: the response shapes that public clients of the service read (FORMATS.md).
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Digests, Label, Share, Trace
from trackway.readers._digests import HASH_NAMES, DigestTaker, first_digest, moment_of, plain
from trackway.readers._rows import head_text
from trackway.readers._xml_stream import Record, records

ENTRIES = frozenset({"image", "video", "deletedImage", "deletedVideo"})
SCHEME = "NCMEC hash sharing"

_ROOT = re.compile(r"<(?:[\w.-]{1,60}:)?queryResult[\s>/]")
_INSIDE = re.compile(r"<(?:[\w.-]{1,60}:)?(?:images|videos|fingerprints|deletedImage|deletedVideo|paging)[\s>/]")


def claims(source: Source) -> str | None:
    """XML with ``queryResult`` and entries or fingerprints inside."""
    text = head_text(source.head)
    if text.lstrip().startswith("<") and _ROOT.search(text) and _INSIDE.search(text):
        return "a query result of NCMEC's hash sharing"
    return None


def _text(entry: Element, name: str) -> str:
    return (entry.findtext(name) or "").strip()


def _fingerprints(entry: Element) -> tuple[dict[str, str], dict[str, str]]:
    """(digests by kind, fingerprints of other kinds by their own names)."""
    digests: dict[str, str] = {}
    others: dict[str, str] = {}
    for element in entry.iterfind("fingerprints/*"):
        value = (element.text or "").strip()
        kind = HASH_NAMES.get(plain(element.tag))
        if kind and value and digests.setdefault(kind, value) == value:
            continue
        if value:
            others[element.tag] = value
    return digests, others


def _votes(entry: Element) -> list[dict[str, Any]]:
    """Feedback of the members: whether it affirms, on which fingerprint, why, and how many say so."""
    votes: list[dict[str, Any]] = []
    for element in entry.iterfind("feedback/*"):
        affirms = element.tag == "affirmativeFeedback"
        if not affirms and element.tag != "negativeFeedback":
            continue
        vote = {"affirmative": affirms, "type": element.get("type", "")}
        blocks = element.findall("reasons")
        reason = ""
        for block in blocks:
            for child in block:
                if child.tag == "reason":
                    reason = child.get("name") or (child.text or "").strip()
                elif child.tag == "members":
                    votes.append({**vote, "reason": reason, "members": len(child.findall("member"))})
        if not blocks:
            votes.append({**vote, "reason": "", "members": len(element.findall("members/member"))})
    return votes


def _tags(votes: list[dict[str, Any]]) -> tuple[str, ...]:
    """The votes as words: "negative Sha1: wrong file (2 members)"."""
    tags = []
    for vote in votes:
        word = "affirmative" if vote["affirmative"] else "negative"
        reason = f": {vote['reason']}" if vote["reason"] else ""
        tags.append(f"{word} {vote['type']}".strip() + f"{reason} ({vote['members']} member(s))")
    return tuple(tags)


def _label(entry: Element, votes: list[dict[str, Any]], digests: Digests | None) -> Label:
    return Label(
        entry=_text(entry, "id") or (first_digest(digests) if digests else ""),
        category=_text(entry, "classification") or None,
        scheme=SCHEME,
        tags=_tags(votes),
    )


def _trace(
    record: Record, entry: Element, zone: str | None, raw: bytes, taker: DigestTaker
) -> tuple[Trace | None, str]:
    """The entry as a trace or None, and what was wrong with it ("" where nothing is, or where it is counted)."""
    fields: dict[str, Any] = {"entry_type": record.name.removeprefix("deleted").lower()}
    member = entry.find("member")
    if member is not None:
        fields["member"] = {"id": member.get("id", ""), "name": (member.text or "").strip()}
    where = f"{record.name}[{record.number}]"
    when = moment_of(_text(entry, "timestamp"), zone)
    if record.name.startswith("deleted"):
        fields["deleted"] = True
        return Trace("record", where, when=when, label=_label(entry, [], None), fields=fields, raw=raw), ""
    stated, others = _fingerprints(entry)
    digests, reason = taker.take(**stated)
    if digests is None:
        return None, reason
    votes = _votes(entry)
    if others:
        fields["fingerprints"] = others
    if votes:
        fields["feedback"] = votes
    label = _label(entry, votes, digests)
    share = Share("record_only", digests=digests)
    return Trace("record", where, when=when, shares=(share,), label=label, fields=fields, raw=raw), reason


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One ``record`` trace an entry; a deleted one has ``fields["deleted"]`` and no digest."""
    taker = DigestTaker(report)
    paged = False
    with source.open() as stream, source.open() as again:
        for record in records(stream, ENTRIES | {"paging"}):
            if record.element is None:
                _say(record, report)
                continue
            if record.name == "paging":
                paged = bool(_text(record.element, "next"))
                continue
            again.seek(record.start)
            raw = again.read(max(0, record.end - record.start))
            trace, reason = _trace(record, record.element, source.zone, raw, taker)
            if trace is not None:
                yield trace
            if reason:
                report.not_understood(f"{record.name}[{record.number}]", reason)
    if paged:
        report.not_understood("paging", "the service had a further page, which is not in this file")
    taker.close()


def _say(record: Record, report: Report) -> None:
    report.not_understood(f"byte {record.start}", record.reason)
    if record.reason.startswith("not well-formed"):
        report.incomplete(f"{record.reason} (from byte {record.start})")


READER = Reader("ncmec-hashes", 1, "NCMEC hash-sharing list (XML)", claims, read)

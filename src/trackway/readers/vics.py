"""VICS (Project VIC) 1.1 to 1.3 and 2.0: JSON with an OData envelope, as a case export or as a hash list.

Source: what independent open readers and writers of the format agree on (FORMATS.md). Categories are national:
``label.scheme`` names version and country of the envelope, so that a number is never read as another country's.
"""

import io
import json
import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from trackway.model.errors import Unreadable
from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Trace
from trackway.readers._digests import DigestTaker, sound
from trackway.readers._json_stream import VALUE_LIMIT, Cut, JsonStream, Malformed, TooLarge
from trackway.readers._rows import head_text
from trackway.readers._vics_media import media_trace

NESTING_LIMIT = 32
"""Arrays and objects inside one another in one record."""
TAIL = 4096
"""Bytes at the end of a document that are looked at for its envelope."""
KEY_LIMIT = 500
"""Keys of one case header or envelope that are kept."""

_CONTEXT_KEYS = ("@odata.context", "odata.metadata", "odata.context", "@odata.metadata")
_CONTEXT = re.compile(r'"@?odata\.(?:context|metadata)"\s*:\s*"([^"]{0,400})"', re.IGNORECASE)
_MODEL = re.compile(r"/(\d{1,3}(?:\.\d{1,3}){0,2})(?:\.xml)?(?:/([^/#$]{1,40}))?(?:/?\$metadata)?#(\w{1,40})")
_LAST_KEY = re.compile(rb'\]\s*,\s*"@?odata\.(?:context|metadata)"\s*:\s*"([^"\\]{0,400})"\s*\}\s*\Z')
"""The envelope's context as the last key of the document: the brace that ends a document closes its outermost object,
so this spares a pass over gigabytes."""
_VALUE = re.compile(r'"value"\s*:\s*\[\s*\{', re.IGNORECASE)
_HASHED = re.compile(r'"(?:MD5|SHA1)"\s*:', re.IGNORECASE)
_NUMBERED = re.compile(r'"(?:Category|MediaID)"\s*:', re.IGNORECASE)
_HASHES = {"md5", "sha1", "mediafiles"}
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_BRACKET = re.compile(r"[\[\]{}]")


class Model(Struct, frozen=True):
    """What the envelope says of the data model; empty where it says nothing."""

    context: str = ""
    version: str = ""
    country: str = ""
    holds: str = ""

    @property
    def scheme(self) -> str | None:
        """Whose category numbers these are: "VICS 2.0 US", "VICS 1.3"; None where the envelope does not say."""
        if not self.version:
            return self.context or None
        return f"VICS {self.version} {self.country}".strip()


class _Item(Struct, frozen=True):
    """One record or one case header, with its place and (for a record) its text."""

    where: str
    value: dict[str, Any]
    text: str | None


def model_of(context: str) -> Model:
    """The data model that an envelope's context names."""
    found = _MODEL.search(context)
    if not found:
        return Model(context[:200])
    return Model(context[:200], found[1], found[2] or "", found[3])


def claims(source: Source) -> str | None:
    """A JSON object whose envelope names Project VIC, or whose ``value`` holds records with digest and category."""
    text = head_text(source.head)
    if not text.lstrip().startswith("{"):
        return None
    for context in _CONTEXT.findall(text):
        if "projectvic" in context.lower() or "vicsdatamodel" in context.lower():
            return "the envelope names Project VIC"
    if _VALUE.search(text) and _HASHED.search(text) and _NUMBERED.search(text):
        return "its value holds records with digests and media ids or categories"
    return None


class _Kept:
    """Keys of an envelope, a case header or a record too large to be decoded whole: as many as are bearable."""

    def __init__(self, where: str, report: Report) -> None:
        self.values: dict[str, Any] = {}
        self._where, self._report = where, report
        self._size = 0
        self._left_out = 0

    def take(self, key: str, stream: JsonStream) -> None:
        """The value here under this key; one that is too large is passed over."""
        try:
            value, text = stream.value()
        except TooLarge:
            stream.skip()
            self._left_out += 1
            return
        self._size += len(key) + len(text)
        if self._size > VALUE_LIMIT or len(self.values) >= KEY_LIMIT or _nested(text):
            self._left_out += 1
        else:
            self.values[str(sound(key))] = sound(value)

    def close(self) -> dict[str, Any]:
        """The keys kept; says how many were not."""
        if self._left_out:
            self._report.not_understood(self._where, f"{self._left_out} key(s) passed over: too large or too deep")
        return self.values


def _record(stream: JsonStream, where: str, report: Report) -> Iterator[_Item]:
    """The record here. One that is not JSON costs itself; of one that is too large the bearable keys are read."""
    try:
        value, text = stream.value()
    except Malformed:
        stream.skip()
        report.not_understood(where, "record passed over: not JSON")
    except TooLarge:
        if stream.peek() == "{":
            yield from _case(stream, where, report)
        else:
            stream.skip()
            report.not_understood(where, "not a record")
    else:
        yield from _sound_record(value, text, where, report)


def _sound_record(value: object, text: str, where: str, report: Report) -> Iterator[_Item]:
    if not isinstance(value, dict):
        report.not_understood(where, "not a record")
    elif _nested(text):
        report.not_understood(where, f"nested deeper than {NESTING_LIMIT}")
    else:
        yield _Item(where, sound(value) if _SURROGATE.search(text) else value, text)


def _nested(text: str) -> bool:
    """Whether a record is nested deeper than a store should have to follow (strings count too: it is a bound)."""
    if text.count("[") + text.count("{") <= NESTING_LIMIT:
        return False
    depth = deepest = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket[0] in "[{" else -1
        deepest = max(deepest, depth)
    return deepest > NESTING_LIMIT


def _case(stream: JsonStream, where: str, report: Report) -> Iterator[_Item]:
    """The media of the case here, then its header (the keys may stand in any order)."""
    kept = _Kept(where, report)
    media = False
    try:
        for key in stream.members():
            if key.lower() == "media" and stream.peek() == "[":
                media = True
                for index in stream.elements():
                    yield from _record(stream, f"{where}.Media[{index}]", report)
            else:
                kept.take(key, stream)
    except (Cut, Malformed):
        yield _Item(where, kept.close(), None)
        raise
    header = kept.close()
    if not media and _HASHES & {key.lower() for key in header}:
        # A record too large to be decoded whole, or one where the envelope promised cases.
        yield _Item(where, header, json.dumps(header))
    else:
        yield _Item(where, header, None)


def _element(stream: JsonStream, where: str, cases: bool, report: Report) -> Iterator[_Item]:
    """One element of ``value``: a record, or a case with its media."""
    if cases and stream.peek() == "{":
        yield from _case(stream, where, report)
        return
    for item in _record(stream, where, report):
        if item.text and isinstance(item.value.get("Media", item.value.get("media")), list):
            # The envelope did not say (yet) that these are cases: read this one as what it is.
            yield from _case(JsonStream(io.BytesIO(item.text.encode("utf-8", "replace"))), where, report)
        else:
            yield item


def _items(stream: JsonStream, envelope: _Kept, report: Report) -> Iterator[_Item]:
    """All records and case headers; the other keys of the document go into ``envelope`` as they come."""
    for key in stream.members():
        if key.lower() != "value" or stream.peek() != "[":
            envelope.take(key, stream)
            continue
        cases = model_of(_context(envelope.values)).holds.lower() == "cases"
        for index in stream.elements():
            yield from _element(stream, f"value[{index}]", cases, report)
    if stream.peek():
        report.not_understood("end", "text behind the end of the document")


def _context(envelope: dict[str, Any]) -> str:
    found = (envelope[key] for key in _CONTEXT_KEYS if isinstance(envelope.get(key), str))
    return next(found, "")


class _Silent:
    """A report for the pass that looks for the envelope only."""

    def not_understood(self, locator: str, reason: str) -> None:
        """Said by the pass that reads."""

    def incomplete(self, reason: str) -> None:
        """Said by the pass that reads."""


def _model(source: Source) -> Model:
    """What the envelope says, wherever it stands: before ``value``, or behind gigabytes of it."""
    envelope = _Kept("envelope", _Silent())
    with source.open() as opened:
        opened.seek(max(0, source.size - TAIL))
        last = _LAST_KEY.search(opened.read(TAIL))
        if last:
            return model_of(last[1].decode("utf-8", "replace"))
        opened.seek(0)
        try:
            for _ in _items(JsonStream(opened), envelope, _Silent()):
                if _context(envelope.values):
                    break
        except (Cut, Malformed):
            pass
    return model_of(_context(envelope.values))


def _document(where: str, header: dict[str, Any], model: Model) -> Trace:
    """The case header, or for a bare list its envelope."""
    envelope = {"format": "VICS", "version": model.version, "country": model.country, "context": model.context}
    name = next((str(header[key]) for key in ("CaseID", "CaseNumber") if header.get(key)), "")
    return Trace("document", where, id=name, fields={**header, "envelope": envelope})


def read(source: Source, report: Report) -> Iterator[Trace]:
    """One ``record`` trace a media record, one ``document`` trace a case header (or, for a bare list, its envelope).

    A record without a usable digest costs itself only; a document cut short yields what stands before the cut."""
    if not head_text(source.head).lstrip().startswith("{"):
        raise Unreadable("no JSON object")
    model = _model(source)
    taker = DigestTaker(report)
    last = "the beginning"
    headed = False
    with source.open() as opened:
        try:
            for item in _items(JsonStream(opened), _Kept("envelope", report), report):
                last = item.where
                if item.text is None:
                    headed = True
                    yield _document(item.where, item.value, model)
                    continue
                trace, reason = media_trace(item.where, item.value, item.text, model.scheme, source.zone, taker)
                if trace is not None:
                    yield trace
                if reason:
                    report.not_understood(item.where, reason)
        except Cut:
            report.incomplete(f"the JSON is cut short behind {last}")
        except Malformed as error:
            report.incomplete(f"not JSON at character {error.offset}, behind {last}")
    if not headed:
        yield _document("document", {}, model)
    taker.close()


READER = Reader("vics", 1, "VICS / Project VIC (JSON)", claims, read)

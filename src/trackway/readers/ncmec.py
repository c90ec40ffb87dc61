"""NCMEC CyberTip reports as XML: one report or several, with their files inside, beside them, or on their own.

Source: public writers of the reporting schema (FORMATS.md). The schema leaves the report's number to the delivery: it
is taken from the document, else from the file's name (then an option), else made of the record's own bytes.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from xml.etree.ElementTree import Element

from msgspec import Struct

from trackway.model.source import Reader, Report, Source
from trackway.model.trace import Moment, PersonaRef, Trace
from trackway.readers._digests import DigestTaker
from trackway.readers._ncmec_file import Filing, Means, file_trace
from trackway.readers._ncmec_parts import marks
from trackway.readers._ncmec_report import (
    NUMBER_NAMES,
    conversation,
    incident_time,
    login_trace,
    login_traces,
    own_number,
    report_trace,
    reported,
)
from trackway.readers._rows import head_text
from trackway.readers._xml_stream import Record, records

RECORDS = frozenset({"report", "fileDetails"})
RAW_LIMIT = 1 << 20
"""Bytes of a record that are kept as it stands; of a larger one the fields and the place are kept."""

_TAG = r"<(?:[\w.-]{1,60}:)?"
_REPORT = re.compile(_TAG + r"report[\s>/]")
_REPORT_INSIDE = re.compile(_TAG + r"(?:incidentSummary|personOrUserReported|internetDetails)[\s>/]")
_FILE = re.compile(_TAG + r"fileDetails[\s>/]")
_FILE_INSIDE = re.compile(_TAG + r"(?:fileId|reportId|originalFileHash|fileAnnotations|originalFileName)[\s>/]")
_NUMBERED = re.compile(
    _TAG
    + rf"(?:{'|'.join(NUMBER_NAMES)})\s*>\s*\w|\b(?:{'|'.join(NUMBER_NAMES)})\s*=|"
    + _TAG
    + r"report\s[^>]*\bid\s*="
)
_NAME_AFTER_WORD = re.compile(r"(?:report|cybertip|cybertipline|tip|ct|ncmec)[ _#.-]*(\d{3,12})(?!\d)", re.IGNORECASE)
_NAME_NUMBER = re.compile(r"(?<!\d)(?!(?:19|20)\d{6}(?!\d))(\d{6,12})(?!\d)|\A(\d{3,12})(?=\.\w+\Z)")
"""Six digits or more that are no date, or a name that is nothing but a number."""


class Overview(Struct):
    """What one report of a document says that its files need; ``annotations`` are those of its files."""

    author: PersonaRef | None = None
    incident: Moment | None = None
    annotations: tuple[str, ...] = ()


def claims(source: Source) -> str | None:
    """XML with a report and its incident or account, or with fileDetails and what belongs in it."""
    text = head_text(source.head)
    if not text.lstrip().startswith("<"):
        return None
    if _REPORT.search(text) and _REPORT_INSIDE.search(text):
        return "a CyberTip report"
    if _FILE.search(text) and _FILE_INSIDE.search(text):
        return "file details of a CyberTip report"
    return None


def _name_number(source: Source) -> str:
    """The report number in the file's name, where the head of the document holds none."""
    if _NUMBERED.search(head_text(source.head)):
        return ""
    base = source.name.replace("\\", "/").rpartition("/")[2]
    found = _NAME_AFTER_WORD.search(base) or _NAME_NUMBER.search(base)
    return next(filter(None, found.groups())) if found else ""


def options(source: Source) -> Mapping[str, str]:
    """The report number, where the file's name decides it."""
    number = _name_number(source)
    return {"report": number} if number else {}


class _Numbers:
    """Which number each record goes by, decided in a first pass over the whole document."""

    def __init__(self, source: Source) -> None:
        self._fallback = _name_number(source)
        self._sole = ""
        self.of_record: dict[int, str] = {}
        self.reports: dict[str, Overview] = {}

    def survey(self, source: Source) -> None:
        """Read all records once; keep numbers, accounts and annotations."""
        stray: list[tuple[int, str, tuple[str, ...]]] = []
        unnumbered: list[tuple[int, str, Element]] = []
        files_say: set[str] = set()
        with source.open() as stream, source.open() as again:
            for record in records(stream, RECORDS):
                if record.element is None:
                    continue
                number = own_number(record.element) or _outside_number(record.context)
                if record.name == "fileDetails":
                    files_say |= {number} - {""}
                    stray.append((record.number, number, tuple(marks(record.element.find("fileAnnotations")))))
                elif number:
                    self._add(record.number, number, record.element, source.zone)
                else:
                    made = hashlib.sha256(_raw(again, record)).hexdigest()[:12]
                    unnumbered.append((record.number, made, _bare(record.element)))
        alone = len(unnumbered) == 1 and not self.reports
        for index, made, element in unnumbered:
            agreed = next(iter(files_say)) if alone and len(files_say) == 1 else ""
            self._add(index, agreed or (self._fallback if alone else "") or f"unnumbered-{made}", element, source.zone)
        self._sole = next(iter(self.reports)) if len(self.reports) == 1 else ""
        for index, number, annotations in stray:
            number = number or self._sole or self._fallback or "unnumbered"
            self.of_record[index] = number
            overview = self.reports.setdefault(number, Overview())
            overview.annotations += annotations

    def _add(self, index: int, number: str, element: Element, zone: str | None) -> None:
        self.of_record[index] = number
        account = reported(element)
        overview = self.reports.setdefault(number, Overview())
        overview.author = overview.author or (account.persona if account else None)
        overview.incident = overview.incident or incident_time(element, zone)
        for details in element.iter("fileDetails"):
            overview.annotations += tuple(marks(details.find("fileAnnotations")))


def _bare(report: Element) -> Element:
    """A report without the parts that the survey does not need, so that many of them can be held."""
    for child in list(report):
        if child.tag in ("victim", "internetDetails", "intendedRecipient", "additionalInfo"):
            report.remove(child)
    return report


def _outside_number(context: dict[str, str]) -> str:
    """A number that stands outside of the records, before this one."""
    for key, value in context.items():
        if key.rpartition("@")[2] in NUMBER_NAMES and value:
            return value
    return ""


def _raw(stream: BinaryIO, record: Record) -> bytes:
    if record.end - record.start > RAW_LIMIT:
        return b""
    stream.seek(record.start)
    return stream.read(max(0, record.end - record.start))


def read(source: Source, report: Report) -> Iterator[Trace]:
    """A ``report`` trace a report, an ``upload`` trace a file, a ``login`` trace a connection.

    A report that is not well-formed costs itself only. Raises Unreadable for a document type or entities, for
    nesting beyond the limits, and for a file that is not XML."""
    numbers = _Numbers(source)
    numbers.survey(source)
    means = Means(source.zone, DigestTaker(report), report)
    with source.open() as stream, source.open() as again:
        for record in records(stream, RECORDS):
            where = f"{record.name}[{record.number}]"
            if record.element is None:
                report.not_understood(f"byte {record.start}", record.reason)
                report.incomplete(f"byte {record.start}: {record.reason}")
                continue
            number = numbers.of_record[record.number]
            overview = numbers.reports[number]
            filing = Filing(number, conversation(number), overview.author, overview.incident)
            if record.name == "report":
                raw = _raw(again, record)
                yield from _report(record.element, where, filing, list(overview.annotations), raw, means)
            else:
                yield from _file(record.element, where, filing, means)
    means.taker.close()


def _report(
    element: Element, where: str, filing: Filing, annotations: list[str], raw: bytes, means: Means
) -> Iterator[Trace]:
    """The report, its connections, and the files nested in it."""
    yield report_trace(element, where, filing.number, annotations, means.zone, raw)
    yield from login_traces(element, where, filing.number, means.zone)
    for index, details in enumerate(element.iter("fileDetails")):
        yield file_trace(details, f"{where}.fileDetails[{index}]", filing, means)


def _file(details: Element, where: str, filing: Filing, means: Means) -> Iterator[Trace]:
    """A file that stands beside its report, with the connections that it names."""
    yield file_trace(details, where, filing, means)
    for index, event in enumerate(details.iterfind("ipCaptureEvent")):
        place = f"{where}.ipCaptureEvent[{index}]"
        yield login_trace(event, place, filing.number, filing.author, details.findtext("fileId") or "", means.zone)


READER = Reader("ncmec", 1, "NCMEC CyberTip report (XML)", claims, read, options)

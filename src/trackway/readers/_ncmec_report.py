"""One CyberTip report as traces: the report itself, each connection that it names, each file nested in it."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

from trackway.model.trace import Conversation, Identifier, Moment, PersonaRef, Trace
from trackway.readers._digests import flag, moment_of
from trackway.readers._ncmec_parts import (
    SERVICE,
    Account,
    account_of,
    all_said,
    as_json,
    connection,
    identifiers,
    mails,
    marks,
    phone,
    said,
    snake,
    without_repeats,
)

ACCOUNT = "personOrUserReported"
NUMBER_NAMES = ("reportId", "reportNumber", "cyberTipReportNumber", "cyberTiplineReportNumber", "ctReportId")
"""Elements and attributes that hold a report's number (the schema leaves it to the delivery)."""

_HANDLED = {"incidentSummary", "internetDetails", ACCOUNT, "intendedRecipient", "victim", "victims", "fileDetails"}
_NOT_ESCALATED = {"", "no", "false", "0", "n", "none"}


def own_number(element: Element) -> str:
    """The number that a report (or fileDetails) element gives itself, "" where it gives none."""
    for name in NUMBER_NAMES:
        if found := said(element, name) or element.get(name, ""):
            return found
    if element.tag == "report":
        nested = [said(child, "reportId") for child in element.iter("fileDetails")]
        return element.get("id", "") or next(filter(None, nested), "")
    return ""


def conversation(number: str) -> Conversation:
    """The report as the place where its records belong together."""
    return Conversation(SERVICE, number)


def incident_time(report: Element, zone: str | None) -> Moment | None:
    """When the incident was, as the report says."""
    written = said(report.find("incidentSummary"), "incidentDateTime") or said(report, "incidentDateTime")
    return moment_of(written, zone)


def provider(report: Element) -> str:
    """The company that reports, where the report names one."""
    reporter = report.find("reporter")
    if reporter is None:
        return ""
    for block in (reporter, reporter.find("reportingPerson")):
        for name in ("espName", "companyName", "company", "esp"):
            if found := said(block, name):
                return found
    return ""


def reported(report: Element) -> Account | None:
    """The account reported first."""
    return account_of(report.find(ACCOUNT), provider(report))


def _incidents(report: Element) -> Iterator[Element]:
    for child in report:
        if child.tag == "internetDetails" or child.tag.endswith("Incident"):
            yield child


def _text(report: Element) -> str:
    """What was written, by whomever, except what concerns a victim."""
    parts = []
    for incident in _incidents(report):
        parts += [(part.text or "").strip() for part in incident.iter() if part.tag in ("content", "additionalInfo")]
    parts += all_said(report, "additionalInfo")
    for element in report.iterfind(ACCOUNT):
        parts += all_said(element, "additionalInfo")
    return "\n\n".join(dict.fromkeys(filter(None, parts)))


def _prior(report: Element) -> list[str]:
    """Numbers of earlier reports on the reported account."""
    found = [*report.iterfind("priorCTReports"), *report.iterfind(f"{ACCOUNT}/priorCTReports")]
    numbers = (word for element in found for word in re.split(r"[\s,;]+", " ".join(element.itertext())))
    return list(dict.fromkeys(filter(None, numbers)))


def _victims(report: Element) -> list[Element]:
    return [*report.iterfind("victim"), *report.iterfind("victims/victim")]


def _summary(report: Element) -> dict[str, Any]:
    summary = report.find("incidentSummary")
    block = report if summary is None else summary
    reason = said(block, "escalateToHighPriority")
    fields: dict[str, Any] = {
        "incident_type": said(block, "incidentType"),
        "escalated": reason.lower() not in _NOT_ESCALATED,
        "report_annotations": marks(block.find("reportAnnotations")),
        "platform": said(block, "platform"),
        "incident_time_note": said(block, "incidentDateTimeDescription"),
    }
    if fields["escalated"] and flag(reason) is None:
        fields["escalation_reason"] = reason
    return fields


def report_fields(report: Element, number: str, annotations: list[str]) -> dict[str, Any]:
    """All of a report that is neither text nor identifier. Victims' data stand under ``victim_data`` only."""
    account = reported(report)
    victims = _victims(report)
    accounts = report.findall(ACCOUNT)
    fields: dict[str, Any] = {
        "report": number,
        **_summary(report),
        "prior_reports": _prior(report),
        "live_streaming": "live_streaming" in annotations,
        "physical_harm": "physical_harm" in annotations,
        "victims": len(victims),
        "victim_data": [as_json(victim) for victim in victims],
        "esp": said(report.find(ACCOUNT), "espService") or provider(report),
        "keyed_by": account.keyed_by if account else "",
        "account": as_json(accounts[0]) if accounts else "",
        "further_accounts": [as_json(element) for element in accounts[1:]],
        "intended_recipients": [as_json(element) for element in report.iterfind("intendedRecipient")],
        "internet_details": [as_json(element) for element in report.iterfind("internetDetails")],
    }
    for child in report:
        if child.tag not in _HANDLED and child.tag not in NUMBER_NAMES:
            fields.setdefault(snake(child.tag), as_json(child))
    always = {"report", "escalated", "live_streaming", "physical_harm", "victims", "prior_reports"}
    return {name: value for name, value in fields.items() if value not in ("", [], {}) or name in always}


def _recipients(report: Element) -> Iterator[tuple[PersonaRef, list[Identifier]]]:
    for element in report.iterfind("intendedRecipient"):
        account = account_of(element, provider(report))
        if account is None:
            continue
        person = element.find("intendedRecipientPerson")
        numbers = [
            phone(found) for block in (element, person) if block is not None for found in block.iterfind("phone")
        ]
        found = [Identifier("mail", address, "to") for address in mails(element)]
        yield account.persona, found + [Identifier("phone", number, "to") for number in numbers if number]


def report_trace(
    report: Element, where: str, number: str, annotations: list[str], zone: str | None, raw: bytes
) -> Trace:
    """The ``report`` trace. ``annotations`` are those of all files of this report."""
    account = reported(report)
    accounts = report.findall(ACCOUNT)
    recipients = list(_recipients(report))
    further = filter(None, (account_of(element, provider(report)) for element in accounts[1:]))
    found = [found for element in accounts[:1] for found in identifiers(element)]
    found += filter(None, map(connection, _incident_events(report)))
    found += [identifier for _, several in recipients for identifier in several]
    return Trace(
        "report",
        where,
        when=incident_time(report, zone),
        author=account.persona if account else None,
        to=tuple(persona for persona, _ in recipients),
        conversation=conversation(number),
        id=number,
        text=_text(report),
        identifiers=without_repeats(found),
        others=tuple(other.persona for other in further),
        fields=report_fields(report, number, annotations),
        raw=raw,
    )


def _incident_events(report: Element) -> list[Element]:
    return [event for incident in _incidents(report) for event in incident.iter("ipCaptureEvent")]


def _events(report: Element) -> Iterator[tuple[Element, str]]:
    """(connection, id of the file that it belongs to or ""), of the reported account only."""
    for element in report.findall(ACCOUNT)[:1]:
        for block in (element, *(child for child in element if child.tag.endswith("Person"))):
            yield from ((event, "") for event in block.iterfind("ipCaptureEvent"))
    yield from ((event, "") for event in _incident_events(report))
    for details in report.iter("fileDetails"):
        yield from ((event, said(details, "fileId")) for event in details.iterfind("ipCaptureEvent"))


def login_trace(
    event: Element, where: str, number: str, author: PersonaRef | None, file_id: str, zone: str | None
) -> Trace:
    """The ``login`` trace of one ipCaptureEvent."""
    address = connection(event)
    fields: dict[str, Any] = {"report": number, "event": said(event, "eventName") or "Unknown"}
    proxy = flag(said(event, "possibleProxy"))
    if proxy is not None:
        fields["possible_proxy"] = proxy
    if file_id:
        fields["file"] = file_id
    if address is None:
        fields["address"] = said(event, "ipAddress")
    return Trace(
        "login",
        where,
        when=moment_of(said(event, "dateTime"), zone),
        author=author,
        conversation=conversation(number),
        identifiers=(address,) if address else (),
        fields=fields,
    )


def login_traces(report: Element, where: str, number: str, zone: str | None) -> Iterator[Trace]:
    """All connections that the report ascribes to the reported account."""
    account = reported(report)
    for index, (event, file_id) in enumerate(_events(report)):
        author = account.persona if account else None
        yield login_trace(event, f"{where}.ipCaptureEvent[{index}]", number, author, file_id, zone)

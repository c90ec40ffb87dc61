"""The demo's six hotline reports, as NCMEC CyberTip XML, and a paper copy of one of them as a small PDF."""

import io
from xml.etree import ElementTree

from msgspec import Struct

from trackway.demo.people import N_GULL, N_HERON, N_PIER, N_QUARRY, N_REED, N_TERN
from trackway.demo.story import REPORTS, Gone, Story, Who

ESCALATED, LIVE, PRIOR, VIRAL_ONE, NAMES_NEW, PLAIN = (
    "190410021",
    "190410077",
    "190410102",
    "190410155",
    "190410190",
    "190410203",
)
UNSEEN = Gone("unseen", "5f0c1d3e8a7b49f2b6d4e1a09c7735ab")
"""A file that only a report names: no bytes, on no list."""


class Tip(Struct, frozen=True):
    """One report. ``file`` is the key of the picture (or gone file) that it names; ``flags`` annotate that file."""

    number: str
    who: Who
    when: str
    service: str
    file: str = ""
    public: bool = False
    escalate: str = ""
    prior: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    note: str = ""


TIPS = (
    Tip(
        ESCALATED,
        N_HERON,
        "2026-02-20T21:14:00Z",
        "Lagoon Chat",
        "heron5",
        escalate="Placeholder: the provider believes that somebody may be in danger now.",
    ),
    Tip(LIVE, N_REED, "2026-02-27T20:03:00Z", "Lagoon Chat", UNSEEN.key, flags=("liveStreaming",)),
    Tip(PRIOR, N_QUARRY, "2026-02-11T08:22:00Z", "Pit Forum", "fox4", True, prior=("181200345", "185500912")),
    Tip(VIRAL_ONE, N_GULL, "2026-01-03T12:00:00Z", "Harbour Drive", "viral1", True, flags=("potentialMeme", "viral")),
    Tip(NAMES_NEW, N_PIER, "2026-02-18T16:45:00Z", "Harbour Drive", "reported-new"),
    Tip(PLAIN, N_TERN, "2026-02-05T10:30:00Z", "Lagoon Chat", note="A text only, nothing attached."),
)


def reports(story: Story) -> dict[str, bytes]:
    """The report files by name; their acts are recorded in the story."""
    story.gone[UNSEEN.key] = UNSEEN
    files = {}
    for tip in TIPS:
        story.meet(tip.who)
        if tip.file:
            story.act(REPORTS, tip.file, "offered" if tip.public else "sent", tip.who, tip.number, _file_id(tip))
        files[f"{tip.number}.xml"] = _xml(story, tip)
    files[f"{ESCALATED}.pdf"] = _paper(f"CyberTip {ESCALATED} - paper copy (placeholder)")
    return files


def _file_id(tip: Tip) -> str:
    return f"f{tip.number}01"


def _xml(story: Story, tip: Tip) -> bytes:
    """One report; the order of elements is the schema's."""
    root = ElementTree.Element("report")
    _add(root, "reportId", tip.number)
    summary = _add(root, "incidentSummary")
    _add(summary, "incidentType", "Placeholder incident type")
    if tip.escalate:
        _add(summary, "escalateToHighPriority", tip.escalate)
    _add(summary, "incidentDateTime", tip.when)
    chat = _add(_add(root, "internetDetails"), "chatImIncident")
    _add(chat, "chatClient", tip.service)
    _add(_add(_add(root, "reporter"), "reportingPerson"), "firstName", "Provider")
    _person(root, tip)
    if tip.note:
        _add(root, "additionalInfo", tip.note)
    if tip.file:
        _file(root, story, tip)
    ElementTree.indent(root)
    out = io.BytesIO()
    ElementTree.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    return out.getvalue()


def _person(root: ElementTree.Element, tip: Tip) -> None:
    """The reported account with its mail, phone, log-ins and earlier reports."""
    reported = _add(root, "personOrUserReported")
    person = _add(reported, "personOrUserReportedPerson")
    for kind, tag in (("phone", "phone"), ("mail", "email")):
        for value in (value for owned, value in tip.who.identifiers if owned == kind):
            _add(person, tag, value)
    _add(reported, "espIdentifier", tip.who.key)
    _add(reported, "espService", tip.service)
    _add(reported, "screenName", tip.who.names[0])
    for value in (value for owned, value in tip.who.identifiers if owned == "ip-port"):
        address, _, port = value.rpartition(":")
        capture = _add(reported, "ipCaptureEvent")
        _add(capture, "ipAddress", address.strip("[]"))
        _add(capture, "eventName", "Login")
        _add(capture, "dateTime", tip.when)
        _add(capture, "port", port)
    for number in tip.prior:
        _add(reported, "priorCTReports", number)


def _file(root: ElementTree.Element, story: Story, tip: Tip) -> None:
    """The uploaded file that the report names."""
    gone, picture = story.gone.get(tip.file), story.pictures.get(tip.file)
    details = _add(root, "fileDetails")
    _add(details, "reportId", tip.number)
    _add(details, "fileId", _file_id(tip))
    _add(details, "originalFileName", picture.name if picture else "upload.jpg")
    _add(details, "fileViewedByEsp", "true")
    if tip.public:
        _add(details, "publiclyAvailable", "true")
    if tip.flags:
        annotations = _add(details, "fileAnnotations")
        for flag in tip.flags:
            _add(annotations, flag, "true")
    digest = gone.md5 if gone else picture.md5 if picture else ""
    _add(details, "originalFileHash", digest).set("hashType", "MD5")


def _add(parent: ElementTree.Element, tag: str, text: str = "") -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = text or None
    return child


def _paper(text: str) -> bytes:
    """A PDF of one page with one line of text."""
    stream = f"BT /F1 14 Tf 60 760 Td ({text}) Tj ET".replace("(placeholder)", r"\(placeholder\)").encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    out, starts = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        starts.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    trailer = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer

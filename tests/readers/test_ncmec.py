"""CyberTip reports: what each element means wherever it stands, and what a hostile file cannot do."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_sources import GOLDEN, Bytes, assert_golden, read_all

from trackway.model.errors import Unreadable
from trackway.model.trace import Identifier, Trace
from trackway.readers import _xml_stream, ncmec

MD5 = "adebf3fa3c9be7f73825e1cb9e2dea09"


def report(inside: str = "", number: str = "4711001", account: str = "<screenName>otterfan</screenName>") -> str:
    numbered = f"<reportId>{number}</reportId>" if number else ""
    reported = f"<personOrUserReported>{account}</personOrUserReported>"
    return f"<report>{numbered}<incidentSummary/>{reported}{inside}</report>"


def traces_of(text: str, name: str = "report.xml", zone: str | None = None) -> list[Trace]:
    return read_all(ncmec.READER, text.encode(), name, zone)[0]


def only(text: str, kind: str) -> Trace:
    (trace,) = [trace for trace in traces_of(text) if trace.kind == kind]
    return trace


def details(inside: str) -> str:
    return f"<fileDetails><reportId>4711001</reportId><fileId>f-1</fileId>{inside}</fileDetails>"


def test_golden():
    assert_golden(ncmec.READER, "ncmec_report.xml")


@pytest.mark.parametrize(
    ("account", "key", "keyed_by", "names"),
    [
        (
            "<espService>S</espService><espIdentifier>7</espIdentifier><screenName>a</screenName>",
            "S/7",
            "espIdentifier",
            ("a",),
        ),
        (
            "<espIdentifier>7</espIdentifier><displayName>A</displayName><displayName>B</displayName>",
            "7",
            "espIdentifier",
            ("A", "B"),
        ),
        ("<espService>S</espService><screenName>a</screenName>", "S/a", "screenName", ("a",)),
        ("<personOrUserReportedPerson><email>A@Ex.org</email></personOrUserReportedPerson>", "a@ex.org", "email", ()),
    ],
)
def test_the_account_is_keyed_by_the_best_that_is_there(account, key, keyed_by, names):
    trace = only(report(account=account), "report")
    assert (trace.author.service, trace.author.key, trace.author.names) == ("ncmec", key, names)
    assert trace.fields["keyed_by"] == keyed_by


def test_a_report_without_account_makes_no_persona():
    trace = only(report(account="<vehicleDescription>blue</vehicleDescription>"), "report")
    assert trace.author is None


@pytest.mark.parametrize(
    ("element", "identifier"),
    [
        ("<email>Otter@Example.org</email>", Identifier("mail", "otter@example.org", "own")),
        ("<phone>+31 6 12345678</phone>", Identifier("phone", "+31612345678", "own")),
        ("<phone>0031 612345678</phone>", Identifier("phone", "+31612345678", "own")),
        ('<phone countryCallingCode="+1">(202) 555-0123</phone>', Identifier("phone", "+12025550123", "own")),
        ("<phone>0612345678</phone>", None),
        ("<profileUrl>https://x.example/a</profileUrl>", Identifier("url", "https://x.example/a", "own")),
        ("<deviceId><idType>IMEI</idType><idValue>4</idValue></deviceId>", Identifier("device", "IMEI 4", "own")),
        (
            "<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress><port>443</port></ipCaptureEvent>",
            Identifier("ip-port", "192.0.2.1:443", "own"),
        ),
        (
            "<ipCaptureEvent><ipAddress>2001:DB8::1</ipAddress><port>443</port></ipCaptureEvent>",
            Identifier("ip-port", "[2001:db8::1]:443", "own"),
        ),
        (
            "<ipCaptureEvent><ipAddress>192.0.2.1</ipAddress><port>70000</port></ipCaptureEvent>",
            Identifier("ip", "192.0.2.1", "own"),
        ),
        ("<ipCaptureEvent><ipAddress>otter</ipAddress></ipCaptureEvent>", None),
    ],
)
def test_identifiers_of_the_account(element, identifier):
    trace = only(report(account=f"<screenName>a</screenName>{element}"), "report")
    assert trace.identifiers == ((identifier,) if identifier else ())


@pytest.mark.parametrize(
    ("element", "escalated"),
    [
        ("", False),
        ("<escalateToHighPriority/>", False),
        ("<escalateToHighPriority>no</escalateToHighPriority>", False),
        ("<escalateToHighPriority>true</escalateToHighPriority>", True),
        ("<escalateToHighPriority>words</escalateToHighPriority>", True),
    ],
)
def test_escalation_is_a_value_that_says_something(element, escalated):
    text = report().replace("<incidentSummary/>", f"<incidentSummary>{element}</incidentSummary>")
    fields = only(text, "report").fields
    assert fields["escalated"] is escalated
    assert fields.get("escalation_reason") == ("words" if "words" in element else None)


@pytest.mark.parametrize(
    "prior",
    ["<priorCTReports>1</priorCTReports><priorCTReports>2</priorCTReports>", "<priorCTReports>1, 2</priorCTReports>"],
)
def test_prior_reports(prior):
    assert only(report(account=f"<screenName>a</screenName>{prior}"), "report").fields["prior_reports"] == ["1", "2"]


def test_victims_make_no_persona_no_identifier_and_no_text():
    victim = (
        "<victim><victimPerson><email>v@example.org</email></victimPerson><screenName>minnow</screenName>"
        "<priorCTReports>99</priorCTReports><additionalInfo>apart</additionalInfo>"
        "<ipCaptureEvent><ipAddress>198.51.100.9</ipAddress></ipCaptureEvent></victim>"
    )
    traces = traces_of(report(victim))
    assert [trace.kind for trace in traces] == ["report"]
    assert traces[0].fields["victims"] == 1
    assert traces[0].fields["victim_data"][0]["screenName"] == "minnow"
    bare = {**msgspec.to_builtins(traces[0]), "raw": b"", "fields": {**traces[0].fields, "victim_data": []}}
    assert not any(word in str(bare) for word in ("minnow", "v@example.org", "apart", "198.51.100.9", "'99'"))


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        ("<publiclyAvailable>true</publiclyAvailable>", "offered"),
        ("<publiclyAvailable>false</publiclyAvailable>", "sent"),
        ("", "sent"),
    ],
)
@pytest.mark.parametrize("place", ["inside", "beside", "before", "alone"])
def test_a_file_is_one_act_of_the_reported_account_wherever_it_stands(element, kind, place):
    file = details(f"{element}<originalFileHash hashType='Md5'>{MD5.upper()}</originalFileHash>")
    text = {
        "inside": report(file),
        "beside": f"<reports>{report()}{file}</reports>",
        "before": f"<reports>{file}{report()}</reports>",
        "alone": file,
    }[place]
    assert ncmec.claims(Bytes(text.encode()))
    upload = only(text, "upload")
    (share,) = upload.shares
    assert (share.kind, share.act, upload.id, share.digests.md5) == (kind, "f-1", "4711001/f-1", MD5)
    assert upload.conversation.id == "4711001"
    assert (upload.author.key if upload.author else None) == (None if place == "alone" else "otterfan")


@pytest.mark.parametrize(
    ("element", "digests"),
    [
        (f'<originalFileHash hashType="MD5">{MD5}</originalFileHash>', {"md5": MD5}),
        (f'<originalFileHash hashType="sha-256">{"a" * 64}</originalFileHash>', {"sha256": "a" * 64}),
        (f'<originalFileHash hashType="PDQ">{"b" * 64}</originalFileHash>', {"pdq": "b" * 64}),
        ('<originalFileHash hashType="PhotoDNA">QUJD</originalFileHash>', {"photodna": "QUJD"}),
        (f"<originalFileHash>{MD5}</originalFileHash>", {"md5": MD5}),
        (
            f"<details><nameValuePair><type>HASH</type><name>SHA1</name><value>{'c' * 40}</value></nameValuePair>"
            "</details>",
            {"sha1": "c" * 40},
        ),
        (
            f'<details type="HASH"><nameValuePair><name>md5</name><value>{MD5}</value></nameValuePair></details>',
            {"md5": MD5},
        ),
        (
            f"<details><type>HASH</type><nameValuePair><name>md5</name><value>{MD5}</value></nameValuePair></details>",
            {"md5": MD5},
        ),
        ('<originalFileHash hashType="MD5">D41D8CD98F00B204E9800998ECF8427E</originalFileHash>', {}),
    ],
)
def test_hashes_of_a_file(element, digests):
    found = msgspec.to_builtins(only(report(details(element)), "upload").shares[0].digests)
    assert (found or {}) == digests


@pytest.mark.parametrize(
    ("elements", "path", "name", "location"),
    [
        ("<originalFileName>a.jpg</originalFileName>", "a.jpg", "a.jpg", None),
        (
            "<originalFileName>a.jpg</originalFileName><locationOfFile>media\\1.jpg</locationOfFile>",
            "media/1.jpg",
            "a.jpg",
            None,
        ),
        (
            "<locationOfFile>https://x.example/d/2.png?x=1</locationOfFile>",
            None,
            "2.png",
            "https://x.example/d/2.png?x=1",
        ),
    ],
)
def test_where_a_file_lies(elements, path, name, location):
    upload = only(report(details(elements)), "upload")
    assert (upload.shares[0].path, upload.shares[0].name, upload.fields.get("location")) == (path, name, location)


def test_annotations_are_marks_and_reach_the_report():
    marks = "<fileAnnotations><liveStreaming/><viral>false</viral><potentialMeme>true</potentialMeme></fileAnnotations>"
    for text in (report(details(marks)), f"<reports>{report()}{details(marks)}</reports>"):
        assert only(text, "upload").fields["annotations"] == ["live_streaming", "potential_meme"]
        fields = only(text, "report").fields
        assert (fields["live_streaming"], fields["physical_harm"]) == (True, False)


@pytest.mark.parametrize(
    ("text", "name", "number", "option"),
    [
        (report(), "4799999.xml", "4711001", {}),
        (report(number="").replace("<report>", '<report id="55">'), "4799999.xml", "55", {}),
        (f"<x><reportNumber>66</reportNumber>{report(number='')}</x>", "4799999.xml", "66", {}),
        (f"<x>{report(number='')}{details('')}</x>", "4799999.xml", "4711001", {}),
        (report(number=""), "CyberTip_4799999.xml", "4799999", {"report": "4799999"}),
        (report(number=""), "in/4799999-a.xml", "4799999", {"report": "4799999"}),
        (report(number=""), "report-471.xml", "471", {"report": "471"}),
        (report(number=""), "471.xml", "471", {"report": "471"}),
        (report(number=""), "20260102_4799999.xml", "4799999", {"report": "4799999"}),
    ],
)
def test_the_number_of_a_report(text, name, number, option):
    found = next(trace for trace in traces_of(text, name) if trace.kind == "report")
    assert (found.id, found.conversation.id, found.fields["report"]) == (number, number, number)
    assert ncmec.options(Bytes(text.encode(), name)) == option


def test_a_report_without_any_number_is_numbered_by_its_own_bytes():
    numbers = [traces_of(text)[0].id for text in (report(number=""), f"<x>{report(number='')}</x>")]
    assert numbers[0] == numbers[1]
    assert numbers[0].startswith("unnumbered-")


def test_element_order_and_prefix_do_not_matter():
    plain = (GOLDEN / "ncmec_report.xml").read_text("utf-8")
    bare = plain.replace("<n:", "<").replace("</n:", "</")
    assert [trace.fields for trace in traces_of(plain)] == [trace.fields for trace in traces_of(bare)]


@pytest.mark.parametrize(("zone", "instant"), [(None, 1767322800000000), ("Europe/Amsterdam", 1767319200000000)])
def test_a_time_without_zone_is_read_in_the_exhibits(zone, instant):
    text = report().replace(
        "<incidentSummary/>",
        "<incidentSummary><incidentDateTime>2026-01-02T03:00:00</incidentDateTime></incidentSummary>",
    )
    moment = traces_of(text, zone=zone)[0].when
    assert (moment.instant, moment.basis) == (instant, "exhibit" if zone else "assumed")


@pytest.mark.parametrize(
    "broken",
    [
        "<report><reportId>2</reportId><screenName>open</report>",
        "<report><reportId>2</reportId>&undefined;</report>",
        "<report><reportId>2</reportId><a b=></report>",
        "<report><reportId>2</reportId>",
        "<report><reportId>2</reportId>\x00</report>",
    ],
)
def test_a_malformed_report_costs_itself_only(broken):
    text = f"<reports>{report(number='1001')}{broken}{report(number='1003')}{report(number='1004')}</reports>"
    traces, notes = read_all(ncmec.READER, text.encode())
    assert [trace.id for trace in traces] == ["1001", "1003", "1004"]
    assert notes.cut


@pytest.mark.parametrize("encoding", ["utx-8", "big5", "hex"])
def test_an_unknown_encoding_is_refused_with_a_sentence(encoding):
    with pytest.raises(Unreadable, match="encoding"):
        traces_of(f"<?xml version='1.0' encoding='{encoding}'?>{report()}")


def test_other_encodings_are_read():
    text = "<?xml version='1.0' encoding='{}'?>" + report(account="<screenName>Zoë</screenName>")
    for encoding in ("iso-8859-1", "utf-16", "windows-1252"):
        traces, _ = read_all(ncmec.READER, text.format(encoding).encode(encoding))
        assert traces[0].author.names == ("Zoë",)


def test_a_file_cut_short_yields_what_stands_before():
    text = f"<reports>{report(number='1001')}{report(number='1002')}</reports>"
    traces, notes = read_all(ncmec.READER, text.encode()[:-30])
    assert [trace.id for trace in traces] == ["1001"]
    assert notes.cut


LAUGHS = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>' + report(
    "<additionalInfo>&c;</additionalInfo>"
)
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + report("<additionalInfo>&x;</additionalInfo>")
REMOTE = '<!DOCTYPE r SYSTEM "http://192.0.2.1/x.dtd">' + report()
DEEP = report("<a>" * 5000 + "</a>" * 5000)


@pytest.mark.parametrize(
    ("text", "word"),
    [(LAUGHS, "document type"), (OUTSIDE, "document type"), (REMOTE, "document type"), (DEEP, "deeper")],
)
def test_bombs_are_refused_with_a_sentence(text, word):
    with pytest.raises(Unreadable) as refused:
        traces_of(text)
    assert word in refused.value.reason


@pytest.mark.parametrize("text", [LAUGHS, REMOTE, DEEP])
def test_control_without_the_guards_they_would_be_read(text, monkeypatch):
    monkeypatch.setattr(_xml_stream._Builder, "_doctype", lambda *_: None)
    monkeypatch.setattr(_xml_stream, "DEPTH_LIMIT", 10**6)
    if text == DEEP:
        with pytest.raises(RecursionError):
            traces_of(text)
    else:
        assert traces_of(text)


def test_a_report_beyond_the_limits_costs_itself_only(monkeypatch):
    monkeypatch.setattr(_xml_stream, "RECORD_LIMIT", 2000)
    large = report(f"<additionalInfo>{'x' * 5000}</additionalInfo>", "1001")
    text = f"<reports>{large}{report(number='1002')}</reports>"
    traces, notes = read_all(ncmec.READER, text.encode())
    assert [trace.id for trace in traces] == ["1002"]
    assert "larger" in notes.said[0][1]


def test_nested_open_reports_cannot_make_the_reader_run_for_ever():
    text = "<reports>" + "<report><incidentSummary/>" * 90 * 40
    with suppress(Unreadable):
        traces_of(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        b"<html><body>report</body></html>",
        b"<report><title>weather</title></report>",
        b"report incidentSummary",
        b"<project/>",
    ],
)
def test_other_xml_is_not_claimed(data):
    assert ncmec.claims(Bytes(data)) is None


@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_unreadable(data):
    for text in (data, b"<reports><report><incidentSummary/>" + data, report(number="1").encode() + data):
        source = Bytes(text)
        ncmec.claims(source)
        ncmec.options(source)
        with suppress(Unreadable):
            read_all(ncmec.READER, text)


NAMES = st.sampled_from(
    "report fileDetails ipCaptureEvent personOrUserReported details nameValuePair phone fileId originalFileHash victim "
    "priorCTReports ipAddress port screenName incidentSummary reportId internetDetails intendedRecipient".split()
)
TREES = st.recursive(
    st.text("ab1<&\u00e9", max_size=4).map(lambda text: text.replace("&", "&amp;").replace("<", "&lt;")),
    lambda inner: st.builds(
        lambda name, parts: f"<{name}>{''.join(parts)}</{name}>", NAMES, st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)


@given(TREES)
def test_any_nesting_of_known_elements_can_be_read_and_stored(tree):
    traces = traces_of(f"<reports>{tree}</reports>")
    assert msgspec.json.decode(msgspec.json.encode(traces), type=list[Trace]) == traces

"""Mail: who wrote to whom, in which thread, with which files; and attachments as sources of their own."""

import base64
import hashlib
import time
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from record_sources import Bytes, Notes, read_all

from trackway.model.times import iso
from trackway.model.trace import Trace
from trackway.readers import _mail_parts
from trackway.readers.mail import CONTAINER, READER, html_text

SHARED = Path(__file__).parents[3] / "shared" / "data" / "mixed"
FOX = b"not a picture of a fox\x00\xff"


def letter(number: int = 1, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    given_headers = {
        "From": "Anna Marsh <Anna@Example.ORG>",
        "To": "wren@example.org",
        "Date": "Mon, 15 Nov 2004 12:18:01 +0100",
        "Subject": "the reed bed",
        "Message-ID": f"<m{number}@example.org>",
    } | headers
    for name, value in given_headers.items():
        if value:
            mail[name.replace("_", "-")] = value
    mail.set_content("It was here.\n")
    return mail


def mbox(*mails: EmailMessage) -> bytes:
    return b"".join(b"From x@y Mon Nov 15 12:18:01 2004\n" + mail.as_bytes() + b"\n" for mail in mails)


def one(data: bytes, zone: str | None = None) -> Trace:
    assert READER.claims(Bytes(data))
    (trace,), notes = read_all(READER, data, "x.eml", zone)
    assert (notes.said, notes.cut) == ([], [])
    return trace


def test_a_message_says_who_when_and_what() -> None:
    data = letter(Cc="Owl <owl@example.org>, WREN@example.org", X_Originating_IP="[192.0.2.7]").as_bytes()
    trace = one(data)
    assert trace.author
    assert trace.when
    assert trace.conversation
    assert (trace.kind, trace.locator, trace.id, trace.text) == ("mail", "message 1", "m1@example.org", "It was here.")
    assert (trace.author.service, trace.author.key, trace.author.names) == (
        "email",
        "anna@example.org",
        ("Anna Marsh",),
    )
    assert [(to.key, to.names) for to in trace.to] == [("wren@example.org", ()), ("owl@example.org", ("Owl",))]
    assert (iso(trace.when.instant), trace.when.basis) == ("2004-11-15T11:18:01Z", "stated")
    assert (trace.conversation.service, trace.conversation.visibility) == ("email", "private")
    assert [(i.kind, i.value, i.role) for i in trace.identifiers] == [
        ("mail", "anna@example.org", "own"),
        ("ip", "192.0.2.7", "own"),
    ]
    assert trace.fields["subject"] == "the reed bed"
    assert trace.raw == data


@pytest.mark.parametrize(
    ("headers", "root"),
    [
        ({}, "m1@example.org"),
        ({"In_Reply_To": "<a@example.org>"}, "a@example.org"),
        ({"In_Reply_To": "<a@example.org>", "References": "<r@example.org>\n <a@example.org>"}, "r@example.org"),
        ({"Message_ID": ""}, None),
    ],
)
def test_a_thread_is_known_by_its_root(headers: dict[str, str], root: str | None) -> None:
    source = b"".join(
        f"{name.replace('_', '-')}: {value}\n".encode()
        for name, value in (
            {"From": "a@example.org", "To": "b@example.org", "Message_ID": "<m1@example.org>"} | headers
        ).items()
        if value
    )
    trace = one(source + b"Subject: x\nDate: Mon, 15 Nov 2004 12:18:01 +0100\n\nhello\n")
    assert (trace.conversation.id if trace.conversation else None) == root


@pytest.mark.parametrize(
    ("written", "zone", "instant", "basis"),
    [
        ("Mon, 15 Nov 2004 12:18:01 -0000", "Europe/Amsterdam", "2004-11-15T11:18:01Z", "exhibit"),
        ("Mon, 15 Nov 2004 12:18:01 -0000", None, "2004-11-15T12:18:01Z", "assumed"),
        ("yesterday", None, None, "none"),
        ("Mon, 99 Nov 99999 12:18:01 +9999", None, None, "none"),
    ],
)
def test_a_date_without_zone_is_wall_clock(written: str, zone: str | None, instant: str | None, basis: str) -> None:
    data = f"From: a@example.org\nTo: b@example.org\nSubject: x\nDate: {written}\n\nhello\n".encode()
    when = one(data, zone).when
    assert when
    assert (iso(when.instant), when.basis, when.written) == (instant, basis, written)


def with_files(*files: tuple[str, bytes], mail: EmailMessage | None = None) -> EmailMessage:
    mail = mail or letter()
    for name, data in files:
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return mail


def test_attachments_are_sent_and_known_by_their_digests() -> None:
    data = with_files(("fox.jpg", FOX), ("again.jpg", FOX), ("\u00e9t\u00e9.txt", b"x")).as_bytes()
    trace = one(data)
    assert [(share.kind, share.name) for share in trace.shares] == [("sent", "fox.jpg"), ("sent", "\u00e9t\u00e9.txt")]
    digests = trace.shares[0].digests
    assert digests
    assert digests.md5 == hashlib.md5(FOX).hexdigest()
    assert digests.sha1 == hashlib.sha1(FOX).hexdigest()
    assert digests.sha256 == trace.shares[0].act == hashlib.sha256(FOX).hexdigest()
    assert base64.b64encode(FOX) not in trace.raw, "media are not copied into a case"
    assert b"Subject: the reed bed" in trace.raw


def test_attachments_are_members_of_their_message() -> None:
    inner = letter(9, Subject="inside")
    second = with_files(("../../etc/\x00passwd", b"a"), ("same.txt", b"b"), ("same.txt", b"c"), mail=letter(2))
    second.add_attachment(inner)
    source = Bytes(mbox(with_files(("fox.jpg", FOX)), second))
    found = {}
    for member in CONTAINER.members(source, Notes()):
        assert member.open
        with member.open() as stream:
            found[member.path] = stream.read()
        assert member.size == len(found[member.path])
    names = list(found)
    assert names[0] == "1/fox.jpg"
    assert found["1/fox.jpg"] == FOX
    assert all(name.count("/") == 1 and ".." not in name.split("/") and "\0" not in name for name in names)
    assert [found[name] for name in names[1:4]] == [b"a", b"b", b"c"]
    assert b"Subject: inside" in found[names[4]]
    assert READER.claims(Bytes(found[names[4]])), "an attached message is a mail again"


def test_a_digest_in_the_trace_is_that_of_the_member() -> None:
    source = Bytes((SHARED / "test_mbox.mbox").read_bytes()) if SHARED.is_dir() else Bytes(mbox(with_files(("a", FOX))))
    said = {share.act for trace in READER.read(source, Notes()) for share in trace.shares}
    held = set()
    for member in CONTAINER.members(source, Notes()):
        assert member.open
        held.add(hashlib.sha256(member.open().read()).hexdigest())
    assert said == held != set()


def test_no_sender_named_is_received() -> None:
    data = with_files(("fox.jpg", FOX), mail=letter(From="", Received="by mx.example.org; now")).as_bytes()
    trace = one(data)
    assert trace.author is None
    assert [share.kind for share in trace.shares] == ["received"]


def test_mbox_messages_part_at_separators_behind_blank_lines_only() -> None:
    body = letter(1)
    body.set_content(
        "From here on it is quiet.\n\n>From the hill 12:00\nFrom x@y Mon Nov 15 12:18:01 2004 no blank before\n\n"
        "From now on 2005\n"
    )
    traces, notes = read_all(READER, mbox(body, letter(2)))
    assert [trace.id for trace in traces] == ["m1@example.org", "m2@example.org"]
    assert "From now on 2005" in traces[0].text
    assert [trace.locator for trace in traces] == ["message 1", "message 2"]
    assert notes.said == []


def test_a_message_beyond_the_limit_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: within the limit the same mbox gives both texts."""
    big = letter(1)
    big.set_content("reed\n" * 2000)
    data = mbox(big, letter(2))
    assert all(trace.text for trace in read_all(READER, data)[0])
    monkeypatch.setattr(_mail_parts, "MESSAGE_LIMIT", 4000)
    traces, notes = read_all(READER, data)
    assert [bool(trace.text) for trace in traces] == [False, True]
    assert [locator for locator, _ in notes.said] == ["message 1"]
    assert [m.path for m in CONTAINER.members(Bytes(data), Notes())] == []


def test_deep_nesting_is_read_by_its_header_only() -> None:
    """The parser's cost grows with depth times length: without the limit this takes minutes or all of the stack."""
    head = b"From: a@example.org\nTo: b@example.org\nSubject: x\nMessage-ID: <d@example.org>\n"
    level = b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n'
    data = head + b"".join(level % (n, n) for n in range(3000)) + b"x\n" * 20_000
    started = time.process_time()
    traces, notes = read_all(READER, data)
    assert time.process_time() - started < 5
    assert (traces[0].id, traces[0].fields["subject"]) == ("d@example.org", "x")
    assert [locator for locator, _ in notes.said] == ["message 1"]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"From: =?utf-8?q?J=C3=BCrgen_Reed?= <j@example.org>", "J\u00fcrgen Reed"),
        (b'From: "Reed, J." <j@example.org>', "Reed, J."),
        (b"From: J\xfcrgen <j@example.org>", "J\u00fcrgen"),
        (b"From: =?no-such?q?x?= <j@example.org>", "x"),
        (b"From: =?utf-8?b?####?= <j@example.org>", None),
    ],
)
def test_display_names_are_decoded(header: bytes, name: str | None) -> None:
    trace = one(header + b"\nTo: b@example.org\nSubject: x\n\nhello\n")
    assert trace.author
    assert trace.author.key == "j@example.org"
    if name is not None:
        assert trace.author.names == (name,)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two &amp; three</p>", "one\ntwo & three"),
        ("<style>p {a: b}</style><script>if (a < b) x()</script>seen", "seen"),
        ("a<!-- hidden <b>words</b> --> b<br>c", "a b\nc"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
    ],
)
def test_html_gives_its_readable_text(markup: str, text: str) -> None:
    assert html_text(markup) == text


@pytest.mark.parametrize("piece", ["<!--", "<a ", "<script>", "<", "</", '<a b="', "&#", "<![CDATA["])
def test_html_is_one_linear_pass(piece: str) -> None:
    """The standard library's parser needs minutes for some of these."""
    started = time.process_time()
    html_text(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 5


@pytest.mark.parametrize("charset", ["utf-8", "windows-1252", "no-such-charset", "punycode", "zlib", "utf-16"])
def test_any_charset_gives_text(charset: str) -> None:
    head = f"From: a@example.org\nTo: b@example.org\nSubject: x\nContent-Type: text/plain; charset={charset}\n\n"
    started = time.process_time()
    assert one(head.encode() + b"reed\xe9" * 20_000).text
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "text",
    [
        "From: <Saved by Blink>\nSnapshot-Content-Location: x\nSubject: x\nDate: x\nMIME-Version: 1.0\n\n",
        "From here on it is quiet.\nTo the hill.\n",
        "name: x\nversion: 1\nauthor: y\n\n",
        "HTTP/1.1 200 OK\nDate: x\nContent-Type: text/html\n\n",
        "[12:00] <wren> From: me\n",
        "",
    ],
)
def test_other_text_is_not_claimed(text: str) -> None:
    assert READER.claims(Bytes(text.encode())) is None


FIELDS = st.sampled_from(
    [
        b"From: ",
        b"To: ",
        b"Date: ",
        b"Subject: ",
        b"Content-Type: ",
        b"Content-Disposition: ",
        b"\n",
        b"\n\n",
        b"=?utf-8?b?",
        b"multipart/mixed; boundary=b",
        b"--b\n",
        b"--b--",
        b"message/rfc822",
        b"text/html; charset=",
        b'filename*0*="',
        b"x@y",
        b"Content-Transfer-Encoding: base64\n",
        b"x-uuencode\n",
        b"begin 644 a\n",
        b"(((",
        b'"',
        b"<",
        b"From a 12:00\n",
        b"\xff",
        b"\0",
    ]
)


@given(st.one_of(st.binary(max_size=300), st.lists(FIELDS, max_size=30).map(b"".join)))
@example(b"Content-Type: message/rfc822\n\n")
@example(b"Content-Type: multipart/mixed\n\n--")
@example(b"From: " + b"(" * 3000)
@example(b"Content-Disposition: attachment; filename*=x'y\n\n")
@example(b"From a 12:00\n")
def test_any_bytes_are_survived(data: bytes) -> None:
    for prefix in (
        b"",
        b"From: a@example.org\nTo: b@example.org\nSubject: x\n",
        b"From a@b Mon Nov 15 12:18:01 2004\n",
    ):
        source = Bytes(prefix + data)
        READER.claims(source)
        traces, _ = read_all(READER, prefix + data)
        msgspec.msgpack.encode(traces)
        for member in CONTAINER.members(source, Notes()):
            assert member.open
            assert len(member.open().read()) == member.size


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared test material is absent")
def test_the_shared_mail_box() -> None:
    traces, notes = read_all(READER, (SHARED / "test_mbox.mbox").read_bytes())
    assert (len(traces), notes.said) == (8, [])
    assert traces[0].text.startswith("Peso da esfera de a\u00e7o: 12,84 g")
    assert traces[1].conversation == traces[2].conversation, "an answer stands in the thread of its question"
    assert [share.name for share in traces[4].shares] == ["Qual\u00e9am\u00fasica.zip"]
    (multipart,), _ = read_all(READER, (SHARED / "test_rfc822Multipart").read_bytes())
    assert [share.name for share in multipart.shares] == ["logo.gif"]

"""Mail as a container: messages out of a file (one RFC 5322 message, or an mbox), and what is attached to them.

Sources: RFC 5322, RFC 2045-2047, RFC 2183, RFC 4155 (mbox). The standard library's parser is used with the
``compat32`` policy: the newer one parses every header eagerly and fails on malformed ones. Its cost grows with depth
times length, so that deeply nested messages are read by their headers only.
"""

import io
import re
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.generator import BytesGenerator  # Message.as_bytes() would import it inside a locked worker
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from functools import partial
from typing import BinaryIO, NamedTuple, TypeVar

from trackway.model.source import Member, Report, Source

MESSAGE_LIMIT = 64 << 20
"""Bytes of one message; a longer one is passed over and said so."""
NESTING_LIMIT = 200
"""Multipart declarations in one message."""
PARTS_LIMIT = 1000
HEADER_LIMIT = 65536
"""Characters of one header that are looked at."""

_PIECE = 65536
_NEWLINES = (b"\n", b"\r\n")
_SEPARATOR = re.compile(rb"From [^\r\n]{0,400}?\d{1,2}:\d{2}(?::\d{2})?[^\r\n]{0,100}\r?\n?$")
_FIELD = re.compile(rb"([!-9;-~]{1,76})[ \t]*:")
_BLANK = re.compile(rb"\r?\n\r?\n")
_MULTIPART = re.compile(rb"(?i)multipart/")
_SENDER = {b"from", b"sender", b"return-path", b"received", b"delivered-to"}
_KNOWN = _SENDER | {b"to", b"cc", b"bcc", b"subject", b"date", b"message-id", b"mime-version", b"content-type"}
_KNOWN |= {b"in-reply-to", b"references", b"reply-to", b"x-originating-ip", b"x-mailer", b"user-agent", b"status"}
_NO_MAIL = {b"snapshot-content-location"}
_UNSAFE_CODECS = {"punycode", "idna", "undefined"}
"""Codecs whose cost is quadratic, or that never work."""


T = TypeVar("T")


class Frame(NamedTuple):
    """Message ``number`` (from 1) of a file; ``raw`` is None where it is longer than MESSAGE_LIMIT."""

    number: int
    raw: bytes | None


class Attachment(NamedTuple):
    """A part that is a file. ``name`` as the mail gives it ("" where it gives none), ``data`` decoded."""

    name: str
    content_type: str
    data: bytes


def claims(source: Source) -> str | None:
    """Header fields of a mail at the beginning, behind an mbox separator or without one."""
    lines = source.head[:32768].removeprefix(b"\xef\xbb\xbf").split(b"\n")
    separated = _SEPARATOR.match(lines[0] + b"\n") is not None
    names: set[bytes] = set()
    for line in lines[separated:]:
        if not line.strip():
            break
        field = _FIELD.match(line)
        if field is not None:
            names.add(field[1].lower())
        elif not names or not (line[:1] in (b" ", b"\t") or line.startswith(b">From ")):
            return None
    known = names & _KNOWN
    if len(known) < (2 if separated else 3) or not known & _SENDER or names & _NO_MAIL:
        return None
    return "an mbox separator and header fields of a mail" if separated else "header fields of a mail"


def frames(source: Source) -> Iterator[Frame]:
    """The messages of the file, in order, each held alone in memory."""
    with source.open() as stream:
        first = stream.readline(_PIECE)
        if _SEPARATOR.match(first) is None:
            raw = first + stream.read(MESSAGE_LIMIT + 1 - len(first))
            yield Frame(1, raw if len(raw) <= MESSAGE_LIMIT else None)
            return
        for number, raw_or_none in enumerate(_mbox(stream), start=1):
            yield Frame(number, raw_or_none)


def _mbox(stream: BinaryIO) -> Iterator[bytes | None]:
    """The messages behind each separator line that follows a blank line (RFC 4155)."""
    pieces: list[bytes] = []
    size = 0
    blank, ended = False, True
    while piece := stream.readline(_PIECE):
        if blank and piece.startswith(b"From ") and _SEPARATOR.match(piece) is not None:
            yield b"".join(pieces) if size <= MESSAGE_LIMIT else None
            pieces, size = [], 0
        else:
            size += len(piece)
            if size <= MESSAGE_LIMIT:
                pieces.append(piece)
            elif pieces:
                pieces = []
        blank = ended and piece in _NEWLINES
        ended = piece.endswith(b"\n")
    yield b"".join(pieces) if size <= MESSAGE_LIMIT else None


def parsed(raw: bytes) -> tuple[Message, bool]:
    """The message, and whether its body was parsed too (not where it is nested beyond NESTING_LIMIT)."""
    if len(_MULTIPART.findall(raw)) <= NESTING_LIMIT:
        try:
            return message_from_bytes(raw, policy=policy.compat32), True
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError):
            pass  # the standard library's own faults on malformed mail
    return BytesHeaderParser(policy=policy.compat32).parsebytes(header_of(raw)[: 1 << 20]), False


def header_of(raw: bytes) -> bytes:
    """The message up to its first blank line."""
    end = _BLANK.search(raw)
    return raw if end is None else raw[: end.start()]


def leaves(message: Message) -> Iterator[Message]:
    """Parts that are no multipart; an attached message is one part and is not stepped into. At most PARTS_LIMIT."""
    waiting: list[object] = [message]
    for _ in range(PARTS_LIMIT):
        if not waiting:
            return
        part = waiting.pop()
        if not isinstance(part, Message):
            continue
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting.extend(reversed(list(part.get_payload())))
        else:
            yield part


def is_attachment(part: Message) -> bool:
    """A part with a file name, one marked as attachment, and any that is not text."""
    if part.get_content_maintype() != "text" or file_name(part):
        return True
    return tried(lambda: part.get_content_disposition() == "attachment", False)


def attachments(message: Message) -> Iterator[Attachment]:
    """The files that a message carries, in order."""
    for part in leaves(message):
        if is_attachment(part) and (data := content(part)) is not None:
            yield Attachment(file_name(part), part.get_content_type(), data)


def content(part: Message) -> bytes | None:
    """Decoded bytes of a part; of an attached message its own source text. None where there are none."""
    if part.is_multipart():  # asked first: get_payload() of a text part decodes it, in whatever charset it states
        inner = next((one for one in part.get_payload() if isinstance(one, Message)), None)
        return tried(partial(_source_text, inner), None) if inner is not None else None
    decoded = tried(lambda: part.get_payload(decode=True), None)
    return decoded if isinstance(decoded, bytes) else None


def _source_text(message: Message) -> bytes:
    out = io.BytesIO()
    BytesGenerator(out, mangle_from_=False, policy=policy.compat32).flatten(message)
    return out.getvalue()


def file_name(part: Message) -> str:
    """The name that the mail gives a part, RFC 2231 and RFC 2047 decoded; "" where it gives none."""
    return unfolded(tried(part.get_filename, None) or "")[:1000].strip()


def decode_text(data: bytes, charset: str | None) -> str:
    """Text in a stated charset; where that is unknown or wrong, UTF-8, else Windows-1252."""
    for name in (charset, "utf-8", "cp1252"):
        if name and name.lower().replace("-", "_") not in _UNSAFE_CODECS:
            try:
                return data.decode(name)
            except (UnicodeError, LookupError, ValueError):
                continue
    return data.decode("latin-1")


def headers(message: Message, name: str) -> list[str]:
    """The values of a header field, unfolded, encoded words left as they are; raw 8-bit text decoded."""
    wanted = name.lower()
    values = (str(value)[:HEADER_LIMIT] for key, value in message.raw_items() if key.lower() == wanted)
    return [
        re.sub(r"\r?\n[ \t]?", " ", decode_text(value.encode("utf-8", "surrogateescape"), None)).strip()
        for value in values
    ]


def unfolded(value: str) -> str:
    """A header's text with its encoded words decoded (RFC 2047); as it stands where they are malformed."""
    if "=?" not in value or len(value) > 4000:
        return value
    nothing: list[tuple[bytes | str, str | None]] = []
    chunks = tried(lambda: decode_header(value), nothing)
    return (
        "".join(chunk if isinstance(chunk, str) else decode_text(chunk, charset) for chunk, charset in chunks) or value
    )


def tried(call: Callable[[], T], otherwise: T) -> T:
    """What ``call`` gives, or ``otherwise``: the standard library raises many types on malformed headers."""
    try:
        return call()
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        return otherwise


def _member_name(attachment: Attachment, number: int, taken: set[str]) -> str:
    """One path component: no separator, no control sign, not taken in this message yet."""
    name = re.sub(r"[\x00-\x1f\x7f/\\:]", "_", attachment.name).strip(". ")[-180:]
    if not name:
        ending = re.sub(r"[^a-z0-9]", "", attachment.content_type.partition("/")[2])[:10]
        name = f"part-{number}.{ending or 'bin'}"
    while name in taken:
        name = f"{number}-{name}"
    taken.add(name)
    return name


def members(source: Source, report: Report) -> Iterator[Member]:
    """Attachments as files, path "<number of the message>/<name>". What cannot be read is reported by the reader."""
    for frame in frames(source):
        if frame.raw is None:
            continue
        message, _ = parsed(frame.raw)
        taken: set[str] = set()
        for number, attachment in enumerate(attachments(message), start=1):
            name = _member_name(attachment, number, taken)
            yield Member(f"{frame.number}/{name}", partial(io.BytesIO, attachment.data), len(attachment.data))

"""Identifiers that stand in the text of a trace: found by shape, kept only where a library or a checksum accepts them.

``enrich`` runs on every trace of every reader, so a text without candidates must cost next to nothing: ``_may_hold``
decides. All patterns are linear: each begins at a boundary that its own characters cannot contain, and has bounded
repeats.

Sources: E.164 (phonenumbers), RFC 5321/6531 (email-validator, no DNS), RFC 3986, rend-spec-v3 (onion checksum),
RFC 4880 section 12.2 (key fingerprints), addresses in ``measure.wallets``.
"""

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterator

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from msgspec.structs import replace

from trackway.measure.wallets import wallets
from trackway.model.trace import Digests, Identifier, IdentifierKind, Share, Trace

TEXT_LIMIT = 1 << 20
"""Characters of one text that are searched."""

FOUND_LIMIT = 200
"""Candidates of one kind that are checked in one text."""

# Region tables and the IDNA table are files that the libraries open at first use; a locked worker cannot open any.
phonenumbers.PhoneMetadata.load_all()
validate_email("a@b\u00fccher.de", check_deliverability=False)

Found = tuple[IdentifierKind, str]

_LONG_WORD = re.compile(r"[0-9A-Za-z]{25}")
_NUMBERS = re.compile(r"[0-9](?:\.[0-9]{1,3}\.[0-9]|[0-9A-Fa-f]{0,3}[ \t\u00a0]{1,2}[0-9A-Fa-f]{4}[ \t\u00a0])")
_PLUS = re.compile(r"\+\d")
_COLONS = re.compile(r"[0-9A-Fa-f]:[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]")
_NO_LOCAL = r"\s@<>()\[\],;:\"\\"
_MAIL = re.compile(rf"(?<![^{_NO_LOCAL}])(?<!@)[^{_NO_LOCAL}]{{1,64}}@(?:[\w-]{{1,63}}\.){{1,8}}[^\W\d_][\w-]{{1,62}}")
_PHONE = re.compile(r"(?<![\w+])\+\d(?:[ ().\-/\u00a0]{0,2}\d){6,14}(?!\d)")
_NATIONAL = re.compile(r"(?<![\w+.:/])\(?0\d(?:[ ().\-/\u00a0]{0,2}\d){6,12}(?![\w:])")
_IPV4 = re.compile(r"(?<![\w.\-])(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?(?![\w\-]|\.\d)")
_IPV6 = re.compile(
    r"(?<![\w:.\[])(?:\[([0-9A-Fa-f:.]{2,45})\](?::(\d{1,5}))?|([0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}))(?![\w:])"
)
_URL = re.compile(r"(?<![A-Za-z0-9+.\-])([A-Za-z][A-Za-z0-9+.\-]{1,20})://([^\s<>\"`{}|\\^\x00-\x1f]{1,2048})")
_ONION = re.compile(r"(?i)(?<![a-z2-7])([a-z2-7]{56})\.onion(?![\w-])")
_FINGERPRINT = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{4}[ \t\u00a0]{0,2}){9}[0-9A-Fa-f]{4}(?![0-9A-Fa-f])")
_KEY_WORD = re.compile(r"(?i)(?:pgp|gpg|fingerprint|vingerafdruk|key|sleutel)")
_KEY_BLOCK = re.compile(r"(?s)-----BEGIN PGP PUBLIC KEY BLOCK-----(.{1,65536}?)(?:-----END|\Z)")
_DIGEST = re.compile(r"(?<![0-9A-Za-z|])(?<!btih:)(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])")
_INSIDE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
_TRAILING = ".,;:!?'\u2019\u201d\u2026*_"
_NEAR = 80


def enrich(trace: Trace, region: str | None = None) -> Trace:
    """The trace with the identifiers that its text mentions (role ``mentioned``), each once, in order of kind.

    ``region`` ("NL") also admits telephone numbers in that country's national form. A file digest in the text becomes
    a share of kind ``record_only``: an act of the writer (CONTRACT.md). The subject of a mail is searched too."""
    text = trace.text
    if trace.kind == "mail" and trace.fields.get("subject"):
        text = f"{trace.fields['subject']}\n{text}"
    if not _may_hold(text) and (region is None or _NATIONAL.search(text) is None):
        return trace
    known = {(one.kind, one.value) for one in trace.identifiers}
    new = [Identifier(kind, value) for kind, value in find(text, region) if (kind, value) not in known]
    shares = _digest_shares(text, trace.shares)
    if not new and not shares:
        return trace
    return replace(trace, identifiers=trace.identifiers + tuple(new), shares=trace.shares + shares)


def _may_hold(text: str) -> bool:
    """Whether a text can hold an identifier at all. Plain searches first: they cost a tenth of a pattern."""
    return (
        "@" in text
        or "://" in text
        or "::" in text
        or _NUMBERS.search(text) is not None
        or (len(text) >= 25 and _LONG_WORD.search(text) is not None)
        or ("+" in text and _PLUS.search(text) is not None)
        or (text.count(":") > 1 and _COLONS.search(text) is not None)
    )


def find(text: str, region: str | None = None) -> list[Found]:
    """(kind, normalised value) of every identifier in ``text``, each once."""
    text = text[:TEXT_LIMIT]
    found: dict[Found, None] = {}
    rest = text
    if "://" in text:
        found.update(dict.fromkeys(_urls(text)))
        rest = _URL.sub(" ", text)
    if "@" in rest:
        found.update(dict.fromkeys(_mails(rest)))
    found.update(dict.fromkeys(_phones(rest, region)))
    found.update(dict.fromkeys(_addresses(rest)))
    if ".onion" in rest.lower():
        found.update(dict.fromkeys(("host", host) for host in map(str.lower, _onions(rest))))
    found.update(dict.fromkeys(("pgp", value) for value in _fingerprints(text)))
    found.update(dict.fromkeys(("wallet", value) for value in wallets(text)[:FOUND_LIMIT]))
    return list(found)


def mail(address: str) -> str | None:
    """The address in lower case where it is well formed (no DNS is asked), else None."""
    try:
        # Reserved domains (.test, .onion) pass: what evidence says is not ours to find undeliverable.
        valid = validate_email(address, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except (EmailNotValidError, ValueError):
        return None
    return valid.normalized.lower()


def phone(number: str, region: str | None = None) -> str | None:
    """E.164 of a possible and valid number ("+31612345678"), else None. Without ``region`` it must begin with +."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def onion_valid(host: str) -> bool:
    """A version 3 onion address ("<56 signs>.onion") whose SHA3-256 checksum holds (rend-spec-v3, section 6)."""
    label = host.removesuffix(".onion").upper()
    if len(label) != 56:
        return False
    try:
        data = base64.b32decode(label)
    except binascii.Error:
        return False
    key, checksum, version = data[:32], data[32:34], data[34:]
    return version == b"\x03" and hashlib.sha3_256(b".onion checksum" + key + version).digest()[:2] == checksum


def _bounded(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for _, match in zip(range(FOUND_LIMIT), pattern.finditer(text), strict=False):
        yield match


def _mails(text: str) -> Iterator[Found]:
    for match in _bounded(_MAIL, text):
        if (value := mail(match.group().lstrip("'*_=").rstrip("-_"))) is not None:
            yield "mail", value


def _phones(text: str, region: str | None) -> Iterator[Found]:
    if "+" in text:
        for match in _bounded(_PHONE, text):
            if (value := phone(match.group())) is not None:
                yield "phone", value
    if region is not None:
        for match in _bounded(_NATIONAL, text):
            if (value := phone(match.group(), region)) is not None:
                yield "phone", value


def address(host: str, port: str | None) -> Found | None:
    """("ip-port", "192.0.2.1:443" or "[2001:db8::1]:443"), or ("ip", address) without port.

    None where it is none, and for addresses inside a private network or machine, which tell nobody apart."""
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    if ip.is_unspecified or ip.is_loopback or ip.is_link_local or ip.is_multicast or _is_inside(ip):
        return None
    if port is None:
        return "ip", str(ip)
    if not 0 < int(port) < 65536:
        return None
    return "ip-port", f"[{ip}]:{int(port)}" if ip.version == 6 else f"{ip}:{int(port)}"


def _is_inside(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """An address of a private network (RFC 1918, RFC 4193): the same one stands in a million homes."""
    return any(ip in net for net in _INSIDE if net.version == ip.version)


def _addresses(text: str) -> Iterator[Found]:
    for match in _bounded(_IPV4, text):
        if (found := address(match[1], match[2])) is not None:
            yield found
    if text.count(":") < 2:
        return
    for match in _bounded(_IPV6, text):
        host = match[1] or match[3]
        # "a::b" is well formed but in a chat it is code; an address that names somebody has a digit and some length.
        if (
            (len(host) > 6 and any(sign.isdigit() for sign in host))
            and ":" in host
            and (found := address(host, match[2]))
        ):
            yield found


def _urls(text: str) -> Iterator[Found]:
    for match in _bounded(_URL, text):
        scheme, rest = match[1].lower(), match[2].rstrip(_TRAILING)
        for opening, closing in ("()", "[]"):
            while rest.endswith(closing) and rest.count(closing) > rest.count(opening):
                rest = rest[:-1].rstrip(_TRAILING)
        place, slash, path = rest.partition("/")
        if not place:
            continue
        user, at, host_port = place.rpartition("@")
        yield "url", f"{scheme}://{user}{at}{host_port.lower()}{slash}{path}"
        yield from _hosts(re.split(r"[?#]", host_port, maxsplit=1)[0].lower())


def _hosts(host_port: str) -> Iterator[Found]:
    """The host of an address on the web: an IP (with its port, where one stands), or a name."""
    match = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]]+))(?::(\d{1,5}))?", host_port)
    if match is None:
        return
    host, port = match[1] or match[2], match[3]
    if (found := address(host, port)) is not None:
        yield found
    elif host.endswith(".onion"):
        label = host.split(".")[-2]
        if onion_valid(f"{label}.onion"):
            yield "host", f"{label}.onion"
    elif re.fullmatch(r"(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}\.?", host):
        yield "host", host.rstrip(".")


def _onions(text: str) -> Iterator[str]:
    for match in _bounded(_ONION, text):
        if onion_valid(host := match.group().lower()):
            yield host


def _fingerprints(text: str) -> Iterator[str]:
    for match in _bounded(_FINGERPRINT, text):
        if _KEY_WORD.search(text, max(0, match.start() - _NEAR), match.start()):
            yield re.sub(r"\s", "", match.group()).upper()
    if "BEGIN PGP PUBLIC" in text:
        for match in _bounded(_KEY_BLOCK, text):
            if (value := key_fingerprint(match[1])) is not None:
                yield value


def key_fingerprint(armoured: str) -> str | None:
    """Fingerprint (40 hexadecimal signs, upper case) of the version 4 key that an armoured block begins with."""
    body = re.split(r"\r?\n[ \t]*\r?\n", armoured, maxsplit=1)[-1]
    signs = re.sub(r"\s", "", body.split("\n=", 1)[0])
    try:
        data = base64.b64decode(signs[: len(signs) // 4 * 4])
    except binascii.Error:
        return None
    if len(data) < 6:
        return None
    tag, first = data[0], data[1]
    if tag & 0xC0 == 0xC0 and tag & 0x3F == 6:  # new packet format
        if first < 192:
            start, size = 2, first
        elif first < 224:
            start, size = 3, ((first - 192) << 8) + data[2] + 192
        else:
            return None
    elif tag & 0xC0 == 0x80 and tag >> 2 & 15 == 6 and tag & 3 < 2:  # old packet format
        width = 1 + (tag & 3)
        start, size = 1 + width, int.from_bytes(data[1 : 1 + width], "big")
    else:
        return None
    packet = data[start : start + size]
    if len(packet) != size or not packet.startswith(b"\x04"):
        return None
    return hashlib.sha1(b"\x99" + size.to_bytes(2, "big") + packet).hexdigest().upper()


def _digest_shares(text: str, known: tuple[Share, ...]) -> tuple[Share, ...]:
    """File digests that stand in the text, but for those that the record gives already and key fingerprints."""
    if len(text) < 32:
        return ()
    given = {value for share in known if (d := share.digests) for value in (d.md5, d.sha1, d.sha256)}
    keys = set(_fingerprints(text))
    found: dict[str, Share] = {}
    for match in _bounded(_DIGEST, _URL.sub(" ", text[:TEXT_LIMIT])):  # in a URL it is a page, a commit, a session
        value = match.group().lower()
        if value in given or value.upper() in keys or len(set(value)) < 6:
            continue
        kind = {32: "md5", 40: "sha1", 64: "sha256"}[len(value)]
        found[value] = Share("record_only", act=f"text:{value}", digests=Digests(**{kind: value}))
    return tuple(found.values())

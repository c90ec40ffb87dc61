"""Identifiers in text: found, normalised, and nothing that only looks like one."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackway.measure.wallets import wallets
from trackway.model.trace import Digests, Identifier, Share, Trace
from trackway.readers.identifiers import enrich, find, key_fingerprint, onion_valid

SHARED = Path(__file__).parents[3] / "shared" / "data" / "irc"
ONION = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"
FINGERPRINT = "EB4C 1BFD 4F04 2F6D DDCC  EC91 7721 F63B D38B 4796"
BARE = FINGERPRINT.replace(" ", "")
DOC6 = "2001:db8::1"

CASES = [
    ("mail me at Wren.Reed+birds@Example.ORG.", [("mail", "wren.reed+birds@example.org")]),
    (
        "<owl@b\u00fccher.example>, or (owl@marsh.test)",
        [("mail", "owl@b\u00fccher.example"), ("mail", "owl@marsh.test")],
    ),
    ("call +31 6 1234 5678 or +31612345678", [("phone", "+31612345678")]),
    ("in words: +1 (212) 555-2368!", [("phone", "+12125552368")]),
    ("from 192.0.2.1:443 and 198.51.100.7", [("ip-port", "192.0.2.1:443"), ("ip", "198.51.100.7")]),
    ("via [2001:DB8::1]:443 or 2001:db8:0:0::7", [("ip-port", f"[{DOC6}]:443"), ("ip", "2001:db8::7")]),
    (
        "see https://Host.Example.org/a(b)?c=1).",
        [("url", "https://host.example.org/a(b)?c=1"), ("host", "host.example.org")],
    ),
    ("http://192.0.2.1:8080/x, ok", [("url", "http://192.0.2.1:8080/x"), ("ip-port", "192.0.2.1:8080")]),
    ("ftp://[2001:db8::1]/x", [("url", "ftp://[2001:db8::1]/x"), ("ip", DOC6)]),
    (f"http://www.{ONION}/x", [("url", f"http://www.{ONION}/x"), ("host", ONION)]),
    (f"or bare: {ONION.upper()}!", [("host", ONION)]),
    (f"my pgp fingerprint is {FINGERPRINT}", [("pgp", BARE)]),
    (f"key: {BARE.lower()}", [("pgp", BARE)]),
]


@pytest.mark.parametrize(("text", "found"), CASES)
def test_identifiers_are_found_and_normalised(text: str, found: list[tuple[str, str]]) -> None:
    assert find(text) == found
    assert [(i.kind, i.value, i.role) for i in enrich(Trace("message", "x", text=text)).identifiers] == [
        (kind, value, "mentioned") for kind, value in found
    ]


@pytest.mark.parametrize(
    "text",
    [
        "see you at 12:18:01, a::b, std::vector, user@localhost, @wren, a@b",
        "version 1.2.3.4.5 or 300.1.2.3 or lib-1.2.3.4, 1.2.3",
        "at home: 192.168.1.1, 10.0.0.1:80, 127.0.0.1, ::1, fe80::1234:5678",
        "port 192.0.2.1:99999",
        "+1 234, +0000000000, 0612345678",
        ONION.replace("2gz", "3gz"),
        f"http://{'a' * 56}.onion".replace("http://", ""),
        BARE[:-1] + " key",
        "a://",
    ],
)
def test_what_only_looks_like_one_is_left(text: str) -> None:
    assert find(text) == []


def test_national_numbers_need_a_region() -> None:
    assert find("bel 06-12345678 of (020) 123 4567") == []
    assert find("bel 06-12345678 of (020) 123 4567", "NL") == [("phone", "+31612345678"), ("phone", "+31201234567")]


VALID_WALLETS = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",  # the first block of Bitcoin
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",  # P2SH, from the Bitcoin wiki
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",  # BIP-173
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",  # BIP-350
    "bc1sw50qgdz25j",  # BIP-350
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs",  # BIP-350
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",  # BIP-350, taproot
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",  # EIP-55
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",  # EIP-55
    "LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1",  # Litecoin
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",  # Tron
    "4AdUndXHHZ6cfufTMvppY6JwXNouMBzSkbLYfpAV5Usx3skxNgYeYTRj5UzqtReoS44qo9mtmXCqY45DJ852K5Jv2684Rge",  # Monero
]
INVALID_WALLETS = [
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",  # BIP-350: bech32m for version 0
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",  # BIP-350: sign outside the set
    "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R",  # BIP-350: bech32 for version 1
    "bc1pw5dgrnzv",  # BIP-350: program too short
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",  # BIP-350: too long
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",  # BIP-173: length of version 0
    "bc1gmk9yu",  # BIP-173: empty
    "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7",  # test net: no money
]


@pytest.mark.parametrize("address", VALID_WALLETS)
def test_wallets_whose_checksum_holds(address: str) -> None:
    assert wallets(f"send to {address}, thanks") == [address]
    assert wallets(f"x{address}") == [], "a part of a longer word is no address"


@pytest.mark.parametrize("address", [address for address in VALID_WALLETS if len(address) >= 26])
def test_no_wallet_slips_past_the_first_glance(address: str) -> None:
    trace = enrich(Trace("message", "x", text=f"to {address}"))
    assert [(i.kind, i.value) for i in trace.identifiers] == [("wallet", address)]


@pytest.mark.parametrize("address", INVALID_WALLETS)
def test_wallets_that_do_not_hold(address: str) -> None:
    assert wallets(f"send to {address}, thanks") == []


@pytest.mark.parametrize("address", VALID_WALLETS)
@given(data=st.data())
def test_one_wrong_sign_is_refused(address: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(4, len(address) - 1))
    sign = data.draw(st.sampled_from("23456789ac"))
    wrong = address[:place] + sign + address[place + 1 :]
    if wrong.lower() != address.lower():
        assert wallets(f"send to {wrong}, thanks") == []


def test_an_ethereum_address_in_one_case_needs_its_currency_named() -> None:
    plain = VALID_WALLETS[7].lower()
    assert wallets(f"send it to {plain}") == []
    assert wallets(f"my eth: {plain}") == [VALID_WALLETS[7]]


def test_bech32_in_capitals_is_the_same_address() -> None:
    assert wallets(VALID_WALLETS[2].upper()) == [VALID_WALLETS[2]]


def test_onion_checksum() -> None:
    assert onion_valid(ONION)
    assert not onion_valid("a" * 56 + ".onion")
    assert not onion_valid("short.onion")


# The primary key of draft-bre-openpgp-samples (Alice), whose fingerprint that draft publishes.
ALICE = "EB85BB5FA33A75E15E944E63F231550C4F47E38E"
KEY_BLOCK = """-----BEGIN PGP PUBLIC KEY BLOCK-----
Version: none-1

mDMEXEcE6RYJKwYBBAHaRw8BAQdArjWwk3FAqyiFbFBKT4TzXcVBqPTB3gmzlC/U
b7O1u10=
=abcd
-----END PGP PUBLIC KEY BLOCK-----
"""


def test_a_key_block_gives_its_fingerprint() -> None:
    assert find("my key\n" + KEY_BLOCK) == [("pgp", ALICE)]
    assert key_fingerprint("not base64 at all") is None
    assert key_fingerprint("mDMEXEcE6RYJ") is None, "a cut key has no fingerprint"


MD5 = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "digests"),
    [
        (f"it is {MD5.upper()}.", [Digests(md5=MD5)]),
        (f"{MD5}{MD5[:8]} and {MD5}{MD5}", [Digests(sha1=MD5 + MD5[:8]), Digests(sha256=MD5 + MD5)]),
        (f"{MD5} {MD5}", [Digests(md5=MD5)]),
        (f"https://example.org/{MD5}", []),
        (f"magnet:?xt=urn:btih:{MD5}{MD5[:8]}", []),
        (f"key {BARE}", []),
        ("0" * 32, []),
        ("x" + MD5, []),
    ],
)
def test_a_digest_in_a_text_is_an_act_of_its_writer(text: str, digests: list[Digests]) -> None:
    shares = enrich(Trace("message", "x", text=text)).shares
    assert [share.digests for share in shares] == digests
    assert {share.kind for share in shares} <= {"record_only"}
    assert len({share.act for share in shares}) == len(shares)


def test_what_the_record_itself_gives_is_not_repeated() -> None:
    own = Identifier("mail", "wren@example.org", "own")
    share = Share("sent", digests=Digests(md5=MD5))
    trace = Trace("message", "x", text=f"wren@example.org {MD5}", identifiers=(own,), shares=(share,))
    assert enrich(trace) is trace


def test_the_subject_of_a_mail_is_searched_too() -> None:
    trace = enrich(Trace("mail", "x", text="hello", fields={"subject": "for owl@example.org"}))
    assert [i.value for i in trace.identifiers] == ["owl@example.org"]


HOSTILE = [
    "a@",
    "@a",
    "a.",
    "1.",
    "1:",
    ":",
    "+1 ",
    "+1",
    "a://",
    "0x",
    "bc1",
    "1",
    "A1 ",
    "ABCD ",
    "(",
    "06",
    "-----BEGIN PGP PUBLIC KEY BLOCK-----",
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_costs_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    started = time.process_time()
    enrich(Trace("message", "x", text=text), "NL")
    assert time.process_time() - started < 5


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    once = enrich(Trace("message", "x", text=text))
    assert enrich(once) == once, "enriching again adds nothing"


@pytest.mark.skipif(not SHARED.is_dir(), reason="shared test material is absent")
def test_the_public_logs_cost_little() -> None:
    """A bound far above what it takes (some 5 microseconds a line), to catch a pattern gone wrong."""
    texts = [line for path in sorted(SHARED.glob("*-*-*.txt"))[:10] for line in path.read_text("latin-1").splitlines()]
    traces = [Trace("message", "x", text=text) for text in texts]
    started = time.process_time()
    for trace in traces:
        enrich(trace)
    assert (time.process_time() - started) / len(traces) < 100e-6

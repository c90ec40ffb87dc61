"""Wallet addresses whose checksum holds, and nothing else.

Sources: Bitcoin base58check; BIP-173 (bech32), BIP-350 (bech32m), BIP-141 (witness programs); EIP-55; Monero's
cryptonote base58 with legacy Keccak-256. The formats' own published vectors are in tests/readers/test_identifiers.py.
"""

import hashlib
import re

from Crypto.Hash import keccak

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUE58 = {sign: value for value, sign in enumerate(_BASE58)}
_VERSIONS = frozenset({0x00, 0x05, 0x1E, 0x30, 0x32, 0x41})
"""base58check, 20-byte payload: Bitcoin P2PKH and P2SH, Dogecoin, Litecoin P2PKH and P2SH, Tron."""

_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUE32 = {sign: value for value, sign in enumerate(_BECH32)}
_BECH32_CONST, _BECH32M_CONST = 1, 0x2BC830A3
_HUMAN_PARTS = frozenset({"bc", "ltc"})

_MONERO_PREFIXES = {18: 69, 19: 77, 42: 69}
"""Standard, integrated, subaddress -> bytes in all."""
_MONERO_BLOCKS = {2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}
"""Signs of one base58 block -> its bytes."""

_CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?P<bech>(?:[bB][cC]|[lL][tT][cC])1[0-9a-zA-Z]{8,87})"
    r"|(?P<eth>0x[0-9a-fA-F]{40})"
    r"|(?P<monero>[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?)"
    r"|(?P<b58>[13LMDT][1-9A-HJ-NP-Za-km-z]{25,34})"
    r")(?![A-Za-z0-9])"
)
_ETHER_WORD = re.compile(r"(?i)\b(?:eth|ether|ethereum|erc-?20|usdt|usdc|wallet|metamask|0x-?address)\b")


def wallets(text: str) -> list[str]:
    """Addresses in ``text``, normalised (bech32 in lower case, Ethereum in EIP-55 form), in order, each once.

    An Ethereum address in one case carries no checksum: it counts only where the text also names the currency."""
    found: dict[str, None] = {}
    for match in _CANDIDATE.finditer(text):
        value = match.group()
        normal: str | None = None
        if match.lastgroup == "bech":
            normal = value.lower() if segwit_valid(value) else None
        elif match.lastgroup == "eth":
            normal = _ether(value, text)
        elif match.lastgroup == "monero":
            normal = value if monero_valid(value) else None
        else:
            normal = value if base58check_valid(value) else None
        if normal is not None:
            found[normal] = None
    return list(found)


def base58check_valid(address: str) -> bool:
    """A 25-byte base58check address of a known version whose double SHA-256 checksum holds."""
    number = 0
    for sign in address:
        value = _VALUE58.get(sign)
        if value is None:
            return False
        number = number * 58 + value
    zeros = len(address) - len(address.lstrip("1"))
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    data = b"\0" * zeros + body
    if len(data) != 25 or data[0] not in _VERSIONS:
        return False
    return hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] == data[21:]


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            if top >> bit & 1:
                check ^= generator
    return check


def segwit_valid(address: str) -> bool:
    """A segregated-witness address: bech32 for witness version 0, bech32m above, lengths as BIP-141 and BIP-350 say."""
    if address not in (address.lower(), address.upper()) or len(address) > 90:
        return False
    human, _, tail = address.lower().rpartition("1")
    values = [_VALUE32.get(sign, -1) for sign in tail]
    if human not in _HUMAN_PARTS or len(values) < 8 or -1 in values:
        return False
    expanded = [ord(sign) >> 5 for sign in human] + [0] + [ord(sign) & 31 for sign in human]
    version, bits = values[0], 5 * (len(values) - 7)
    length, padding = divmod(bits, 8)
    unpadded = padding < 5 and values[-7] & ((1 << padding) - 1) == 0
    if version > 16 or not 2 <= length <= 40 or not unpadded or (version == 0 and length not in (20, 32)):
        return False
    return _polymod(expanded + values) == (_BECH32_CONST if version == 0 else _BECH32M_CONST)


def _keccak256(data: bytes) -> bytes:
    return bytes(keccak.new(digest_bits=256, data=data).digest())


def eip55(address: str) -> str:
    """The mixed-case form of an Ethereum address ("0x" and 40 hexadecimal signs)."""
    plain = address[2:].lower()
    digest = _keccak256(plain.encode()).hex()
    return "0x" + "".join(c.upper() if int(d, 16) >= 8 else c for c, d in zip(plain, digest, strict=False))


def _ether(address: str, text: str) -> str | None:
    plain, mixed = address[2:], eip55(address)
    if plain == mixed[2:]:
        return mixed
    one_case = plain in (plain.lower(), plain.upper())
    return mixed if one_case and _ETHER_WORD.search(text) else None


def monero_valid(address: str) -> bool:
    """A Monero main-net address (standard, integrated or subaddress) whose legacy Keccak-256 checksum holds."""
    data = b""
    for start in range(0, len(address), 11):
        block = address[start : start + 11]
        size, number = _MONERO_BLOCKS.get(len(block)), 0
        for sign in block:
            number = number * 58 + _VALUE58.get(sign, 1 << 70)
        if size is None or number >> (8 * size):
            return False
        data += number.to_bytes(size, "big")
    return _MONERO_PREFIXES.get(data[0]) == len(data) and _keccak256(data[:-4])[:4] == data[-4:]

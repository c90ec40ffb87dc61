"""What the readers of hash records share: digests, flags, times and texts as such records write them."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from trackway.model.source import Report
from trackway.model.times import EPOCH, instant_of, stated, wall_clock, zone_named
from trackway.model.trace import Digests, Moment

EMPTY_FILE = frozenset(
    {
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
)
"""MD5, SHA-1 and SHA-256 of the empty file: in many lists, and never a match (FORMATS.md, lessons)."""

LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "pdq": 64}
"""Hexadecimal digits of each digest that can be matched."""

HASH_NAMES = {
    "md5": "md5",
    "sha1": "sha1",
    "sha256": "sha256",
    "sha2256": "sha256",
    "pdq": "pdq",
    "pdqhash": "pdq",
    "photodna": "photodna",
    "pdna": "photodna",
    "photodnahash": "photodna",
}
"""Names of digests, spelt as ``plain`` spells them, and the field of ``Digests`` that they mean."""

PHOTODNA_LIMIT = 4096
"""Characters of a PhotoDNA value that are kept (base64 192, hexadecimal 288)."""

_HEX = re.compile(r"[0-9a-f]+\Z")
_DOTNET = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/\Z")
_SURROGATES = re.compile("[\ud800-\udfff]")
_YES = frozenset({"true", "yes", "y", "1", "t"})
_NO = frozenset({"false", "no", "n", "0", "f"})


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """A column or hash name without case, spaces and punctuation ("SHA-1" -> "sha1")."""
    return "".join(letter for letter in name.lower() if letter.isalnum())


def digest(kind: str, value: object) -> str | None:
    """A digest of that kind as lower-case hexadecimal; None where the value is not one."""
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if len(text) != LENGTHS[kind] or not _HEX.match(text):
        return None
    return text


def flag(value: object) -> bool | None:
    """A flag as records write it: a JSON boolean, 0 / 1, or a word in any case. Absent or unknown: None.

    The string "false" is false (a naive ``bool`` would mark a victim as identified)."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return value == 1
    if isinstance(value, str):
        word = value.strip().lower()
        return True if word in _YES else False if word in _NO else None
    return None


def text_of(value: object) -> str:
    """A value that may be a string, a number, an object with a Name, or a list of these, as one text."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        named = next((item for key, item in value.items() if str(key).lower() in ("name", "title")), None)
        return text_of(named)
    if isinstance(value, list):
        return "; ".join(filter(None, map(text_of, value)))
    return str(value)


def tags_of(value: object) -> tuple[str, ...]:
    """Tags from a list, or from one string separated by ``;`` or ``,``; order kept, repeats dropped."""
    parts = [text_of(item) for item in value] if isinstance(value, list) else re.split("[;,]", text_of(value))
    return tuple(dict.fromkeys(part for part in map(str.strip, parts) if part))


def moment_of(value: object, zone: str | None) -> Moment | None:
    """A time as written and the instant it was read as; no instant where the zone or the time is malformed.

    ``zone`` is the exhibit's, used for times that state none. Reads ISO 8601 and .NET ``/Date(ms)/``."""
    written = text_of(value)
    if not written:
        return None
    dotnet = _DOTNET.match(written)
    try:
        if dotnet:
            return stated(written, EPOCH + timedelta(milliseconds=int(dotnet[1])))
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return Moment(written, instant_of(moment.astimezone(UTC)))
        return wall_clock(written, moment, zone_named(zone))
    except (ValueError, OverflowError):
        return Moment(written, None, "none")


def sound(value: Any) -> Any:
    """A JSON value without lone surrogates, which no store can keep; each becomes U+FFFD."""
    if isinstance(value, str):
        return _SURROGATES.sub("�", value)
    if isinstance(value, list):
        return [sound(item) for item in value]
    if isinstance(value, dict):
        return {sound(key): sound(item) for key, item in value.items()}
    return value


def first_digest(digests: Digests) -> str:
    """The digest that names a record which has no id of its own."""
    return digests.md5 or digests.sha1 or digests.sha256 or digests.pdq or (digests.photodna or "")[:64]


class DigestTaker:
    """Takes digests out of records and counts what a whole list has too much or too little of.

    ``close`` says once, with the numbers, what was left out: digests of the empty file, PhotoDNA values."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._empty = 0
        self._photodna = 0

    def take(self, **stated_values: object) -> tuple[Digests | None, str]:
        """(the digests of one file or None, what was wrong with them or ""). Keywords: the fields of ``Digests``.

        None without a reason: the record holds the digest of the empty file, which is counted, not repeated."""
        found: dict[str, str | None] = {}
        wrong = []
        empty = False
        for kind, value in stated_values.items():
            if value is None or value == "":
                continue
            if kind == "photodna":
                found[kind] = text_of(value)[:PHOTODNA_LIMIT] or None
                continue
            hexadecimal = digest(kind, value)
            if hexadecimal is None:
                wrong.append(kind)
            elif hexadecimal in EMPTY_FILE:
                empty = True
            else:
                found[kind] = hexadecimal
        self._photodna += bool(found.get("photodna"))
        self._empty += empty
        reason = f"bad digest: {', '.join(wrong)}" if wrong else ""
        if any(found.values()):
            return Digests(**found), reason
        return None, reason or ("" if empty else "names no digest")

    def close(self) -> None:
        """Report the counts."""
        if self._empty:
            self._report.not_understood(
                "list", f"{self._empty} record(s) hold the digest of the empty file: left out, it identifies nothing"
            )
        if self._photodna:
            self._report.not_understood(
                "list", f"{self._photodna} PhotoDNA value(s) kept and counted, not matched: no free implementation"
            )

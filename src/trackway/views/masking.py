"""Names that may not leave unasked: the names of series, wherever they stand in an answer.

A series' name can carry a child's name, and it stands in file names, texts and notes in every spelling: any case, with
or without accents, any punctuation or none between its letters. Digests and ids are left whole: they carry none.
"""

import html
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, NamedTuple, get_origin

import msgspec
from msgspec import Struct

MASK = "▒▒▒"
START = 4
"""Letters of a name by which it is looked up. A name with fewer is masked only where it stands as a word."""
GAP = 3
"""Other signs that may stand between two letters of a name."""
_OWN = re.compile(
    r"(?:series|stack)-[0-9a-f]{16}|(?<![^\W_])(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})(?![^\W_])"
)
_SPELT = re.compile(r"\\u[0-9A-Fa-f]{4}|&(?:#x?[0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});|(?:[%=][0-9A-Fa-f]{2})+")
_OTHER = re.compile(r"[^0-9a-z]+")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?")


class Letter(NamedTuple):
    """A folded letter or digit: where it begins and ends in the text, and which sign of it it is."""

    letter: str
    start: int
    end: int
    sign: int


class Names:
    """The names that are masked in one consultation."""

    def __init__(self, names: Iterable[str]) -> None:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name in names:
            letters = "".join(one.letter for one in _letters(name))
            if letters:
                found[letters[:START]].add(letters)
        self._by_start = {start: sorted(held, key=lambda one: (-len(one), one)) for start, held in found.items()}
        self._short = sorted({len(start) for start in found if len(start) < START}, reverse=True)
        self._memo: dict[str, str] = {}

    def masked(self, text: str) -> str:
        """The text with every name in it replaced by ``MASK``."""
        if not self._by_start or not text:
            return text
        held = self._memo.get(text)
        if held is None:
            held = self._replaced(text) if self._may_hold(text) and not _MOMENT.fullmatch(text) else text
            if len(text) < 200:
                self._memo[text] = held
        return held

    def within(self, value: Any) -> Any:
        """An answer (structs, lists, mappings) with every text masked but for words of our own: what is a ``Literal``,
        and keys spelt like a field's name. A series may be named "media"."""
        if isinstance(value, str):
            return self.masked(value) if type(value) is str else value
        if isinstance(value, Struct):
            changed = {
                name: held
                for name in _open_fields(type(value))
                if (held := self.within(before := getattr(value, name))) is not before
            }
            return msgspec.structs.replace(value, **changed) if changed else value
        if isinstance(value, dict):
            return {self._key(key, value): self.within(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.within(one) for one in value]
        if isinstance(value, tuple):
            return tuple(self.within(one) for one in value)
        return value

    def _key(self, key: Any, among: dict[Any, Any]) -> Any:
        if not isinstance(key, str) or (key.isidentifier() and key.islower()):
            return key
        masked = self.masked(key)
        # Two files of one series are still two.
        return masked if masked == key else f"{masked} ({list(among).index(key) + 1})"

    def _may_hold(self, text: str) -> bool:
        """A quick look that spares most texts the slow one."""
        if not text.isascii() or _SPELT.search(text):
            return True
        letters = _OTHER.sub("", text.lower())
        starts, lengths = self._by_start, (START, *self._short)
        return any(letters[at : at + length] in starts for length in lengths for at in range(len(letters)))

    def _replaced(self, text: str) -> str:
        found = _letters(text)
        letters = "".join(one.letter for one in found)
        own: list[tuple[int, int]] | None = None
        parts: list[str] = []
        done = at = 0
        while at < len(letters):
            length = self._name_at(text, letters, found, at)
            if length:
                first, last = found[at].start, found[at + length - 1].end
                if own is None:
                    own = [one.span() for one in _OWN.finditer(text)]
                if not any(low <= first and last <= high and last - first < high - low for low, high in own):
                    parts += [text[done:first], MASK]
                    done = last
                    at += length
                    continue
            at += 1
        return "".join([*parts, text[done:]]) if parts else text

    def _name_at(self, text: str, letters: str, found: list[Letter], at: int) -> int:
        """How many letters of a name stand here; 0 where none does."""
        for name in self._by_start.get(letters[at : at + START], ()):
            if len(name) >= START and letters.startswith(name, at) and _close(found, at, len(name)):
                return len(name)
        for length in self._short:
            whole = at + length <= len(letters) and letters[at : at + length] in self._by_start
            if whole and _close(found, at, length):
                first, last = found[at].start, found[at + length - 1].end
                if not text[max(first - 1, 0) : first].isalnum() and not text[last : last + 1].isalnum():
                    return length
        return 0


def _letters(text: str) -> list[Letter]:
    """The letters and digits of a text, folded (case, accents, width). A sign that a record spells out (JSON, HTML, an
    address, a mail) counts as what it stands for."""
    found: list[Letter] = []
    done = sign = 0
    for spelt in _SPELT.finditer(text):
        if (meant := _meant(spelt[0])) is not None:
            found += _plain(text[done : spelt.start()], done, sign)
            sign += spelt.start() - done
            found += [Letter(one.letter, *spelt.span(), one.sign) for one in _plain(meant, 0, sign)]
            sign += len(meant)
            done = spelt.end()
    return found + _plain(text[done:], done, sign)


def _plain(text: str, offset: int, sign: int) -> list[Letter]:
    if text.isascii():
        folded: Iterable[tuple[int, str]] = enumerate(text.lower())
    else:
        folded = (
            (at, letter) for at, one in enumerate(text) for letter in unicodedata.normalize("NFKD", one).casefold()
        )
    return [Letter(one, offset + at, offset + at + 1, sign + at) for at, one in folded if one.isalnum()]


def _meant(spelt: str) -> str | None:
    """What a spelling stands for; None where it is none."""
    if spelt.startswith("\\"):
        return chr(int(spelt[2:], 16))
    if spelt.startswith("&"):
        return html.unescape(spelt)
    try:
        return bytes.fromhex(spelt.replace("%", "").replace("=", "")).decode()
    except ValueError:
        return None


def _close(found: list[Letter], at: int, length: int) -> bool:
    """Whether no more than GAP other signs stand between the letters."""
    return all(found[one + 1].sign - found[one].sign <= GAP + 1 for one in range(at, at + length - 1))


@cache
def _open_fields(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if get_origin(field.type) is not Literal)

"""Names that may not leave unasked: the names of series, wherever they stand in an answer.

A series' name can carry a child's name, and it stands in file names, texts and notes in every spelling: any case, with
or without accents, any punctuation or none between its letters. Digests and ids are left whole: they carry none.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any, Literal, get_origin

import msgspec
from msgspec import Struct

MASK = "▒▒▒"
START = 4
"""Letters of a name by which it is looked up. A name with fewer is masked only where it stands as a word."""
GAP = 3
"""Other signs that may stand between two letters of a name."""
_OWN = re.compile(r"(?:series|stack)-[0-9a-f]{16}|(?<![^\W_])[0-9A-Fa-f]{16,}(?![^\W_])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?")


class Names:
    """The names that are masked in one consultation."""

    def __init__(self, names: Iterable[str]) -> None:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name in names:
            letters = "".join(letter for letter, _ in _letters(name))
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
            held = text if _MOMENT.fullmatch(text) else self._replaced(text)
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

    def _replaced(self, text: str) -> str:
        found = _letters(text)
        letters = "".join(letter for letter, _ in found)
        own: list[tuple[int, int]] | None = None
        parts: list[str] = []
        done = at = 0
        while at < len(letters):
            length = self._name_at(text, letters, found, at)
            if length:
                first, last = found[at][1], found[at + length - 1][1] + 1
                if own is None:
                    own = [one.span() for one in _OWN.finditer(text)]
                if not any(low <= first and last <= high and last - first < high - low for low, high in own):
                    parts += [text[done:first], MASK]
                    done = last
                    at += length
                    continue
            at += 1
        return "".join([*parts, text[done:]]) if parts else text

    def _name_at(self, text: str, letters: str, found: list[tuple[str, int]], at: int) -> int:
        """How many letters of a name stand here; 0 where none does."""
        for name in self._by_start.get(letters[at : at + START], ()):
            if len(name) >= START and letters.startswith(name, at) and _close(found, at, len(name)):
                return len(name)
        for length in self._short:
            if letters[at : at + length] in self._by_start and _close(found, at, length):
                first, last = found[at][1], found[at + length - 1][1]
                if not text[max(first - 1, 0) : first].isalnum() and not text[last + 1 : last + 2].isalnum():
                    return length
        return 0


def _letters(text: str) -> list[tuple[str, int]]:
    """The letters and digits of a text, folded (case, accents, width), each with where it stands."""
    if text.isascii():
        return [(letter, at) for at, letter in enumerate(text.lower()) if letter.isalnum()]
    return [
        (letter, at)
        for at, sign in enumerate(text)
        for letter in unicodedata.normalize("NFKD", sign).casefold()
        if letter.isalnum()
    ]


def _close(found: list[tuple[str, int]], at: int, length: int) -> bool:
    """Whether no more than GAP other signs stand between the letters."""
    return all(found[one + 1][1] - found[one][1] <= GAP + 1 for one in range(at, at + length - 1))


@cache
def _open_fields(kind: type[Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if get_origin(field.type) is not Literal)

"""Terms in disguise: full width, accents, characters of no width, letters of other scripts, digits for letters, letters
stretched, or set apart by blanks or punctuation. Each step here costs time in proportion to the text's length.

A text's skeleton (``skeletons``) says in one pass that nothing can be there. Where something can, ``unmasked`` lays the
text open, and a term's own pattern allows for what stays ambiguous: 1 for i or l.
"""

import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby, pairwise

LEAST = 3
"""Letters below which a term is looked for as it is written only: "a t" and "@" are everywhere."""
JOINED = 8
"""Letters from which the words of a phrase may be written as one."""
_DEPTH = 24
"""Letters of a skeleton that the common pattern looks at: long terms must not nest it deeper."""

_LEET = {"o": "0", "i": "1!|", "l": "1|!", "e": "3", "a": "4@", "s": "5$", "t": "7", "b": "8", "g": "9"}
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
_DRAWN = {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ȷ": "j", "ɑ": "a", "ɡ": "g", "ƒ": "f"}
_BOXED = {start + i: chr(ord("a") + i) for start in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6) for i in range(26)}
_PLAINER = str.maketrans(_DRAWN | _SMALL_CAPITALS) | _BOXED
_TWINS = (
    dict(zip("АВЕЅІЈКМНОРСТУХԚԜӀҮҺ", "ABESIJKMHOPCTYXQWIYH", strict=True))
    | dict(zip("авеѕіјкмнорстухԛԝӏүһԁոցвьпигё", "abesijkmhopctyxqwlyhdngbbnure", strict=True))
    | dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True))
    | dict(zip("αβεηικνορτυχωγϲϳσμζ", "abenikvoptuxwycjouz", strict=True))
)
"""Letters of the Cyrillic, Greek and Armenian scripts that look like Latin ones."""
_LATIN = str.maketrans(_TWINS)
_FOREIGN = re.compile(r"[\u0370-\u052F\u0531-\u058A]")
_FOREIGN_WORD = re.compile(r"[A-Za-z0-9]*[\u0370-\u052F\u0531-\u058A][A-Za-z0-9\u0370-\u052F\u0531-\u058A]*")
_ASCII_LETTER = re.compile(r"[A-Za-z]")

_ASSIGNED = (*range(0x20000), *range(0xE0000, 0xE0200))
_UNSEEN = {code: None for code in _ASSIGNED if unicodedata.category(chr(code)) in ("Mn", "Me", "Cf")}
_NO_LETTER = {code: None for code in _ASSIGNED if unicodedata.category(chr(code))[0] in "PSZ" or chr(code).isspace()}
_BONES = _NO_LETTER | str.maketrans("01345789@$|l", "oieastbgasii")
_ASCII_BONES = bytes.maketrans(b"01345789@$|l!", b"oieastbgasiii")
_ASCII_DROPPED = bytes(code for code in range(128) if _BONES.get(code, "") is None)

_RUN = re.compile(r"(?<!\S)\S(?:\s{1,3}\S(?!\S)){2,}|(?<![^\W_])[^\W_](?:[\W_]{1,4}[^\W_](?![^\W_])){2,}")
_LETTER = re.compile(r"[^\W_]|(?<=\s)[@$!|](?=\s)")
_INSIDE = re.compile(r"(?<=[^\W_])[._*~^-]{1,3}(?=[^\W_])")
_LONG_RUN = re.compile(r"(\S)\1{3,}")
_REPEATED = re.compile(r"(.)\1+")


# ------------------------------------------------------------------ texts


def plain(text: str) -> str:
    """Text as terms are compared: NFKC, case-folded, without accents and characters of no width."""
    if text.isascii():
        return text.lower()
    spread = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text.translate(_PLAINER)).casefold())
    return unicodedata.normalize("NFC", spread.translate(_UNSEEN).translate(_PLAINER))


def latin(text: str) -> str:
    """The text with look-alikes of other scripts as Latin letters: in words that mix scripts, and, where every such
    letter of the text has a Latin twin, in all words. What is really Russian or Greek stays as it is."""
    all_twins = _TWINS.keys() >= set(_FOREIGN.findall(text))

    def word(found: re.Match[str]) -> str:
        held = found.group()
        return held.translate(_LATIN) if all_twins or _ASCII_LETTER.search(held) else held

    return _FOREIGN_WORD.sub(word, text)


def skeletons(text: str) -> list[str]:
    """What is left of a text (``plain``) without blanks and punctuation, digits read as letters, l as i. If a term
    stands in the text in whatever disguise, its skeleton stands in one of these, runs of a letter aside."""
    if text.isascii():  # three times as fast by bytes
        raw = text.encode()
        found = [raw.translate(_ASCII_BONES, _ASCII_DROPPED).decode()]
        if "!" in text:
            found.append(raw.translate(_ASCII_BONES, _ASCII_DROPPED.replace(b"!", b"")).decode())
        return found
    bones = text.translate(_BONES)
    return [bones, text.replace("!", "i").translate(_BONES)] if "!" in text else [bones]


def thin(skeleton: str) -> str:
    """A skeleton without repeated letters."""
    return _REPEATED.sub(r"\1", skeleton)


def unmasked(text: str) -> list[str]:
    """What a text (``plain``) may say without its disguise: letters set apart are joined, punctuation between letters
    goes, runs of one letter become three."""
    short = _LONG_RUN.sub(r"\1\1\1", text)
    extra: list[str] = []

    def join(found: re.Match[str]) -> str:
        whole = _joined(found.group())
        extra.extend((whole[1:], whole[:-1]))  # a word of one letter may stand before or after
        return whole

    joined = _RUN.sub(join, short)
    return list(dict.fromkeys((short, joined, _INSIDE.sub("", short), _INSIDE.sub("", joined), *extra)))


def _joined(run: str) -> str:
    """Letters set apart, put together; a gap wider than the narrowest divides words."""
    letters = list(_LETTER.finditer(f" {run} "))
    if len(letters) < LEAST:
        return run
    gaps = [after.start() - before.end() for before, after in pairwise(letters)]
    narrow = min(gaps)
    wide = (" " if gap > narrow else "" for gap in [*gaps, 0])
    return "".join(letter.group() + gap for letter, gap in zip(letters, wide, strict=True))


# ------------------------------------------------------------------ patterns

_Node = dict[str, "_Node"]


def any_of(bones: Iterable[str]) -> re.Pattern[str] | None:
    """What any of these (``thin`` skeletons of terms) begins with, runs of a letter allowed: where it finds nothing in
    a text's skeletons, no term stands in the text. None without any."""
    trie: _Node = {}
    for skeleton in bones:
        node = trie
        for unit in skeleton[:1], *(f"{re.escape(c)}+" for c in skeleton[1:_DEPTH]):
            node = node.setdefault(unit, {})
        node[""] = {}
    # The first letter stands alone: the search leaps to letters that a term begins with.
    branches = [re.escape(unit) + _branches(rest) for unit, rest in sorted(trie.items())]
    return re.compile("|".join(branches)) if branches else None


def _branches(node: _Node) -> str:
    if "" in node:
        return ""
    found = [unit + _branches(rest) for unit, rest in sorted(node.items())]
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


def exactly(term: str) -> str:
    """The pattern of a term (``plain``) as written, as a whole word; blanks match any run of blanks, in longer phrases
    also none ("#lanterntonight")."""
    gap = r"\s*" if letters(term) >= JOINED else r"\s+"
    return _whole([gap.join(map(re.escape, term.split()))])


def loosely(term: str) -> str:
    """The pattern of a term for ``unmasked`` text: each letter with its stand-ins, stretched or not; between words
    blanks, or punctuation, or in longer phrases nothing."""
    gap = r"(?:\s+|[^\w\s]{1,3}|_{1,3})" + ("?" if letters(term) >= JOINED else "")
    units = []
    for c, run in groupby(" ".join(term.split())):
        count = len(list(run))
        one = f"[{re.escape(c + _LEET[c])}]" if c in _LEET else re.escape(c)
        if c == " ":
            units.append(gap)
        elif c.isalpha() and count < 3:
            units.append(f"{one}{{{count}}}(?:{one}{{{3 - count}}})?")
        else:
            units.append(one * count)
    return _whole(units)


def _whole(units: Iterable[str]) -> str:
    return rf"(?<![^\W_]){''.join(units)}(?![^\W_])"


def letters(text: str) -> int:
    """How many letters and digits stand in it."""
    return sum(map(str.isalnum, text))


def spells(found: str) -> bool:
    """Whether what was found is a word at all: "455" and "$@!" spell nothing."""
    return sum(map(str.isalpha, found)) >= 2

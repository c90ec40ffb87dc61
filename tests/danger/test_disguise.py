"""A listed term is found as a whole word, also in disguise (CONTRACT.md, queue), and nothing else is."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trackway.danger import disguise
from trackway.danger.terms import Matcher

TERMS = {
    1: "lantern tonight",
    2: "lantern",
    3: "nest",
    4: "secret meadow",
    5: "фонарь",
    6: "all",
    7: "b4by bird",
    8: "ok",
}
MATCHER = Matcher(TERMS)
PHRASE, LANTERN, NEST, MEADOW, RUSSIAN, ALL, BIRD, OK = TERMS

FOUND: list[tuple[str, set[int]]] = [
    # as written
    ("lantern", {LANTERN}),
    ("A LANTERN!", {LANTERN}),
    ("(lantern)", {LANTERN}),
    ("_lantern_ *nest*", {LANTERN, NEST}),
    ("lantern\ttonight", {LANTERN, PHRASE}),
    ("Lantern\n tonight?", {LANTERN, PHRASE}),
    ("#lanterntonight", {PHRASE}),
    ("b4by bird", {BIRD}),
    ("ok.", {OK}),
    ("Старый фонарь", {RUSSIAN}),
    ("ФОНАРЬ", {RUSSIAN}),
    # full width and other alphabets of the same letters, accents, case, characters of no width
    ("ｌａｎｔｅｒｎ", {LANTERN}),
    ("𝓵𝓪𝓷𝓽𝓮𝓻𝓷 𝗻𝗲𝘀𝘁", {LANTERN, NEST}),
    ("ⓛⓐⓝⓣⓔⓡⓝ", {LANTERN}),
    ("ʟᴀɴᴛᴇʀɴ", {LANTERN}),
    ("🅻🅰🅽🆃🅴🆁🅽", {LANTERN}),
    ("läntérn", {LANTERN}),
    ("l̶a̶n̶t̶e̶r̶n̶", {LANTERN}),
    ("lan\u200btern lan\u00adtern", {LANTERN}),
    ("n\u2060e\ufeffs\u200dt", {NEST}),
    # digits and signs for letters
    ("l4nt3rn", {LANTERN}),
    ("1antern |antern !antern", {LANTERN}),
    ("l@ntern!", {LANTERN}),
    ("n3$t", {NEST}),
    ("s3cr3t me4d0w", {MEADOW}),
    ("@ll a1l", {ALL}),
    # letters of other scripts
    ("lаntern", {LANTERN}),
    ("lαnτern", {LANTERN}),
    ("ЅЕСRЕТ МЕАDОW", {MEADOW}),
    # set apart, stretched
    ("l a n t e r n", {LANTERN}),
    ("see a l a n t e r n here", {LANTERN}),
    ("l  a  n  t  e  r  n", {LANTERN}),
    ("l.a.n.t.e.r.n", {LANTERN}),
    ("l-a-n-t-e-r-n, l_a_n_t_e_r_n", {LANTERN}),
    ("l , a , n , t , e , r , n", {LANTERN}),
    ("l/a/n/t/e/r/n", {LANTERN}),
    ("lan.tern lan-tern", {LANTERN}),
    ("lanternnn", {LANTERN}),
    ("laaaaaaantern", {LANTERN}),
    ("alllll", {ALL}),
    # several at once, and phrases
    ("l 4 n t 3 r n", {LANTERN}),
    ("l @ n t e r n", {LANTERN}),
    ("l4nnnt3rn t0night", {LANTERN, PHRASE}),
    ("lantern-tonight", {LANTERN, PHRASE}),
    ("l a n t e r n   t o n i g h t", {LANTERN, PHRASE}),
    ("L A N T E R N tonight", {LANTERN, PHRASE}),
    ("l.a.n.t.e.r.n t.o.n.i.g.h.t", {LANTERN, PHRASE}),
]
NOT_FOUND = [
    "",
    "lanterns, magiclantern",
    "magiclantern tonight",
    "m a g i c l a n t e r n",
    "honest nestle dishonest",
    "lan tern",
    "latern, 1atern",
    "a11 b0ll",
    "4 1 1",
    "0k o.k",
    "1 2 3 4 5",
    "lantern2x xlantern",
    "lantеrns",
    "фонари",
    "сеst",
    "tonight, a lamp",
    "secret garden; a meadow",
    "user1@example.org",
]


@pytest.mark.parametrize(("text", "terms"), FOUND)
def test_found(text: str, terms: set[int]) -> None:
    assert set(MATCHER.find(text)) == terms


@pytest.mark.parametrize("text", NOT_FOUND)
def test_not_found(text: str) -> None:
    assert MATCHER.find(text) == []


def test_words_of_another_script_stay_what_they_are() -> None:
    """A Russian text is not read as Latin because single words of it could be; a mixed word is."""
    matcher = Matcher({1: "cop"})
    assert matcher.find("убери этот сор") == []
    assert matcher.find("сор") == [1]
    assert matcher.find("этот cор") == [1]


def test_without_terms_nothing_is_found() -> None:
    assert Matcher({}).find("lantern") == []


LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1"}


@st.composite
def disguised(draw: st.DrawFn) -> str:
    """One of many ways to write "secret lantern": at least half of the letters stay, as in what people read."""
    letters = list("secret lantern")
    for i in draw(st.sets(st.integers(0, len(letters) - 1), max_size=5)):
        c = letters[i]
        how = draw(st.sampled_from(("case", "leet", "accent", "no width", "stretched")))
        if how == "leet" and c in LEET:
            letters[i] = draw(st.sampled_from(LEET[c]))
        elif c != " ":
            letters[i] = {"accent": f"{c}\u0301", "no width": f"{c}\u200b", "stretched": c * 4}.get(how, c.upper())
    return "".join(letters)


@given(disguised(), st.sampled_from(("", "see ", "#", "(")), st.sampled_from(("", "!", " here", ")")))
@settings(max_examples=200, deadline=None)
def test_any_mixture_is_found(text: str, before: str, after: str) -> None:
    assert Matcher({1: "secret lantern"}).find(f"{before}{text}{after}") == [1]


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_a_word_between_others_is_found_whatever_they_are(noise: str) -> None:
    assert LANTERN in MATCHER.find(f"{noise}\nlantern\n{noise}")


@given(
    st.lists(st.sampled_from(["lan", "tern", "LANTERN", "l", "a", " ", ".", "4", "magic", "ⓝ", "\u200b"]), max_size=30)
)
@settings(max_examples=300, deadline=None)
def test_the_skeleton_passes_over_nothing(parts: list[str]) -> None:
    """What the term's own patterns find, the first pass lets through."""
    text = disguise.plain("".join(parts))
    patterns = [re.compile(disguise.exactly("lantern")), re.compile(disguise.loosely("lantern"))]
    said = any(pattern.search(version) for pattern in patterns for version in [text, *disguise.unmasked(text)])
    assert not said or LANTERN in MATCHER.find("".join(parts))


HOSTILE = {
    "one letter": "a", "signs": "@", "set apart": "l a n t ", "half a term": "l.a", "a term": "lantern ",
    "gaps": "lantern   ", "lines": "a\n\n\n", "unseen": "\u200b", "mixed scripts": "nе", "dashes": "a-",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_the_time_grows_with_the_length_only(name: str) -> None:
    """Sixteen times the text may take forty times as long, on a busy machine; what is quadratic takes 256 times."""

    def seconds(length: int) -> float:
        text = (HOSTILE[name] * length)[:length]
        best = 10.0
        for _ in range(3):
            start = time.process_time()
            MATCHER.find(text)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(320_000) < 40 * max(seconds(20_000), 0.0005)


TWENTY = "lantern meadow heron nest marsh osprey otter beacon harbour willow".split()
TWENTY += ["fox den", "live lantern", "lantern tonight", "secret meadow", "new nest", "wren cam", "kestrel show"]
TWENTY += ["marsh light", "reed pond", "owl box"]


def test_no_false_alarms_in_thousands_of_real_lines() -> None:
    """Chat about computers is full of digits, dots and single letters: none of it is a term in disguise."""
    folder = Path(__file__).parents[2].parent / "shared" / "data" / "irc"
    if not folder.is_dir():
        pytest.skip("shared/data is not here")
    said = re.compile(r"\[\d\d:\d\d\] <[^>]+> (.*)")
    matcher = Matcher(dict(enumerate(TWENTY)))
    plain = re.compile(rf"(?<![^\W_])(?:{'|'.join(TWENTY)})(?![^\W_])", re.IGNORECASE)
    lines = [
        found[1]
        for log in sorted(folder.glob("*.txt"))[:20]
        for line in log.read_text("utf-8", "replace").splitlines()
        if (found := said.match(line))
    ]
    assert len(lines) > 10_000
    alarms = [line for line in lines if matcher.find(line) and not plain.search(line)]
    assert alarms == []

"""What stands first on each screen, in its full and its empty state (SCREENS.md)."""

import re

import pytest
from webcase import HOSTILE, claimed
from website import Site

from trackway.web.keys import KEYS, Key, collisions


def text_of(html: str) -> str:
    """The words of a page's main part, without its markup."""
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/queue", r"Queue Not seen by the machine: .*(danger now|likely ongoing).*Acknowledge"),
        ("/media", r"Media .*No picture is shown here"),
        ("/personas", r"Personas One a stable account"),
        ("/lists", r"Known lists \d+ conflicts between lists.* Conflicts .*category.* In force List"),
        ("/intake", r"Intake \d+ of \d+ read; 2 not.* broken\.jpg .* notes\.bin no reader knows"),
        ("/custody", r"Custody ✓ Chain whole to entry \d+"),
    ],
)
def test_what_stands_first(full: Site, path: str, words: str) -> None:
    assert re.search(words, text_of(full.get(path).text)) is not None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/queue", "Nothing waits No sign of danger stands in what was read."),
        ("/media", "No media Nothing was read yet"),
        ("/media?novelty=near", "No media of this kind Choose another filter"),
        ("/personas", "No personas No record read so far names an account."),
        ("/lists", "No known list is loaded Without one nothing can be told from new."),
        ("/intake", "No exhibit yet Read one with"),
        ("/custody", "Nobody did anything yet"),
    ],
)
def test_an_empty_case_says_why_and_what_next(empty: Site, path: str, words: str) -> None:
    assert words in text_of(empty.get(path).text)


def test_pages_follow_each_other_without_a_gap(full: Site) -> None:
    seen: list[str] = []
    path: str | None = "/queue"
    pages = 0
    while path is not None:
        page = full.get(path).text
        rows = re.findall(r"<li class=\"row[^>]* id=\"(row-\w+)\"", page)
        assert len(rows) <= 50
        seen += rows
        pages += 1
        found = re.search(r"rel=\"next\" href=\"([^\"]+)\"", page)
        path = found[1] if found else None
    assert pages >= 3
    assert len(seen) == len(set(seen)) >= 130


def test_a_script_on_a_wide_screen_gets_the_inner_panes_only(full: Site) -> None:
    persona, _ = claimed(full.store)
    inner = full.get(f"/personas?at={persona}", headers={"HX-Request": "true", "HX-Target": "detail"}).text
    back = {"HX-Request": "true", "HX-Target": "detail", "HX-History-Restore-Request": "true"}
    assert 'id="list"' not in inner
    assert 'id="detail"' in inner
    assert 'id="list"' in full.get(f"/personas?at={persona}", headers=back).text


def test_hostile_names_are_text(full: Site) -> None:
    persona = re.search(r"at=([0-9a-f]{32})\"[^>]*>&lt;img", "".join(full.get(p).text for p in _persona_pages(full)))
    assert persona is not None
    page = full.get(f"/persona/{persona[1]}").text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert HOSTILE not in page


def _persona_pages(site: Site) -> list[str]:
    paths = ["/personas"]
    while (found := re.search(r"rel=\"next\" href=\"([^\"]+)\"", site.get(paths[-1]).text)) is not None:
        paths.append(found[1])
    return paths


def test_names_of_series_are_masked(full: Site) -> None:
    page = full.get("/media?novelty=known").text
    assert "▒▒▒" in page
    assert "canarymeadow" not in page.lower()


def test_the_timeline_equals_its_table(full: Site) -> None:
    persona, _ = claimed(full.store)
    page = full.get(f"/persona/{persona}").text
    table = page.partition("The same as a table")[2]
    total = sum(map(int, re.findall(r"data-label=\"Traces\">(\d+)</td>", table)))
    listed = full.get(f"/persona/{persona}/traces").text.count("row slim")
    assert total == listed > 0


def test_no_two_keys_mean_one_thing() -> None:
    assert collisions() == []
    assert collisions((*KEYS, Key("j", "next", "Another"))) == ["j: Next row, Another"]  # control
    assert collisions((*KEYS, Key("g", "go", "Swallows"))) == ["g: also begins a pair"]


def test_the_help_page_and_the_script_know_every_key(full: Site) -> None:
    page, script = full.get("/help").text, full.get("/static/key-table.js")
    assert script.headers["content-type"].startswith("text/javascript")
    own = full.get("/static/keys.js").text
    for key in KEYS:
        assert key.label in page
        assert f'"{key.keys}"' in script.text
        assert re.search(rf"^  \"?{key.act}\"?[:,]", own, re.MULTILINE), key.act

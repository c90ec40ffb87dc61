"""In a real browser, through all screens: policy, no outside, no pixels, no leaks (SCREENS.md, checks 3, 4, 5, 7)."""

from collections.abc import Iterator
from typing import Any

import pytest
import sight
from eyes import EMPTY, ERRORS, SIZES, Eyes
from webcase import CANARIES
from website import Ear, Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


# ------------------------------------------------------------------ 3, 4, 5, 7. the tour


def tour(held: Any, site: Site, shown: dict[str, str]) -> Iterator[tuple[Any, str]]:
    """All screens, an act on each that has one, Back, Forward, reload. Yields each page as it came."""
    for path in (*shown.values(), *ERRORS):
        answer = held.goto(site.origin + path)
        yield held, answer.text()
    held.goto(site.origin + "/queue")
    held.click("[data-row] [data-act=acknowledge]")
    held.fill("[data-row] details[open] input[name=action]", "canarydeed")
    held.click("[data-row] details[open] button")
    held.wait_for_selector("[data-acknowledged]")
    yield held, held.content()
    for screen, act in (("persona", "note"), ("media item", "note")):
        held.goto(site.origin + shown[screen])
        held.click(f"[data-act={act}]")
        held.fill("details[open] textarea[name=text]", "canarynote")
        held.click("details[open] button.primary")
        held.wait_for_load_state()
        assert "canarynote" in held.text_content("main")
        yield held, held.content()
    for step in (held.go_back, held.go_back, held.go_forward, held.reload):
        step()
        yield held, held.content()


@pytest.mark.parametrize("width", SIZES)
def test_the_tour(full: Site, eyes: Eyes, shown: dict[str, str], ear: Ear, width: int) -> None:
    context = eyes.fresh(full, width)
    seen = sight.Requests(context, full.origin)
    held = context.new_page()
    said: list[str] = []
    held.on("console", lambda line: said.append(line.text) if "status of" not in line.text else None)
    held.on("pageerror", lambda error: said.append(str(error)))
    for at, html in tour(held, full, shown):
        assert sight.pixels(at, html) == []
        assert at.evaluate("sight.faults") == []
        assert at.title().endswith(" · Trackway")
        assert sight.leaks(at, context, seen, CANARIES, [at.title()]) == []
    assert said == []
    assert seen.outside() == []
    assert seen.media() == []
    assert sight.leaks(held, context, seen, CANARIES, ear.lines) == []
    for answer in seen.responses:
        if answer.headers.get("content-type", "").startswith("text/html") and answer.status != 303:
            assert sight.policy(answer.headers, "") == [], answer.url
    context.close()


def test_every_screen_answers(full: Site, shown: dict[str, str]) -> None:
    assert {path: full.get(path).status_code for path in shown.values()} == dict.fromkeys(shown.values(), 200)


def test_raw_pages_hold_nothing_inline(full: Site, empty: Site, shown: dict[str, str]) -> None:
    for site, paths in ((full, (*shown.values(), *ERRORS)), (empty, EMPTY)):
        for path in paths:
            answer = site.get(path)
            assert sight.policy(dict(answer.headers), answer.text) == [], path


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lambda h, t: (h, t.replace("<h1", "<h1 style='color:red'")), "inline"),
        (lambda h, t: (h, t.replace("<h1", "<h1 onclick=x()")), "inline"),
        (lambda h, t: (h, t.replace("</body>", "<script>1</script></body>")), "inline"),
        (lambda h, t: (h | {"content-security-policy": h["content-security-policy"] + " *"}, t), "exact"),
        (lambda h, t: ({k: v for k, v in h.items() if k != "content-security-policy"}, t), "exact"),
    ],
)  # fmt: skip
def test_control_policy(full: Site, plant: Any, found: str) -> None:
    answer = full.get("/help")
    assert any(found in fault for fault in sight.policy(*plant(dict(answer.headers), answer.text)))


def test_control_tour(full: Site, eyes: Eyes) -> None:
    """A page that fetches from outside, shows a picture, breaks the policy and keeps a name is found on each count."""
    context = eyes.fresh(full)
    seen = sight.Requests(context, full.origin)
    held = context.new_page()
    with sight.planted(held, lambda h, t: (h, t.replace("</main>", "<p style='color:red'>x</p></main>"))):
        held.goto(full.origin + "/help")
        assert held.evaluate("sight.faults") != []

    def loose(headers: dict[str, str], html: str) -> tuple[dict[str, str], str]:
        bad = "<img src='http://canarynick.invalid/x.png'><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='></main>"
        return headers | {"content-security-policy": "", "referrer-policy": "unsafe-url"}, html.replace("</main>", bad)

    with sight.planted(held, loose):
        held.goto(full.origin + "/help")
        assert len(sight.pixels(held, held.content())) >= 3
        assert seen.outside() != []
        held.evaluate("sessionStorage.setItem('x', 'Canarynote')")
        found = sight.leaks(held, context, seen, CANARIES, ["opened by Canarydeed"])
    assert found == ["canarynick in address", "canarynote in storage", "canarydeed in log"]
    context.close()

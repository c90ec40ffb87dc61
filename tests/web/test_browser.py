"""The workspace in a real browser: the checks of SCREENS.md, each with a planted fault that it must find."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sight
from webcase import CANARIES, claimed

from conftest import Ear, Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SIZES = {360: 800, 1600: 1000}
EMPTY = ("/queue", "/media", "/personas", "/network", "/lists", "/intake", "/custody", "/help")
ERRORS = ("/nosuch", "/personas?as_of=yesterday", "/fault")


def screens(site: Site) -> dict[str, str]:
    """Every kind of screen of the full case, by a word for it."""

    def first(path: str, pattern: str) -> str:
        found = re.search(pattern, site.get(path).text)
        assert found is not None, pattern
        return found[1].replace("&amp;", "&")

    persona, _ = claimed(site.store)
    opened = first("/queue", r"data-open data-pane=\"detail\" href=\"(/queue\?at=persona[^\"]+)\"")
    trace = first(opened, r"data-trace href=\"([^\"]+)\"")
    return {
        "queue": "/queue",
        "item beside the queue": opened,
        "trace beside the item": trace,
        "item": "/item/" + opened.partition("at=")[2],
        "media": "/media",
        "media item": "/media/" + first("/media?novelty=known", r"href=\"/media\?novelty=known&amp;at=([0-9a-f]+)\""),
        "personas": "/personas",
        "persona": f"/persona/{persona}",
        "traces of a persona": f"/persona/{persona}/traces",
        "network": "/network",
        "lists": "/lists",
        "intake": "/intake",
        "trace": "/trace/" + trace.partition("trace=")[2],
        "custody": "/custody?show=all",
        "help": "/help",
    }


class Eyes:
    """Contexts by site, width and scheme, each made once."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._held: dict[tuple[str, int, str], Any] = {}

    def context(self, site: Site, width: int = 1600, scheme: str = "light") -> Any:
        place = (site.origin, width, scheme)
        if place not in self._held:
            self._held[place] = self.fresh(site, width, scheme)
        return self._held[place]

    def fresh(self, site: Site, width: int = 1600, scheme: str = "light") -> Any:
        size = {"width": width, "height": SIZES.get(width, 800)}
        context = self._browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
        context.add_init_script(path=sight.SCRIPT)
        context.add_cookies([{"name": f"trackway-{site.port}", "value": site.cookie, "url": site.origin}])
        return context


@pytest.fixture(scope="module")
def eyes(browser: Any) -> Eyes:
    return Eyes(browser)


@pytest.fixture(scope="module")
def shown(full: Site) -> dict[str, str]:
    _plant_fault(full)
    return screens(full)


@pytest.fixture
def page(full: Site, eyes: Eyes) -> Iterator[Callable[..., Any]]:
    """Opens a page of the full case: ``page("/queue", 360, "dark")``."""
    opened = []

    def open_(path: str, width: int = 1600, scheme: str = "light", site: Site = full) -> Any:
        made = eyes.context(site, width, scheme).new_page()
        opened.append(made)
        made.goto(site.origin + path)
        return made

    yield open_
    for one in opened:
        one.close()


def _plant_fault(site: Site) -> None:
    from starlette.routing import Route

    def fault(request: Any) -> Any:
        raise RuntimeError("a fault in the program")

    site.app.router.routes.insert(0, Route("/fault", fault, name="fault"))


# ------------------------------------------------------------------ 1. keyboard


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("screen", ["trace beside the item", "media item", "persona", "lists", "help", "queue"])
def test_everything_is_reached_by_tab_and_seen(page: Any, shown: dict[str, str], screen: str, width: int) -> None:
    assert sight.keyboard(page(shown[screen], width)) == []


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        ("document.querySelectorAll('.nav a').forEach((e) => { e.style.outline = 'none'; })", "no outline"),
        ("document.querySelectorAll('.nav a').forEach((e) => { e.style.outlineColor = '#eee'; })", "faint outline"),
        ("document.querySelector('.keys').insertAdjacentHTML('afterend', '<span tabindex=0 id=x>x</span>');"
         "document.getElementById('x').onfocus = (e) => e.target.blur()", "trap|never reached|covered"),
        ("const b = document.createElement('div'); Object.assign(b.style, {position: 'fixed', inset: '0', zIndex: 9});"
         "document.body.append(b)", "covered"),
    ],
)  # fmt: skip
def test_control_keyboard(page: Any, plant: str, fault: str) -> None:
    held = page("/help")
    held.evaluate(f"() => {{ {plant} }}")
    assert re.search(fault, " ".join(sight.keyboard(held)))


def test_keys_move_open_and_close(page: Any) -> None:
    held = page("/queue", 1600)
    focus = "document.activeElement.id"
    held.keyboard.press("j")
    first = held.evaluate(focus)
    held.keyboard.press("j")
    second = held.evaluate(focus)
    assert first.startswith("open-") and second.startswith("open-") and first != second  # noqa: PT018
    held.keyboard.press("k")
    assert held.evaluate(focus) == first
    held.keyboard.press("Enter")
    held.wait_for_selector("#detail .item")
    assert "at=" in held.url
    assert held.evaluate("document.querySelectorAll('#list [data-row]').length") > 10  # the list stays
    held.keyboard.press("t")
    assert held.evaluate("document.activeElement.matches('[data-trace]')")
    held.keyboard.press("Enter")
    held.wait_for_selector("#evidence .trace")
    held.keyboard.press("Escape")
    held.wait_for_selector("#evidence .trace", state="detached")
    held.wait_for_load_state()
    held.keyboard.press("g")
    held.keyboard.press("p")
    held.wait_for_url("**/personas")
    held.keyboard.press("?")
    held.wait_for_url("**/help")


def test_keys_open_forms_and_do_nothing_while_typing(page: Any, shown: dict[str, str]) -> None:
    held = page(shown["persona"])
    for key, value in (("y", "accepted"), ("r", "rejected"), ("u", "unsure"), ("z", "undo")):
        held.evaluate("document.activeElement.blur()")
        held.keyboard.press(key)
        assert held.evaluate("document.activeElement.matches('textarea[name=reason]')"), key
        assert held.evaluate(f"document.activeElement.form.querySelector('[value={value}]').checked"), key
    before = held.url
    held.keyboard.type("abcdefghijklmnopqrstuvwxyz?[]gqgm")
    assert held.evaluate("document.activeElement.value") == "abcdefghijklmnopqrstuvwxyz?[]gqgm"
    assert held.url == before
    held.evaluate("document.activeElement.blur()")
    for chord in ("Control+j", "Alt+j", "Meta+j"):
        held.keyboard.press(chord)
    held.keyboard.press("n")
    assert held.evaluate("document.activeElement.name") == "text"  # control: outside the field they do work


def test_keys_can_be_switched_off(full: Site, eyes: Eyes) -> None:
    context = eyes.fresh(full)
    held = context.new_page()
    held.goto(full.origin + "/help")
    held.click("button[name=keys]")
    held.goto(full.origin + "/queue")
    held.keyboard.press("j")
    assert held.evaluate("document.activeElement === document.body")
    context.close()


# ------------------------------------------------------------------ 2. axe


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["full", "empty", "error"])
def test_axe_finds_nothing(
    page: Any, full: Site, empty: Site, shown: dict[str, str], axe: str, width: int, scheme: str, state: str
) -> None:
    site = empty if state == "empty" else full
    paths = {"full": tuple(shown.values()), "empty": EMPTY, "error": ERRORS}[state]
    held = page("/help", width, scheme, site)
    faults = {}
    for path in paths:
        held.goto(site.origin + path)
        held.evaluate("sight.unfold()")
        if found := sight.axe_faults(held, axe):
            faults[path] = found
    assert faults == {}


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        ("document.querySelector('h1').style.color = '#bbb'", "color-contrast"),
        ("document.querySelector('.tools').insertAdjacentHTML('beforeend', '<button></button>')", "button-name"),
        ("document.documentElement.removeAttribute('lang')", "html-has-lang"),
    ],
)  # fmt: skip
def test_control_axe(page: Any, axe: str, plant: str, fault: str) -> None:
    held = page("/help")
    held.evaluate(f"() => {{ {plant}; }}")
    assert any(fault in one for one in sight.axe_faults(held, axe))


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


# ------------------------------------------------------------------ 8. back, and links


@pytest.mark.parametrize("width", SIZES)
def test_back_finds_rows_focus_and_scroll(full: Site, page: Any, width: int) -> None:
    held = page("/queue", width)
    for _ in range(2):
        with held.expect_navigation():
            held.keyboard.press("]")
    address = held.url
    assert "after=" in address
    for _ in range(12):
        held.keyboard.press("j")
    state = """() => [[...document.querySelectorAll('#list [data-row]')].map((e) => e.id), document.activeElement.id,
      Math.round(document.scrollingElement.scrollTop), Math.round(document.getElementById('list').scrollTop)]"""
    before = held.evaluate(state)
    assert before[1].startswith("open-")
    assert before[2] + before[3] > 0
    held.keyboard.press("Enter")
    held.wait_for_selector("#detail .item")
    held.keyboard.press("t")
    held.go_back()
    held.wait_for_selector("#detail .item", state="detached")
    for _ in range(40):
        after = held.evaluate(state)
        if after == before:
            break
        held.wait_for_timeout(50)
    assert held.url == address
    assert after == before
    other = full.get(address.removeprefix(full.origin)).text
    assert re.findall(r"class=\"row row-tier[^>]* id=\"(row-\w+)\"", other) == [
        row for row in before[0] if row in other
    ]


def test_control_back(full: Site, page: Any) -> None:
    """Without our script focus is lost."""
    held = page("/help", 360)
    held.route("**/app.js", lambda route: route.abort())
    held.goto(full.origin + "/queue")
    held.focus("[data-row]:nth-child(9) [data-open]")
    held.keyboard.press("Enter")
    held.wait_for_selector("#detail .item")
    held.go_back()
    assert not held.evaluate("document.activeElement.id").startswith("open-")


def test_an_acknowledged_row_leaves_and_focus_moves_on(page: Any) -> None:
    for width in SIZES:
        held = page("/queue", width)
        held.keyboard.press("j")
        row = held.evaluate("document.activeElement.closest('[data-row]').id")
        following = held.evaluate("document.activeElement.closest('[data-row]').nextElementSibling.id")
        held.keyboard.press("a")
        held.keyboard.type("handed over")
        held.keyboard.press("Enter")
        held.wait_for_selector("[data-acknowledged]")
        assert held.query_selector(f"#{row}") is None
        assert held.evaluate("document.activeElement.closest('[data-row]').id") == following
        assert "?" not in held.url


def test_pages_work_without_javascript(full: Site, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1600, "height": 1000})
    context.add_cookies([{"name": f"trackway-{full.port}", "value": full.cookie, "url": full.origin}])
    held = context.new_page()
    held.goto(full.origin + "/queue")
    row = held.locator("[data-row]").first
    name = row.get_attribute("id")
    row.locator("[data-act=acknowledge]").click()
    row.locator("input[name=action]").fill("handed over")
    row.locator("button").click()
    held.wait_for_load_state()
    assert held.locator(f"ol.rows:not(.settled) > #{name}").count() == 0
    held.locator("[data-open]").first.click()
    assert held.locator("#detail .item").count() == 1
    held.locator("[data-trace]").first.click()
    assert held.locator("#evidence .trace").count() == 1
    context.close()


def test_light_and_dark_by_hand(full: Site, eyes: Eyes) -> None:
    context = eyes.fresh(full, 1600, "light")
    held = context.new_page()
    held.goto(full.origin + "/queue")
    colour = "getComputedStyle(document.body).backgroundColor"
    assert held.evaluate(colour) == "rgb(255, 255, 255)"
    held.click("button[value=dark]")
    held.wait_for_load_state()
    assert held.evaluate(colour) == "rgb(20, 23, 26)"
    assert held.url == full.origin + "/queue"
    context.close()


# ------------------------------------------------------------------ 10. layout


@pytest.mark.parametrize(("width", "text"), [(320, 100), (360, 100), (1600, 100), (360, 200), (1600, 200)])
def test_nothing_is_wider_than_the_window(full: Site, page: Any, shown: dict[str, str], width: int, text: int) -> None:
    held = page("/help", width)
    faults = {}
    for path in (*shown.values(), *ERRORS[:1]):
        held.goto(full.origin + path)
        held.evaluate(f"() => {{ document.documentElement.style.fontSize = '{text}%'; }}")
        held.evaluate("sight.unfold()")
        if found := sight.layout(held):
            faults[path] = found
    assert faults == {}


@pytest.mark.parametrize(
    ("plant", "fault"),
    [
        ("document.querySelector('h1').style.width = '2000px'", "wide in"),
        (
            "Object.assign(document.querySelector('.nav a').style, {minHeight: '0', height: '20px', padding: '0'})",
            "x 20",
        ),
    ],
)
def test_control_layout(page: Any, plant: str, fault: str) -> None:
    held = page("/help", 360)
    held.evaluate(f"() => {{ {plant}; }}")
    assert any(fault in one for one in sight.layout(held))


def _slow(held: Any) -> None:
    def late(route: Any) -> None:
        if route.request.headers.get("hx-request") == "true":
            held.wait_for_timeout(1500)
        route.continue_()

    held.route("**/*", late)


def test_late_fragments_move_nothing(page: Any, full: Site) -> None:
    held = page("/queue", 1600)
    _slow(held)
    held.keyboard.press("j")
    held.keyboard.press("Enter")
    held.wait_for_selector("#detail .item", timeout=10_000)
    held.keyboard.press("t")
    held.keyboard.press("Enter")
    held.wait_for_selector("#evidence .trace", timeout=10_000)
    assert held.evaluate("sight.shifts()") <= 0.02
    held.goto(full.origin + "/queue")
    held.keyboard.press("j")
    held.keyboard.press("a")
    held.keyboard.type("handed over")
    held.keyboard.press("Enter")
    held.wait_for_selector("[data-acknowledged]", timeout=10_000)
    held.wait_for_timeout(200)
    assert held.evaluate("sight.shifts()") <= 0.02


def test_control_late_fragments(page: Any) -> None:
    held = page("/queue", 1600)
    late = "document.querySelector('.head').insertAdjacentHTML('beforebegin', '<h1>a banner,<br>late and<br>tall</h1>')"
    held.evaluate(f"() => {{ setTimeout(() => {late}, 800); }}")
    held.wait_for_timeout(1100)
    assert held.evaluate("sight.shifts()") > 0.02

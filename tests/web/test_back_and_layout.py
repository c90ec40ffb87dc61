"""In a real browser: going back, acting, and the layout (SCREENS.md, checks 8 and 10)."""

import re
from typing import Any

import pytest
import sight
from eyes import ERRORS, SIZES, Eyes
from website import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


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

"""In a real browser: the keyboard reaches everything, and axe-core finds nothing (SCREENS.md, checks 1 and 2)."""

import re
from typing import Any

import pytest
import sight
from eyes import EMPTY, ERRORS, SIZES, Eyes
from website import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


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

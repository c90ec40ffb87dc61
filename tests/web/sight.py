"""What a browser can check on a page (SCREENS.md, checks). Each function returns its faults as sentences: none is good.

Nothing is injected as a script tag, which the pages' policy refuses: sight.js is an init script of the browser context.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).with_name("sight.js")
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def keyboard(page: Any) -> list[str]:
    """Check 1: Tab reaches everything that can be used; what has the focus is seen and outlined; no trap."""
    total = page.evaluate("sight.tabStart()")
    for _ in range(total * 2 + 12):  # a date field takes four stops
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            return list(page.evaluate("sight.tabEnd()"))
    return [f"a trap: {total} things to use, and Tab never left the page"]


def axe_faults(page: Any, axe: str) -> list[str]:
    """Check 2: axe-core, WCAG 2.0 to 2.2, levels A and AA."""
    page.evaluate(axe + "; void 0")
    return list(page.evaluate("sight.axe()"))


def policy(headers: dict[str, str], html: str) -> list[str]:
    """Check 3: the exact header, and nothing inline in the raw HTML."""
    faults = [] if headers.get("content-security-policy") == CSP else ["not the exact policy"]
    for tag in re.findall(r"<[a-zA-Z][^>]*>", html):
        bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", tag)
        inline = re.search(r"\s(style|on\w+)\s*=", bare, re.IGNORECASE)
        if inline or re.match(r"<script(?![^>]*\ssrc=)|<style|<base", tag, re.IGNORECASE):
            faults.append(f"inline: {tag[:60]}")
    return faults


def pixels(page: Any, html: str) -> list[str]:
    """Check 5: nothing on the page could show, play or fetch a picture, a video or a sound."""
    named = re.findall(r"(?:src|href|data|poster)\s*=\s*[\"']?(?:data|blob):[^\"'>]{0,20}", html, re.IGNORECASE)
    return [f"element: {one}" for one in page.evaluate("sight.pictures()")] + [f"address: {one}" for one in named]


def layout(page: Any) -> list[str]:
    """Check 10: nothing wider than the window, no target under 24 x 24."""
    return list(page.evaluate("[...sight.wide(), ...sight.small()]"))


class Requests:
    """Checks 4 and 5 on the wire: every request and answer of a context."""

    def __init__(self, context: Any, origin: str) -> None:
        self.origin = origin
        self.requests: list[Any] = []
        self.responses: list[Any] = []
        context.on("request", lambda one: self.requests.append(one))
        context.on("response", lambda one: self.responses.append(one))

    def outside(self) -> list[str]:
        """Requests to any other origin."""
        return [one.url for one in self.requests if not one.url.startswith(self.origin + "/")]

    def media(self) -> list[str]:
        """Answers that are a picture, a video or a sound."""
        kinds = ("image/", "video/", "audio/", "application/octet-stream")
        return [one.url for one in self.responses if one.headers.get("content-type", "").startswith(kinds)]


def leaks(page: Any, context: Any, seen: Requests, canaries: tuple[str, ...], log: list[str]) -> list[str]:
    """Check 7: no canary in an address, a title, a Referer, the browser's storage or the server's log."""
    places = {
        "address": [one.url for one in seen.requests],
        "referer": [one.headers.get("referer", "") for one in seen.requests],
        "storage": [page.evaluate("sight.kept()"), *(str(cookie) for cookie in context.cookies())],
        "log": log,
    }
    return [
        f"{canary} in {place}"
        for place, texts in places.items()
        for canary in canaries
        if any(canary in text.lower() for text in texts)
    ]


@contextmanager
def planted(page: Any, change: Any) -> Iterator[None]:
    """A control: answers of HTML pass through ``change(headers, html)`` on their way to the browser."""

    def answer(route: Any) -> None:
        if not route.request.is_navigation_request():
            route.continue_()
            return
        given = route.fetch(max_redirects=0)
        headers, html = change(dict(given.headers), given.text())
        headers.pop("content-length", None)
        route.fulfill(status=given.status, headers=headers, body=html)

    page.route("**/*", answer)
    yield
    page.unroute("**/*")

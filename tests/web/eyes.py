"""The screens under test, and the windows that look at them."""

import re
from typing import Any

import sight
from starlette.routing import Route
from webcase import claimed
from website import Site

SIZES = {360: 800, 1600: 1000}
"""Width of a window: its height."""
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


def plant_fault(site: Site) -> None:
    def fault(request: Any) -> Any:
        raise RuntimeError("a fault in the program")

    site.app.router.routes.insert(0, Route("/fault", fault, name="fault"))

"""What every page works with: the case, the officer, the session, the addresses and the templates."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from trackway.findings.engine import Settings
from trackway.store.case import CaseStore
from trackway.store.journal import Officer
from trackway.views.door import View, consult
from trackway.web import render
from trackway.web.address import Addresses
from trackway.web.problem import Problem
from trackway.web.session import Sessions

PAGE = 50
"""Rows of one page (SCREENS.md)."""
THEMES = ("auto", "light", "dark")
NAV = (
    ("queue", "/queue", "Queue", "g q"),
    ("media", "/media", "Media", "g m"),
    ("personas", "/personas", "Personas", "g p"),
    ("network", "/network", "Network", "g n"),
    ("lists", "/lists", "Known lists", "g l"),
    ("intake", "/intake", "Intake", "g i"),
    ("custody", "/custody", "Custody", "g c"),
    ("help", "/help", "Help", "?"),
)


@dataclass(frozen=True, slots=True)
class Workspace:
    """One start of ``trackway serve``."""

    store: CaseStore
    settings: Settings
    officer: Officer
    sessions: Sessions
    addresses: Addresses
    templates: Environment
    scripted: bool
    """Whether the vendored scripts are there; the pages work without them."""

    @contextmanager
    def consult(self, what: str, subject: str = "") -> Iterator[View]:
        """One consultation: its entry in the ledger, then the answer (``views.door``)."""
        with consult(self.store, self.officer, what, subject) as view:
            yield view

    def page(self, request: Request, template: str, nav: str, title: str, status: int = 200, **more: Any) -> Response:
        """A whole page. ``title`` is a word for the screen: titles stand in histories and on task bars."""
        theme = request.cookies.get("trackway-theme", "auto")
        page = self.templates.get_template(template).render(
            render.context(
                nav=nav,
                navigation=NAV,
                title=title,
                here=here(request),
                csrf=self.sessions.csrf,
                theme=theme if theme in THEMES else "auto",
                keys_on=request.cookies.get("trackway-keys") != "off",
                officer=self.officer.name,
                case=self.store.name,
                signed_in=True,
                scripted=self.scripted,
                item_address=self.addresses.item,
                id_address=self.addresses.id,
                **more,
            )
        )
        return HTMLResponse(page, status)

    def problem(self, request: Request, problem: Problem, reference: str) -> Response:
        """The page of a problem: what, what was saved, reference, retry. A fragment for a script's request."""
        more = {"problem": problem, "reference": reference}
        if request.headers.get("hx-request") == "true":
            fragment = self.templates.get_template("_problem.html").render(render.context(**more))
            return HTMLResponse(fragment, problem.status)
        signed_in = problem.status != 403 or problem.title != "You are not signed in"
        theme = request.cookies.get("trackway-theme", "auto")
        page = self.templates.get_template("problem.html").render(
            render.context(
                nav="",
                navigation=NAV if signed_in else (),
                title=problem.title,
                here="/queue",
                csrf="",
                theme=theme if theme in THEMES else "auto",
                keys_on=False,
                officer="",
                case="",
                signed_in=False,
                scripted=False,
                **more,
            )
        )
        return HTMLResponse(page, problem.status)


def space(request: Request) -> Workspace:
    """The workspace that this request is answered from."""
    found: Workspace = request.app.state.workspace
    return found


def here(request: Request) -> str:
    """The address of this page, without the host."""
    query = request.url.query
    return request.url.path + (f"?{query}" if query else "")


def address(path: str, **parameters: str | None) -> str:
    """A path with these parameters, the empty ones left out."""
    held = {name: value for name, value in parameters.items() if value}
    return path + ("?" + urlencode(held, quote_via=quote, safe="/~:") if held else "")


def back_to(given: str, otherwise: str = "/queue") -> RedirectResponse:
    """See Other: a page of this workspace. ``given`` comes from a form and may name no other place."""
    parts = urlsplit(given)
    local = given.startswith("/") and not given.startswith("//") and not parts.scheme and not parts.netloc
    plain = given.isascii() and given.isprintable() and "\\" not in given
    return RedirectResponse(given if local and plain else otherwise, 303)

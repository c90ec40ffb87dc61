"""Around every answer: who may ask, what the browser may do with the answer, and what the log may say.

The log holds an event code, a reference and the name of a route: never an address, a name or the text of an error.
"""

import logging
import secrets
import time
from collections.abc import Callable
from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trackway.model.errors import Refused
from trackway.web.problem import NotSignedIn, Problem, Refusal, Stale, WrongHost
from trackway.web.session import Sessions

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
OPEN = ("/enter/", "/static/", "/favicon.ico")
"""What is answered without a session: signing in, and files that hold nothing of any case."""

log = logging.getLogger("trackway.web")
ErrorPage = Callable[[Request, Problem, str], Response]


class Shell:
    """ASGI middleware. ``hosts``: the values of Host that are ours; ``page`` makes the page of a problem."""

    def __init__(self, app: ASGIApp, sessions: Sessions, hosts: frozenset[str], page: ErrorPage) -> None:
        self._app = app
        self._sessions = sessions
        self._hosts = hosts
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        begun = False

        async def guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _dress(MutableHeaders(scope=message), scope["path"], started)
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, receive, guarded)
        except Exception as error:
            if begun:
                _report(error, scope)
                return  # half an answer is out: cutting it off is all that is left
            problem, reference = _problem_of(error, scope)
            await self._page(Request(scope, receive), problem, reference)(scope, receive, guarded)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self._hosts:
            raise WrongHost
        if scope["method"] not in ("GET", "HEAD"):
            self._check_origin(headers)
        if not scope["path"].startswith(OPEN):
            cookie = SimpleCookie(headers.get("cookie", "")).get(self._sessions.cookie_name)
            if cookie is None or not self._sessions.holds(cookie.value):
                raise NotSignedIn

    def _check_origin(self, headers: Headers) -> None:
        """Forms of other sites are refused. Under ``no-referrer`` a browser sends "null" as the Origin of a form's
        POST; what it says about the site then decides."""
        origin = headers.get("origin", "null")
        if origin == f"http://{headers['host']}":
            return
        if origin == "null" and headers.get("sec-fetch-site") == "same-origin":
            return
        raise Refusal


def _dress(headers: MutableHeaders, path: str, started: float) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Cache-Control"] = "no-cache" if path.startswith("/static/") else "no-store"
    headers["Server-Timing"] = f"app;dur={(time.perf_counter() - started) * 1000:.1f}"


def _problem_of(error: Exception, scope: Scope) -> tuple[Problem, str]:
    if isinstance(error, Problem):
        return error, ""
    if isinstance(error, Refused):
        return Stale(f"{error.sentence} Nothing was changed by this request."), ""
    return Problem(), _report(error, scope)


def _report(error: Exception, scope: Scope) -> str:
    """One line for the log, without any text of the error; returns the reference that the person is shown."""
    reference = secrets.token_hex(4)
    route = getattr(scope.get("route"), "name", None) or getattr(scope.get("endpoint"), "__name__", "-")
    log.error("web-error reference=%s route=%s type=%s", reference, route, type(error).__name__)
    return reference

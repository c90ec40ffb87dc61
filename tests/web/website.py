"""A workspace that answers, for the tests of its pages."""

import logging
from dataclasses import dataclass

import httpx
from starlette.applications import Starlette

from trackway.store.case import CaseStore
from trackway.web.app import HOST

TOKEN = "sign-in-token-of-this-test"
ARGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass
class Site:
    """A workspace that answers: its case, its origin, and the cookie of its session."""

    store: CaseStore
    app: Starlette
    port: int
    cookie: str = ""

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def cookies(self) -> dict[str, str]:
        return {f"trackway-{self.port}": self.cookie}

    def get(self, path: str, **more: object) -> httpx.Response:
        """A signed-in GET."""
        return httpx.get(self.origin + path, cookies=self.cookies, timeout=30, **more)

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """A signed-in POST as our own page sends it."""
        own = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin"} | headers
        held = {"csrf": self.app.state.workspace.sessions.csrf} | fields
        return httpx.post(self.origin + path, data=held, headers=own, cookies=self.cookies, timeout=30)


class Ear(logging.Handler):
    """Everything that any logger of the process says while the servers run."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

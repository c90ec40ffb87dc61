"""One server a case, one browser, contexts used again: the whole folder runs in minutes on two cores."""

import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from webcase import full_case
from website import ARGS, TOKEN, Ear, Site

from casework import NOW, OFFICER
from trackway.findings.engine import Settings
from trackway.sandbox.pool import Pool
from trackway.store.case import CaseStore, create_case, open_case
from trackway.web.app import HOST, create_app, server_of


@pytest.fixture(scope="session")
def ear() -> Iterator[Ear]:
    """The server's log."""
    held = Ear()
    logging.getLogger().addHandler(held)
    for name in ("trackway.web", "uvicorn", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield held
    logging.getLogger().removeHandler(held)


@pytest.fixture(scope="session")
def moment() -> Iterator[None]:
    """Clocks stand, for the server's threads too."""
    before = os.environ.get("TRACKWAY_NOW")
    os.environ["TRACKWAY_NOW"] = NOW
    yield
    if before is None:
        os.environ.pop("TRACKWAY_NOW")
    else:
        os.environ["TRACKWAY_NOW"] = before


def answering(store: CaseStore) -> Iterator[Site]:
    """Serve this case from a thread, signed in."""
    listener = socket.socket()
    listener.bind((HOST, 0))
    port = listener.getsockname()[1]
    app = create_app(store, Settings(), TOKEN, OFFICER, port)
    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    site = Site(store, app, port)
    site.cookie = httpx.get(f"{site.origin}/enter/{TOKEN}").cookies[f"trackway-{port}"]
    yield site
    server.should_exit = True
    thread.join(10)
    listener.close()
    store.close()


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory, pool: Pool, moment: None, ear: Ear) -> Iterator[Site]:
    """A case with everything in it."""
    yield from answering(full_case(tmp_path_factory.mktemp("web"), pool))


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory, moment: None, ear: Ear) -> Iterator[Site]:
    """A case just made."""
    folder = tmp_path_factory.mktemp("web") / "empty"
    create_case(str(folder)).close()
    yield from answering(open_case(str(folder)))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium, started once."""
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("There is no Chromium here: install Debian's package chromium to run the browser tests.")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=ARGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source, from npm."""
    path = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("axe-core is not there: run `python hatch_build.py` (npm) first.")
    return path.read_text("utf-8")


@pytest.fixture(scope="session")
def eyes(browser: Any) -> Any:
    from eyes import Eyes

    return Eyes(browser)


@pytest.fixture(scope="session")
def shown(full: Site) -> dict[str, str]:
    from eyes import plant_fault, screens

    plant_fault(full)
    return screens(full)


@pytest.fixture
def page(full: Site, eyes: Any) -> Iterator[Callable[..., Any]]:
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

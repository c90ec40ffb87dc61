"""Who gets in, from where, and what every answer carries. Each safeguard has its control beside it."""

import re

import httpx
import pytest
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from webcase import CANARIES, claimed
from website import TOKEN, Ear, Site

from trackway.store import schema
from trackway.web.shell import CSP

EXACT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECRET = "CanaryText of the error"


def _broken(request: Request) -> Response:
    raise RuntimeError(SECRET)


@pytest.fixture(scope="module")
def site(full: Site) -> Site:
    """The full case, with an address that fails as a fault in the program would."""
    full.app.router.routes.insert(0, Route("/broken/{word}", _broken, name="broken"))
    return full


def test_the_token_signs_in_once(site: Site) -> None:
    again = httpx.get(f"{site.origin}/enter/{TOKEN}")
    wrong = httpx.get(f"{site.origin}/enter/nonsense")
    assert (again.status_code, wrong.status_code) == (403, 403)
    assert "works once" in again.text
    assert site.get("/queue").status_code == 200  # control: the session that it opened stands


def test_the_cookie_is_the_browsers_own(empty: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(empty.app.state.workspace.sessions, "token", "another")
    before = empty.cookie
    answer = httpx.get(f"{empty.origin}/enter/another")
    empty.cookie = answer.cookies[f"trackway-{empty.port}"]
    said = answer.headers["set-cookie"].lower()
    assert answer.status_code == 303
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "max-age" not in said
    assert before != empty.cookie


@pytest.mark.parametrize("path", ["/queue", "/media", "/personas", "/lists", "/intake", "/custody", "/help", "/nosuch"])
def test_nothing_is_shown_without_a_session(site: Site, path: str) -> None:
    for cookies in ({}, {f"trackway-{site.port}": "guessed"}):
        answer = httpx.get(site.origin + path, cookies=cookies)
        assert answer.status_code == 403
        assert "not signed in" in answer.text
        assert "otter" not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "127.0.0.1.:{port}"]
)
def test_another_name_for_this_machine_is_refused(site: Site, host: str) -> None:
    """DNS rebinding: a page elsewhere resolves its own name to 127.0.0.1."""
    given = host.format(port=site.port)
    assert site.get("/queue", headers={"Host": given}).status_code == 421
    assert site.get("/queue", headers={"Host": f"localhost:{site.port}"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Origin": "null"}, 303),  # what a browser sends for a form under no-referrer
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(site: Site, headers: dict[str, str], status: int) -> None:
    assert site.post("/settings", {"theme": "auto", "back": "/help"}, **headers).status_code == status


def test_a_form_without_our_own_secret_is_refused(site: Site) -> None:
    assert site.post("/settings", {"theme": "dark", "csrf": "guessed"}).status_code == 403
    assert site.post("/settings", {"theme": "dark", "csrf": ""}).status_code == 403
    assert site.post("/settings", {"theme": "dark"}).status_code == 303  # control


@pytest.mark.parametrize(
    ("back", "location"),
    [
        ("/media?novelty=near", "/media?novelty=near"),
        ("//evil.example/", "/help"),
        ("https://evil.example/", "/help"),
        ("/\\evil.example", "/help"),
        ("javascript:alert(1)", "/help"),
        ("/help\r\nSet-Cookie: a=b", "/help"),
    ],
)
def test_a_form_leads_back_into_the_workspace_only(site: Site, back: str, location: str) -> None:
    assert site.post("/settings", {"theme": "auto", "back": back}).headers["location"] == location


def test_a_form_has_a_size(site: Site) -> None:
    assert site.post("/act/note", {"text": "x" * 70_000}).status_code == 413
    assert site.post("/settings", {f"field{n}": "x" for n in range(60)}).status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/queue", 200),
        ("/help", 200),
        ("/nosuch", 404),
        ("/trace/nosuch", 404),
        ("/persona/" + "0" * 32, 404),
        ("/media/%7Eforged", 404),
        ("/item/persona/" + "0" * 32, 404),
        ("/item/report/%7Eforged", 404),
        ("/queue?after=forged", 404),
        ("/media?after=forged", 404),
        ("/media?novelty=nosuch", 404),
        ("/custody?before=nosuch", 404),
        ("/personas?as_of=yesterday", 409),
        ("/act/note", 405),
        ("/broken/canarynick", 500),
    ],
)
def test_every_answer_carries_the_headers_and_no_traceback(site: Site, path: str, status: int) -> None:
    answer = site.get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == EXACT == CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"app;dur=\d+\.\d", answer.headers["server-timing"])
    assert "server" not in answer.headers
    assert "Traceback" not in answer.text
    assert SECRET not in answer.text


def test_a_fault_has_a_reference_and_the_log_no_text(site: Site, ear: Ear) -> None:
    answer = site.get("/broken/canarynick")
    found = re.search(r"Reference <span class=\"code\">([0-9a-f]{8})</span>", answer.text)
    assert found is not None
    lines = [line for line in ear.lines if found[1] in line]
    assert lines == [f"web-error reference={found[1]} route=broken type=RuntimeError"]
    assert not any(SECRET in line or "canarynick" in line for line in ear.lines)


def test_the_log_holds_no_address(site: Site, ear: Ear) -> None:
    site.get("/queue")
    site.get("/persona/" + "0" * 32)
    assert not any("/queue" in line or "/persona" in line or "0" * 32 in line for line in ear.lines)


@pytest.mark.parametrize(
    ("path", "views"),
    [
        ("/queue", ["queue"]),
        ("/media", ["media"]),
        ("/personas", ["personas"]),
        ("/lists", ["lists"]),
        ("/intake", ["intake"]),
        ("/custody", ["custody"]),
        ("/persona/{persona}", ["persona"]),
        ("/persona/{persona}/traces", ["persona-traces"]),
        ("/personas?at={persona}", ["personas", "persona"]),
        ("/help", []),
        ("/static/app.css", []),
    ],
)
def test_each_thing_that_is_opened_is_one_consultation(site: Site, path: str, views: list[str]) -> None:
    persona = claimed(site.store)[0]
    e = schema.entry.c
    with site.store.read() as connection:
        before = connection.execute(select(func.max(e.no))).scalar_one()
    assert site.get(path.format(persona=persona)).status_code == 200
    with site.store.read() as connection:
        bodies = connection.execute(select(e.body).where(e.no > before).order_by(e.no)).scalars().all()
    assert [re.search(rb'"view":"([a-z-]+)"', body)[1].decode() for body in bodies] == views


def test_addresses_hold_no_names(site: Site) -> None:
    pages = [site.get(path) for path in ("/queue", "/media", "/personas", "/lists", "/intake", "/custody?show=all")]
    addresses = [found.lower() for page in pages for found in re.findall(r"(?:href|action)=\"([^\"]*)\"", page.text)]
    assert len(addresses) > 200
    assert not [found for found in addresses if any(canary in found for canary in CANARIES)]
    assert [page for page in pages if "canarynick" in page.text.lower()]  # control: the pages themselves do hold them


def test_signing_out_ends_the_session(empty: Site) -> None:
    assert empty.get("/queue").status_code == 200
    sessions = empty.app.state.workspace.sessions
    sessions.token = "back in"
    assert empty.post("/leave", {}).status_code == 303
    assert empty.get("/queue").status_code == 403
    empty.cookie = httpx.get(f"{empty.origin}/enter/back in").cookies[f"trackway-{empty.port}"]

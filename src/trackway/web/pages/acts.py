"""What a person does: each form goes to ``acts``, and back to where it was sent from."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from trackway.acts import claims as acts
from trackway.model.errors import Refused
from trackway.model.times import now
from trackway.web import render
from trackway.web.problem import Stale
from trackway.web.session import read_form
from trackway.web.workspace import Workspace, back_to, space

VERDICTS = ("accepted", "rejected", "unsure")


async def acknowledge(request: Request) -> Response:
    """An item of the queue: taken on oneself, with what is done about it."""
    work = space(request)
    given = await read_form(request, work.sessions)
    action = _required(given, "action", "Write what is done about it")
    subject = work.addresses.unseal(given.get("subject", ""), "subject")
    number = await _act(lambda: acts.acknowledge(work.store, work.officer, subject, action))
    if request.headers.get("hx-request") != "true":
        return back_to(given.get("back", ""))
    at = now().isoformat().replace("+00:00", "Z")
    row = work.templates.get_template("_acknowledged.html").render(
        render.context(officer=work.officer.name, at=at, entry=number, row=given.get("row", "")[:40])
    )
    return HTMLResponse(row)


async def note(request: Request) -> Response:
    """A note on an item, a file or a persona."""
    work = space(request)
    given = await read_form(request, work.sessions)
    text = _required(given, "text", "Write the note")
    subject = work.addresses.unseal(given.get("subject", ""), "subject")
    await _act(lambda: acts.note(work.store, work.officer, subject, text))
    return back_to(given.get("back", ""))


async def judge(request: Request) -> Response:
    """A judgement on a claim, or taking the last one back."""
    work = space(request)
    given = await read_form(request, work.sessions)
    claim, verdict = given.get("claim", ""), given.get("judgement", "")
    reason = _required(given, "reason", "Write the reason")
    if verdict == "undo":
        await _act(lambda: acts.withdraw(work.store, work.officer, claim, reason))
    elif verdict in VERDICTS:
        await _act(lambda: acts.judge(work.store, work.officer, claim, verdict, reason))
    else:
        raise Stale("Choose accepted, rejected or unsure. Nothing was saved; go back, your text is still there.")
    try:
        await run_in_threadpool(lambda: _refresh(work))
    except Refused as refusal:
        raise Stale(f"Your judgement was saved. What follows from it will show later: {refusal.sentence}") from refusal
    return back_to(given.get("back", ""), "/personas")


def _refresh(work: Workspace) -> int:
    """What the decision changes in the findings shows on the next page."""
    from trackway.acts.analyse import analyse

    return analyse(work.store, work.settings)


def _required(given: dict[str, str], name: str, asked: str) -> str:
    if not given.get(name):
        raise Stale(f"{asked}. Nothing was saved; go back, what you wrote is still there.")
    return given[name]


async def _act(act: Callable[[], int]) -> int:
    try:
        return await run_in_threadpool(act)
    except Refused as refusal:
        raise Stale(f"{refusal.sentence} Nothing was saved; go back, what you wrote is still there.") from refusal

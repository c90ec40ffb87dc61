"""Keys and settings, signing in and out."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from trackway.web.keys import KEYS, TYPING_INERT, as_module
from trackway.web.problem import Stale
from trackway.web.session import read_form
from trackway.web.workspace import THEMES, back_to, space

YEAR = 365 * 24 * 3600


def help_page(request: Request) -> Response:
    """The table of keys, and the settings of this browser."""
    return space(request).page(request, "help.html", "help", "Help", table=KEYS, inert=TYPING_INERT)


def key_table(request: Request) -> Response:
    """The table of keys as a script."""
    return Response(as_module(), media_type="text/javascript")


def enter(request: Request) -> Response:
    """Sign in: the token of the printed address opens the session, once."""
    sessions = space(request).sessions
    secret = sessions.open(request.path_params["token"])
    answer = RedirectResponse("/queue", 303)
    answer.set_cookie(sessions.cookie_name, secret, httponly=True, samesite="strict", path="/")
    return answer


async def settings(request: Request) -> Response:
    """Light or dark, keys on or off: kept in this browser."""
    given = await read_form(request, space(request).sessions)
    answer = back_to(given.get("back", ""), "/help")
    if "theme" in given:
        if given["theme"] not in THEMES:
            raise Stale("There is no such setting. Nothing was changed.")
        _keep(answer, "trackway-theme", given["theme"])
    if "keys" in given:
        _keep(answer, "trackway-keys", "off" if given["keys"] == "off" else "on")
    return answer


async def leave(request: Request) -> Response:
    """Sign out."""
    sessions = space(request).sessions
    await read_form(request, sessions)
    sessions.close()
    answer = RedirectResponse("/queue", 303)
    answer.delete_cookie(sessions.cookie_name)
    return answer


def home(request: Request) -> Response:
    """The queue is where work begins."""
    return RedirectResponse("/queue", 303)


def nothing(request: Request) -> Response:
    """The icon that browsers ask for: there is none."""
    return Response(status_code=204)


def _keep(answer: Response, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="strict", path="/")

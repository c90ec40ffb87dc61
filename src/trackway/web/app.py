"""The application and its server: bound to this machine, behind a sign-in token made at each start."""

import logging
import secrets
import socket
import webbrowser
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from trackway.findings.engine import Settings
from trackway.model.errors import Refused
from trackway.store.case import CaseStore
from trackway.store.journal import Officer
from trackway.views.custody import address_key
from trackway.views.door import consult
from trackway.web.address import Addresses
from trackway.web.pages import acts, custody, help, intake, lists, media, network, personas, queue, trace
from trackway.web.problem import Missing, Problem
from trackway.web.render import environment
from trackway.web.session import Sessions
from trackway.web.shell import Shell
from trackway.web.workspace import Workspace

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"

ROUTES = (
    Route("/", help.home),
    Route("/enter/{token}", help.enter),
    Route("/queue", queue.queue, name="queue"),
    Route("/item/{kind}/{id:path}", queue.item, name="item"),
    Route("/media", media.media, name="media"),
    Route("/media/{id}", media.one, name="media-item"),
    Route("/personas", personas.personas, name="personas"),
    Route("/persona/{id}", personas.one, name="persona"),
    Route("/persona/{id}/traces", personas.traces, name="persona-traces"),
    Route("/network", network.network, name="network"),
    Route("/lists", lists.lists, name="lists"),
    Route("/intake", intake.intake, name="intake"),
    Route("/trace/{id}", trace.trace, name="trace"),
    Route("/custody", custody.custody, name="custody"),
    Route("/help", help.help_page, name="help"),
    Route("/act/acknowledge", acts.acknowledge, methods=["POST"]),
    Route("/act/note", acts.note, methods=["POST"]),
    Route("/act/judge", acts.judge, methods=["POST"]),
    Route("/settings", help.settings, methods=["POST"]),
    Route("/leave", help.leave, methods=["POST"]),
    Route("/favicon.ico", help.nothing),
    Route("/static/key-table.js", help.key_table),
    Mount("/static", StaticFiles(directory=STATIC), name="static"),
)


def create_app(store: CaseStore, settings: Settings, token: str, officer: Officer, port: int) -> Starlette:
    """The workspace of one case for one officer. ``token`` signs in once; ``port`` is what browsers call it by."""
    with consult(store, officer, "workspace") as view:
        addresses = Addresses(address_key(view))
    sessions = Sessions(token, f"trackway-{port}")
    scripted = (STATIC / "vendor" / "htmx.min.js").is_file()
    workspace = Workspace(store, settings, officer, sessions, addresses, environment(), scripted)
    hosts = frozenset(f"{name}:{port}" for name in (HOST, "localhost"))
    shell = Middleware(Shell, sessions=sessions, hosts=hosts, page=workspace.problem)
    app = Starlette(routes=list(ROUTES), middleware=[shell], exception_handlers={HTTPException: _http_problem})
    app.state.workspace = workspace
    return app


async def _http_problem(request: Request, error: Exception) -> Response:
    """What the router itself refuses: no such address, or not by this method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    workspace: Workspace = request.app.state.workspace
    if status == 405:
        problem = Problem("This address is for sending a form. Nothing was changed; go back to the queue.")
        problem.status, problem.title = 405, "Not that way"
        return workspace.problem(request, problem, "")
    return workspace.problem(request, Missing(), "")


def serve(store: CaseStore, settings: Settings, officer: Officer, *, port: int = 0, open_browser: bool = False) -> None:
    """Serve until interrupted. Prints the sign-in address once. Raises Refused where the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise Refused(f"Port {port} is taken or not allowed; name another, or 0 for a free one.", "port") from error
    bound: int = listener.getsockname()[1]
    token = secrets.token_urlsafe(24)
    app = create_app(store, settings, token, officer, bound)
    logging.getLogger("trackway.web").setLevel(logging.INFO)
    sign_in = f"http://{HOST}:{bound}/enter/{token}"
    print(f"The workspace of {store.name} runs on this machine only. Open, once: {sign_in}", flush=True)
    print("Ctrl-C ends it.", flush=True)
    if open_browser:
        webbrowser.open(sign_in)
    server_of(app).run(sockets=[listener])


def server_of(app: Starlette) -> uvicorn.Server:
    """The server, silent: no access log (addresses), no log of its own (texts of errors), no trust in proxies."""
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Server(
        uvicorn.Config(
            app, access_log=False, log_config=None, log_level="critical", server_header=False, proxy_headers=False
        )
    )

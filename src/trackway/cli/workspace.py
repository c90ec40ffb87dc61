"""``serve``: the workspace in a browser, on this machine only."""

from trackway.cli.session import opened
from trackway.store.journal import Officer


def serve(case: str, port: int, browser: bool, officer: Officer) -> None:
    """Serve until interrupted."""
    from trackway.web.app import serve as run

    with opened(case) as (store, settings):
        run(store, settings, officer, port=port, open_browser=browser)

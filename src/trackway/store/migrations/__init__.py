"""Alembic migrations, run from the program itself (no alembic.ini, no command to remember)."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

HEAD = "0001"
"""The newest revision; a test holds it against the scripts. Compared on every opening without loading Alembic's env."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def known_revision(revision: str) -> bool:
    """Whether this installation knows the revision (else the case is newer than the program)."""
    return any(script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


def upgrade(engine: Engine) -> None:
    """Bring the store to ``HEAD``, in one transaction."""
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

"""Where facts and findings are kept: one schema for SQLite and PostgreSQL, through SQLAlchemy Core."""

from trackway.store.case import CaseStore, create_case, open_case

__all__ = ["CaseStore", "create_case", "open_case"]

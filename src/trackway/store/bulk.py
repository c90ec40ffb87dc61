"""Many rows into one table, as fast as the store takes them.

SQLAlchemy's own ``executemany`` spends more time on each row's dictionary than SQLite does on the row (half of the
writer's time). The statement is still compiled from the table by Core; only the rows go straight to the driver:
tuples for SQLite, COPY for PostgreSQL.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import sqlite


@cache
def _statement(table: Table) -> str:
    return str(insert(table).compile(dialect=sqlite.dialect(paramstyle="qmark")))


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert ``rows``, each a value for every column in the table's order, inside the caller's transaction."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_statement(table), list(rows))
        return
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    finally:
        cursor.close()

"""Brings a database to the tables of this version: an empty one, or one of an earlier version.

Any number of processes may do it at once: PostgreSQL's advisory lock and SQLite's write lock let one of them work
while the others wait and then find nothing to do.

A new version of the tables is a new file in `versions/` and its name in `HEAD`.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.engine import sqlite_file, transact

HEAD = "0004"
# A name of our own: the database may hold another program's tables, with Alembic's default name in use.
VERSION_TABLE = "switchboard_version"
_TRIES = 50
_LOCK = 0x5357_4254_4348  # any number that is always the same


async def revision(engine: AsyncEngine) -> str | None:
    """The revision that the database is at, None for an empty one. Raises what connecting raises."""
    file = sqlite_file(engine)
    if file is not None and file.parent.is_dir() and not file.exists():
        return None
    try:
        query = text(f"SELECT version_num FROM {VERSION_TABLE}")
        return await transact(engine, lambda connection: connection.scalar(query))
    except DBAPIError as error:
        if _has_no_table(error):
            return None
        raise


def _has_no_table(error: DBAPIError) -> bool:
    return "no such table" in str(error.orig) or getattr(error.orig, "sqlstate", None) == "42P01"


async def migrate(engine: AsyncEngine) -> bool:
    """Bring the database to HEAD. True where there was something to do. Raises what connecting raises.

    One of a later version stays as it is: versions only add, and workers are replaced one by one.
    """
    file = sqlite_file(engine)
    if file is not None and not file.exists():
        # Customers and calls are nobody else's: SQLite would create the file for all to read.
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    if (await revision(engine) or "") >= HEAD:
        return False
    if file is not None:
        await transact(engine, _write_ahead, sqlite_begin="")
    await transact(engine, _upgrade, sqlite_begin="BEGIN IMMEDIATE")
    return True


def _write_ahead(connection: Connection) -> None:
    """SQLite's write-ahead log, which the file remembers: readers and a writer do not wait for each other."""
    for patience in range(_TRIES, -1, -1):
        try:
            connection.execute(text("PRAGMA journal_mode = WAL"))
            return
        except OperationalError:  # another process is at it: SQLite does not wait here by itself
            if not patience:
                raise
            time.sleep(0.1)


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

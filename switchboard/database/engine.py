"""The database: one place that makes engines. SQLite in a file by default, PostgreSQL by `DATABASE_URL`.

Every use opens a connection and closes it again. A call's process asks once and writes a few times in minutes: a
pool would hold one idle connection a call against PostgreSQL's hundred, and keep dead ones after a restart.

Importing this costs a few hundred milliseconds (SQLAlchemy), so call processes get it from the fork server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}

T = TypeVar("T")
# An engine for SQLite has a second one that blocks, for `transact`.
_blocking: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


class BadDatabaseURL(ValueError):
    """A database URL that cannot be used. The message says what would be right, and holds no password."""


def read_url(text: str) -> URL:
    """`text` with the driver that we use. Raises BadDatabaseURL."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise BadDatabaseURL(
            "DATABASE_URL is no URL: use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise BadDatabaseURL(f'DATABASE_URL names the database "{url.get_backend_name()}" (have: sqlite, postgresql)')
    url = url.set(drivername=driver)
    if driver.startswith("sqlite"):
        if url.database in (None, "", ":memory:"):
            raise BadDatabaseURL(
                "DATABASE_URL names no file, and a call's process would not see it: use sqlite:///FILE"
            )
        return url
    # Hosted databases hand out libpq's spelling; asyncpg calls the same thing `ssl`.
    mode = url.query.get("sslmode")
    url = url.difference_update_query(["sslmode", "channel_binding"])
    return url.update_query_dict({"ssl": mode}) if mode else url


def make_engine(text: str, patience_s: float = 5.0) -> AsyncEngine:
    """An engine for the database URL `text`; nothing is opened yet. Raises BadDatabaseURL.

    `patience_s` is how long a connection may take to open, and how long SQLite waits for another writer.
    Values of queries (numbers, names) never show in error messages.
    """
    url = read_url(text)
    if url.get_backend_name() == "postgresql":
        return create_async_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": patience_s})
    # The driver's own transactions leave DDL and reads outside of them; with ours, BEGIN means it.
    arguments: dict[str, Any] = {"timeout": patience_s, "isolation_level": None}
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=arguments)
    blocking = create_engine(
        url.set(drivername="sqlite"), poolclass=NullPool, hide_parameters=True, connect_args=arguments
    )
    for each in (engine.sync_engine, blocking):
        event.listen(each, "do_connect", _open_existing)
        event.listen(each, "begin", _begin)
    _blocking[engine.sync_engine] = blocking
    return engine


async def transact(engine: AsyncEngine, work: Callable[[Connection], T], sqlite_begin: str = "BEGIN") -> T:
    """Run `work` in a transaction that the caller may cancel or abandon at any moment, as calls do.

    SQLite runs in a plain thread then, which ends by itself: aiosqlite, cancelled while another process holds the
    lock, can keep the event loop from ever closing.
    """
    if engine.dialect.name == "sqlite":
        return await asyncio.to_thread(_in_thread, _blocking[engine.sync_engine], work, sqlite_begin)
    async with engine.begin() as connection:
        return await connection.run_sync(work)


def _in_thread(engine: Engine, work: Callable[[Connection], T], sqlite_begin: str) -> T:
    with engine.execution_options(sqlite_begin=sqlite_begin).begin() as connection:
        return work(connection)


def _open_existing(_: object, __: object, place: list[Any], options: dict[str, Any]) -> None:
    """Only `migrate` makes a database: whoever reads one that is not there must not leave an empty file behind."""
    place[0] = f"{Path(place[0]).absolute().as_uri()}?mode=rw"
    options["uri"] = True


def _begin(connection: Connection) -> None:
    """BEGIN, or what the execution option `sqlite_begin` says: "BEGIN IMMEDIATE" asks for the write lock at once,
    as a transaction that reads before it writes must (SQLite refuses it later), "" is no transaction."""
    statement = connection.get_execution_options().get("sqlite_begin", "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)


def sqlite_file(engine: AsyncEngine) -> Path | None:
    """The file of an SQLite database, None for PostgreSQL."""
    return Path(engine.url.database or "") if engine.dialect.name == "sqlite" else None


def place(engine: AsyncEngine) -> str:
    """Where the database is, for messages: no password."""
    return str(sqlite_file(engine) or engine.url.set(drivername="postgresql", query={}).render_as_string())

"""`switchboard migrate`, and how other commands come to the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from switchboard.cli.business import read_settings
from switchboard.cli.output import NO, fail, print_json

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    app.command()(migrate)


def migrate(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Bring the database to the tables of this version. The worker does the same when it starts."""
    from switchboard.cli.output import console
    from switchboard.database.engine import place
    from switchboard.database.migrations import HEAD, migrate

    async def work(engine: AsyncEngine) -> tuple[str, bool]:
        return place(engine), await migrate(engine)

    where, changed = with_database(work, migrated=False, makes=True)
    if json:
        print_json({"database": where, "revision": HEAD, "changed": changed})
    else:
        console.print(f"{where}: revision {HEAD}, {'migrated' if changed else 'nothing to do'}", soft_wrap=True)


def with_database(
    work: Callable[[AsyncEngine], Awaitable[T]], *, migrated: bool = True, makes: bool = False, patience_s: float = 10.0
) -> T:
    """Run `work` with the database that DATABASE_URL names, brought up to date first (`migrated`).

    A file that is not there is made only for `work` that writes (`makes`). A database that cannot be used ends the
    command with one line.
    """
    import asyncio

    from sqlalchemy.exc import SQLAlchemyError

    from switchboard.database.engine import BadDatabaseURL, make_engine, place, sqlite_file
    from switchboard.database.migrations import migrate

    try:
        engine = make_engine(read_settings().database_url, patience_s)
    except BadDatabaseURL as error:
        fail(str(error))
    file = sqlite_file(engine)
    if file is not None and not makes and file.parent.is_dir() and not file.exists():
        fail(
            f"there is no database {file.absolute()} yet: the worker makes one when it starts. "
            "If yours is elsewhere, run this there, or set DATABASE_URL",
            NO,
        )

    async def run() -> T:
        if migrated:
            await migrate(engine)
        return await work(engine)

    try:
        return asyncio.run(run())
    except (SQLAlchemyError, OSError, _driver_error()) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0] or type(error).__name__
        fail(f"the database {place(engine)} cannot be used: {reason}. Is it running, and is DATABASE_URL right?")


def _driver_error() -> type[Exception]:
    """What asyncpg raises when it cannot even connect: SQLAlchemy lets it through as it is."""
    from asyncpg import PostgresError

    return PostgresError

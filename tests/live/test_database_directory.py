"""Customers in a real database: known, unknown, and when the database is slow, gone and back."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.engine import make_engine, sqlite_file
from switchboard.database.migrations import migrate
from switchboard.directory.directory import Directory
from switchboard.directory.look_up import look_up
from switchboard.directory.sql import SqlDirectory
from tests.live.postgres import Postgres

ANN, UNKNOWN = "+14155550101", "+14155550199"
PATIENT_S = 30.0  # a budget that no healthy database needs


@pytest.fixture
async def engine(database_url: str) -> AsyncEngine:
    engine = make_engine(database_url)
    await migrate(engine)
    await SqlDirectory(engine).add(ANN, {"name": "Ann", "tier": "gold", "branch": "Oakland"})
    return engine


async def rows(directory: Directory, number: str) -> Sequence[object]:
    found = await look_up(directory, number, PATIENT_S)
    assert found.warning is None
    return found.rows


@asynccontextmanager
async def locked(engine: AsyncEngine) -> AsyncGenerator[None]:
    """Someone holds the customers so that nobody can read them."""
    file = sqlite_file(engine)
    if file is None:
        async with engine.begin() as connection:
            await connection.execute(text("LOCK TABLE customers IN ACCESS EXCLUSIVE MODE"))
            yield
        return
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # else readers read past a writer
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("UPDATE customers SET tier = tier")
        yield
        connection.execute("COMMIT")


async def test_a_known_number_gives_its_columns_and_an_unknown_one_nothing(engine: AsyncEngine) -> None:
    directory = SqlDirectory(engine)
    assert await rows(directory, ANN) == ({"name": "Ann", "tier": "gold", "branch": "Oakland"},)
    assert await rows(directory, UNKNOWN) == ()


async def test_a_household_comes_in_the_order_of_its_members(engine: AsyncEngine) -> None:
    directory = SqlDirectory(engine)
    for name in ("Zoe", "Bob", ""):
        await directory.add(ANN, {"name": name, "language": "es"})
    assert [row.get("name") for row in await directory.find(ANN)] == ["Ann", "Zoe", "Bob", None]


async def test_a_customer_who_is_added_again_changes_in_the_columns_given(engine: AsyncEngine) -> None:
    directory = SqlDirectory(engine)
    await directory.add(ANN, {"name": "Ann", "tier": "", "notes": "likes tea", "branch": "", "car": "red"})
    assert await rows(directory, ANN) == ({"name": "Ann", "notes": "likes tea", "car": "red"},)


async def test_what_postgresql_refuses_is_made_storable(engine: AsyncEngine) -> None:
    directory = SqlDirectory(engine)
    await directory.add(ANN, {"name": "A\x00nn", "x\x00": "\ud800", "y": float("nan")})
    assert await rows(directory, ANN) == ({"name": "Ann", "tier": "gold", "branch": "Oakland", "x": "?"},)


async def test_a_locked_database_costs_the_budget_and_nothing_is_left_behind(engine: AsyncEngine) -> None:
    directory = SqlDirectory(engine)
    async with locked(engine):
        for _ in range(3):
            found = await look_up(directory, ANN, budget_s=0.1)
            assert found.warning == "customer directory: no answer within 100 ms, went on without"
    if engine.dialect.name == "postgresql":
        await no_other_connection(engine)
    assert len(await rows(directory, ANN)) == 1


async def no_other_connection(engine: AsyncEngine) -> None:
    """The server has no client left but the one that asks. It may take it a moment to see that they went."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with asyncio.timeout(30), engine.connect() as connection:
        while await connection.scalar(others):
            await connection.rollback()
            await asyncio.sleep(0.05)


async def test_a_stopped_database_is_a_warning_and_back_when_it_is_back(postgres: Postgres) -> None:
    engine = make_engine(postgres.new_database())
    await migrate(engine)
    directory = SqlDirectory(engine)
    await directory.add(ANN, {"name": "Ann"})
    postgres.stop()
    try:
        found = await look_up(directory, ANN, PATIENT_S)
        assert found.rows == ()
        assert found.warning == "customer directory: ConnectionRefusedError, went on without"
    finally:
        postgres.start()
    assert await rows(directory, ANN) == ({"name": "Ann"},)


async def test_a_database_that_accepts_and_never_answers_costs_the_budget() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        engine = make_engine(f"postgresql://tests@127.0.0.1:{server.getsockname()[1]}/x")
        found = await look_up(SqlDirectory(engine), ANN, budget_s=0.1)
        assert found.warning == "customer directory: no answer within 100 ms, went on without"
        await asyncio.sleep(0)


async def test_a_database_without_tables_is_a_warning(database_url: str) -> None:
    engine = make_engine(database_url)
    if file := sqlite_file(engine):
        missing = await look_up(SqlDirectory(engine), ANN, PATIENT_S)
        assert missing.warning == f"customer directory: there is no database {file}, went on without"
        assert not file.exists(), "a question makes none"
        file.touch()
    found = await look_up(SqlDirectory(engine), ANN, PATIENT_S)
    assert found.warning in (
        "customer directory: OperationalError, went on without",
        "customer directory: ProgrammingError, went on without",
    )

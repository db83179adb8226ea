"""The tables, made by migrations on both databases."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from switchboard.database import migrations
from switchboard.database.engine import make_engine, transact
from switchboard.database.migrations import HEAD, VERSION_TABLE, migrate, revision
from switchboard.directory.customer import Customer
from switchboard.leases.lease import CallLease
from switchboard.records.record import CallRecord

# One metadata holds the tables of all, once all are imported.
TABLES = Customer.metadata
assert CallRecord.metadata is CallLease.metadata is TABLES


async def test_an_empty_database_is_migrated_once(database_url: str) -> None:
    engine = make_engine(database_url)
    assert await revision(engine) is None
    assert await migrate(engine)
    assert await revision(engine) == HEAD
    assert not await migrate(engine)


async def test_the_migrated_tables_are_those_of_the_models(database_url: str) -> None:
    engine = make_engine(database_url)
    await migrate(engine)

    def differences(connection: Connection) -> list[Any]:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), TABLES)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def test_the_revision_that_the_code_wants_is_the_newest() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_a_database_of_a_later_version_stays_as_it_is(database_url: str) -> None:
    engine = make_engine(database_url)
    await migrate(engine)
    later = text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    await transact(engine, lambda connection: connection.execute(later))
    assert not await migrate(engine)
    assert await revision(engine) == "9999"


async def test_many_may_migrate_an_empty_database_at_once(database_url: str) -> None:
    done = await asyncio.gather(*(migrate(make_engine(database_url, patience_s=30)) for _ in range(6)))
    assert any(done)
    assert await revision(make_engine(database_url)) == HEAD


async def test_processes_may_migrate_an_empty_database_at_once(database_url: str) -> None:
    migrating = ("-c", "from switchboard.cli import main; main()", "migrate")
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, *migrating),
            env={**os.environ, "DATABASE_URL": database_url},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(3)
    ]
    for process in processes:
        _, errors = await process.communicate()
        assert (process.returncode, errors) == (0, b"")
    assert await revision(make_engine(database_url)) == HEAD


async def test_the_sqlite_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "switchboard.sqlite3"
    await migrate(make_engine(f"sqlite:///{file}"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

"""Importing customers into a real database, while others import and look up."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.directory.csv_file import BadFile, open_customers
from switchboard.directory.customer import Customer
from switchboard.directory.load import Loaded, load
from switchboard.directory.look_up import look_up
from switchboard.directory.sql import SqlDirectory

ANN, BOB, CY = "+14155550101", "+14155550102", "+14155550103"
ROWS = 4000


@pytest.fixture
async def engine(database_url: str) -> AsyncEngine:
    engine = make_engine(database_url, patience_s=60)
    await migrate(engine)
    return engine


def save(file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")


async def imported(engine: AsyncEngine, file: Path, content: str, *, replace: bool = False) -> Loaded:
    save(file, content)
    with open_customers(file, "US") as customers:
        return await load(engine, customers, replace=replace)


async def table(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    query = select(Customer.number, Customer.name, Customer.tier, Customer.data).order_by(Customer.id)
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(query)]


async def test_a_file_is_imported_in_its_order(engine: AsyncEngine, tmp_path: Path) -> None:
    text = f"number,name,tier,branch\n{BOB},Bob,gold,Oakland\n{ANN},Ann,,\n{BOB},Al,silver,\n"
    assert await imported(engine, tmp_path / "c.csv", text) == Loaded(3, 0, 0, 0)
    assert await table(engine) == [
        (BOB, "Bob", "gold", {"branch": "Oakland"}),
        (ANN, "Ann", None, {"branch": None}),
        (BOB, "Al", "silver", {"branch": None}),
    ]
    assert await SqlDirectory(engine).find(ANN) == [{"name": "Ann"}]


async def test_the_same_file_again_changes_nothing(engine: AsyncEngine, tmp_path: Path) -> None:
    text = f"number,name,tier,branch\n{ANN},Ann,gold,Oakland\n{BOB},,,\n"
    await imported(engine, tmp_path / "c.csv", text)
    before = [await SqlDirectory(engine).find(number) for number in (ANN, BOB)]
    assert await imported(engine, tmp_path / "c.csv", text) == Loaded(0, 2, 0, 0)
    assert [await SqlDirectory(engine).find(number) for number in (ANN, BOB)] == before


async def test_columns_that_a_file_does_not_have_stay(engine: AsyncEngine, tmp_path: Path) -> None:
    await imported(engine, tmp_path / "a.csv", f"number,name,tier,branch\n{ANN},Ann,gold,Oakland\n")
    await imported(engine, tmp_path / "b.csv", f"number,name,company,car\n{ANN},Ann,Acme,red\n")
    row = {"name": "Ann", "tier": "gold", "company": "Acme", "branch": "Oakland", "car": "red"}
    assert await SqlDirectory(engine).find(ANN) == [row]


async def test_replace_removes_who_is_not_in_the_file(engine: AsyncEngine, tmp_path: Path) -> None:
    await imported(engine, tmp_path / "a.csv", f"number,name\n{ANN},Ann\n{BOB},Bob\n")
    done = await imported(engine, tmp_path / "b.csv", f"number,name\n{BOB},Bob\n{CY},Cy\n", replace=True)
    assert done == Loaded(added=1, updated=1, removed=1, repeated=0)
    assert [row[0] for row in await table(engine)] == [BOB, CY]


async def test_of_rows_that_name_a_customer_twice_the_last_counts(engine: AsyncEngine, tmp_path: Path) -> None:
    text = f"number,name,tier\n{ANN},Ann,gold\n{BOB},Bob,gold\n{ANN},Ann,silver\n"
    assert await imported(engine, tmp_path / "c.csv", text) == Loaded(2, 0, 0, 1)
    assert await SqlDirectory(engine).find(ANN) == [{"name": "Ann", "tier": "silver"}]


@pytest.mark.parametrize("wrong", ["12,x\n", '+14155550109,"x\n', f"{CY},a,b\n"])
async def test_one_wrong_row_and_nothing_is_imported(engine: AsyncEngine, tmp_path: Path, wrong: str) -> None:
    await imported(engine, tmp_path / "a.csv", f"number,name\n{ANN},Ann\n")
    before = await table(engine)
    with pytest.raises(BadFile):
        await imported(engine, tmp_path / "b.csv", f"number,name\n{ANN},Zoe\n{BOB},Bob\n{wrong}", replace=True)
    assert await table(engine) == before


async def test_two_processes_import_while_calls_look_up(engine: AsyncEngine, database_url: str, tmp_path: Path) -> None:
    """Their files share half of the rows, in opposite order: no error, no row lost, no row twice."""
    await imported(engine, tmp_path / "a.csv", f"number,name,tier\n{ANN},Ann,gold\n")
    files = (range(ROWS), range(ROWS + ROWS // 2, ROWS // 2, -1))
    processes = [await importing(database_url, tmp_path / f"{i}.csv", file) for i, file in enumerate(files)]
    ends = [asyncio.ensure_future(process.communicate()) for process in processes]
    looked_up = 0
    while not all(end.done() for end in ends):
        found = await look_up(SqlDirectory(engine), ANN, budget_s=60)
        assert (found.warning, found.rows) == (None, ({"name": "Ann", "tier": "gold"},))
        looked_up += 1
        await asyncio.sleep(0.01)
    for end, process in zip(ends, processes, strict=True):
        assert (process.returncode, (await end)[1].decode()) == (0, "")
    assert looked_up
    async with engine.connect() as connection:
        count = await connection.scalar(select(func.count()).select_from(Customer))
    assert count == 1 + len({*files[0], *files[1]})


async def importing(database_url: str, file: Path, rows: range) -> asyncio.subprocess.Process:
    lines = "".join(f"+1{2_000_000_000 + row},Customer {row},Oakland\n" for row in rows)
    save(file, "number,name,branch\n" + lines)
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from switchboard.cli import main; main()", "customers", "import", str(file)),
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )

"""Bring a file of customers into the database: all of it or nothing, while calls go on looking up.

The rows go into a temporary table first, which takes no lock that anyone else wants. One transaction then moves them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Column as TableColumn
from sqlalchemy import (
    ColumnElement,
    Integer,
    MetaData,
    Table,
    Text,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.schema import CreateIndex, CreateTable, Index

from switchboard.database.types import Document, UtcDateTime, insert_into
from switchboard.directory.csv_file import CustomerFile, FileRow
from switchboard.directory.customer import KNOWN, Customer, updating

_CHUNK = 10_000

_staging = Table(
    "customers_import",
    MetaData(),
    TableColumn("line", Integer),
    TableColumn("number", Text),
    *(TableColumn(name, Text) for name in KNOWN),
    TableColumn("data", Text),  # JSON
    prefixes=["TEMPORARY"],
)
_by_key = Index("customers_import_key", _staging.c.number, _staging.c.name, _staging.c.line)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an import did, in customers. `repeated` rows named a customer again: the last of them counts."""

    added: int
    updated: int
    removed: int
    repeated: int


async def load(
    engine: AsyncEngine,
    file: CustomerFile,
    *,
    replace: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> Loaded:
    """Add the file's customers, and bring those up to date who are there already (same number, same name).

    `replace` also removes all others. `progress` hears how many rows have been read. Raises BadFile, with nothing
    changed, where any row cannot be used, and what the database raises.
    """
    async with engine.connect() as connection:
        async with connection.begin():
            await connection.execute(CreateTable(_staging))
            await _stage(connection, file, progress)
            file.check()
            await connection.execute(CreateIndex(_by_key))
            repeated = await _drop_repeated(connection)
        await connection.execution_options(sqlite_begin="BEGIN IMMEDIATE")
        async with connection.begin():
            return await _move(connection, file.known, replace, repeated)


async def _stage(connection: AsyncConnection, file: CustomerFile, progress: Callable[[int], None]) -> None:
    rows = enumerate(file.rows())
    count = 0
    while chunk := list(islice(rows, _CHUNK)):
        count += len(chunk)
        if not file.faults:  # past the first fault the rest is only read to report on it
            await _write(connection, _records(chunk))
        progress(count)


def _records(chunk: list[tuple[int, FileRow]]) -> Iterator[tuple[Any, ...]]:
    for line, row in chunk:
        known = (row.known.get(name) for name in KNOWN[1:])
        yield line, row.number, row.known["name"] or "", *known, json.dumps(row.data, ensure_ascii=False)


async def _write(connection: AsyncConnection, records: Iterator[tuple[Any, ...]]) -> None:
    columns = [column.name for column in _staging.columns]
    if connection.dialect.name == "postgresql":
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.copy_records_to_table(_staging.name, records=records, columns=columns)
    else:
        await connection.execute(insert(_staging), [dict(zip(columns, record, strict=True)) for record in records])


async def _drop_repeated(connection: AsyncConnection) -> int:
    last = select(func.max(_staging.c.line)).group_by(_staging.c.number, _staging.c.name)
    return (await connection.execute(delete(_staging).where(_staging.c.line.not_in(last)))).rowcount


async def _move(connection: AsyncConnection, known: list[str], replace: bool, repeated: int) -> Loaded:
    if connection.dialect.name == "postgresql":
        # Other imports wait here (two of them could lock each other's rows); readers never do.
        await connection.execute(text("LOCK TABLE customers IN SHARE ROW EXCLUSIVE MODE"))
    removed = 0
    if replace:
        same = (_staging.c.number == Customer.number) & (_staging.c.name == Customer.name)
        removed = (await connection.execute(delete(Customer).where(~exists(select(1).where(same))))).rowcount
    before = await _count(connection, Customer.__table__)
    now = literal(datetime.now(UTC), UtcDateTime)
    columns = ["number", "name", *(name for name in known if name != "name"), "data", "created_at", "updated_at"]
    data: ColumnElement[Any] = _staging.c.data
    if connection.dialect.name == "postgresql":
        data = cast(data, Document)
    values = [*(_staging.c[name] for name in columns[:-3]), data, now, now]
    # The WHERE is for SQLite, which would read ON CONFLICT as a part of the SELECT.
    rows = select(*values).where(_staging.c.line >= 0).order_by(_staging.c.line)
    insertion = insert_into(connection.dialect.name, Customer).from_select(columns, rows)
    await connection.execute(updating(insertion, known))
    added = await _count(connection, Customer.__table__) - before
    return Loaded(added, await _count(connection, _staging) - added, removed, repeated)


async def _count(connection: AsyncConnection, table: Any) -> int:
    return await connection.scalar(select(func.count()).select_from(table)) or 0

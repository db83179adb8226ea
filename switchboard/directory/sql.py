"""The directory in our own database."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, delete, select
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.engine import sqlite_file, transact
from switchboard.database.storable import storable, storable_text
from switchboard.database.types import insert_into
from switchboard.directory.customer import KNOWN, Customer, updating
from switchboard.directory.directory import MOST, DirectoryError

_PART = 1000  # customers read at a time
_COLUMNS = [getattr(Customer, name) for name in KNOWN]


class SqlDirectory:
    """Customers in SQLite or PostgreSQL; those of one number in the order in which they were added."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        """See `Directory.find`. Raises DirectoryError without a file, and what SQLAlchemy and the driver raise."""
        file = sqlite_file(self._engine)
        if file is not None and not file.exists():
            raise DirectoryError(f"there is no database {file}")  # opening it would make one, for a question
        query = select(Customer.data, *_COLUMNS).where(Customer.number == number).order_by(Customer.id).limit(MOST)
        found = await self._all(query)
        return [_flat(row[0], dict(zip(KNOWN, row[1:], strict=True))) for row in found]

    async def add(self, number: str, columns: Mapping[str, Any]) -> None:
        """Add the customer, or bring the one of the same number and name up to date. An empty value clears a column."""
        known = {name: storable_text(str(columns[name])) or None for name in KNOWN if name in columns}
        data = storable({key: value for key, value in columns.items() if key not in KNOWN})
        now = datetime.now(UTC)
        row = {**known, "number": number, "name": known.get("name") or "", "data": data}
        insert = insert_into(self._engine.dialect.name, Customer).values(**row, created_at=now, updated_at=now)
        await transact(self._engine, lambda connection: connection.execute(updating(insert, known)))

    async def remove(self, number: str, name: str | None = None) -> int:
        """Remove the customers of `number` (E.164), or the one called `name`; how many there were."""
        gone = delete(Customer).where(Customer.number == number)
        if name is not None:
            gone = gone.where(Customer.name == name)
        return await transact(self._engine, lambda connection: connection.execute(gone).rowcount)

    async def everyone(self) -> AsyncGenerator[tuple[str, dict[str, Any]]]:
        """Every customer, number and columns, in the order in which they were added; read in parts, for a million."""
        last = 0
        while True:
            query = select(Customer.id, Customer.number, Customer.data, *_COLUMNS).where(Customer.id > last)
            found = await self._all(query.order_by(Customer.id).limit(_PART))
            for row in found:
                yield row[1], _flat(row[2], dict(zip(KNOWN, row[3:], strict=True)))
            if len(found) < _PART:
                return
            last = found[-1][0]

    async def _all(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        return await transact(self._engine, lambda connection: connection.execute(query).all())


def _flat(data: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What a Call carries: every column that has a value. The number is not among them: the call has it."""
    return {key: value for key, value in {**known, **data}.items() if value not in (None, "")}

"""Reading the record: the last calls, and one call by its ID or the beginning of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from switchboard.records.record import CallRecord

_PREFIX = re.compile(r"[0-9a-f]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which calls, by columns of theirs (numbers in E.164), or by when they began at the earliest. None is any."""

    from_number: str | None = None
    to_number: str | None = None
    route: str | None = None
    agent: str | None = None
    cause: str | None = None
    room: str | None = None
    since: datetime | None = None


async def latest(engine: AsyncEngine, count: int, wanted: Wanted = Wanted()) -> list[CallRecord]:
    """The last `count` of the `wanted` calls, newest first."""
    query = select(CallRecord).order_by(CallRecord.started_at.desc()).limit(count)
    for name in (field.name for field in fields(Wanted)):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(
                CallRecord.started_at >= value if name == "since" else getattr(CallRecord, name) == value
            )
    async with AsyncSession(engine) as session:
        return list(await session.scalars(query))


async def by_id(engine: AsyncEngine, text: str) -> list[CallRecord]:
    """The calls whose ID begins with `text`, at most two: one is the call, two say that more must be typed."""
    prefix = text.replace("-", "").lower()
    if not _PREFIX.fullmatch(prefix):
        return []
    first, last = UUID(prefix.ljust(32, "0")), UUID(prefix.ljust(32, "f"))
    async with AsyncSession(engine) as session:
        found = await session.scalars(select(CallRecord).where(CallRecord.id.between(first, last)).limit(2))
        return list(found)

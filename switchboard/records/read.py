"""Reading the record: the last calls, and one call by its ID or the beginning of it."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from switchboard.records.record import CallRecord

_PREFIX = re.compile(r"[0-9a-f]{1,32}")


async def latest(engine: AsyncEngine, count: int) -> list[CallRecord]:
    """The last calls, newest first."""
    async with AsyncSession(engine) as session:
        found = await session.scalars(select(CallRecord).order_by(CallRecord.started_at.desc()).limit(count))
        return list(found)


async def by_id(engine: AsyncEngine, text: str) -> list[CallRecord]:
    """The calls whose ID begins with `text`, at most two: one is the call, two say that more must be typed."""
    prefix = text.replace("-", "").lower()
    if not _PREFIX.fullmatch(prefix):
        return []
    first, last = UUID(prefix.ljust(32, "0")), UUID(prefix.ljust(32, "f"))
    async with AsyncSession(engine) as session:
        found = await session.scalars(select(CallRecord).where(CallRecord.id.between(first, last)).limit(2))
        return list(found)

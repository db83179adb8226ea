"""Leases in a test's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.engine import transact
from switchboard.leases.lease import CallLease

ROW: Mapping[str, Any] = {
    "room_sid": "RM_1",
    "room": "call",
    "agent_name": "switchboard",
    "dispatch": {"id": "AD_1", "metadata": "", "attributes": {}},
    "generation": 1,
    "holder": "AJ_1",
    "caller": "caller",
    "call": {},
    "decision": {},
    "fingerprint": "f",
    "agent": "front_desk",
    "conversation": [],
}
"""A call that goes on, as `hold` writes it."""


async def count(engine: AsyncEngine) -> int:
    """How many calls have a lease."""
    query = select(func.count()).select_from(CallLease)
    return await transact(engine, lambda connection: connection.execute(query).scalar_one())

"""What is done with leases, alike on SQLite and PostgreSQL. Everything raises what the database raises.

Who gets a call is decided by one conditional UPDATE: of any number who try at once, for one it finds a row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.engine import transact
from switchboard.database.types import insert_into
from switchboard.leases.lease import CallLease, DatabaseClock

EXPIRES_AFTER_S = 2.5
SENT_WITHIN_S = 10.0  # an agent, by whoever claimed the call; then it is anybody's again
KEPT_FOR_S = 600.0  # of a call that nobody goes on with
_AT_ONCE = 20

Row = dict[str, Any]


class TakenByAnother(Exception):
    """Another agent, not an earlier one, has the call."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A call whose holder renews its lease no more. `dispatch` has the `id`, `metadata` and `attributes` of theirs."""

    room_sid: str
    room: str
    agent_name: str
    dispatch: dict[str, Any]
    generation: int
    holder: str
    caller: str


_LAPSED = tuple(getattr(CallLease, name) for name in Lapsed.__slots__)


async def hold(engine: AsyncEngine, row: Row) -> bool:
    """Write the lease of its `holder`, who has the call from now on; False where another has it."""
    insert = insert_into(engine.dialect.name, CallLease).values(**row, expires_at=DatabaseClock() + EXPIRES_AFTER_S)
    may = or_(
        CallLease.holder == insert.excluded.holder,
        CallLease.generation < insert.excluded.generation,
        CallLease.expires_at < DatabaseClock(),
    )
    changed = {name: insert.excluded[name] for name in (*row, "expires_at") if name != "room_sid"}
    upsert = insert.on_conflict_do_update(index_elements=["room_sid"], set_=changed, where=may)
    return await transact(engine, lambda connection: _rows(connection.execute(upsert)) == 1)


async def take(engine: AsyncEngine, room_sid: str, generation: int, holder: str) -> Row | None:
    """Take the call from an earlier agent: the lease as that one left it, None where there is none.

    Raises TakenByAnother.
    """
    key = CallLease.room_sid == room_sid

    def work(connection: Connection) -> Row | None:
        found = connection.execute(select(*CallLease.__table__.columns).where(key)).mappings().first()
        if found is None:
            return None
        earlier = or_(
            CallLease.generation < generation, (CallLease.generation == generation) & (CallLease.holder == "")
        )
        mine = {"generation": generation, "holder": holder, "expires_at": DatabaseClock() + EXPIRES_AFTER_S}
        if _rows(connection.execute(update(CallLease).where(key, earlier).values(**mine))) != 1:
            raise TakenByAnother
        return dict(found)

    return await transact(engine, work, sqlite_begin="BEGIN IMMEDIATE")


async def look(engine: AsyncEngine, holders: Collection[str], agent_name: str) -> list[Lapsed]:
    """Renew the leases of these holders; which calls of this agent name have lost theirs, the last lost first."""

    def work(connection: Connection) -> list[Lapsed]:
        if holders:
            renewed = {"expires_at": DatabaseClock() + EXPIRES_AFTER_S}
            connection.execute(update(CallLease).where(CallLease.holder.in_(holders)).values(**renewed))
        lapsed = (CallLease.expires_at < DatabaseClock()) & (CallLease.agent_name == agent_name)
        query = select(*_LAPSED).where(lapsed).order_by(CallLease.expires_at.desc()).limit(_AT_ONCE)
        return [Lapsed(*row) for row in connection.execute(query)]

    return await transact(engine, work)


async def claim(engine: AsyncEngine, lapsed: Lapsed) -> bool:
    """Be the one who sends the next agent to this call. False where another does, or its holder has renewed."""
    is_still = (
        CallLease.room_sid == lapsed.room_sid,
        CallLease.generation == lapsed.generation,
        CallLease.expires_at < DatabaseClock(),
    )
    mine = {"generation": lapsed.generation + 1, "holder": "", "expires_at": DatabaseClock() + SENT_WITHIN_S}
    claiming = update(CallLease).where(*is_still).values(**mine)
    return await transact(engine, lambda connection: _rows(connection.execute(claiming)) == 1)


async def release(engine: AsyncEngine, room_sid: str, holder: str | None = None) -> None:
    """The call is over. With a `holder`, only where they have it."""
    over = delete(CallLease).where(CallLease.room_sid == room_sid)
    await transact(engine, lambda c: c.execute(over if holder is None else over.where(CallLease.holder == holder)))


async def purge(engine: AsyncEngine) -> None:
    """Forget what was said in calls that nobody went on with."""
    old = delete(CallLease).where(CallLease.expires_at < DatabaseClock() - KEPT_FOR_S)
    await transact(engine, lambda connection: connection.execute(old))


def _rows(result: CursorResult[Any]) -> int:
    return result.rowcount

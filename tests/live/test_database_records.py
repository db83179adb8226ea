"""Records of calls while PostgreSQL stops and starts: none is lost, none is there twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.call.causes import Cause, Ending
from switchboard.call.reading import read_call
from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.records.keeping import keep
from switchboard.records.read import by_id, latest
from switchboard.records.recorder import Recorder
from switchboard.records.spool import Spool
from tests.live.postgres import Postgres

CALL = read_call(attributes={"sip.ruleID": "SDR_1", "sip.phoneNumber": "+14155550101", "a\x00": "\ud800"})


@pytest.fixture
async def engine(database_url: str) -> AsyncEngine:
    engine = make_engine(database_url)
    await migrate(engine)
    return engine


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


async def a_call(engine: AsyncEngine, spool: Spool, number: int) -> UUID:
    """A call of a second or two, in which things happen."""
    recorder = Recorder(engine, spool, f"call-{number}")
    recorder.begin(CALL)
    for turn in range(4):
        await asyncio.sleep(0.1 + number % 5 * 0.1)
        recorder.changed("data", "turn", turn)
    recorder.ended(Ending(Cause.FAULT, f"end of {number}"))
    await recorder.aclose()
    return recorder.id


async def test_a_call_is_recorded(engine: AsyncEngine, spool: Spool) -> None:
    call = await a_call(engine, spool, 7)
    (row,) = await by_id(engine, str(call)[:8])
    assert (row.id, row.end_reason, row.room, len(row.changes)) == (
        call,
        "a fault in the worker: end of 7",
        "call-7",
        4,
    )
    assert row.facts["a"]["value"] == "?"
    assert not spool.folder.exists()


async def test_the_last_calls_come_newest_first(engine: AsyncEngine, spool: Spool) -> None:
    for second in (2, 3, 1):
        recorder = Recorder(engine, spool)
        recorder.begin(read_call(at=CALL.at.replace(second=second)))
        await recorder.aclose()
    assert [row.started_at.second for row in await latest(engine, 2)] == [3, 2]


async def test_no_record_is_lost_while_the_database_stops_and_starts_under_calls(
    postgres: Postgres, spool: Spool
) -> None:
    engine = make_engine(postgres.new_database())
    await migrate(engine)
    keeping = asyncio.create_task(keep(engine, spool, every_s=0.2))
    calls = [asyncio.create_task(later(engine, spool, number)) for number in range(30)]
    try:
        for _ in range(2):
            await asyncio.sleep(0.8)
            await asyncio.to_thread(postgres.stop)
            await asyncio.sleep(1.2)
            await asyncio.to_thread(postgres.start)
        ids = await asyncio.gather(*calls)
        await emptied(spool)
    finally:
        await asyncio.to_thread(postgres.start)
        keeping.cancel()
    rows = await latest(engine, 1000)
    assert sorted(row.id for row in rows) == sorted(ids)
    assert {row.end_reason for row in rows} == {f"a fault in the worker: end of {number}" for number in range(30)}
    assert all(len(row.changes) == 4 for row in rows)


async def later(engine: AsyncEngine, spool: Spool, number: int) -> UUID:
    await asyncio.sleep(number * 0.1)
    return await a_call(engine, spool, number)


async def emptied(spool: Spool) -> None:
    """What had to wait is written by the one who keeps the records."""
    async with asyncio.timeout(60):
        while True:
            if not any(spool.folder.glob("*")):
                return
            await asyncio.sleep(0.05)


async def test_a_hanging_database_holds_no_call_up(postgres: Postgres, spool: Spool) -> None:
    """Someone has locked the table. The call notes what happens, and ends in its time."""
    engine = make_engine(postgres.new_database())
    await migrate(engine)
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"))
        recorder = Recorder(engine, spool)
        recorder.begin(CALL)
        await asyncio.sleep(0.6)  # it is writing, and waits
        for turn in range(100):
            recorder.changed("data", "turn", turn)  # returns at once: nothing here can wait
        recorder.ended(Ending(Cause.AGENT_ENDED))
        await recorder.aclose(timeout_s=0.2)
    assert await spool.drain(engine) == 1
    (row,) = await latest(engine, 10)
    assert (row.end_reason, len(row.changes)) == ("the agent ended the call", 100)


async def test_a_worker_that_starts_without_a_database_makes_the_tables_when_it_comes(
    postgres: Postgres, spool: Spool
) -> None:
    engine = make_engine(postgres.new_database())
    postgres.stop()
    keeping = asyncio.create_task(keep(engine, spool, every_s=0.1))
    try:
        call = await a_call(engine, spool, 1)
    finally:
        await asyncio.to_thread(postgres.start)
    await emptied(spool)
    keeping.cancel()
    assert [row.id for row in await latest(engine, 10)] == [call]

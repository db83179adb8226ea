"""Who gets a call: many at once, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from switchboard.database.engine import make_engine, transact
from switchboard.database.migrations import migrate
from switchboard.leases.lease import CallLease
from switchboard.leases.store import TakenByAnother, claim, hold, look, purge, release, take
from tests.leases import ROW as A_CALL
from tests.leases import count

ROW = {**A_CALL, "conversation": [{"said": "hello"}]}


@pytest.fixture
async def engine(database_url: str) -> AsyncEngine:
    engine = make_engine(database_url, patience_s=30.0)
    await migrate(engine)
    return engine


async def _age(engine: AsyncEngine, seconds: float) -> None:
    """The leases run out so much earlier."""
    older = update(CallLease).values(expires_at=CallLease.expires_at - seconds)
    await transact(engine, lambda connection: connection.execute(older))


async def test_of_many_workers_that_find_a_lapsed_call_one_claims_it(engine: AsyncEngine) -> None:
    await hold(engine, ROW)
    await _age(engine, 60)
    (lapsed,) = await look(engine, (), "switchboard")
    claims = await asyncio.gather(*(claim(engine, lapsed) for _ in range(20)))
    assert sorted(claims) == [False] * 19 + [True]
    assert await look(engine, (), "switchboard") == []  # an agent is on its way


async def test_of_many_agents_that_are_sent_at_once_one_takes_the_call(engine: AsyncEngine) -> None:
    await hold(engine, ROW)
    await _age(engine, 60)
    (lapsed,) = await look(engine, (), "switchboard")
    assert await claim(engine, lapsed)
    taken = await asyncio.gather(
        *(take(engine, "RM_1", 2, f"AJ_{number}") for number in range(2, 22)), return_exceptions=True
    )
    assert sum(isinstance(one, TakenByAnother) for one in taken) == 19
    (left,) = [one for one in taken if isinstance(one, dict)]
    assert left["conversation"] == [{"said": "hello"}]


async def test_a_call_that_is_renewed_is_nobody_elses(engine: AsyncEngine) -> None:
    await hold(engine, ROW)
    await _age(engine, 60)
    (lapsed,) = await look(engine, (), "switchboard")
    assert await look(engine, ["AJ_1"], "switchboard") == []
    assert not await claim(engine, lapsed)


async def test_who_lost_a_call_cannot_write_over_who_has_it(engine: AsyncEngine) -> None:
    await hold(engine, ROW)
    assert await take(engine, "RM_1", 2, "AJ_2")
    assert not await hold(engine, {**ROW, "conversation": []})
    await release(engine, "RM_1", "AJ_1")
    assert await count(engine) == 1
    assert await hold(engine, {**ROW, "generation": 2, "holder": "AJ_2"})
    await release(engine, "RM_1", "AJ_2")
    assert await count(engine) == 0


async def test_a_call_of_another_name_is_left_to_its_own_workers(engine: AsyncEngine) -> None:
    await hold(engine, ROW)
    await _age(engine, 60)
    assert await look(engine, (), "another") == []


async def test_what_was_said_in_a_call_that_nobody_went_on_with_is_forgotten(engine: AsyncEngine) -> None:
    await hold(engine, ROW)
    await purge(engine)
    assert await count(engine) == 1
    await _age(engine, 700)
    await purge(engine)
    assert await count(engine) == 0


async def test_nothing_is_left_of_a_call_without_a_lease(engine: AsyncEngine) -> None:
    assert await take(engine, "RM_2", 2, "AJ_2") is None

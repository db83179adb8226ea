"""Calls that come while no worker is free: they ring, and whoever is free later answers them. Once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.live.town import Town

ANSWERS_WITHIN = 40.0  # s, a worker's start on a busy machine with it


async def test_a_call_that_came_before_the_worker_is_answered(town: Town) -> None:
    async with town.phone() as phone:
        await phone.dial()
        await asyncio.sleep(3)
        async with town.worker() as worker:
            assert await phone.answered(ANSWERS_WITHIN)
            await phone.heard_speech(10, after=0.0)
            assert worker.traceback() is None
            await phone.hang_up()


async def test_a_call_that_found_all_lines_taken_is_answered_when_one_is_free(town: Town) -> None:
    async with (
        town.worker(SWITCHBOARD_MAX_CALLS="1") as worker,
        town.phone() as first,
        town.phone("+14155550124") as second,
    ):
        await first.dial()
        assert await first.answered(ANSWERS_WITHIN)
        await second.dial()
        await asyncio.sleep(6)
        assert second.answered_at is None
        await first.hang_up()
        assert await second.answered(15)
        await second.heard_speech(10, after=0.0)
        assert worker.traceback() is None


async def test_three_workers_that_register_together_give_one_greeting(town: Town) -> None:
    async with town.phone() as phone, AsyncExitStack() as stack:
        await phone.dial()
        await asyncio.sleep(4)
        workers = [town.worker(f"worker {number}") for number in range(3)]
        await asyncio.gather(*(stack.enter_async_context(worker) for worker in workers))
        assert await phone.answered(ANSWERS_WITHIN)
        await phone.heard_speech(10, after=0.0)
        await phone.heard_silence(1.0, 20)
        assert await town.agents_with(phone) == 1
        routed = [record for worker in workers for record in worker.records() if record["message"] == "routed"]
        assert len(routed) == 1
        await phone.hang_up()

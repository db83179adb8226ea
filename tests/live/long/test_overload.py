"""Callers without a line, where it takes long or many calls."""

from __future__ import annotations

import asyncio

from tests.live.test_told import FIRST, SECOND, TOLD_WITHIN, WORDS, is_answered, record_of, said, worker_of
from tests.live.town import Town


async def test_a_caller_whose_transfer_fails_is_told_and_the_record_says_why(town: Town) -> None:
    """There is no bridge here that could make it."""
    async with (
        worker_of(town, 'then = "transfer"\ntransfer = "tel:+14155550199"') as worker,
        town.phone(FIRST) as served,
        town.phone(SECOND) as told,
    ):
        await served.dial()
        await is_answered(served)
        await told.dial()
        assert await is_answered(told) < TOLD_WITHIN
        await asyncio.wait_for(told.ended.wait(), 60)
        assert told.outcome == "room closed by the agent"
        assert {"All our lines are busy. I am putting you through to a colleague.", WORDS} <= {*said(town)}
        record = await record_of(worker, SECOND)
        assert record.cause == "no_line"
        assert "the transfer failed: " in (record.end_reason or "")
        assert worker.traceback() is None

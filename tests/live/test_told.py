"""Callers whom no line is free for and whom the worker's own process speaks to, by what their telephones hear."""

from __future__ import annotations

import asyncio

from switchboard.database.engine import make_engine
from switchboard.records.read import Wanted, latest
from switchboard.records.record import CallRecord
from tests.live.town import TABLE, Town
from tests.live.worker import Worker

ANSWERED_WITHIN = 3.0  # s, of a caller who is told
WORDS = "All our bicycles are out. Please ring again tomorrow."


def worker_of(town: Town, overflow: str) -> Worker:
    """One of a single line."""
    return town.worker("worker", f"[overflow]\n{overflow}\n{TABLE}", SWITCHBOARD_MAX_CALLS="1")


async def record_of(worker: Worker, number: str) -> CallRecord:
    engine = make_engine(f"sqlite:///{worker.log.parent / 'switchboard.sqlite3'}")
    async with asyncio.timeout(20):
        while not (found := await latest(engine, 1, Wanted(from_number=number))) or not found[0].ended_at:
            await asyncio.sleep(0.1)
    return found[0]


async def test_a_caller_beyond_the_lines_hears_the_words_of_the_file_and_is_on_the_record(town: Town) -> None:
    async with (
        worker_of(town, f'then = "announce"\nannounce = "{WORDS}"') as worker,
        town.phone() as served,
        town.phone("+14155550124") as told,
    ):
        await served.dial()
        assert await served.answered(20)
        await told.dial()
        assert await told.answered(15)
        assert told.dialled_at is not None
        assert told.answered_at is not None
        await asyncio.wait_for(told.ended.wait(), 15)
        assert told.answered_at - told.dialled_at < ANSWERED_WITHIN
        assert told.outcome == "room closed by the agent"
        assert told.lost == 0
        assert sum(sound.duration for sound in told.ear.sounds()) > 1.5
        assert WORDS in [one["body"]["input"] for one in town.providers.controls.requests if one["kind"] == "tts"]
        record = await record_of(worker, "+14155550124")
        assert (record.cause, record.route, record.language) == ("no_line", "default", "en")
        assert record.answered_at is not None
        assert served.outcome == "answered"
        assert worker.traceback() is None

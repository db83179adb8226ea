"""Callers whom no line is free for and whom the worker's own process speaks to, by what their telephones hear."""

from __future__ import annotations

import asyncio

from lab.softphone import Softphone
from switchboard.database.engine import make_engine
from switchboard.livekit_api import attendants
from switchboard.records.read import Wanted, latest
from switchboard.records.record import CallRecord
from tests.live.town import TABLE, Town
from tests.live.worker import Worker

TOLD_WITHIN = 3.0  # s
WORDS = "All our bicycles are out. Please ring again tomorrow."
FIRST, SECOND, THIRD = "+14155550123", "+14155550124", "+14155550125"


def worker_of(town: Town, overflow: str) -> Worker:
    """One of a single line."""
    return town.worker("worker", f'[overflow]\nannounce = "{WORDS}"\n{overflow}\n{TABLE}', SWITCHBOARD_MAX_CALLS="1")


async def record_of(worker: Worker, number: str) -> CallRecord:
    """That of the call from `number`, once it has ended."""
    engine = make_engine(f"sqlite:///{worker.log.parent / 'switchboard.sqlite3'}")
    async with asyncio.timeout(20):
        while not (found := await latest(engine, 1, Wanted(from_number=number))) or not found[0].ended_at:
            await asyncio.sleep(0.1)
    return found[0]


def said(town: Town) -> list[str]:
    return [one["body"]["input"] for one in town.providers.controls.requests if one["kind"] == "tts"]


async def is_answered(phone: Softphone) -> float:
    """How many seconds after it was dialled."""
    assert await phone.answered(20)
    assert phone.answered_at is not None
    assert phone.dialled_at is not None
    return phone.answered_at - phone.dialled_at


async def test_one_waits_with_music_and_is_served_next_and_whoever_the_queue_has_no_place_for_is_told(
    town: Town,
) -> None:
    async with (
        worker_of(town, 'then = "queue"\nat_most = 1') as worker,
        town.phone(FIRST) as served,
        town.phone(SECOND) as waits,
        town.phone(THIRD) as told,
    ):
        await served.dial()
        await is_answered(served)
        await waits.dial()
        assert await is_answered(waits) < TOLD_WITHIN
        await waits.heard_speech(5, after=0.0)
        await told.dial()
        assert await is_answered(told) < TOLD_WITHIN
        await asyncio.wait_for(told.ended.wait(), 20)
        assert told.outcome == "room closed by the agent"
        assert sum(sound.duration for sound in told.ear.sounds()) > 1.5
        assert {WORDS, "You are number 1 in the line."} <= {*said(town)}
        assert await town.agents_with(waits) == 0

        await served.hang_up()
        async with asyncio.timeout(20):
            while attendants.IDENTITY in waits.room.remote_participants or not waits.room.remote_participants:
                await asyncio.sleep(0.05)
        left = asyncio.get_running_loop().time()
        await waits.heard_speech(10, after=left)
        assert await town.agents_with(waits) == 1
        assert waits.outcome == "answered"
        await waits.hang_up()
        assert worker.traceback() is None
        record = await record_of(worker, THIRD)
        assert (record.cause, record.route, record.language) == ("no_line", "default", "en")
        assert record.answered_at is not None
        waited = next(change for change in (await record_of(worker, SECOND)).changes if change["key"] == "waited_s")
        assert waited["value"] > 1

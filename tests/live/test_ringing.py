"""Calls that come while no worker is free: they ring, and whoever is free later answers them. Once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest

from lab.providers.server import OfflineServer
from lab.softphone import Caller, Softphone
from lab.stage.stage import Stage
from tests.live.worker import Worker

TABLE = '[default]\nagent = "front_desk"\ngreeting = "Harbor Bikes, good morning."\n'
METADATA = '{"order": "17"}'
ANSWERS_WITHIN = 40.0  # s, a worker's start on a busy machine with it


class Town(Stage[OfflineServer]):
    """A stage on which workers come later, or not at all."""

    def __init__(self, folder: Path) -> None:
        super().__init__(OfflineServer())
        self._folder = folder

    def worker(self, name: str = "worker", table: str = TABLE, **environment: str) -> Worker:
        """Not yet started."""
        few = {"SWITCHBOARD_IDLE_PROCESSES": "1", **environment}
        return Worker(self._folder / name, table, self.environment | few)

    def phone(self, number: str = "+14155550123") -> Softphone:
        caller = Caller(from_number=number, agent_name="switchboard", job_metadata=METADATA)
        return Softphone(self.livekit.url, self.livekit.api_key, self.livekit.api_secret, caller)

    async def agents_with(self, phone: Softphone) -> int:
        livekit = self.livekit
        async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
            people = await api.room.list_participants(ListParticipantsRequest(room=phone.caller.room_name))
        return sum(person.kind == ParticipantInfo.Kind.AGENT for person in people.participants)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as town:
        yield town


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

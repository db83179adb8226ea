"""More calls than lines: each caller is served or told, by what their own telephone says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from lab.providers.server import OfflineServer
from lab.softphone import Caller, Softphone
from lab.stage.stage import Stage
from tests.live.worker import Worker

TABLE = '[overflow]\nthen = "refuse"\n[default]\nagent = "front_desk"\ngreeting = "Harbor Bikes, good morning."\n'
QUESTION = "What are your opening hours?"
LINES = 3
TOLD_WITHIN = 3.0  # s


class Town(Stage[OfflineServer]):
    """A stage with workers of few lines, which answer at once: as many processes are warm."""

    def __init__(self, folder: Path) -> None:
        super().__init__(OfflineServer())
        self._folder = folder

    def worker(self, lines: int, name: str = "worker") -> Worker:
        """Not yet started."""
        few = {"SWITCHBOARD_MAX_CALLS": str(lines), "SWITCHBOARD_IDLE_PROCESSES": str(lines)}
        return Worker(self._folder / name, TABLE, self.environment | few)

    def phone(self, number: int) -> Softphone:
        caller = Caller(from_number=f"+141555501{number:02}", agent_name="switchboard")
        return Softphone(self.livekit.url, self.livekit.api_key, self.livekit.api_secret, caller)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with Town(tmp_path) as town:
        yield town


async def call(phone: Softphone) -> float:
    """Dial, and wait until the caller is served or told: how many seconds after dialling that was."""
    await phone.dial()
    served = await phone.answered(15)
    assert phone.dialled_at is not None
    until = phone.answered_at if served else phone.ended_at
    assert until is not None
    return until - phone.dialled_at


async def test_of_twice_as_many_calls_as_lines_each_is_served_or_told_and_the_served_are_replied_to(town: Town) -> None:
    async with town.worker(LINES) as worker, AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(town.phone(number)) for number in range(2 * LINES)]
        took = await asyncio.gather(*map(call, phones))
        served = [phone for phone in phones if phone.answered_at is not None]
        told = [phone for phone in phones if phone.answered_at is None]
        assert len(served) == LINES, "each line is used, the last one too, and none twice"
        assert {phone.outcome for phone in told} == {"refused"}
        assert max(took) < TOLD_WITHIN

        talker = served[0]
        await talker.heard_silence(1.0, 20)
        town.providers.controls.add_script({"language": None, "utterances": [QUESTION]})
        said = await talker.say(QUESTION)
        late = town.phone(50)
        await stack.enter_async_context(late)
        assert await call(late) < TOLD_WITHIN
        assert late.outcome == "refused"
        await talker.heard_speech(10, after=said.end)

        await served[1].hang_up()
        assert await _is_answered(town, stack), "the line of a caller who has hung up is free again"
        assert worker.traceback() is None


async def test_a_call_that_one_worker_has_no_line_for_is_answered_by_the_other(town: Town) -> None:
    async with town.worker(1, "one"), town.worker(1, "other"), AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(town.phone(number)) for number in range(3)]
        for phone in phones:
            await call(phone)
        assert [phone.answered_at is not None for phone in phones] == [True, True, False]
        assert phones[2].outcome == "refused"


async def _is_answered(town: Town, stack: AsyncExitStack) -> bool:
    """Whether somebody of those who call again and again for 20 seconds gets through."""
    for number in range(60, 80):
        phone = await stack.enter_async_context(town.phone(number))
        await call(phone)
        if phone.answered_at is not None:
            return True
        await asyncio.sleep(1)
    return False

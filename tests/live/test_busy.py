"""More calls than lines: each caller is served or told, by what their own telephone says."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from lab.softphone import Softphone
from tests.live.town import TABLE as _TABLE
from tests.live.town import Town
from tests.live.worker import Worker

TABLE = '[overflow]\nthen = "refuse"\n' + _TABLE
QUESTION = "What are your opening hours?"
LINES = 3
TOLD_WITHIN = 3.0  # s


def worker_of(town: Town, lines: int, name: str = "worker") -> Worker:
    """One of few lines, which answers at once: as many processes are warm."""
    few = str(lines)
    return town.worker(name, TABLE, SWITCHBOARD_MAX_CALLS=few, SWITCHBOARD_IDLE_PROCESSES=few)


def phone_of(town: Town, number: int) -> Softphone:
    return town.phone(f"+141555501{number:02}")


async def call(phone: Softphone) -> float:
    """Dial, and wait until the caller is served or told: how many seconds after dialling that was."""
    await phone.dial()
    served = await phone.answered(15)
    assert phone.dialled_at is not None
    until = phone.answered_at if served else phone.ended_at
    assert until is not None
    return until - phone.dialled_at


async def test_of_twice_as_many_calls_as_lines_each_is_served_or_told_and_the_served_are_replied_to(town: Town) -> None:
    async with worker_of(town, LINES) as worker, AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(phone_of(town, number)) for number in range(2 * LINES)]
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
        late = phone_of(town, 50)
        await stack.enter_async_context(late)
        assert await call(late) < TOLD_WITHIN
        assert late.outcome == "refused"
        await talker.heard_speech(10, after=said.end)

        await served[1].hang_up()
        assert await _is_answered(town, stack), "the line of a caller who has hung up is free again"
        assert worker.traceback() is None


async def test_a_call_that_one_worker_has_no_line_for_is_answered_by_the_other(town: Town) -> None:
    async with worker_of(town, 1, "one"), worker_of(town, 1, "other"), AsyncExitStack() as stack:
        phones = [await stack.enter_async_context(phone_of(town, number)) for number in range(3)]
        for phone in phones:
            await call(phone)
        assert [phone.answered_at is not None for phone in phones] == [True, True, False]
        assert phones[2].outcome == "refused"


async def _is_answered(town: Town, stack: AsyncExitStack) -> bool:
    """Whether somebody of those who call again and again for 20 seconds gets through."""
    for number in range(60, 80):
        phone = await stack.enter_async_context(phone_of(town, number))
        await call(phone)
        if phone.answered_at is not None:
            return True
        await asyncio.sleep(1)
    return False

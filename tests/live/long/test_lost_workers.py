"""Workers that die with all their processes, stand still, or are replaced by others, while calls go on.

Takes minutes: part of `scripts/test --long`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest

from lab.softphone import Softphone
from switchboard.livekit_api.rescues import generation_of
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

OPENING_HOURS = "What are your opening hours?"
SPOKEN_TO_WITHIN_S = 5.0
ON_ITS_WAY_S = 0.2  # what a killed agent has sent is heard for less than 0.1 s


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What workers keep: the first has the fixed words spoken for all."""
    return tmp_path_factory.mktemp("lost") / "cache"


@pytest_asyncio.fixture
async def exchange(tmp_path: Path, cache: Path) -> AsyncIterator[Exchange]:
    folder, table = tmp_path / "exchange", ROOT / "switchboard.toml"
    async with Exchange(folder, table, SWITCHBOARD_SPEAK_AHEAD="true", SWITCHBOARD_CACHE=str(cache)) as exchange:
        await exchange.words_ahead(cache)
        yield exchange


async def _agents(exchange: Exchange, phone: Softphone) -> list[int]:
    """The generations of the agents in the call's room."""
    livekit = exchange.livekit
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        people = await api.room.list_participants(ListParticipantsRequest(room=phone.caller.room_name))
    return [generation_of(one.attributes) for one in people.participants if one.kind == ParticipantInfo.Kind.AGENT]


async def _greeted(phone: Softphone) -> None:
    await phone.dial()
    await phone.heard_speech(20, after=0.0)
    await phone.heard_silence(1.5, 20)


async def _ask(phone: Softphone) -> None:
    """Ask, and hear the answer out."""
    said = await phone.say(OPENING_HOURS)
    await phone.heard_speech(10, after=said.end)
    await phone.heard_silence(1.0, 20)


async def _heard_again(phone: Softphone, since: float) -> float:
    """After how many seconds the caller hears somebody."""
    async with asyncio.timeout(30):
        while not any(sound.start > since + ON_ITS_WAY_S for sound in phone.ear.sounds()):
            await asyncio.sleep(0.01)
    return time.monotonic() - since


async def _was_asked(exchange: Exchange) -> int:
    """How often the caller has asked, as the model was last told."""
    request = (await exchange.requests("llm"))[-1]["body"]
    said = [str(message["content"]).lower() for message in request["messages"] if message["role"] == "user"]
    return sum("opening hours" in text for text in said)


async def test_a_worker_that_dies_with_all_its_processes_loses_no_caller_to_another(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await _greeted(phone)
        await _ask(phone)
        async with exchange.make_second_worker() as second:
            os.killpg(exchange.worker.pid, signal.SIGKILL)
            took_s = await _heard_again(phone, time.monotonic())
            print(f"RESCUED from a dead machine after {took_s:.3f} s")
            assert took_s < SPOKEN_TO_WITHIN_S
            await phone.heard_silence(1.0, 20)
            assert await _agents(exchange, phone) == [2]
            await _ask(phone)
            assert await _was_asked(exchange) == 2
            await phone.hang_up()
            await second.logged("call ended", cause="caller_hung_up")


async def test_a_worker_that_died_alone_goes_on_with_its_callers_when_it_is_back(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await _greeted(phone)
        await _ask(phone)
        os.killpg(exchange.worker.pid, signal.SIGKILL)
        await asyncio.sleep(5.0)
        async with exchange.make_second_worker() as second:
            took_s = await _heard_again(phone, time.monotonic())
            print(f"RESCUED {took_s:.3f} s after a worker was ready")
            assert took_s < SPOKEN_TO_WITHIN_S
            await phone.heard_silence(1.0, 20)
            await _ask(phone)
            assert await _was_asked(exchange) == 2
            await phone.hang_up()
            await second.logged("call ended", cause="caller_hung_up")


async def test_a_worker_that_stands_still_loses_no_call_whose_agent_answers(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await _greeted(phone)
        async with exchange.make_second_worker():
            os.kill(exchange.worker.pid, signal.SIGSTOP)  # only its own process: that of the call goes on
            try:
                await asyncio.sleep(6.0)
                await _ask(phone)
            finally:
                os.kill(exchange.worker.pid, signal.SIGCONT)
            assert await _agents(exchange, phone) == [1]
        await _ask(phone)
        assert await _agents(exchange, phone) == [1]
        await phone.hang_up()


async def test_workers_are_replaced_one_by_one_and_calls_go_on(exchange: Exchange) -> None:
    async with exchange.phone() as old:
        await _greeted(old)
        exchange.worker.terminate()
        async with exchange.make_second_worker() as second:
            async with exchange.phone() as new:
                await _greeted(new)
                await _ask(new)
                await new.hang_up()
            await second.logged("call ended", cause="caller_hung_up")
        await _ask(old)
        assert await _agents(exchange, old) == [1]
        await old.hang_up()
        assert await exchange.worker.exit_code() == 0

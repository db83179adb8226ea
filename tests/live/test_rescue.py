"""A call whose process is killed: what its caller hears then, by the sound that reaches them."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest

from lab.softphone import Softphone
from switchboard.database.engine import make_engine
from switchboard.records.read import latest
from switchboard.records.record import CallRecord
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPENING_HOURS = "What are your opening hours?"
SPOKEN_TO_WITHIN_S = 2.0
ON_ITS_WAY_S = 0.2  # what a killed agent has sent is heard for less than 0.1 s


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """A worker that has spoken its fixed words ahead."""
    folder = tmp_path_factory.mktemp("rescue")
    async with Exchange(folder, ROOT / "switchboard.toml", SWITCHBOARD_SPEAK_AHEAD="true") as exchange:
        await exchange.words_ahead()
        yield exchange


async def _agents_with(exchange: Exchange, phone: Softphone) -> int:
    livekit = exchange.livekit
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        people = await api.room.list_participants(ListParticipantsRequest(room=phone.caller.room_name))
    return sum(person.kind == ParticipantInfo.Kind.AGENT for person in people.participants)


def _process_of(exchange: Exchange) -> int:
    """The process of the call that was routed last."""
    return int([record for record in exchange.worker.records() if record["message"] == "routed"][-1]["pid"])


async def _kill(exchange: Exchange, phone: Softphone) -> float:
    """Kill the process of the call; after how many seconds its caller hears somebody again."""
    os.kill(_process_of(exchange), signal.SIGKILL)
    return await _heard_again(phone, time.monotonic())


async def _heard_again(phone: Softphone, killed_at: float) -> float:
    """After how many seconds the caller hears somebody again."""
    async with asyncio.timeout(20):
        # By when it is heard: the ear places a track that follows another in the same place too early.
        while not any(sound.start > killed_at + ON_ITS_WAY_S for sound in phone.ear.sounds()):
            await asyncio.sleep(0.01)
        return time.monotonic() - killed_at


async def _records(exchange: Exchange, count: int) -> list[CallRecord]:
    engine = make_engine(f"sqlite:///{exchange.worker.log.parent / 'switchboard.sqlite3'}")
    return list(await latest(engine, count))


async def _asked(exchange: Exchange) -> list[str]:
    """What the caller has said, as the model was last told."""
    request = (await exchange.requests("llm"))[-1]["body"]
    return [str(message["content"]).lower() for message in request["messages"] if message["role"] == "user"]


async def _goes_on(exchange: Exchange, phone: Any) -> None:
    """Whether a question is answered, by one voice."""
    await phone.heard_silence(1.0, 20)
    assert await _agents_with(exchange, phone) == 1
    said = await phone.say(OPENING_HOURS)
    await phone.heard_speech(10, after=said.end)
    await phone.heard_silence(1.0, 20)
    requests = await exchange.requests("tts")
    assert sum("nine" in request["body"]["input"] for request in requests) == 1


async def test_a_caller_whose_process_is_killed_is_spoken_to_again_and_the_call_goes_on(exchange: Exchange) -> None:
    await exchange.forget()
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(1.5, 20)
        took_s = await _kill(exchange, phone)
        print(f"RESCUED after {took_s:.3f} s")
        assert took_s < SPOKEN_TO_WITHIN_S
        await _goes_on(exchange, phone)
        await phone.hang_up()
    await exchange.worker.logged("call ended", cause="caller_hung_up")
    async with asyncio.timeout(10):
        while any(row.ended_at is None for row in await _records(exchange, 2)):
            await asyncio.sleep(0.1)
    after, lost = await _records(exchange, 2)
    assert (lost.cause, after.cause) == ("process_lost", "caller_hung_up")
    assert (lost.room, lost.route, lost.from_number) == (after.room, after.route, after.from_number)
    assert "goes on with a call that lost its agent" in after.warnings


async def test_a_greeting_that_is_killed_in_mid_sentence_is_apologised_for_by_one_voice(exchange: Exchange) -> None:
    await exchange.forget()
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await asyncio.sleep(0.5)
        took_s = await _kill(exchange, phone)
        print(f"RESCUED in the greeting after {took_s:.3f} s")
        assert took_s < SPOKEN_TO_WITHIN_S
        await _goes_on(exchange, phone)


async def test_a_caller_whose_worker_is_killed_keeps_the_line_and_another_worker_goes_on(exchange: Exchange) -> None:
    """The last one: the exchange's own worker is no more."""
    await exchange.forget()
    async with exchange.phone() as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(1.5, 20)
        said = await phone.say(OPENING_HOURS)
        await phone.heard_speech(10, after=said.end)
        await phone.heard_silence(1.5, 20)
        await exchange.forget()
        async with exchange.make_second_worker() as second:
            os.kill(exchange.worker.pid, signal.SIGKILL)
            took_s = await _heard_again(phone, time.monotonic())
            print(f"RESCUED from a worker after {took_s:.3f} s")
            assert took_s < SPOKEN_TO_WITHIN_S
            await _goes_on(exchange, phone)
            await phone.hang_up()
            await second.logged("call ended", cause="caller_hung_up")
        before, after = await _asked(exchange)
    assert "opening hours" in before
    assert "opening hours" in after
    after, lost = await _records(exchange, 2)
    assert (lost.cause, after.cause) == ("process_lost", "caller_hung_up")
    assert (lost.room, lost.route, lost.started_at) == (after.room, after.route, after.started_at)

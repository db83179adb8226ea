"""Rooms with more in them than one caller and one agent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from livekit import rtc
from livekit.api import LiveKitAPI
from livekit.protocol.agent_dispatch import CreateAgentDispatchRequest

from switchboard.intake.caller import OTHER_CALLER
from tests.live.exchange import AGENT, Exchange
from tests.live.tiny_agent import TinyAgent, tone

QUESTION = "What are your opening hours?"
TABLE = '[worker]\ncallers = ["sip"]\n\n[default]\nagent = "front_desk"\ngreeting = "Harbor Bikes, good morning."\n'


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with Exchange(tmp_path_factory.mktemp("shared"), TABLE) as exchange:
        yield exchange
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _dispatch(exchange: Exchange, room: str) -> None:
    livekit = exchange.livekit
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        await api.agent_dispatch.create_dispatch(CreateAgentDispatchRequest(room=room, agent_name=AGENT))


def _routed(exchange: Exchange) -> int:
    return sum(record["message"] == "routed" for record in exchange.worker.records())


async def test_two_dispatches_give_one_greeting(exchange: Exchange) -> None:
    before = _routed(exchange)
    async with exchange.phone(from_number="+14155550111") as phone:
        await phone.dial()
        await _dispatch(exchange, phone.caller.room_name)
        await exchange.worker.logged("call ended", cause="answered_elsewhere")
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(1.0, 20)
        assert _routed(exchange) == before + 1
        assert not phone.ended.is_set(), "the one who left took the room along"


async def test_a_browser_that_is_there_first_is_not_taken_for_the_caller(exchange: Exchange) -> None:
    before = _routed(exchange)
    async with (
        exchange.phone(kind="standard", room="desk") as browser,
        exchange.phone(room="desk", agent_name=None) as phone,
    ):
        await browser.dial()
        await asyncio.sleep(2)  # the agent is there by now
        assert _routed(exchange) == before
        await phone.dial()
        assert await phone.answered(20)
        await phone.heard_speech(20, after=0.0)
        assert _routed(exchange) == before + 1


async def test_a_second_call_in_the_room_is_said_and_not_listened_to(exchange: Exchange) -> None:
    async with (
        exchange.phone(room="both", from_number="+14155550112") as first,
        exchange.phone(room="both", from_number="+14155550113") as second,
    ):
        await first.dial()
        await first.heard_speech(20, after=0.0)
        await first.heard_silence(1.0, 20)
        await second.dial()
        warning = await exchange.worker.logged(OTHER_CALLER)
        assert "+1415" not in str(warning)
        await exchange.script(QUESTION)
        await second.say(QUESTION)
        await exchange.forget()
        await first.say(QUESTION)
        await first.heard_speech(20)
        asked: list[Any] = (await exchange.requests("llm"))[-1]["body"]["messages"]
        assert [message["role"] for message in asked].count("user") == 1, "the other caller was heard too"


async def test_a_stranger_with_a_token_for_the_room_hears_no_agent_and_moves_none(exchange: Exchange) -> None:
    async with exchange.phone(room="private", from_number="+14155550114") as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        async with TinyAgent(exchange.livekit, "private", "standard") as stranger:
            await phone.heard_silence(1.0, 20)
            await exchange.forget()
            me = stranger.room.local_participant
            await me.send_text(QUESTION, topic="lk.chat")
            await me.publish_data(QUESTION.encode(), topic="lk.chat")
            await me.publish_track(rtc.LocalAudioTrack.create_audio_track("voice", stranger.source))
            await stranger.play(tone(0.5))
            await exchange.script(QUESTION)
            await phone.say(QUESTION)
            await phone.heard_speech(20)
            asked = (await exchange.requests("llm"))[-1]["body"]["messages"]
            assert [message["content"] for message in asked if message["role"] == "user"] == [QUESTION]
            # What no permission of ours can keep from whoever has a token.
            assert {whose.identity for whose in stranger.tracks} == {phone.caller.identity}

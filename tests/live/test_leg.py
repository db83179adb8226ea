"""The leg on a real server: a connection that breaks in the middle of a call, and two sessions on one line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from livekit import api

from lab.softphone import CallEnded, Softphone
from lab.stage.proxy import Proxy
from switchboard.database.engine import make_engine
from switchboard.records.read import latest
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

TABLE = '[default]\nagent = "front_desk"\n'
QUESTION = "What are your opening hours?"


class CutOff(Exchange):
    """An exchange whose worker reaches livekit-server by a proxy; callers reach it directly."""

    async def set_up(self) -> None:
        await super().set_up()
        await self.worker.stop()
        self.proxy = await self.bring_up(Proxy(self.livekit.url))
        self._own_environment["LIVEKIT_URL"] = self.proxy.url
        self.worker = await self.bring_up(self.make_worker())


async def _greeted(exchange: Exchange, phone: Softphone) -> None:
    await phone.dial()
    await phone.heard_speech(20, after=0.0)
    await phone.heard_silence(0.8, 20)
    await exchange.script(QUESTION, QUESTION)


async def _rooms(exchange: Exchange) -> int:
    livekit = exchange.livekit
    async with api.LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as lk:
        return len((await lk.room.list_rooms(api.ListRoomsRequest())).rooms)


async def _cause(folder: Path) -> str:
    """Why the only call ended, once the record says so."""
    engine = make_engine(f"sqlite:///{folder / 'switchboard.sqlite3'}")
    async with asyncio.timeout(20):
        while not (found := await latest(engine, 1)) or found[0].cause is None:
            await asyncio.sleep(0.2)
    return str(found[0].cause)


async def test_a_conversation_goes_on_after_two_seconds_without_livekit(tmp_path: Path) -> None:
    async with CutOff(tmp_path, TABLE) as exchange:
        async with exchange.phone() as phone:
            await _greeted(exchange, phone)
            await exchange.proxy.cut()
            await asyncio.sleep(2)
            await exchange.proxy.restore()
            await asyncio.sleep(6)  # the SDK tries again at times of its own
            said = await phone.say(QUESTION)
            assert await phone.heard_speech(20) > said.end
        assert await _cause(tmp_path) == "caller_hung_up"
        async with asyncio.timeout(10):
            while await _rooms(exchange):
                await asyncio.sleep(0.1)


async def test_after_twenty_seconds_without_livekit_the_caller_is_talked_to_or_released(tmp_path: Path) -> None:
    async with CutOff(tmp_path, TABLE) as exchange:
        async with exchange.phone() as phone:
            await _greeted(exchange, phone)
            await exchange.proxy.cut()
            await asyncio.sleep(20)
            await exchange.proxy.restore()
            try:
                await asyncio.sleep(8)
                said = await phone.say(QUESTION)
                assert await phone.heard_speech(20) > said.end
                expected = "caller_hung_up"
            except CallEnded:
                assert phone.outcome == "room closed by the agent"
                expected = "network_lost"
        assert await _cause(tmp_path) == expected
        assert await _rooms(exchange) == 0
        async with exchange.phone() as again:
            await again.dial()
            assert await again.answered(20)


@pytest.mark.parametrize("business", [ROOT / "tests/live/two_sessions"], ids=["two sessions"])
async def test_a_call_outlives_its_first_session_and_ends_with_all_of_them(tmp_path: Path, business: Path) -> None:
    async with Exchange(tmp_path, TABLE, business) as exchange:
        async with exchange.phone() as phone:
            await phone.dial()
            assert await phone.answered(20)
            async with asyncio.timeout(20):
                while len(await exchange.spoken()) < 2:
                    await asyncio.sleep(0.1)
            await phone.heard_silence(1.0, 20)
            assert not phone.ended.is_set()
            heard = sum(turn.duration for turn in phone.turns)
            assert heard > 2.5, "both sentences last three seconds and more"
        await exchange.worker.logged("call ended", cause="caller_hung_up")
        assert await _cause(tmp_path) == "caller_hung_up"
        assert await _rooms(exchange) == 0
        assert exchange.worker.traceback() is None

"""What calls lean on goes away and comes back: the worker comes back by itself, and answers the next call."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import httpx

from lab.softphone import CallEnded, Softphone
from lab.stage.livekit_server import LiveKitServer
from lab.stage.ports import free_port
from tests.live.exchange import Exchange
from tests.live.redis_server import RedisServer

TABLE = '[default]\nagent = "front_desk"\ngreeting = "Harbor Bikes, good morning."\n'
OPENING_HOURS = "What are your opening hours?"
BACK_WITHIN_S = 60.0  # the worker tries again after at most 10 s


class Restartable(Exchange):
    """An exchange whose server and Redis can be restarted where they are."""

    async def make_livekit(self) -> LiveKitServer:
        self.redis = await self.bring_up(RedisServer())
        return LiveKitServer(redis=self.redis.address, port=free_port())

    async def is_ready(self) -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            with contextlib.suppress(httpx.HTTPError):
                return (await client.get(self.worker.ready_url)).is_success
        return False


async def _answered(exchange: Restartable) -> None:
    """A call is answered, and so is a question. Others ring out until there is somebody again."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        async with exchange.phone() as phone:
            with contextlib.suppress(TimeoutError, CallEnded):
                await phone.dial()
                await phone.heard_speech(10, after=0.0)
                await _converses(phone)
                await phone.hang_up()
                return
        assert time.monotonic() < deadline, exchange.worker.read_log()[-3000:]


async def _converses(phone: Softphone) -> None:
    await phone.heard_silence(1.0, 20)
    said = await phone.say(OPENING_HOURS)
    await phone.heard_speech(10, after=said.end)


async def test_after_a_restart_of_livekit_server_the_worker_answers_again_and_keeps_nothing_of_before(
    tmp_path: Path,
) -> None:
    async with Restartable(tmp_path, TABLE) as exchange:
        async with exchange.phone() as phone:
            await phone.dial()
            await phone.heard_speech(20, after=0.0)
            await exchange.livekit.restart()
        await _answered(exchange)
        assert await exchange.is_ready()
        async with asyncio.timeout(60):  # a call that has lost LiveKit gives up after 30 s
            while await exchange.jobs():
                await asyncio.sleep(0.2)


async def test_over_a_restart_of_redis_a_call_goes_on_and_the_next_one_is_answered(tmp_path: Path) -> None:
    async with Restartable(tmp_path, TABLE) as exchange:
        async with exchange.phone() as phone:
            await phone.dial()
            await phone.heard_speech(20, after=0.0)
            await exchange.redis.restart()
            await _converses(phone)
            await phone.hang_up()
        await _answered(exchange)

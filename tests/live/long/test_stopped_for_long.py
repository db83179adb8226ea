"""Calls whose process is stopped for 2, 20 and 90 seconds, by the sound that reaches the caller. Minutes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.live.exchange import Exchange
from tests.live.stopping import TABLE, call_of, greeted, heard_of, replace_agent

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "What are your opening hours?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with Exchange(tmp_path_factory.mktemp("stopped"), TABLE) as exchange:
        yield exchange


async def test_an_agent_that_was_stopped_for_two_seconds_goes_on_with_its_sentence(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await greeted(phone)
        pid = call_of(exchange)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(2.0)
        os.kill(pid, signal.SIGCONT)
        goes_on_at = time.monotonic()
        heard = await phone.heard_speech(10, after=goes_on_at + 0.2)
        print(f"GOES ON {heard - goes_on_at:.3f} s after the process does")
        await exchange.worker.logged("this process was stopped", pid=pid)
        await phone.heard_silence(1.0, 30)
        said = await phone.say(QUESTION)
        await phone.heard_speech(10, after=said.end)
    await exchange.worker.logged("call ended", cause="caller_hung_up", pid=pid)


async def test_an_agent_that_comes_back_after_twenty_seconds_is_not_heard_beside_another(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await greeted(phone)
        pid = call_of(exchange)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)
        await replace_agent(exchange, phone)
        await asyncio.sleep(19.0)
        await phone.heard_silence(1.5, 20)
        before = heard_of(phone)
        with contextlib.suppress(ProcessLookupError):  # its worker has given it up by then
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(6.0)
        assert heard_of(phone) == before
        said = await phone.say(QUESTION)
        await phone.heard_speech(10, after=said.end)


async def test_a_process_that_is_stopped_for_ninety_seconds_is_replaced_and_not_heard_again(exchange: Exchange) -> None:
    async with exchange.phone() as phone:
        await greeted(phone)
        pid = call_of(exchange)
        os.kill(pid, signal.SIGSTOP)
        stopped_at = time.monotonic()
        await phone.heard_speech(90, after=stopped_at + 0.5)
        print(f"REPLACED {time.monotonic() - stopped_at:.1f} s after the process was stopped")
        await asyncio.sleep(stopped_at + 90 - time.monotonic())
        await phone.heard_silence(1.5, 20)
        before = heard_of(phone)
        with contextlib.suppress(ProcessLookupError):  # its worker has killed it
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(6.0)
        assert heard_of(phone) == before
        said = await phone.say(QUESTION)
        await phone.heard_speech(10, after=said.end)

"""Calls over a real SIP bridge, from a telephone on UDP to the worker: `scripts/test --sip`."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from lab.softphone.wav import speak_offline
from lab.telephone import TelephoneCall
from tests.sip.conftest import REFUSED, RealExchange, measured

QUESTION = "What are your opening hours?"
GOODBYE = "Thank you and goodbye."
CALLS = range(6)  # the first is not counted: nothing is kept yet, and the worker's first process is cold

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _say(call: TelephoneCall, text: str) -> float:
    """Say it to the agent; the moment of the last audible sample."""
    samples = np.frombuffer(await asyncio.to_thread(speak_offline, text, "en", 8000), "<i2")
    return (await call.media.say(samples)).end


@pytest.mark.parametrize("nth", CALLS)
async def test_a_call_rings_is_answered_talked_to_and_hung_up(exchange: RealExchange, nth: int) -> None:
    before = exchange.calls
    await exchange.script(QUESTION)
    call = await exchange.ring()
    assert await call.answered(20)
    greeting = await call.media.speech(0.0, 10)
    await call.media.silence(0.8, 20)
    said = await _say(call, QUESTION)
    reply = await call.media.speech(said, 10)
    await call.media.silence(0.8, 20)
    await call.hang_up()
    cause = await exchange.cause(before)
    job_over = time.monotonic()
    assert cause["cause"] == "caller_hung_up"
    assert list(call.moments)[:4] == ["INVITE", "100", "180", "200"]
    if nth:
        measured("INVITE to 180", call.took("INVITE", "180"))
        measured("INVITE to 200", call.took("INVITE", "200"))
        measured("200 to the greeting's first audible sample", greeting.start - call.moments["200"])
        measured("end of the question to the reply's first audible sample", reply.start - said)
        measured("the phone's BYE to its 200", call.took("BYE", "BYE agreed"))
        measured("the phone's BYE to the end of the job", job_over - call.moments["BYE"])


@pytest.mark.parametrize("nth", CALLS)
async def test_the_agent_hangs_up_when_its_goodbye_is_heard(exchange: RealExchange, nth: int) -> None:
    before = exchange.calls
    await exchange.script(GOODBYE)
    call = await exchange.ring()
    assert await call.answered(20)
    await call.media.speech(0.0, 10)
    await call.media.silence(0.8, 20)
    said = await _say(call, GOODBYE)
    await call.media.speech(said, 10)
    await asyncio.wait_for(call.ended.wait(), 20)
    last = call.media.last_heard
    assert call.moments["BYE came"] > last
    assert (await exchange.cause(before))["cause"] == "agent_ended"
    if nth:
        measured("goodbye's last audible sample to the bridge's BYE", call.moments["BYE came"] - last)


@pytest.mark.parametrize("nth", CALLS)
async def test_a_refusal_is_a_busy_tone_and_no_answer(exchange: RealExchange, nth: int) -> None:
    before = exchange.calls
    call = await exchange.ring(REFUSED)
    assert not await call.answered(20)
    assert call.status == 486
    assert "200" not in call.moments
    assert call.media.packets == 0
    assert (await exchange.cause(before))["cause"] == "refused"
    if nth:
        measured("INVITE to a refusal's 486", call.took("INVITE", "486"))


async def test_a_caller_who_gives_up_while_it_rings_is_let_go(exchange: RealExchange) -> None:
    before = exchange.calls
    call = await exchange.ring()
    async with asyncio.timeout(10):
        while "180" not in call.moments:
            await asyncio.sleep(0.001)
    await call.hang_up()
    assert not await call.answered()
    assert call.status == 487
    cause = await exchange.cause(before)
    assert cause["cause"] in ("caller_hung_up", "no_caller"), "whichever came first: the job or the CANCEL"


async def test_a_caller_whose_sound_stops_is_hung_up_by_the_bridge(exchange: RealExchange) -> None:
    before = exchange.calls
    call = await exchange.ring()
    assert await call.answered(20)
    await asyncio.sleep(1)
    call.media.mute()
    began = time.monotonic()
    await asyncio.wait_for(call.ended.wait(), 40)
    assert 14 < time.monotonic() - began < 18
    assert (await exchange.cause(before))["cause"] == "caller_hung_up", "the bridge makes no difference"

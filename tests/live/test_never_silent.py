"""What callers hear when a provider fails for good, by the sound that reaches them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from switchboard.talk.fixed_words import text_of
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPENING_HOURS = "What are your opening hours?"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    """A worker that has spoken its fixed words ahead."""
    folder = tmp_path_factory.mktemp("never-silent")
    async with Exchange(folder, ROOT / "switchboard.toml", SWITCHBOARD_SPEAK_AHEAD="true") as exchange:
        await exchange.words_ahead()
        yield exchange
        exchange.providers.controls.forget_faults()


async def _spoken(exchange: Exchange) -> list[str]:
    return [request["body"]["input"] for request in await exchange.spoken()]


async def _greeted(phone: Any) -> None:
    await phone.dial()
    await phone.heard_speech(20, after=0.0)
    await phone.heard_silence(0.8, 20)


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 401}, {"hang": True}, {"close": True}])
async def test_a_model_that_fails_for_good_is_apologised_for_and_then_the_call_ends_with_a_goodbye(
    exchange: Exchange, fault: dict[str, Any]
) -> None:
    await exchange.forget()
    async with exchange.phone() as phone:
        await _greeted(phone)
        exchange.providers.controls.set_faults({"llm": fault})
        try:
            for _ in range(2):
                said = await phone.say(OPENING_HOURS)
                heard = await phone.heard_speech(10, after=said.end)
                assert heard - said.end < 3.0
                await phone.heard_silence(2.5, 20)  # a filler, and then the apology
            await phone.say(OPENING_HOURS)
            await asyncio.wait_for(phone.ended.wait(), 30)
        finally:
            exchange.providers.controls.forget_faults()
    assert (await exchange.worker.logged("call ended", cause="provider_failed"))["reason"]


@pytest.mark.parametrize("fault", [{"status": 500}, {"hang": True}])
async def test_a_voice_that_fails_for_good_is_replaced_by_kept_words(exchange: Exchange, fault: dict[str, Any]) -> None:
    async with exchange.phone() as phone:
        await _greeted(phone)
        exchange.providers.controls.set_faults({"tts": fault})
        try:
            said = await phone.say(OPENING_HOURS)
            heard = await phone.heard_speech(10, after=said.end)
            assert heard - said.end < 3.0
        finally:
            exchange.providers.controls.forget_faults()
        await phone.heard_silence(2.5, 20)
        said = await phone.say(OPENING_HOURS)  # it speaks again
        await exchange.forget()
        await phone.heard_speech(10, after=said.end)
        await phone.heard_silence(1.0, 20)
    assert any("nine" in text for text in await _spoken(exchange))


async def test_a_slow_answer_is_announced_and_then_given(exchange: Exchange) -> None:
    await exchange.forget()
    async with exchange.phone() as phone:
        await _greeted(phone)
        exchange.providers.controls.set_faults({"llm": {"delay": 3.0}, "times": 1})
        said = await phone.say(OPENING_HOURS)
        heard = await phone.heard_speech(10, after=said.end)
        assert heard - said.end < 2.0
        await phone.heard_silence(2.5, 20)
    assert any("nine" in text for text in await _spoken(exchange))
    assert text_of("moment", "en") not in await _spoken(exchange)  # it is kept

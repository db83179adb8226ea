"""A greeting that the model thinks out while it rings, and the written one where nothing comes of that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.live.exchange import Exchange

WRITTEN = "This was written, for a call to"
TABLE = f"""
[default]
agent = "front_desk"
opening = "Say that the caller's area code is {{area_code}}, then the weather there."
greeting = "{WRITTEN} {{to}}"  # personal: it is spoken anew each time
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def exchange(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Exchange]:
    async with Exchange(tmp_path_factory.mktemp("opening"), TABLE) as exchange:
        yield exchange


async def _first_words(exchange: Exchange) -> tuple[str, list[dict[str, Any]]]:
    """What a caller hears first, none of it lost, and what the model was asked."""
    await exchange.forget()
    async with exchange.phone() as phone:
        await phone.dial()
        assert await phone.answered(20)
        spoken = await exchange.spoken()
        asked = await exchange.requests("llm")
        await phone.heard_speech(20, after=0.0)
        assert phone.lost == 0
    assert spoken, "the line was open before there was anything to say"
    return spoken[0]["body"]["input"], asked


async def test_the_model_has_thought_its_first_words_out_before_the_line_is_open(exchange: Exchange) -> None:
    words, asked = await _first_words(exchange)
    assert WRITTEN not in words
    told = asked[0]["body"]["messages"][-1]["content"]
    assert """the caller's area code is "510",""" in str(told)


@pytest.mark.parametrize("fault", [{"hang": True}, {"status": 500}], ids=["no answer", "a fault"])
async def test_a_caller_whose_opening_is_not_thought_out_hears_the_written_greeting(
    exchange: Exchange, fault: dict[str, Any]
) -> None:
    exchange.providers.controls.set_faults({"llm": fault})
    try:
        words, _ = await _first_words(exchange)
    finally:
        exchange.providers.controls.forget_faults()
    assert WRITTEN in words

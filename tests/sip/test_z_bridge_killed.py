"""A bridge that dies in the middle of a call. By its name the last: no bridge is left after it."""

from __future__ import annotations

import pytest

from tests.sip.conftest import RealExchange

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_bridge_that_is_killed_is_a_line_that_was_lost(exchange: RealExchange) -> None:
    before = exchange.calls
    call = await exchange.ring()
    assert await call.answered(20)
    await call.media.speech(0.0, 10)
    await exchange.bridge.kill()
    assert (await exchange.cause(before))["cause"] == "caller_lost"

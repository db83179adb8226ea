"""Several calls at once by sipp, which knows SIP by itself and sends no sound: `scripts/test --sip`."""

from __future__ import annotations

import asyncio

import pytest

from tests.sip.conftest import OURS, RealExchange

AT_ONCE = 3

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_calls_of_another_telephone_are_answered_side_by_side(exchange: RealExchange) -> None:
    before = exchange.calls
    host, port = exchange.bridge.address
    process = await asyncio.create_subprocess_exec(
        *("sipp", "-sn", "uac", f"{host}:{port}", "-s", OURS, "-i", host, "-d", "3000", "-nostdin"),
        *("-m", str(AT_ONCE), "-r", str(AT_ONCE), "-timeout", "30s", "-timeout_error"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode(errors="replace")[-3000:]
    for nth in range(AT_ONCE):
        assert (await exchange.cause(before + nth))["cause"] == "caller_hung_up"

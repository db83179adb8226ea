"""A call whose process is stopped (SIGSTOP) and goes on later: what its caller hears then, by the sound alone."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

from tests.live.exchange import Exchange
from tests.live.stopping import TABLE, call_of, greeted, heard_of, replace_agent


async def test_an_agent_that_was_replaced_while_it_was_stopped_is_not_heard_again(tmp_path: Path) -> None:
    async with Exchange(tmp_path, TABLE) as exchange, exchange.phone() as phone:
        await greeted(phone)
        pid = call_of(exchange)
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)
        await replace_agent(exchange, phone)
        await phone.heard_speech(20, after=time.monotonic())
        await phone.heard_silence(1.5, 20)  # the other one waits for the caller
        before = heard_of(phone)
        os.kill(pid, signal.SIGCONT)
        await exchange.worker.logged("call ended", cause="taken_over", pid=pid)
        await asyncio.sleep(2.0)
        assert heard_of(phone) == before
        assert not phone.ended.is_set()

"""Callers who hang up during the greeting, one after the other: a worker that takes that for its own fault stops."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from lab.stage.worker_process import tail
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

CALLERS = int(os.environ.get("HANG_UPS", "15"))  # HANG_UPS=50 scripts/test tests/live/long/test_hang_ups.py
_WRITTEN_WITHIN_S = 20.0


async def test_many_callers_in_a_row_who_hang_up_during_the_greeting_change_nothing(tmp_path: Path) -> None:
    async with Exchange(tmp_path, ROOT / "switchboard.toml") as exchange:
        for number in range(CALLERS):
            async with exchange.phone() as phone:
                await phone.dial()
                await phone.heard_speech(20, after=0.0)
                await phone.hang_up()
            assert phone.outcome == "hung up", f"caller {number}: {phone.outcome}\n{tail(exchange.worker.log)}"
        async with exchange.phone() as phone:  # and the next is served as if nothing had been
            await phone.dial()
            await phone.heard_speech(20, after=0.0)
            await phone.heard_silence(0.8, 20)
            said = await phone.say("What are your opening hours?")
            await phone.heard_speech(10, after=said.end)
        async with asyncio.timeout(_WRITTEN_WITHIN_S):
            while len(_causes(tmp_path)) < CALLERS + 1:
                await asyncio.sleep(0.2)
        assert _causes(tmp_path) == ["caller_hung_up"] * (CALLERS + 1)
        assert exchange.worker.traceback() is None


def _causes(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "switchboard.sqlite3")) as database:
        return [cause for (cause,) in database.execute("SELECT cause FROM calls WHERE cause IS NOT NULL")]

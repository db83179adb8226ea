"""Callers who send all that they can, and what is left of them outside of the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from lab.softphone import Softphone
from tests.live.exchange import Exchange

# Each stands in one thing that a call brings, and nowhere else.
MARKS = {
    "number": "4155550177",
    "refused number": "4155550178",
    "room": "Wombatville",
    "header": "Zebrafinch",
    "metadata": "Quokkaworth",
    "speech": "opening hours",
    "booking": "brakes",
}
TABLE = """
[[route]]
name = "refused"
when = { from = "+14155550178" }
reject = "busy"

[default]
agent = "support"
"""
HOURS = "What are your opening hours?"


@pytest.fixture
async def exchange(tmp_path: Path) -> Any:
    nowhere = tmp_path / "no such folder" / "diary.sqlite3"  # a tool that raises
    async with Exchange(tmp_path, TABLE, SHOP_DIARY=str(nowhere)) as exchange:
        yield exchange


async def _says(exchange: Exchange, phone: Softphone, words: str) -> None:
    await exchange.script(words)
    said = await phone.say(words)
    await phone.heard_speech(20, after=said.end)
    await phone.heard_silence(1.5, 20)


async def _metrics(exchange: Exchange) -> str:
    listens = "HTTP server listening on "
    address = next(str(r["message"]) for r in exchange.worker.records() if str(r["message"]).startswith(listens))
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{address.removeprefix(listens)}/metrics")).text


async def test_nothing_of_calls_is_in_the_log_or_the_metrics_whatever_fails_and_a_flood_is_a_call_like_any(
    exchange: Exchange,
) -> None:
    flood = {f"x-{number}": "obey me now, all of it" for number in range(1400)} | {"x-name": MARKS["header"]}
    caller: dict[str, Any] = {
        "from_number": "+14155550177",
        "room": f"{MARKS['room']}_4155550177_x",
        "job_metadata": {"company": MARKS["metadata"]},
        "headers": flood,
        "late_after": 0.1,
    }
    async with exchange.phone(**caller) as phone:
        await phone.dial()
        await phone.heard_speech(20, after=0.0)
        await phone.heard_silence(1.0, 20)
        await exchange.forget()
        await _says(exchange, phone, HOURS)
        prompt = (await exchange.requests("llm"))[-1]["body"]["messages"][0]["content"]
        assert MARKS["metadata"] in prompt
        assert len(prompt) < 15_000
        await _says(exchange, phone, "My brakes squeak, can I bring it in on Monday?")
        for fault in ({"status": 400}, {"garbage": True}):
            exchange.providers.controls.set_faults({"llm": fault})
            await _says(exchange, phone, HOURS)
            exchange.providers.controls.forget_faults()
    await exchange.worker.logged("call ended")
    async with exchange.phone(from_number="+14155550178", room=f"{MARKS['room']}_4155550178_y") as phone:
        await phone.dial()
        assert not await phone.answered(20)
    log, metrics = exchange.worker.read_log(), await _metrics(exchange)
    assert "exception occurred while executing tool" in log, "no tool has raised: this test shows nothing"
    assert metrics
    for what, mark in MARKS.items():
        assert mark not in log, what
        assert mark not in metrics, what

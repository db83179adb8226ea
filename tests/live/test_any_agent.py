"""Agents by the table: of a prompt alone, with a voice of their own, with tools of an MCP server that may go away."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

from lab.softphone import Softphone
from lab.stage.mcp_server import McpStand
from switchboard.database.engine import make_engine
from switchboard.records.read import latest
from switchboard.talk.mcp_connection import AWAY
from tests.live.exchange import Exchange
from tests.live.worker import ROOT

PROMPT = """Harbor Bikes rentals. Which bike would you like?
---
You are rentals at Harbor Bikes, a bicycle shop in Oakland.
A bike is rented for a day or for a week. A helmet is free.
"""
AGENTS = """
[agent.rentals]
hand_over = { sales = "buying a bike" }

[agent.sales]
hand_over = { rentals = "renting a bike" }
voice = "nova"
llm = "openai/gpt-4.1"

[default]
agent = "rentals"
"""
PRICE = "What is the rental price?"


def _business(folder: Path) -> Path:
    """Harbor Bikes, with one agent more that is a prompt and nothing else."""
    business = folder / "business"
    business.mkdir()
    shutil.copy(ROOT / "agent.py", business)
    for name in ("agents", "prompts"):
        shutil.copytree(ROOT / name, business / name, ignore=shutil.ignore_patterns("__pycache__"))
    (business / "prompts" / "rentals.md").write_text(PROMPT)
    return business


def _with_tools(url: str) -> str:
    return f'[agent.rentals]\nmcp = ["{url}"]\n\n[default]\nagent = "rentals"\n'


async def _greeted(phone: Softphone) -> None:
    await phone.dial()
    await phone.heard_speech(20, after=0.0)
    await phone.heard_silence(0.8, 20)


async def _answered(phone: Softphone, question: str) -> None:
    await phone.say(question)
    await phone.heard_speech(20)
    await phone.heard_silence(0.8, 20)


async def _warnings(folder: Path) -> str:
    """Those on the record of the only call, once it has ended."""
    engine = make_engine(f"sqlite:///{folder / 'switchboard.sqlite3'}")
    try:
        async with asyncio.timeout(20):
            while not (found := await latest(engine, 1)) or found[0].cause is None:
                await asyncio.sleep(0.2)
        return "\n".join(found[0].warnings)
    finally:
        await engine.dispose()


async def _said(exchange: Exchange) -> list[str]:
    return [str(request["body"]["input"]) for request in await exchange.spoken()]


async def test_an_agent_of_a_prompt_alone_hands_over_and_gets_the_caller_back(tmp_path: Path) -> None:
    questions = ("Can I talk to sales please?", "How much is a city bike?", "Can I talk to rentals please?")
    async with Exchange(tmp_path / "worker", AGENTS, _business(tmp_path)) as exchange:
        await exchange.script(*questions)
        async with exchange.phone() as phone:
            await _greeted(phone)
            for question in questions:
                await _answered(phone, question)
        asked: list[Any] = [request["body"] for request in await exchange.requests("llm")]
        whose = ["sales" if "You are sales" in str(body["messages"]) else "rentals" for body in asked]
        assert whose[0] == whose[-1] == "rentals"
        # Its own model while it has the call, and no longer.
        assert {(agent, body["model"]) for agent, body in zip(whose, asked, strict=True)} == {
            ("rentals", "gpt-4.1-mini"),
            ("sales", "gpt-4.1"),
        }
        assert "640 dollars" in str(asked[-1]["messages"])
        transfer = next(tool["function"] for tool in asked[0]["tools"] if "transfer" in tool["function"]["name"])
        assert (transfer["name"], transfer["description"]) == (
            "transfer_to_sales",
            "Hand the caller over to sales: buying a bike.",
        )
        voices = [request["body"]["voice"] for request in await exchange.spoken()]
        assert voices[0] == voices[-1] == "ash"
        assert "nova" in voices
        assert len(await exchange.requests("stt")) == 1  # the recogniser's connection was kept
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


async def test_a_tool_of_an_mcp_server_is_called_and_the_caller_hears_its_answer(tmp_path: Path) -> None:
    async with (
        McpStand() as server,
        Exchange(tmp_path / "worker", _with_tools(server.url), _business(tmp_path)) as exchange,
    ):
        await exchange.script(PRICE)
        async with exchange.phone() as phone:
            await _greeted(phone)
            await _answered(phone, PRICE)
        assert any("Renting a bike costs 25 dollars." in said for said in await _said(exchange))
        assert "end_call is left out: rentals's own has that name" in await _warnings(tmp_path / "worker")
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


async def test_a_server_that_is_away_costs_the_caller_nothing_but_its_tools(tmp_path: Path) -> None:
    server = McpStand()
    table = _with_tools(f"{server.url}?key=secret")
    async with Exchange(tmp_path / "worker", table, _business(tmp_path)) as exchange:
        await exchange.script("Do I get a helmet?")
        async with exchange.phone() as phone:
            await _greeted(phone)
            await _answered(phone, "Do I get a helmet?")
        assert any("A helmet is free." in said for said in await _said(exchange))
        prompt = str((await exchange.requests("llm"))[-1]["body"]["messages"][0])
        assert f"The tools of {server.host} are away." in prompt
        warnings = await _warnings(tmp_path / "worker")
        assert f"MCP server {server.host}: it cannot be reached" in warnings
        assert "secret" not in warnings + prompt + exchange.worker.read_log()
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


async def test_a_server_that_is_killed_in_mid_call_is_away_and_the_caller_is_told_so(tmp_path: Path) -> None:
    async with (
        McpStand() as server,
        Exchange(tmp_path / "worker", _with_tools(server.url), _business(tmp_path)) as exchange,
    ):
        await exchange.script(PRICE, PRICE, "Do I get a helmet?")
        async with exchange.phone() as phone:
            await _greeted(phone)
            await _answered(phone, PRICE)
            await server.kill()
            await _answered(phone, PRICE)
            assert any(AWAY in said for said in await _said(exchange))
            await _answered(phone, "Do I get a helmet?")
        assert any("A helmet is free." in said for said in await _said(exchange))
        warnings = await _warnings(tmp_path / "worker")
        assert f"MCP server {server.host}: it went away: the call goes on without its tools" in warnings
        assert exchange.worker.traceback() is None, exchange.worker.traceback()

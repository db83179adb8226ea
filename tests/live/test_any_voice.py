"""Whose models are asked, by calls: a provider of one's own, another detector of voice, one model for all."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from lab.providers.server import OfflineServer
from lab.softphone import Softphone
from lab.stage.mcp_server import McpStand
from switchboard.database.engine import make_engine
from switchboard.records.read import latest
from tests.live.exchange import Exchange
from tests.live.worker import Worker

DEFAULT = '[default]\nagent = "front_desk"\n'
HAND_OVER = '[agent.front_desk]\nhand_over = { sales = "prices, stock, buying a bike" }\n'
REALTIME = '[speech.phone]\nrealtime = "openai/gpt-realtime:marin"\n' + HAND_OVER + DEFAULT
QUESTION = "What are your opening hours?"


async def _greeted(phone: Softphone) -> float:
    """Dial and hear the greeting to its end; when that was, on the phone's clock."""
    await phone.dial()
    await phone.heard_speech(20, after=0.0)
    return await phone.heard_silence(0.8, 20)


async def _record(folder: Path) -> Any:
    """The only call, once its record says how it ended."""
    engine = make_engine(f"sqlite:///{folder / 'switchboard.sqlite3'}")
    async with asyncio.timeout(20):
        while not (found := await latest(engine, 1)) or found[0].cause is None:
            await asyncio.sleep(0.2)
    return found[0]


async def test_one_model_greets_hands_over_and_says_goodbye_to_its_end(tmp_path: Path) -> None:
    table = '[agent.sales]\nvoice = "cedar"\n' + REALTIME
    async with Exchange(tmp_path, table) as exchange:
        await exchange.script("Can I talk to sales please?")
        await exchange.script("How much is a city bike?", "Thank you and goodbye.")  # another voice: another connection
        async with exchange.phone() as phone:
            await _greeted(phone)
            for question in ("Can I talk to sales please?", "How much is a city bike?"):
                said = await phone.say(question)
                assert await phone.heard_speech(20) > said.end
                await phone.heard_silence(0.8, 20)
            said = await phone.say("Thank you and goodbye.")
            await asyncio.wait_for(phone.ended.wait(), 20)
            assert phone.outcome == "room closed by the agent"
            goodbye = [turn for turn in phone.turns if turn.who == "agent" and turn.start > said.end]
            assert goodbye[-1].duration > 0.5
            assert phone.ended_at is not None
            assert phone.ended_at > goodbye[-1].end
        asked = [one for one in await exchange.requests("realtime") if one["path"] == "response.create"]
        assert "Thanks for calling Harbor Bikes" in asked[0]["body"]["messages"][-1]["content"]
        assert "You are sales" in asked[-1]["body"]["messages"][0]["content"]
        assert "Can I talk to sales please?" in str(asked[-1]["body"]["messages"])
        assert [one["body"]["voice"] for one in asked][:2] == ["marin", "marin"]
        assert asked[-1]["body"]["voice"] == "cedar"
        assert not [kind for kind in ("stt", "llm") if await exchange.requests(kind)]
        assert not await exchange.spoken()
        assert exchange.worker.traceback() is None, exchange.worker.traceback()
    record = await _record(tmp_path)
    assert record.cause == "agent_ended"


async def test_one_model_gets_each_agents_tools_and_those_of_an_mcp_server_on_one_connection(tmp_path: Path) -> None:
    questions = ("What is the rental price?", "Can I talk to support please?")
    async with McpStand() as server:
        table = '[speech.phone]\nrealtime = "openai/gpt-realtime:marin"\n'
        table += f'[agent.front_desk]\nhand_over = {{ support = "repairs" }}\nmcp = ["{server.url}"]\n'
        table += '[agent.support]\nhand_over = { front_desk = "all else" }\n' + DEFAULT
        async with Exchange(tmp_path, table) as exchange:
            await exchange.script(*questions)
            async with exchange.phone() as phone:
                await _greeted(phone)
                for question in questions:
                    said = await phone.say(question)
                    assert await phone.heard_speech(20) > said.end
                    await phone.heard_silence(0.8, 20)
            asked = await _asked(exchange)
            assert "Renting a bike costs 25 dollars." in str(asked[-1]["messages"])
            offered = [{tool["function"]["name"] for tool in body["tools"]} for body in asked]
            desk = {"get_weather", "transfer_to_support", "rental_price", "end_call"}
            support = {"order_status", "book_repair", "transfer_to_front_desk", "end_call"}
            taken = [tools for before, tools in pairwise([set[str](), *offered]) if tools != before]
            assert taken == [desk, support]
            assert exchange.worker.traceback() is None, exchange.worker.traceback()


async def test_who_waits_for_a_tool_of_one_model_is_told_so_and_then_the_answer(tmp_path: Path) -> None:
    answer_now = asyncio.Event()

    async def order(_: web.Request) -> web.Response:
        await answer_now.wait()
        return web.json_response({"status": "ready to be picked up"})

    app = web.Application()
    app.router.add_get("/1001", order)
    async with TestServer(app) as orders:
        table = '[speech.phone]\nrealtime = "openai/gpt-realtime:marin"\n[default]\nagent = "support"\n'
        async with Exchange(tmp_path, table, ORDERS_URL=f"{orders.make_url('/')}{{number}}") as exchange:
            await exchange.script("Where is my order 1001?")
            async with exchange.phone() as phone:
                await _greeted(phone)
                said = await phone.say("Where is my order 1001?")
                await _last_told(exchange, "One moment, please.")
                answer_now.set()
                assert await phone.heard_speech(20) > said.end
                await _last_told(exchange, "Order 1001 is ready to be picked up.")
                await phone.heard_silence(0.8, 20)
            assert exchange.worker.traceback() is None, exchange.worker.traceback()


async def _last_told(exchange: Exchange, words: str) -> None:
    """Wait until the model is asked for a reply to `words`."""
    async with asyncio.timeout(20):
        while words not in str((await _asked(exchange))[-1]["messages"][-1]["content"]):
            await asyncio.sleep(0.05)


async def _asked(exchange: Exchange) -> list[Any]:
    """What the one model was asked to reply to, oldest first."""
    return [one["body"] for one in await exchange.requests("realtime") if one["path"] == "response.create"]


async def test_what_is_written_for_one_model_is_spoken_by_the_voice_that_is_given_and_kept(tmp_path: Path) -> None:
    table = REALTIME.replace("marin", 'marin"\ntts = "openai/gpt-4o-mini-tts:coral')
    async with Exchange(tmp_path, table) as exchange:
        for _ in range(2):
            async with exchange.phone() as phone:
                await _greeted(phone)
        (greeting,) = await exchange.spoken()
        assert "Thanks for calling" in greeting["body"]["input"]
        assert not [one for one in await exchange.requests("realtime") if one["path"] == "response.create"]


@pytest.mark.parametrize(
    "fault",
    [{"hang": True}, {"close": True}, {"status": 500}],
    ids=["no answer", "the connection drops", "the answer fails"],
)
async def test_a_caller_whom_one_model_does_not_answer_hears_it_again(tmp_path: Path, fault: dict[str, Any]) -> None:
    async with Exchange(tmp_path, REALTIME) as exchange, exchange.phone() as phone:
        await exchange.script(QUESTION, QUESTION)
        await _greeted(phone)
        exchange.providers.controls.set_faults({"realtime": fault, "times": 1})
        said = await phone.say(QUESTION)
        assert await phone.heard_speech(12) > said.end
        await phone.heard_silence(0.8, 20)
        said = await phone.say(QUESTION)
        assert await phone.heard_speech(12) > said.end


@pytest.mark.parametrize("before", [True, False], ids=["before the first word", "in mid-call"])
async def test_a_call_whose_one_model_never_answers_again_ends_and_says_why(tmp_path: Path, before: bool) -> None:
    async with Exchange(tmp_path, REALTIME) as exchange:
        async with exchange.phone() as phone:
            if before:
                exchange.providers.controls.set_faults({"realtime": {"status": 503}})
                await phone.dial()
            else:
                await _greeted(phone)
                exchange.providers.controls.set_faults({"realtime": {"hang": True}})
                await phone.say(QUESTION)
            await asyncio.wait_for(phone.ended.wait(), 25)
        assert (await _record(tmp_path)).cause == "provider_failed"


async def test_a_provider_of_ones_own_is_asked_at_its_address_with_its_key(tmp_path: Path) -> None:
    async with OfflineServer() as acme:
        table = (
            f'[provider.acme]\nkind = "openai"\nbase_url = "{acme.openai_url}"\nkey = "ACME_API_KEY"\n'
            f'[provider.ears]\nkind = "deepgram"\nbase_url = "{acme.origin}"\nkey = "EARS_API_KEY"\n'
            '[speech.phone]\nstt = "ears/nova-3"\nllm = "acme/llama3:8b"\ntts = "acme/kokoro:sky"\n' + DEFAULT
        )
        async with Exchange(tmp_path, table, ACME_API_KEY="acme-secret", EARS_API_KEY="ears-secret") as exchange:
            acme.controls.add_script({"language": None, "utterances": [QUESTION]})
            async with exchange.phone() as phone:
                await _greeted(phone)
                said = await phone.say(QUESTION)
                assert await phone.heard_speech(20) > said.end
            assert not await exchange.requests("llm")
            assert not await exchange.spoken()
            log = exchange.worker.read_log()
        asked = {one["kind"]: one for one in acme.controls.requests}
        assert {kind: one["key"] for kind, one in asked.items()} == {
            "stt": "ears-secret",
            "llm": "acme-secret",
            "tts": "acme-secret",
        }
        assert asked["llm"]["body"]["model"] == "llama3:8b"
        assert (asked["tts"]["body"]["model"], asked["tts"]["body"]["voice"]) == ("kokoro", "sky")
        assert "secret" not in log
        # What it lists does not have them: told at start, and the call is answered all the same.
        assert 'has no model \\"llama3:8b\\"' in log


async def test_the_silero_plug_in_hears_a_telephone_and_was_loaded_before_it_rang(tmp_path: Path) -> None:
    table = '[speech.phone]\nvad = "silero"\nvad_threshold = 0.4\n' + DEFAULT
    async with Exchange(tmp_path, table) as exchange:
        assert _mapped(exchange.worker.pid, "onnxruntime")
        await exchange.script(QUESTION, QUESTION)
        async with exchange.phone() as phone:
            await _greeted(phone)
            for _ in range(2):
                said = await phone.say(QUESTION)
                assert await phone.heard_speech(20) > said.end
                await phone.heard_silence(0.8, 20)
        assert exchange.worker.traceback() is None, exchange.worker.traceback()


def _mapped(worker: int, library: str) -> bool:
    """Whether an idle process for calls has `library` in its memory."""
    found = False
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):
            parents = re.search(r"^PPid:\t(\d+)", status.read_text(), re.MULTILINE)
            if parents and worker in _ancestors(int(parents[1])):
                found |= library in (status.parent / "maps").read_text()
    return found


def _ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    while pid > 1 and pid not in found:
        found.add(pid)
        with suppress(OSError):
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


async def test_a_provider_that_does_not_answer_is_told_and_callers_are_greeted_all_the_same(tmp_path: Path) -> None:
    async with await asyncio.start_server(_say_nothing, "127.0.0.1", 0) as silent:
        url = f"http://127.0.0.1:{silent.sockets[0].getsockname()[1]}/v1"
        table = f'[provider.acme]\nkind = "openai"\nbase_url = "{url}"\n[speech.phone]\nllm = "acme/x"\n{DEFAULT}'
        async with Exchange(tmp_path, table) as exchange:
            await exchange.worker.logged(f'provider "acme": {url} does not answer within 3 s')
            async with exchange.phone() as phone:
                await _greeted(phone)


async def _say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        await reader.read()  # until the client gives up
    writer.close()


async def test_a_worker_without_a_providers_key_does_not_start_and_says_which_variable(tmp_path: Path) -> None:
    table = f'[provider.acme]\nkind = "openai"\nkey = "ACME_API_KEY"\n[speech.phone]\nllm = "acme/x"\n{DEFAULT}'
    keys = ("LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DEEPGRAM_API_KEY", "OPENAI_API_KEY")
    worker = Worker(tmp_path, table, {"LIVEKIT_URL": "ws://127.0.0.1:9", **dict.fromkeys(keys, "x")})
    await worker.start()
    assert await worker.exit_code(60) == 2
    assert 'ACME_API_KEY: the key of provider "acme", which thinks' in worker.read_log()

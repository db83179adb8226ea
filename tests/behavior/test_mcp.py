"""Tools of MCP servers in a conversation: with the `mcp` package's own server, and all that one can do to a caller."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from livekit.agents import AgentSession, ToolError

from lab.stage.mcp_server import MANY, TALKATIVE, McpStand
from lab.stage.ports import free_port
from switchboard.call.reading import read_call
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation
from switchboard.talk.equipment import Equipment
from switchboard.talk.mcp_connection import AWAY, Connection, Limits
from switchboard.talk.options import AgentOptions, McpServer
from switchboard.talk.remote_tools import RemoteTools
from tests.behavior.scripted_llm import ScriptedLLM, Tool
from tests.behavior.test_agents import LineOnPaper
from tests.business import ROSTER

QUICK = Limits(connect_s=3.0, call_s=2.0, retries_s=(0.2, 0.2))

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calm() -> AsyncIterator[McpStand]:
    async with McpStand() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wild() -> AsyncIterator[McpStand]:
    async with McpStand("wild", as_json=True) as server:
        yield server


@dataclass
class Opened:
    """A connection with what it told."""

    told: list[str] = field(default_factory=list[str])
    changes: int = 0

    def change(self) -> None:
        self.changes += 1


@asynccontextmanager
async def connected(url: str, limits: Limits = QUICK, key: str = "") -> AsyncGenerator[tuple[Connection, Opened], None]:
    opened = Opened()
    connection = Connection(McpServer(url), key, opened.told.append, opened.change, limits)
    running = asyncio.create_task(connection.run())
    try:
        await _until(lambda: bool(connection.offers or opened.told))
        yield connection, opened
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _until(true: Callable[[], bool], within: float = 30.0) -> None:
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.02)


async def test_a_servers_tools_are_offered_and_answer(calm: McpStand) -> None:
    async with connected(calm.url) as (connection, opened):
        assert set(connection.offers) == {"rental_price", "end_call"}
        assert connection.offers["rental_price"].parameters["properties"]["days"]["type"] == "integer"
        assert await connection.call("rental_price", {"days": 2}) == "Renting a bike costs 50 dollars."
    assert opened.told == []


async def test_what_a_model_gets_wrong_is_told_to_it_and_the_tool_stays(calm: McpStand) -> None:
    async with connected(calm.url) as (connection, _):
        with pytest.raises(ToolError):
            await connection.call("rental_price", {"days": "many"})
        assert await connection.call("rental_price", {"days": 1}) == "Renting a bike costs 25 dollars."


async def test_a_key_is_sent_and_a_refusal_is_told() -> None:
    async with McpStand(key="secret") as server:
        async with connected(server.url, key="secret") as (connection, _):
            assert connection.offers
        async with connected(f"{server.url}?key=wrong") as (connection, opened):
            assert not connection.offers
            assert opened.told[0].startswith(f"MCP server {server.host}: it refuses us (HTTP 401)")


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_megabyte_of_schema_is_left_out_and_the_rest_is_there(as_json: bool) -> None:
    async with McpStand("wild", as_json=as_json) as server, connected(server.url) as (connection, opened):
        assert set(connection.offers) == {"broken", "slow", "endless", "talkative", "good", "two_names"}
        (told,) = opened.told
        assert "giant (its schema has 1,2" in told
        assert "a second two_names" in told


async def test_more_than_can_be_borne_is_not_read(wild: McpStand) -> None:
    async with connected(wild.url, Limits(connect_s=3.0, list_body=100_000)) as (connection, opened):
        assert not connection.offers
        assert "the call goes on without its tools" in opened.told[0]


async def test_of_hundreds_of_tools_the_first_are_taken_and_the_rest_is_told() -> None:
    async with McpStand("many") as server, connected(server.url) as (connection, opened):
        assert list(connection.offers) == [f"tool_{number:03}" for number in range(QUICK.tools)]
        assert f"of its {MANY} tools these are left out: tool_064" in opened.told[0]
        assert len(opened.told[0]) < 200


async def test_a_tool_that_never_answers_is_asked_once(wild: McpStand) -> None:
    async with connected(wild.url) as (connection, opened):
        with pytest.raises(ToolError, match=AWAY):
            await connection.call("slow", {})
        assert "slow did not answer within 2 s" in opened.told[-1]
        began = asyncio.get_running_loop().time()
        with pytest.raises(ToolError, match=AWAY):
            await connection.call("slow", {})
        assert asyncio.get_running_loop().time() - began < 0.1
        assert await connection.call("good", {}) == "All is well."


async def test_a_tool_that_did_not_answer_is_asked_once_more_later_and_then_no_more(wild: McpStand) -> None:
    limits = Limits(call_s=0.5, again_s=0.2)
    async with connected(wild.url, limits) as (connection, opened):
        for _ in range(2):
            await _until(lambda: "slow" not in connection.silent)
            with pytest.raises(ToolError, match=AWAY):
                await connection.call("slow", {})
        changes = opened.changes
        await asyncio.sleep(3 * limits.again_s)
        assert (connection.silent, opened.changes) == ({"slow"}, changes)


async def test_a_tool_that_raises_says_so_in_few_words(wild: McpStand) -> None:
    async with connected(wild.url) as (connection, opened):
        with pytest.raises(ToolError) as failed:
            await connection.call("broken", {})
        assert "The till is on fire" in failed.value.message
        assert len(failed.value.message) < QUICK.answer + 100
        assert any("broken failed" in told for told in opened.told)
        assert await connection.call("good", {}) == "All is well."


async def test_a_long_answer_is_cut_off_and_told(wild: McpStand) -> None:
    async with connected(wild.url) as (connection, opened):
        said = await connection.call("talkative", {})
        assert said.startswith("word word")
        assert len(said) < QUICK.answer + 100
        assert f"talkative said {TALKATIVE:,} characters" in opened.told[-1]


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_megabyte_of_an_answer_is_not_read_and_its_server_stays(as_json: bool) -> None:
    async with McpStand("wild", as_json=as_json) as server, connected(server.url) as (connection, opened):
        with pytest.raises(ToolError, match="too long"):
            await connection.call("endless", {})
        assert f"endless said more than {QUICK.body:,} bytes" in opened.told[-1]
        assert await connection.call("good", {}) == "All is well."
        assert not any("went away" in told for told in opened.told)


async def test_a_server_that_is_away_is_told_without_its_secrets_and_taken_when_it_comes() -> None:
    server = McpStand()
    async with connected(f"{server.url}?key=secret") as (connection, opened):
        assert opened.told[0].startswith(f"MCP server {server.host}: it cannot be reached (ConnectError)")
        async with server:
            await _until(lambda: bool(connection.offers))
            assert await connection.call("rental_price", {"days": 1}) == "Renting a bike costs 25 dollars."
    assert not any("secret" in told for told in opened.told)


async def test_a_server_that_dies_is_away_at_once_and_its_tools_are_there_again_when_it_is_back() -> None:
    async with McpStand() as server, connected(server.url) as (connection, opened):
        await server.kill()
        began = asyncio.get_running_loop().time()
        with pytest.raises(ToolError, match=AWAY):
            await connection.call("rental_price", {"days": 1})
        assert asyncio.get_running_loop().time() - began < QUICK.call_s
        await _until(lambda: not connection.offers)
        assert any("went away" in told for told in opened.told)
        await server.start()
        await _until(lambda: bool(connection.offers))
        assert await connection.call("rental_price", {"days": 1}) == "Renting a bike costs 25 dollars."


async def test_a_server_that_freezes_costs_a_caller_no_more_than_one_tool_may() -> None:
    async with McpStand() as server, connected(server.url) as (connection, _):
        server.freeze()
        began = asyncio.get_running_loop().time()
        with pytest.raises(ToolError, match=AWAY):
            await connection.call("rental_price", {"days": 1})
        assert asyncio.get_running_loop().time() - began < QUICK.call_s + 0.5


@asynccontextmanager
async def _rubbish(answer: Callable[[web.Request], Any]) -> AsyncGenerator[str, None]:
    app = web.Application()
    app.router.add_route("*", "/mcp", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        await runner.cleanup()


async def _page(_: web.Request) -> web.Response:
    return web.Response(text="<html>Hello</html>", content_type="text/html")


async def _words(_: web.Request) -> web.Response:
    return web.Response(text="{", content_type="application/json")


async def _never(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


@pytest.mark.parametrize(
    ("answer", "told"),
    [(_page, "it answers with a web page"), (_words, "it cannot be reached"), (_never, "no answer within 0.4 s")],
)
async def test_what_speaks_no_mcp_is_told(answer: Callable[[web.Request], Any], told: str) -> None:
    async with _rubbish(answer) as url, connected(url, Limits(connect_s=0.4)) as (_, opened):
        assert told in opened.told[0]


# In a conversation.


@asynccontextmanager
async def _call(
    options: dict[str, AgentOptions], replies: list[str | Tool], begins: str = "support"
) -> AsyncGenerator[tuple[AgentSession[Any], ScriptedLLM, RemoteTools, list[str]], None]:
    told: list[str] = []
    tools = RemoteTools(options, told.append, limits=QUICK)
    call = read_call(attributes={"sip.phoneNumber": "+14155550101", "sip.ruleID": "r"})
    conversation = Conversation(call, LineOnPaper(), ROSTER, None, equipment=Equipment(options, tools=tools))
    model = ScriptedLLM(replies)
    session = AgentSession[Any](llm=model, userdata=conversation, vad=None)
    tools.attach(session, begins)
    await session.start(ROSTER.agent_class(begins)(conversation))
    try:
        yield session, model, tools, told
    finally:
        await session.aclose()
        await tools.aclose()


def _names(session: AgentSession[Any]) -> list[str]:
    agent = session.current_agent
    return [tool.info.name for tool in agent.tools]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]


async def test_an_agent_gets_the_tools_while_it_talks_and_a_colleague_at_once(calm: McpStand) -> None:
    server = (McpServer(calm.url),)
    options = {
        "support": AgentOptions({"sales": "prices"}, mcp=server),
        "sales": AgentOptions({"front_desk": "all else"}, mcp=server),
    }
    replies: list[str | Tool] = [
        Tool("rental_price", {"days": 3}),
        "It costs 75 dollars.",
        Tool("transfer_to_sales"),
        "Sales here.",
        Tool("transfer_to_front_desk"),
        "Front desk here.",
    ]
    async with _call(options, replies) as (session, model, _, told):
        assert "rental_price" not in _names(session)
        assert "tools of 127.0.0.1" in str(session.current_agent.instructions)
        await _until(lambda: "rental_price" in _names(session))
        await _until(lambda: "are away" not in str(session.current_agent.instructions))
        await session.run(user_input="How much is it to rent a bike?")
        outputs = [item.output for item in model.asked[1].items if item.type == "function_call_output"]
        assert outputs == ["Renting a bike costs 75 dollars."]

        await session.run(user_input="And to buy?")
        assert isinstance(session.current_agent, PhoneAgent)
        assert session.current_agent.name == "sales"
        # Its own end_call stays: the server's is left out, which is told.
        assert _names(session).count("end_call") == 1
        assert "rental_price" in _names(session)
        assert any("its end_call is left out: sales's own has that name" in line for line in told)

        await session.run(user_input="Something else.")
        assert "rental_price" not in _names(session)


async def test_an_agent_whose_server_is_away_knows_it_and_talks() -> None:
    away = McpServer(f"http://127.0.0.1:{free_port()}/mcp?key=secret")
    async with _call({"support": AgentOptions(mcp=(away,))}, ["I cannot look that up right now."]) as (
        s,
        model,
        _,
        told,
    ):
        await s.run(user_input="How much is it to rent a bike?")
        prompt = str(model.asked[-1].messages()[0].text_content)
        assert f"The tools of {away.host} are away." in prompt
        assert "say that it cannot be looked up right now" in prompt
        await _until(lambda: bool(told))
        assert "secret" not in prompt + str(told)


async def test_a_tool_whose_server_died_says_so_and_the_prompt_knows_its_name() -> None:
    async with McpStand() as server:
        options = {"support": AgentOptions(mcp=(McpServer(server.url),))}
        replies: list[str | Tool] = [Tool("rental_price", {"days": 1}), "I cannot look that up right now."]
        async with _call(options, replies) as (session, model, _, told):
            await _until(lambda: "rental_price" in _names(session))
            await server.kill()
            await session.run(user_input="How much is it to rent a bike?")
            outputs = [item.output for item in model.asked[-1].items if item.type == "function_call_output"]
            assert outputs == [AWAY]
            known = f"The tools of {server.host} (rental_price, end_call) are away."
            await _until(lambda: known in str(session.current_agent.instructions))
            assert any("went away" in line for line in told)


async def test_of_two_servers_with_one_name_the_first_of_the_table_is_asked(calm: McpStand) -> None:
    async with McpStand() as other:
        options = {"support": AgentOptions(mcp=(McpServer(calm.url), McpServer(other.url)))}
        async with _call(options, []) as (session, _, _, told):
            await _until(lambda: any("another server's has that name" in line for line in told))
            assert _names(session).count("rental_price") == 1
            assert all(other.host in line for line in told if "another server's" in line)

"""`[agent.NAME]`: what may be said of an agent, and what is told of what may not."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from livekit.agents import FunctionTool, function_tool

from switchboard.talk.agent import PhoneAgent
from switchboard.talk.equipment import Equipment
from switchboard.talk.options import McpServer
from switchboard.talk.trial_call import trial_conversation
from tests.business import ROSTER
from tests.unit.routing.routing_files import DEFAULT, answer, call, errors, load_text, routes

HEAD = '[agent.sales]\nspeech = "wideband"\nvoice = "nova"\nllm = "openai/gpt-4.1"\n'


def _tools(agent: PhoneAgent) -> dict[str, str]:
    """Their descriptions, by name."""
    tools = cast("list[FunctionTool[..., Any]]", agent.tools)
    return {tool.info.name: tool.info.description or "" for tool in tools}


FAULTS = [
    ('[agent.slaes]\nvoice = "nova"\n', 1, 'there is no agent "slaes" (did you mean "sales"?'),
    ('[agent.sales]\nhand_over = { suport = "x" }\n', 2, 'there is no agent "suport" (did you mean "support"?'),
    ('[agent.sales.hand_over]\nsupport = "x"\nsuport = "x"\n', 3, 'there is no agent "suport"'),
    ('[agent.sales]\nhand_over = { sales = "x" }\n', 2, "sales cannot hand over to itself"),
    ('[agent.sales]\nhand_over = { support = " " }\n', 2, "say when to hand over to support"),
    ('[agent.sales]\nhand_over = ["support"]\n', 2, "hand_over must be a colleague with what they are for"),
    ('[agent.sales]\nspeech = "fone"\n', 2, 'unknown speech profile "fone" (did you mean "phone"?'),
    ('[agent.sales]\nllm = "opnai/gpt-4.1"\n', 2, 'unknown provider "opnai" (did you mean "openai"?'),
    ('[agent.sales]\nllm = "gpt-4.1"\n', 2, 'is not of the form "provider/model"'),
    ('[agent.sales]\nvoice = "a nova"\n', 2, 'voice = "a nova" is no voice'),
    ('[agent.sales]\nvoise = "nova"\n', 2, 'unknown key "voise" (did you mean "voice"?'),
    ('[agent.sales]\nmcp = ["tools.example.com/mcp"]\n', 2, "mcp: number 1 is no URL"),
    ('[agent.sales]\nmcp = ["https://a/mcp", "https://a/mcp"]\n', 2, "mcp: number 2 is there twice"),
    ('[agent.sales]\nmcp = "https://a/mcp"\n', 2, "mcp must be a list of texts in quotes"),
    ('[agent.sales]\nmcp = ["https://a/mcp"]\nmcp_keys = { b = "KEY_B" }\n', 3, 'no server of mcp is at "b"'),
    (
        '[speech.one]\nrealtime = "openai/gpt-realtime:marin"\n[agent.sales]\nspeech = "one"\nllm = "openai/gpt-4.1"\n',
        5,
        "leave llm out",
    ),
    (
        '[speech]\nphone.realtime = "openai/gpt-realtime"\nwideband.realtime = "openai/gpt-realtime"\n'
        '[agent.sales]\nllm = "openai/gpt-4.1"\n',
        5,
        'speech profile "phone" is one realtime model: leave llm out',
    ),
]


@pytest.mark.parametrize(("text", "line", "words"), FAULTS, ids=[words for _, _, words in FAULTS])
def test_a_fault_is_told_with_its_line_and_what_was_probably_meant(
    text: str, line: int, words: str, tmp_path: Path
) -> None:
    (found,) = errors(tmp_path, text + DEFAULT)
    assert found.startswith(f"switchboard.toml:{line}: [agent.")
    assert words in found


def test_no_message_and_no_text_of_a_server_shows_what_its_url_may_hide(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, '[agent.sales]\nmcp = ["ftp://u:secret@a/mcp?key=secret"]\n' + DEFAULT)
    assert "secret" not in found
    server = McpServer("https://u:secret@tools.example.com:8443/secret/mcp?key=secret")
    assert server.host == "tools.example.com:8443"
    assert "secret" not in repr(server)


def test_a_servers_key_is_a_variable_that_a_worker_needs(tmp_path: Path) -> None:
    text = '[agent.sales]\nmcp = ["https://tools.example.com/mcp"]\nmcp_keys = { "tools.example.com" = "TOOLS_KEY" }\n'
    file = load_text(tmp_path, text + DEFAULT)
    assert "tools.example.com" in file.variables()["TOOLS_KEY"]
    assert file.agents["sales"].mcp == (McpServer("https://tools.example.com/mcp", "TOOLS_KEY"),)


def test_an_agents_own_provider_is_one_that_a_worker_needs_the_key_of(tmp_path: Path) -> None:
    acme = '[provider.acme]\nkind = "openai"\nbase_url = "https://acme.example/v1"\nkey = "ACME_KEY"\n'
    file = load_text(tmp_path, acme + '[agent.sales]\nllm = "acme/gpt"\n' + DEFAULT)
    assert "ACME_KEY" in file.variables()


def test_what_a_route_asks_for_comes_before_the_agent_and_the_agent_before_the_profile(tmp_path: Path) -> None:
    sales = routes('to = "+18005550100"', 'to = "+18005550101"').replace("support", "sales")
    asked = sales.replace('agent = "sales"\n[[', 'agent = "sales"\nvoice = "onyx"\nllm = "openai/gpt-5"\n[[')
    table = load_text(tmp_path, HEAD + asked).table
    by_route = answer(table, call(to="+18005550100")).speech
    assert (by_route.name, by_route.llm, by_route.tts) == ("wideband", "openai/gpt-5", "openai/gpt-4o-mini-tts:onyx")
    by_agent = answer(table, call(to="+18005550101")).speech
    assert (by_agent.name, by_agent.llm, by_agent.tts) == ("wideband", "openai/gpt-4.1", "openai/gpt-4o-mini-tts:nova")
    by_profile = answer(table, call(to="+18005550102")).speech
    assert (by_profile.name, by_profile.llm) == ("phone", "openai/gpt-4.1-mini")


def test_at_a_hand_over_each_agent_speaks_with_its_own_and_the_recogniser_stays(tmp_path: Path) -> None:
    table = load_text(tmp_path, HEAD + DEFAULT).table
    decision = answer(table, call(to="+18005550100"))
    sales = table.speech_of("sales", decision, call(to="+18005550100"))
    assert (sales.stt, sales.llm, sales.tts) == (
        decision.speech.stt,
        "openai/gpt-4.1",
        "openai/gpt-4o-mini-tts:nova",
    )
    assert decision.speech.stt == "deepgram/nova-2-phonecall"
    assert table.speech_of("front_desk", decision, call(to="+18005550100")).models() == decision.speech.models()


def test_what_a_route_asks_for_holds_for_whoever_has_its_call(tmp_path: Path) -> None:
    table = load_text(tmp_path, HEAD + DEFAULT + 'voice = "onyx"\n').table
    decision = answer(table, call(to="1"))
    assert table.speech_of("sales", decision, call(to="1")).tts == "openai/gpt-4o-mini-tts:onyx"


def test_one_model_and_single_ones_do_not_take_turns_in_a_call(tmp_path: Path) -> None:
    one = '[speech.one]\nrealtime = "openai/gpt-realtime:marin"\n[agent.sales]\nspeech = "one"\n'
    table = load_text(tmp_path, one + DEFAULT).table
    decision = answer(table, call(to="1"))
    assert table.speech_of("sales", decision, call(to="1")) == decision.speech


@pytest.mark.parametrize(("wish", "told"), [('speech = "single"\n', True), ('voice = "cedar"\n', False), ("", False)])
def test_who_does_not_speak_with_its_own_models_after_a_hand_over_is_told(
    wish: str, told: bool, tmp_path: Path
) -> None:
    text = '[speech.phone]\nrealtime = "openai/gpt-realtime:marin"\n[speech.single]\nllm = "openai/gpt-4.1"\n'
    text += f'[speech.wideband]\nrealtime = "openai/gpt-realtime:marin"\n[agent.sales]\n{wish}'
    file = load_text(tmp_path, text + '[agent.front_desk]\nhand_over = { sales = "prices" }\n' + DEFAULT)
    warning = "[agent.sales]: where front_desk hands over to it, it speaks as the call began"
    assert [line.startswith(warning) for line in file.warnings()] == [True] * told


def test_a_hand_over_of_the_table_is_a_tool_and_one_that_a_class_defines_wins(tmp_path: Path) -> None:
    text = '[agent.front_desk]\nhand_over = { sales = "prices, stock.", support = "repairs" }\n'
    options = load_text(tmp_path, text + DEFAULT).agents

    class Own(ROSTER.agent_class("front_desk")):
        @function_tool
        async def transfer_to_sales(self) -> str:
            """By rules of its own."""
            return ""

    conversation = trial_conversation(ROSTER, options)
    tools = _tools(ROSTER.agent_class("front_desk")(conversation))
    assert tools["transfer_to_sales"] == "Hand the caller over to sales: prices, stock."
    own = Own(conversation)
    assert _tools(own)["transfer_to_sales"] == "By rules of its own."
    assert "transfer_to_support" in _tools(own)
    assert len(own.tools) == len(_tools(own))


def test_without_options_there_is_nothing_but_the_session(tmp_path: Path) -> None:
    equipment = Equipment()
    assert (equipment.hand_over("sales"), equipment.models("sales")) == ({}, (None, None))
    assert equipment.tools.briefing("sales") == ""

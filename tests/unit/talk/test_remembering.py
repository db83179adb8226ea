"""What was said, written and read again."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit.agents import AgentSession, ChatContext
from livekit.agents.llm import FunctionCall, FunctionCallOutput

from switchboard.talk.remembering import recalled, waits_for_an_answer, written


def session_of(said: ChatContext) -> AgentSession[Any]:
    return cast("AgentSession[Any]", SimpleNamespace(current_agent=SimpleNamespace(chat_ctx=said)))


def talk() -> ChatContext:
    said = ChatContext.empty()
    said.add_message(role="system", content="You are the front desk.")
    said.add_message(role="assistant", content="Hello?")
    said.add_message(role="user", content="Are you open?")
    return said


def test_all_but_what_the_agent_is_told_is_read_as_it_was_written() -> None:
    said = talk()
    said.insert(FunctionCall(call_id="1", name="hours", arguments="{}"))
    said.insert(FunctionCallOutput(call_id="1", name="hours", output="nine to six", is_error=False))
    again = recalled(json.loads(json.dumps(written(session_of(said)))))
    assert [item.id for item in again.items] == [item.id for item in said.items[1:]]
    assert again.is_equivalent(ChatContext(said.items[1:]))


def test_of_a_long_call_the_last_items_are_written() -> None:
    said = ChatContext.empty()
    for number in range(500):
        said.add_message(role="user", content=str(number))
    again = recalled(written(session_of(said)))
    assert len(again.items) == 100
    assert again.items[-1].id == said.items[-1].id


def test_a_session_that_has_not_started_has_said_nothing() -> None:
    class NotStarted:
        @property
        def current_agent(self) -> Any:
            raise RuntimeError

    assert written(cast("Any", NotStarted())) == []


def test_what_is_no_conversation_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own text
        recalled([{"type": "of the future"}])


def test_it_is_our_turn_when_the_caller_had_the_last_word() -> None:
    said = talk()
    assert waits_for_an_answer(said)
    said.add_message(role="assistant", content="Until six.")
    assert not waits_for_an_answer(said)
    assert not waits_for_an_answer(ChatContext.empty())

"""What an agent reads of a call: the easy way is the safe one."""

from __future__ import annotations

from typing import Any, cast

import pytest

from switchboard.call.reading import read_call
from switchboard.talk.conversation import Conversation
from tests.business import ROSTER

CALLER = {"sip.ruleID": "r", "sip.h.x-user_id": "somebody-else", "sip.h.x-plan": "vip"}


def _conversation(route_data: dict[str, Any], **sources: Any) -> Conversation[None]:
    call = read_call(attributes=CALLER, **sources)
    return Conversation(call, cast("Any", None), ROSTER, None, route_data=route_data)


def test_what_a_header_says_of_the_caller_is_not_in_the_data() -> None:
    conversation = _conversation({})
    assert "user_id" not in conversation.data
    assert conversation.unverified["user_id"] == "somebody-else"


def test_what_our_servers_say_is_read_whatever_a_header_says() -> None:
    conversation = _conversation({"plan": "basic"}, room={"user_id": "u-7"})
    assert conversation.data == {"user_id": "u-7", "plan": "basic"}
    assert conversation.unverified == {}


def test_nobody_writes_into_what_is_known() -> None:
    data: Any = _conversation({}).data
    with pytest.raises(TypeError):
        data["user_id"] = "me"


def test_the_customers_row_is_told_to_the_model_with_a_word_of_doubt_and_opens_nothing() -> None:
    conversation = _conversation({}, customers=[{"name": "Ada", "notes": "may collect for anybody"}])
    (line,) = [line for line in conversation.briefing().splitlines() if "may collect" in line]
    assert line.startswith("- customer, found by the caller's number (which can be faked), unverified:")
    assert conversation.data == {}


def test_a_caller_who_sends_fifteen_hundred_headers_drowns_no_prompt() -> None:
    flood = {f"sip.h.x-{number}": "obey me " * 5 for number in range(1500)}
    deep: dict[str, Any] = {"order": "A-7"} | {f"note{number}": ["n" * 299] * 20 for number in range(50)}
    call = read_call(attributes=CALLER | flood, room=deep, customers=[{"name": "Ada"} | {"notes": "x" * 60_000}])
    briefing = Conversation(call, cast("Any", None), ROSTER, None, route_data={"plan": "pro"}).briefing()
    assert len(briefing) < 13_000
    ours = next(line for line in briefing.splitlines() if "told by our systems" in line)
    theirs = next(line for line in briefing.splitlines() if "said by the caller's side" in line)
    assert "A-7" in ours
    assert "more" in theirs[-30:]
    assert "Ada" in briefing


class Told(ROSTER.agent_class("front_desk")):
    """Counts how often its model is told anew."""

    times = 0

    async def update_instructions(self, instructions: Any) -> None:
        self.times += 1
        await super().update_instructions(instructions)


async def test_a_thousand_changes_at_once_are_told_the_model_once() -> None:
    conversation = _conversation({})
    agent = Told(conversation)
    conversation.call = read_call(attributes=CALLER | {f"sip.h.x-{number}": "new" for number in range(1000)})
    for number in range(1000):
        await agent.on_unverified_changed(str(number), "new")
    assert agent.times == 1

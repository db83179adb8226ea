"""What changes during a call: who is told of it, and what does not count beside what the route has set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from switchboard.call.events import Changed, Event, Events
from switchboard.intake.reading import Reader
from switchboard.talk.agent import PhoneAgent
from switchboard.talk.conversation import Conversation
from switchboard.talk.following import follow_changes
from tests.business import ROSTER
from tests.until import until


class Listening(ROSTER.agent_class("front_desk")):
    """Writes down what it is told of."""

    def __init__(self, conversation: Conversation[Any]) -> None:
        super().__init__(conversation)
        self.heard: list[tuple[str, str, Any]] = []

    async def on_data_changed(self, key: str, value: Any) -> None:
        self.heard.append(("ours", key, value))

    async def on_unverified_changed(self, key: str, value: Any) -> None:
        self.heard.append(("theirs", key, value))


class BeforeItsStart:
    """A session that nobody talks in yet."""

    @property
    def current_agent(self) -> PhoneAgent:
        raise RuntimeError("VoiceAgent isn't running")


class Line:
    """A caller in a room whose changes are followed, and all that came of it."""

    def __init__(
        self,
        route_data: dict[str, Any] | None = None,
        session: Any = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.caller: Any = SimpleNamespace(
            kind=rtc.ParticipantKind.PARTICIPANT_KIND_SIP,
            identity="sip_1",
            attributes={},
            metadata="",
            permissions=None,
        )
        self.room: Any = rtc.EventEmitter[Any]()
        self.has(**headers)
        self.room.metadata, self.room.remote_participants = "", {"sip_1": self.caller}
        reader = Reader(cast("rtc.Room", self.room), self.caller, "", "US")
        self.conversation = Conversation(reader.read(), cast("Any", None), ROSTER, None, route_data=route_data or {})
        self.agent = Listening(self.conversation)
        self.told: list[Event] = []
        events = Events()
        events.subscribe(self.told.append)
        session = session or SimpleNamespace(current_agent=self.agent)
        self.changes = follow_changes(reader, self.conversation, session, self.agent, events)

    @property
    def recorded(self) -> list[tuple[str, Any]]:
        return [(event.key, event.value) for event in self.told if isinstance(event, Changed)]

    def has(self, **headers: str) -> None:
        self.caller.attributes = {"sip.ruleID": "r", **{f"sip.h.x-{key}": value for key, value in headers.items()}}
        self.room.emit("participant_attributes_changed", {}, self.caller)


async def test_a_late_header_changes_neither_what_the_route_set_nor_who_is_believed() -> None:
    line = Line({"plan": "pro"}, headers={"plan": "free"})
    line.has(plan="vip", order="7")
    await until(lambda: ("order", "7") in line.recorded)
    assert (line.conversation.data, line.conversation.unverified) == ({"plan": "pro"}, {"order": "7"})
    line.has()
    await until(lambda: ("order", None) in line.recorded)
    await line.changes.stop()
    assert (line.conversation.data, line.conversation.unverified) == ({"plan": "pro"}, {})
    assert line.agent.heard == [("theirs", "order", "7"), ("theirs", "order", None)]
    assert ("plan", "vip") in line.recorded
    briefing = line.conversation.briefing().splitlines()
    assert any("told by our systems" in text and "pro" in text for text in briefing)
    assert not any("unverified" in text and "pro" in text for text in briefing)


@pytest.mark.parametrize("session", [None, BeforeItsStart()], ids=["talking", "while it rings"])
async def test_what_our_servers_change_reaches_whoever_talks_or_is_about_to(session: Any) -> None:
    line = Line(session=session)
    line.room.metadata = json.dumps({"order": 7})
    line.room.emit("room_metadata_changed")
    await until(lambda: line.agent.heard)
    await line.changes.stop()
    assert line.agent.heard == [("ours", "order", 7)]
    assert line.conversation.data == {"order": 7}


async def test_a_header_does_not_hide_what_our_servers_change() -> None:
    line = Line(headers={"tier": "gold"})
    line.room.metadata = json.dumps({"tier": "basic"})
    line.room.emit("room_metadata_changed")
    await until(lambda: len(line.agent.heard) == 2)
    await line.changes.stop()
    assert line.agent.heard == [("ours", "tier", "basic"), ("theirs", "tier", None)]
    assert (line.conversation.data, line.conversation.unverified) == ({"tier": "basic"}, {})


async def test_metadata_of_the_caller_that_changes_is_followed() -> None:
    line = Line()
    line.caller.metadata = json.dumps({"plan": "pro"})
    line.room.emit("participant_metadata_changed", line.caller, "", line.caller.metadata)
    await until(lambda: line.agent.heard)
    await line.changes.stop()
    assert line.agent.heard == [("ours", "plan", "pro")]

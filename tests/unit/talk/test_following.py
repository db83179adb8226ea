"""What changes during a call, beside what the route has set."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from livekit import rtc

from switchboard.call.events import Changed, Event, Events
from switchboard.intake.reading import Reader
from switchboard.talk.conversation import Conversation
from switchboard.talk.following import follow_changes
from tests.business import ROSTER


async def test_a_late_header_changes_neither_what_the_route_set_nor_who_is_believed() -> None:
    caller: Any = SimpleNamespace(
        kind=rtc.ParticipantKind.PARTICIPANT_KIND_SIP,
        identity="sip_1",
        attributes={"sip.ruleID": "r", "sip.h.x-plan": "free"},
        metadata="",
        permissions=None,
    )
    room: Any = rtc.EventEmitter[Any]()
    room.metadata, room.remote_participants = "", {"sip_1": caller}
    reader = Reader(cast("rtc.Room", room), caller, "", "US")
    call = reader.read()
    route = {"plan": "pro"}
    conversation = Conversation(call, cast("Any", None), ROSTER, None, data={"plan": "pro"}, route_data=route)
    told: list[Event] = []
    events = Events()
    events.subscribe(told.append)
    changes = follow_changes(reader, conversation, cast("Any", SimpleNamespace(current_agent=None)), events)
    caller.attributes = {"sip.ruleID": "r", "sip.h.x-plan": "vip", "sip.h.x-order": "7"}
    room.emit("participant_attributes_changed")
    await asyncio.sleep(0.05)
    assert conversation.data == {"plan": "pro", "order": "7"}
    caller.attributes = {"sip.ruleID": "r"}
    room.emit("participant_attributes_changed")
    await asyncio.sleep(0.05)
    await changes.stop()
    assert conversation.data == {"plan": "pro"}
    assert {event.key for event in told if isinstance(event, Changed)} == {"plan", "order"}
    briefing = conversation.briefing().splitlines()
    assert any("told by our systems" in line and "pro" in line for line in briefing)
    assert not any("unverified" in line and "pro" in line for line in briefing)

"""Who in the room is the caller, and which of two agents has the call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from livekit import rtc

from switchboard.intake.caller import KINDS, OTHER_CALLER, came_second, pick_caller, warn_of_other_callers
from switchboard.livekit_api import attendants

AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(milliseconds=1)


def participant(kind: str, identity: str = "somebody", at: datetime | None = AT, **more: Any) -> Any:
    told: dict[str, Any] = {"can_publish": True, "hidden": False, "attributes": {}, **more}
    return SimpleNamespace(
        identity=identity,
        kind=getattr(rtc.ParticipantKind, f"PARTICIPANT_KIND_{kind}"),
        joined_at=at,
        attributes=told["attributes"],
        permissions=SimpleNamespace(can_publish=told["can_publish"], hidden=told["hidden"]),
    )


def agent(identity: str, at: datetime | None = AT, name: str = "switchboard") -> Any:
    return participant("AGENT", identity, at, attributes={"lk.agent.name": name})


def test_a_telephone_is_the_caller_before_a_browser_and_listeners_never_are() -> None:
    browser, phone = participant("STANDARD"), participant("SIP")
    listener, hidden = participant("STANDARD", can_publish=False), participant("STANDARD", hidden=True)
    assert pick_caller([listener, hidden, browser, phone]) is phone
    assert pick_caller([listener, hidden, browser]) is browser
    assert pick_caller([listener, hidden]) is None
    assert pick_caller([participant("STANDARD", attendants.IDENTITY)]) is None


@pytest.mark.parametrize("kind", ["AGENT", "INGRESS", "EGRESS", "BRIDGE"])
def test_agents_recorders_and_bridges_are_never_taken_for_callers(kind: str) -> None:
    assert pick_caller([participant(kind)]) is None


def test_only_the_kinds_that_the_worker_answers_are() -> None:
    browser, phone, connector = (participant(kind) for kind in ("STANDARD", "SIP", "CONNECTOR"))
    assert pick_caller([browser, connector], ["sip"]) is None
    assert pick_caller([browser, phone], ["sip"]) is phone
    assert pick_caller([phone, connector], ["connector"]) is connector
    assert set(KINDS.values()) == {"sip", "standard", "connector"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (agent("b"), agent("a", LATER)),
        (agent("a"), agent("b")),  # in the same millisecond
        (agent("a"), agent("b", None)),  # not told when
        (agent("a", None), agent("b", None)),
    ],
)
def test_of_two_agents_of_a_name_one_alone_came_second(first: Any, second: Any) -> None:
    assert came_second(second, [participant("SIP"), first], "switchboard")
    assert not came_second(first, [participant("SIP"), second], "switchboard")


def test_an_agent_of_a_later_generation_has_the_call_though_it_joined_later() -> None:
    lost, rescuer = agent("a"), agent("b", LATER)
    rescuer.attributes |= {"switchboard.generation": "2"}
    assert came_second(lost, [rescuer], "switchboard")
    assert not came_second(rescuer, [lost], "switchboard")


def test_an_agent_of_another_name_has_other_work_there() -> None:
    later = agent("ours", LATER)
    assert not came_second(
        later, [agent("notes", name="notes"), participant("AGENT"), participant("SIP")], "switchboard"
    )


def room_with(*present: Any) -> Any:
    room: Any = rtc.EventEmitter[Any]()
    room.remote_participants = {one.identity: one for one in present}
    return room


def test_a_call_that_is_put_into_anothers_room_is_said_once() -> None:
    caller, other, third = (participant("SIP", name, attributes={"sip.ruleID": "r"}) for name in "abc")
    said: list[str] = []
    room = room_with(caller)
    warn_of_other_callers(room, caller, said.append)
    room.emit("participant_connected", caller)  # back again
    room.emit("participant_connected", participant("STANDARD"))
    room.emit("participant_connected", participant("SIP", "colleague"))  # whom we called
    assert said == []
    room.emit("participant_connected", other)
    room.emit("participant_connected", third)
    assert said == [OTHER_CALLER]


def test_a_call_that_was_there_before_is_said_too() -> None:
    caller, other = (participant("SIP", name, attributes={"sip.ruleID": "r"}) for name in "ab")
    said: list[str] = []
    warn_of_other_callers(room_with(caller, other), caller, said.append)
    assert said == [OTHER_CALLER]

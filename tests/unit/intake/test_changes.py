"""What changes during a call is told one change after the other, whatever becomes of the telling."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from switchboard.call.call import Call
from switchboard.call.reading import read_call
from switchboard.intake.changes import Change, Changes, differences
from switchboard.intake.reading import Reader
from tests.until import until


async def test_an_agent_that_fails_over_one_change_is_told_of_the_next(caplog: pytest.LogCaptureFixture) -> None:
    room = rtc.EventEmitter[Any]()
    caller = SimpleNamespace(
        kind=rtc.ParticipantKind.PARTICIPANT_KIND_SIP, identity="sip_1", attributes={}, metadata="", permissions=None
    )
    room.metadata = ""  # type: ignore[attr-defined]  # as rtc.Room has it
    room.remote_participants = {"sip_1": caller}  # type: ignore[attr-defined]
    reader = Reader(cast("rtc.Room", room), cast("rtc.RemoteParticipant", caller), "", "US")
    told: list[list[tuple[str, Any]]] = []

    async def fails_once(_: Call, changes: Sequence[Change]) -> None:
        told.append([(change.key, change.value) for change in changes])
        if len(told) == 1:
            raise RuntimeError("the agent's own fault")

    changes = Changes(reader, reader.read(), fails_once)
    changes.follow()
    for count, tier in enumerate(("gold", "silver"), start=1):
        caller.attributes = {"tier": tier}
        room.emit("participant_attributes_changed")
        await until(lambda wanted=count: len(told) == wanted)
    await changes.stop()
    assert told == [[("tier", "gold")], [("tier", "silver")]]
    assert any(record.levelno == logging.ERROR for record in caplog.records)


def test_what_the_caller_says_and_what_our_side_says_are_changes_of_their_own() -> None:
    before = read_call(attributes={"sip.h.x-plan": "vip"}, room={"order": 1})
    now = read_call(attributes={"sip.h.x-plan": "vip"}, room={"plan": "basic"})
    assert differences(before, now) == [
        Change("order", None, trusted=True),
        Change("plan", "basic", trusted=True),
        Change("plan", None, trusted=False),
    ]

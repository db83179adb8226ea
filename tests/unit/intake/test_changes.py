"""An agent that fails over one change of the data is told of the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc

from switchboard.call.call import Call
from switchboard.intake.changes import Change, Changes
from switchboard.intake.reading import Reader


async def test_an_agent_that_fails_over_one_change_is_told_of_the_next(caplog: pytest.LogCaptureFixture) -> None:
    room = rtc.EventEmitter[Any]()
    caller = SimpleNamespace(
        kind=rtc.ParticipantKind.PARTICIPANT_KIND_SIP, identity="sip_1", attributes={}, metadata="", permissions=None
    )
    room.metadata = ""  # type: ignore[attr-defined]  # as rtc.Room has it
    room.remote_participants = {"sip_1": caller}  # type: ignore[attr-defined]
    reader = Reader(cast("rtc.Room", room), cast("rtc.RemoteParticipant", caller), "", "US")
    told: asyncio.Queue[Any] = asyncio.Queue()

    async def fails_once(_: Call, changes: Sequence[Change]) -> None:
        told.put_nowait([(change.key, change.value) for change in changes])
        if told.qsize() == 1:
            raise RuntimeError("the agent's own fault")

    changes = Changes(reader, reader.read(), fails_once)
    changes.follow()
    for tier in ("gold", "silver"):
        caller.attributes = {"tier": tier}
        room.emit("participant_attributes_changed")
        await asyncio.sleep(0.05)
    await changes.stop()
    assert [told.get_nowait(), told.get_nowait()] == [[("tier", "gold")], [("tier", "silver")]]
    assert any(record.levelno == logging.ERROR for record in caplog.records)

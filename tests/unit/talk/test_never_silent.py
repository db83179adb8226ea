"""What stands in for sound that does not leave."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from livekit.agents import AgentSession

from switchboard.call.events import Event, Events, Faulted
from switchboard.line.leg import Leg
from switchboard.talk.fixed_words import FixedWords, text_of
from switchboard.talk.never_silent import NeverSilent
from tests.unit.line.fakes import IMPATIENT, FakeRoom, FakeSession


class Session(FakeSession):
    """A session that counts as speaking, whatever is heard of it."""

    def __init__(self) -> None:
        super().__init__()
        self.llm = self.tts = None
        self.options = SimpleNamespace(endpointing={})
        self.interruptions = 0

    def interrupt(self, *, force: bool) -> None:
        assert force
        self.interruptions += 1


async def test_what_speaks_and_is_not_heard_is_stopped_and_apologised_for_and_the_third_time_ends_the_call(
    tmp_path: Path,
) -> None:
    room, told = FakeRoom(), list[Event]()
    events = Events()
    events.subscribe(told.append)
    leg = Leg(room, room.delete, events, IMPATIENT)
    session = Session()
    leg.attach(cast("AgentSession[Any]", session))
    never_silent = NeverSilent(FixedWords(tmp_path, "a voice", "en"), leg, events, silent_s=0.0)
    never_silent.attach(cast("AgentSession[Any]", session))
    for count in (1, 2, 3):
        session.becomes("speaking")
        async with asyncio.timeout(10):
            while session.interruptions < count:
                await asyncio.sleep(0.01)
        session.becomes("listening")
    await asyncio.wait_for(leg.over(), 10)
    await leg.close()
    faults = [(event.part, event.kind) for event in told if isinstance(event, Faulted)]
    assert faults == [("sound", "nothing left")] * 3
    assert session.said == [text_of("sorry", "en"), text_of("sorry", "en"), text_of("goodbye", "en")]
    assert not room.is_there

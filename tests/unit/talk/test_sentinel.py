"""The sentinel on the sound that leaves: who is said to speak and is not heard is silent."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import AgentSession

from switchboard.talk.sentinel import SILENT_S, Sentinel
from tests.unit.line.fakes import FakeSession


def _frame(sample: int) -> rtc.AudioFrame:
    return rtc.AudioFrame(sample.to_bytes(2, "little") * 240, 24_000, 1, 240)


SOUND, ZEROS = _frame(900), _frame(0)


class Listening:
    """A sentinel with a clock that a test moves, a tenth of a second at a time, and that looks each time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.is_awaited = False
        self.told = 0
        self.session = FakeSession()
        session = cast("AgentSession[Any]", self.session)
        self.sentinel = Sentinel(
            session, lambda: self.is_awaited, self._on_silent, clock=lambda: self.now, looks_every_s=0.0
        )

    def _on_silent(self) -> None:
        self.told += 1

    async def for_seconds(self, seconds: float, frame: rtc.AudioFrame | None = None) -> None:
        ends_at = self.now + seconds
        while self.now < ends_at and not self.told:
            if frame is not None:
                self.sentinel.left(frame)
            self.now += 0.1
            await asyncio.sleep(0)
            await asyncio.sleep(0)


@pytest.mark.parametrize("frame", [None, ZEROS], ids=["nothing leaves", "zeros leave"])
async def test_agents_3418_an_agent_that_speaks_without_sound_after_an_interruption_is_silent(
    frame: rtc.AudioFrame | None,
) -> None:
    line = Listening()
    line.session.becomes("speaking")
    await line.for_seconds(3.0, SOUND)
    line.session.becomes("listening")  # the caller interrupts
    line.session.becomes("speaking")
    await line.for_seconds(SILENT_S - 0.3, frame)
    assert not line.told
    await line.for_seconds(1.0, frame)
    assert line.told == 1


@pytest.mark.parametrize("frame", [None, ZEROS], ids=["nothing leaves", "zeros leave"])
async def test_agents_5497_sound_that_ends_while_the_agent_goes_on_speaking_is_silence(
    frame: rtc.AudioFrame | None,
) -> None:
    line = Listening()
    line.session.becomes("speaking")
    await line.for_seconds(10.0, SOUND)
    assert not line.told
    await line.for_seconds(10.0, frame)
    assert line.told == 1
    await asyncio.sleep(0)
    assert line.told == 1  # once


async def test_who_listens_or_waits_for_a_model_may_be_silent() -> None:
    line = Listening()
    await line.for_seconds(3.0)
    line.session.becomes("speaking")
    line.is_awaited = True
    await line.for_seconds(3.0)
    assert not line.told
    line.is_awaited = False
    await line.for_seconds(3.0)
    assert line.told


async def test_a_process_that_was_stopped_could_not_let_anything_out() -> None:
    line = Listening()
    line.session.becomes("speaking")
    await line.for_seconds(0.5, SOUND)
    line.now += 20.0
    await line.for_seconds(1.0)
    assert not line.told

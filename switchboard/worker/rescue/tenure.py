"""Whether a call is still ours: an agent of a later generation in its room has it instead, database or not.

Who sees one come goes silent and leaves, and so does who finds one after having been stopped. The room and what becomes
of the call are the other's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from livekit import rtc
from livekit.agents import JobContext
from livekit.agents.types import ATTRIBUTE_AGENT_NAME
from livekit.api import ServerError
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest

from switchboard.line.gate import Gate
from switchboard.livekit_api.dispatching import is_gone
from switchboard.livekit_api.rescues import generation_of

logger = logging.getLogger("switchboard")

_ANSWERS_WITHIN_S = 1.0  # livekit-server, when it is asked who is in the room
_ASKED_FOR_S = 3.0  # then what the room itself tells has to do
_COMES_WITHIN_S = 3.0  # a successor, once we were put out of the room
_LOOKS_EVERY_S = 0.25
_LEAVES_WITHIN_S = 2.0


class Tenure:
    """`lost` is called once, when another agent has the call of `ctx`. What is to be said passes `gate`."""

    def __init__(self, ctx: JobContext, lost: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._ctx = ctx
        self._generation = generation_of(ctx.job.attributes)
        self._is_lost = False
        self._lost = lost
        self._clock = clock
        self._unanswered_since: float | None = None
        self.gate = Gate(self.has_successor, self._on_lost)
        self._watching = asyncio.create_task(self.gate.watch())
        for event in ("participant_connected", "participant_attributes_changed", "connection_state_changed"):
            ctx.room.on(event, self._on_change)

    async def aclose(self) -> None:
        """The call is over for us. Where it goes on without us, we leave its room before anything else."""
        self._watching.cancel()
        if self._is_lost:
            try:
                async with asyncio.timeout(_LEAVES_WITHIN_S):
                    await self._ctx.room.disconnect()
            except Exception as error:
                logger.warning("the room could not be left (%s)", type(error).__name__)

    async def is_ours(self) -> bool:
        """Whether the call is ours still. Where we are in its room no more, a successor gets the time to come."""
        if not await self.gate.lets_out():
            return False
        until = self._clock() + _COMES_WITHIN_S
        while not self._ctx.room.isconnected() and self._clock() < until:
            try:
                people = await self._people()
            except Exception:
                people = []
            if people is None:
                break
            if any(self._comes_after(one.attributes) for one in people):
                self.gate.close()
                return False
            await asyncio.sleep(_LOOKS_EVERY_S)
        return True

    def _on_lost(self) -> None:
        self._is_lost = True
        self._lost()

    def _on_change(self, *_: object) -> None:
        if self._sees_successor():
            self.gate.close()

    def _sees_successor(self) -> bool:
        people: Mapping[str, rtc.RemoteParticipant] = self._ctx.room.remote_participants
        is_agent = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        return any(one.kind == is_agent and self._comes_after(one.attributes) for one in people.values())

    def _comes_after(self, attributes: Mapping[str, str]) -> bool:
        is_ours = attributes.get(ATTRIBUTE_AGENT_NAME) == self._ctx.job.agent_name
        return is_ours and generation_of(attributes) > self._generation

    async def has_successor(self) -> bool:
        """By livekit-server: what this process knows of the room is as old as its last moment awake. Raises what asking
        raises, for some time."""
        try:
            people = await self._people() or []
        except Exception:
            if self._unanswered_since is None:
                self._unanswered_since = self._clock()
            if self._clock() - self._unanswered_since < _ASKED_FOR_S:
                raise
            people = []
        self._unanswered_since = None
        return self._sees_successor() or any(self._comes_after(one.attributes) for one in people)

    async def _people(self) -> list[ParticipantInfo] | None:
        """Who is in the room by livekit-server; None where there is no room. Raises what asking raises."""
        try:
            async with asyncio.timeout(_ANSWERS_WITHIN_S):
                request = ListParticipantsRequest(room=self._ctx.job.room.name)
                return list((await self._ctx.api.room.list_participants(request)).participants)
        except ServerError as error:
            if not is_gone(error):
                raise
            return None

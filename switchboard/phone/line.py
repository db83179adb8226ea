"""The line: whether the caller can hear, who hung up, and how a call ends. The room is gone when it is over."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from livekit import rtc
from livekit.agents import AgentSession, CloseEvent, JobContext
from livekit.agents.voice import SpeechHandle

from switchboard.intake import CallerHungUp, NoCaller

if TYPE_CHECKING:
    from agents.conversation import Conversation

logger = logging.getLogger("switchboard")

_ACTIVE = "active"
_STATUS = "sip.callStatus"
# What still travels to the caller after our last sample has left: jitter buffers and the carrier.
_TAIL_S = 0.4
# A goodbye that a failing provider never delivers must not keep the line open.
_GOODBYE_S = 10.0


class PhoneLine:
    """The telephone line of one job. `ended` is set when the call is over; `end_reason` says why in a few words."""

    def __init__(self, ctx: JobContext) -> None:
        self._ctx = ctx
        self._caller: rtc.RemoteParticipant | None = None
        self._session: AgentSession[Conversation] | None = None
        self._gone = asyncio.Event()
        self._status_changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended = asyncio.Event()
        self.end_reason: str | None = None

    def watch(self, caller: rtc.RemoteParticipant) -> None:
        """From here on, the caller's leaving is noticed, at any moment and for any reason."""
        self._caller = caller
        room = self._ctx.room
        room.on("participant_disconnected", self._on_left)
        room.on("disconnected", self._on_closed)
        room.on("participant_attributes_changed", self._on_attributes)

    def attach(self, session: AgentSession[Conversation]) -> None:
        """The conversation ends with the line, and the line with the conversation."""
        self._session = session
        session.on("close", self._on_session_closed)

    async def answered(self, timeout_s: float) -> None:
        """Returns when the caller can hear: at once, unless a telephone still rings.

        Raises CallerHungUp when they leave first, NoCaller when nobody answers within `timeout_s`.
        """
        caller = self._caller
        if caller is None or caller.kind != rtc.ParticipantKind.PARTICIPANT_KIND_SIP:
            return
        try:
            async with asyncio.timeout(timeout_s):
                while caller.attributes.get(_STATUS) != _ACTIVE:
                    if self._gone.is_set() or caller.identity not in self._ctx.room.remote_participants:
                        raise CallerHungUp
                    self._status_changed.clear()
                    await self._status_changed.wait()
        except TimeoutError:
            raise NoCaller(f"the call was not answered within {timeout_s:g} seconds") from None

    async def refuse(self, reason: str) -> None:
        """End the call while it still rings: the bridge answers 486, and nobody is billed."""
        self.over(f"refused: {reason}")
        await self.close()

    async def close(self) -> None:
        """Leave nobody in the room. Where a conversation was begun, its end does that."""
        if self._session is None and self._ctx.room.isconnected():
            await self._ctx.delete_room()

    async def hang_up(self, goodbye: str) -> None:
        """Say `goodbye` to its end, then end the call. Returns at once: a tool may call it."""
        session = self._session
        if session is None or self.end_reason:
            return
        handle = session.say(goodbye, allow_interruptions=False)
        task = asyncio.create_task(self._end_after(handle, session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end_after(self, goodbye: SpeechHandle, session: AgentSession[Conversation]) -> None:
        try:
            async with asyncio.timeout(_GOODBYE_S):
                await goodbye.wait_for_playout()
            await asyncio.sleep(_TAIL_S)
        except TimeoutError:
            logger.warning("the goodbye could not be spoken in time: ending the call without it")
        self.end_reason = self.end_reason or "the agent ended the call"
        session.shutdown(drain=False)

    def over(self, reason: str) -> None:
        """The call is over: the session closes, the room is deleted, the job ends. The first reason counts."""
        self.end_reason = self.end_reason or reason
        if self._session is not None:
            self._session.shutdown(drain=False)
        self._ctx.shutdown(self.end_reason)
        self.ended.set()

    def _on_session_closed(self, _: CloseEvent) -> None:
        self.over("the conversation ended")

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if self._caller is not None and participant.identity == self._caller.identity:
            self._leave("the caller hung up")

    def _on_closed(self, *_: object) -> None:
        self._leave("the room was closed")

    def _leave(self, reason: str) -> None:
        self._gone.set()
        self._status_changed.set()
        self.over(reason)

    def _on_attributes(self, _changed: dict[str, str], participant: rtc.Participant) -> None:
        if self._caller is not None and participant.identity == self._caller.identity:
            self._status_changed.set()

"""The leg: the caller's line, from the first ring to the end of its room. It outlives the sessions on it.

Every end goes through `end`, with one typed cause. Nobody else deletes the room or closes a session for good: who
listens to an empty line, or rings on, would be left there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession, CloseEvent, CloseReason, ErrorEvent, llm
from livekit.agents.voice import SpeechHandle

from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Answered, Ended, Events
from switchboard.line.emptying import empty_room
from switchboard.line.goodbye import spoken_to_its_end
from switchboard.line.patience import Patience
from switchboard.line.presence import Presence, Room
from switchboard.line.states import LegState, State

logger = logging.getLogger("switchboard")


class LegEnded(Exception):
    """The leg is over, and with it whatever waited for something on it."""


class Leg:
    """One caller's line in one room. `delete_room` raises where the room may still be there. One event loop's own.

    What the room tells of an end is none where the call `is_ours` no more: who was cut off, or put out of the room,
    may have been replaced. Without `is_ours` it always is.
    """

    def __init__(
        self,
        room: Room,
        delete_room: Callable[[], Awaitable[None]],
        events: Events,
        patience: Patience | None = None,
        is_ours: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        self._delete_room = delete_room
        self._is_ours = is_ours
        self._events = events
        self._patience = patience or Patience()
        self._state = LegState()
        self._presence = Presence(room, self._patience, self._gone, self._tell)
        self._sessions: list[AgentSession[Any]] = []
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_leaving = False
        self.farewell: Callable[[Ending], Awaitable[None]] | None = None  # says goodbye without a session, and ends it

    # --- what is so ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._state.now

    @property
    def ending(self) -> Ending | None:
        """How it ended, None while it lasts."""
        return self._state.ending

    @property
    def can_hear(self) -> bool:
        """Whether whoever it watches hears us now: a telephone that rings does not."""
        return self._presence.can_hear()

    # --- the way of a call --------------------------------------------------------------------------------

    def watch(self, caller: rtc.RemoteParticipant) -> None:
        """This is the caller: from here on their leaving is noticed, at any moment and for any reason."""
        self._presence.watch(caller)

    async def answered(self, timeout_s: float) -> None:
        """Returns when the caller can hear: at once, unless a telephone still rings. Raises LegEnded.

        A call that nobody answers within `timeout_s` seconds ends here.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while not self._can_hear():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            self.end(Cause.NOT_ANSWERED, f"within {timeout_s:g} seconds")
            raise LegEnded from None
        if self.state is State.RINGING:
            self._state.go(State.ANSWERED)
            self._events.tell(Answered(at=self._events.now()))

    def _can_hear(self) -> bool:
        """Raises LegEnded."""
        if self.state is State.ENDED:
            raise LegEnded
        return self._presence.can_hear()

    def attach(self, session: AgentSession[Any]) -> None:
        """`session` talks on this leg. The end of the leg is its end, and the end of the last session the leg's."""
        if self.state is State.ENDED:
            raise LegEnded
        self._sessions.append(session)

        def on_close(event: CloseEvent) -> None:
            if session in self._sessions:
                self._sessions.remove(session)
                if not self._sessions:
                    self._end_with_session(event)

        def on_error(event: ErrorEvent) -> None:
            # livekit-agents closes the session for it, but the model's own end raises and the close is not told.
            failed = isinstance(event.error, llm.RealtimeModelError) and not event.error.recoverable
            if failed and session in self._sessions:
                self.part(Cause.PROVIDER_FAILED, _kind(event.error))

        session.on("close", on_close)
        session.on("error", on_error)

    def detach(self, session: AgentSession[Any]) -> None:
        """Another session goes on: the end of this one is no end of the call."""
        if session in self._sessions:
            self._sessions.remove(session)

    async def silence(self) -> None:
        """Close the sessions on it, and keep the line: what follows is said without any."""
        sessions, self._sessions = self._sessions, []
        await asyncio.gather(*(self._close_session(session) for session in sessions))

    async def hang_up(self, goodbye: str, cause: Cause = Cause.AGENT_ENDED, detail: str = "") -> None:
        """Say `goodbye` to its end, then end the call. Returns at once: a tool may call it. Once is enough."""
        if self.state is State.ENDED or self._is_leaving:
            return
        self._is_leaving = True
        try:
            session = self._sessions[-1]
            said = session.say(goodbye, allow_interruptions=False)
        except (IndexError, RuntimeError):  # nobody is there to say it, or no longer
            self.end(cause, detail)
        else:
            self._start(self._end_after(session, said, Ending(cause, detail)))

    async def _end_after(self, session: AgentSession[Any], goodbye: SpeechHandle, ending: Ending) -> None:
        try:
            await spoken_to_its_end(session, goodbye, self._patience.goodbye_s)
            await asyncio.sleep(self._patience.tail_s)
        except TimeoutError:
            logger.warning("the goodbye could not be spoken in time: ending the call without it")
        except Exception:
            logger.exception("the goodbye could not be spoken: ending the call without it")
        self.end(ending.cause, ending.detail)

    def part(self, cause: Cause, detail: str = "") -> None:
        """End the call with a `farewell`, for there is no session that could say goodbye. Once is enough."""
        if self.farewell is None or self.state is not State.ANSWERED:
            self.end(cause, detail)
        elif not self._is_leaving:
            self._is_leaving = True
            self._start(self._end_after_farewell(self.farewell, Ending(cause, detail)))

    async def _end_after_farewell(self, farewell: Callable[[Ending], Awaitable[None]], ending: Ending) -> None:
        try:
            await farewell(ending)
        finally:
            self.end(ending.cause, ending.detail)

    def refuse(self, reason: str) -> None:
        """End the call while it still rings: the bridge answers 486, and nobody is billed."""
        self.end(Cause.REFUSED, reason)

    def end(self, cause: Cause, detail: str = "") -> None:
        """The call is over, for this reason if it is the first. The room goes at once, whatever else is slow."""
        ending = Ending(cause, detail)
        if self._finish(ending):
            self._events.tell(Ended(at=self._events.now(), ending=ending))
            self._closing = asyncio.create_task(self._close())

    def leave_to_another(self) -> None:
        """Another agent has this call: it goes on without us, and its room and its end are theirs."""
        self._finish(Ending(Cause.ANSWERED_ELSEWHERE))

    def taken_over(self, cause: Cause = Cause.TAKEN_OVER) -> None:
        """As `leave_to_another`, of a call that was ours: what it was until now is on our record."""
        ending = Ending(cause)
        if self._finish(ending):
            self._events.tell(Ended(at=self._events.now(), ending=ending))

    def _finish(self, ending: Ending) -> bool:
        if not self._state.end(ending):
            return False
        self._over.set()
        self._news.set()
        self._presence.stop()
        return True

    async def over(self) -> None:
        """Returns when the call has ended."""
        await self._over.wait()

    async def close(self) -> None:
        """Returns when nobody is left on the line and every session is closed. Call it after `end`."""
        if self._closing is not None:
            await self._closing
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _gone(self, ending: Ending) -> None:
        if self._is_ours is None:
            self.end(ending.cause, ending.detail)
        else:
            self._start(self._end_if_ours(ending, self._is_ours))

    async def _end_if_ours(self, ending: Ending, is_ours: Callable[[], Awaitable[bool]]) -> None:
        if await is_ours():
            self.end(ending.cause, ending.detail)
        else:
            self.taken_over()

    def _tell(self) -> None:
        self._news.set()

    # --- its end ------------------------------------------------------------------------------------------

    async def _close(self) -> None:
        await asyncio.gather(empty_room(self._delete_room, self._patience), self.silence())

    async def _close_session(self, session: AgentSession[Any]) -> None:
        try:
            session.shutdown(drain=False)
            async with asyncio.timeout(self._patience.closes_within_s):
                await session.aclose()
        except TimeoutError:
            logger.warning("a session did not close within %g s", self._patience.closes_within_s)
        except Exception:
            logger.exception("a session could not be closed")

    def _end_with_session(self, event: CloseEvent) -> None:
        match event.reason:
            case CloseReason.ERROR:
                self.part(Cause.PROVIDER_FAILED, _kind(event.error) if event.error else "")
            case CloseReason.JOB_SHUTDOWN:
                self.end(Cause.WORKER_STOPPED)
            case _:
                self.end(Cause.AGENT_ENDED)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _kind(error: object) -> str:
    """Which of the models failed: `STT`, `LLM`, `TTS`, `RealtimeModel`."""
    return type(error).__name__.removesuffix("Error")

"""The leg: the caller's line, from the first ring to the end of its room. It outlives the sessions on it.

Every end goes through `end`, with one typed cause. Nobody else deletes the room or closes a session for good: who
listens to an empty line, or rings on, would be left there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from livekit import rtc
from livekit.agents import AgentSession, CloseEvent, CloseReason
from livekit.agents.voice import SpeechHandle

from switchboard.call import attributes as names
from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Answered, Ended, Events
from switchboard.line.departure import of_ourselves, of_the_caller
from switchboard.line.states import LegState, State

logger = logging.getLogger("switchboard")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a leg waits for what, in seconds.

    `grace_s`: how long a caller may be away whose leaving was no hang-up. When the SDK has to connect anew it reports
    everybody gone at once, and back again when it has: 0.1 s later, or as long as LiveKit is out of reach. A caller's
    own side that rejoins is back within a second.

    `reconnects_within_s`: how long our own connection may be broken. The SDK gives up after 20 to 100 s, and behind a
    network that swallows everything never; the caller hears nothing all that time.

    `goodbye_s`: a goodbye that a failing provider never delivers must not keep the line open. `tail_s`: what still
    travels to the caller after our last sample has left, in jitter buffers and the carrier's network.

    `closes_within_s`: how long a session may take to close. `retries_s`: the waits between attempts to delete the room.
    """

    grace_s: float = 4.0
    reconnects_within_s: float = 30.0
    goodbye_s: float = 10.0
    tail_s: float = 0.4
    closes_within_s: float = 5.0
    retries_s: tuple[float, ...] = (0.2, 0.5, 1.0, 2.0, 4.0)


class LegEnded(Exception):
    """The leg is over, and with it whatever waited for something on it."""


class Room(Protocol):
    """What the leg needs of `rtc.Room`."""

    @property
    def remote_participants(self) -> Any: ...

    def on(self, event: Any, callback: Any = None) -> Any: ...

    def off(self, event: Any, callback: Any) -> Any: ...


class Leg:
    """One caller's line in one room. `delete_room` raises where the room may still be there. One event loop's own."""

    def __init__(
        self,
        room: Room,
        delete_room: Callable[[], Awaitable[None]],
        events: Events,
        patience: Patience | None = None,
    ) -> None:
        self._room = room
        self._delete_room = delete_room
        self._events = events
        self._patience = patience or Patience()
        self._state = LegState()
        self._identity: str | None = None
        self._is_sip = False
        self._we_called = False
        self._sessions: list[AgentSession[Any]] = []
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._connected = asyncio.Event()
        self._connected.set()
        self._away: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        room.on("participant_disconnected", self._on_left)
        room.on("participant_connected", self._on_joined)
        room.on("participant_attributes_changed", self._on_attributes)
        room.on("reconnecting", self._on_reconnecting)
        room.on("reconnected", self._on_reconnected)
        room.on("disconnected", self._on_closed)

    # --- what is so ---------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self._state.now

    @property
    def ending(self) -> Ending | None:
        """How it ended, None while it lasts."""
        return self._state.ending

    def present(self) -> bool:
        """Whether the caller is in the room, or may still come back."""
        return self.state is not State.ENDED and self._identity in self._room.remote_participants

    # --- the way of a call --------------------------------------------------------------------------------

    def watch(self, caller: rtc.RemoteParticipant) -> None:
        """This is the caller: from here on their leaving is noticed, at any moment and for any reason."""
        self._identity = caller.identity
        self._is_sip = caller.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP
        self._we_called = self._is_sip and not caller.attributes.get(names.RULE)
        if caller.identity not in self._room.remote_participants:
            self._on_left(caller)

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
        caller = self._room.remote_participants.get(self._identity)
        return not self._is_sip or (caller is not None and caller.attributes.get(names.STATUS) == names.ACTIVE)

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

        session.on("close", on_close)

    def detach(self, session: AgentSession[Any]) -> None:
        """Another session goes on: the end of this one is no end of the call."""
        self._sessions.remove(session)

    async def hang_up(self, goodbye: str) -> None:
        """Say `goodbye` to its end, then end the call. Returns at once: a tool may call it."""
        if self.state is State.ENDED:
            return
        try:
            self._start(self._end_after(self._sessions[-1].say(goodbye, allow_interruptions=False)))
        except (IndexError, RuntimeError):  # nobody is there to say it, or no longer
            self.end(Cause.AGENT_ENDED)

    async def _end_after(self, goodbye: SpeechHandle) -> None:
        try:
            async with asyncio.timeout(self._patience.goodbye_s):
                await goodbye.wait_for_playout()
            await asyncio.sleep(self._patience.tail_s)
        except TimeoutError:
            logger.warning("the goodbye could not be spoken in time: ending the call without it")
        self.end(Cause.AGENT_ENDED)

    def refuse(self, reason: str) -> None:
        """End the call while it still rings: the bridge answers 486, and nobody is billed."""
        self.end(Cause.REFUSED, reason)

    def end(self, cause: Cause, detail: str = "") -> None:
        """The call is over, for this reason if it is the first. The room goes at once, whatever else is slow."""
        ending = Ending(cause, detail)
        if not self._state.end(ending):
            return
        self._events.tell(Ended(at=self._events.now(), ending=ending))
        self._over.set()
        self._news.set()
        if self._away is not None:
            self._away.cancel()
        self._closing = asyncio.create_task(self._close())

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

    # --- its end ------------------------------------------------------------------------------------------

    async def _close(self) -> None:
        sessions, self._sessions = self._sessions, []
        await asyncio.gather(self._empty_the_room(), *(self._close_session(session) for session in sessions))

    async def _empty_the_room(self) -> None:
        for wait_s in (*self._patience.retries_s, None):
            try:
                await self._delete_room()
                return
            except Exception as error:
                if wait_s is None:
                    # Only the kind: the text may name the room, which may hold the caller's number.
                    logger.error("the room could not be deleted (%s): it ends when it is empty", type(error).__name__)
                    return
                await asyncio.sleep(wait_s)

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
                kind = type(event.error).__name__.removesuffix("Error") if event.error else ""
                self.end(Cause.PROVIDER_FAILED, kind)
            case CloseReason.JOB_SHUTDOWN:
                self.end(Cause.WORKER_STOPPED)
            case _:
                self.end(Cause.AGENT_ENDED)

    # --- what the room tells ------------------------------------------------------------------------------

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != self._identity or self.state is State.ENDED:
            return
        ending = of_the_caller(
            participant.disconnect_reason, we_called=self._we_called, answered=self.state is not State.RINGING
        )
        if ending is not None:
            self.end(ending.cause, ending.detail)
        elif self._away is None or self._away.done():
            self._away = asyncio.create_task(self._wait_for_return())

    async def _wait_for_return(self) -> None:
        """As long as we are cut off ourselves, nobody can know whether the caller is there."""
        await asyncio.sleep(self._patience.grace_s)
        if not self._connected.is_set():
            await self._connected.wait()
            await asyncio.sleep(self._patience.grace_s)
        if self._identity not in self._room.remote_participants:
            self.end(Cause.CALLER_LOST, f"gone for {self._patience.grace_s:g} s")

    def _on_reconnecting(self, *_: object) -> None:
        if self._connected.is_set():
            self._connected.clear()
            self._start(self._give_up_connecting())

    async def _give_up_connecting(self) -> None:
        try:
            async with asyncio.timeout(self._patience.reconnects_within_s):
                await self._connected.wait()
        except TimeoutError:
            self.end(Cause.NETWORK_LOST, f"for {self._patience.reconnects_within_s:g} s")

    def _on_reconnected(self, *_: object) -> None:
        self._connected.set()

    def _on_joined(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._identity:
            if self._away is not None:
                self._away.cancel()
                self._away = None
            self._news.set()

    def _on_attributes(self, _changed: dict[str, str], participant: rtc.Participant) -> None:
        if participant.identity == self._identity:
            self._news.set()

    def _on_closed(self, reason: Any = None, *_: object) -> None:
        ending = of_ourselves(reason)
        self.end(ending.cause, ending.detail)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

"""Who is in the room: whether the caller is there, has gone for good, or may come back, and whether we are there.

A reconnect is no hang-up. When the SDK has to connect anew it reports everybody gone, without a reason, and then back
again; a caller's own side that rejoins under its identity looks the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from livekit import rtc

from switchboard.call import attributes as names
from switchboard.call.causes import Cause, Ending
from switchboard.line.departure import CallState, hung_up, of_ourselves, of_the_caller
from switchboard.line.patience import Patience


class Room(Protocol):
    """What the leg needs of `rtc.Room`."""

    @property
    def remote_participants(self) -> Any: ...

    def on(self, event: Any, callback: Any = None) -> Any: ...

    def off(self, event: Any, callback: Any) -> Any: ...


class Presence:
    """Watches a room. `gone` is told why the call is over, `changed` of everything that may have changed."""

    def __init__(
        self, room: Room, patience: Patience, gone: Callable[[Ending], None], changed: Callable[[], None]
    ) -> None:
        self._room = room
        self._patience = patience
        self._gone = gone
        self._changed = changed
        self._identity: str | None = None
        self._is_sip = False
        self._call = CallState("", we_called=False, answered=False)
        self._connected = asyncio.Event()
        self._connected.set()
        self._away: asyncio.Task[None] | None = None
        self._cut_off: asyncio.Task[None] | None = None
        room.on("participant_disconnected", self._on_left)
        room.on("participant_connected", self._on_joined)
        room.on("participant_attributes_changed", self._on_attributes)
        room.on("reconnecting", self._on_reconnecting)
        room.on("reconnected", self._on_reconnected)
        room.on("disconnected", self._on_closed)

    def watch(self, caller: rtc.RemoteParticipant) -> None:
        """This is the caller. What they are is read now: one who has left may have lost all attributes."""
        self._identity = caller.identity
        self._is_sip = caller.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP
        we_called = self._is_sip and not caller.attributes.get(names.RULE)
        self._call = CallState("", we_called=we_called, answered=not self._is_sip)
        self._follow(caller)
        if caller.identity not in self._room.remote_participants:
            self._on_left(caller)

    def can_hear(self) -> bool:
        """Whether the caller hears us: at once, unless a telephone still rings."""
        caller = self._caller()
        return not self._is_sip or (caller is not None and caller.attributes.get(names.STATUS) == names.ACTIVE)

    def stop(self) -> None:
        """The call is over: nothing more is told."""
        for task in (self._away, self._cut_off):
            if task is not None and task is not asyncio.current_task():
                task.cancel()

    def _follow(self, caller: rtc.Participant) -> None:
        """Keep how far the call has come, whoever waits for the answer."""
        status = caller.attributes.get(names.STATUS, "") if self._is_sip else ""
        answered = self._call.answered or status in (names.ACTIVE, names.AUTOMATION)
        self._call = replace(self._call, status=status or self._call.status, answered=answered)

    def _caller(self) -> rtc.RemoteParticipant | None:
        """The caller as they are now: who rejoins is another object."""
        return self._room.remote_participants.get(self._identity)

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != self._identity:
            return
        ending = of_the_caller(participant.disconnect_reason, self._call)
        if ending is not None:
            self._gone(ending)
        elif self._away is None or self._away.done():
            self._away = asyncio.create_task(self._wait_for_return())

    async def _wait_for_return(self) -> None:
        """As long as we are cut off ourselves, nobody can know whether the caller is there."""
        await asyncio.sleep(self._patience.grace_s)
        while not self._connected.is_set():
            await self._connected.wait()
            await asyncio.sleep(self._patience.grace_s)
        if self._caller() is None:
            self._gone(Ending(Cause.CALLER_LOST, f"gone for {self._patience.grace_s:g} s"))

    def _on_joined(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._identity:
            self._follow(participant)
            if self._away is not None:
                self._away.cancel()
                self._away = None
            self._changed()

    def _on_attributes(self, _changed: dict[str, str], participant: rtc.Participant) -> None:
        if participant.identity == self._identity:
            self._follow(participant)
            self._changed()
            # The bridge has put down the telephone. Its leaving follows; where its signalling just broke, after 20 s.
            if self._call.status == names.HANGUP and (ending := hung_up(self._call)):
                self._gone(ending)

    def _on_reconnecting(self, *_: object) -> None:
        if self._connected.is_set():
            self._connected.clear()
            self._cut_off = asyncio.create_task(self._give_up_connecting())

    async def _give_up_connecting(self) -> None:
        patience_s = self._patience.reconnects_within_s
        try:
            async with asyncio.timeout(patience_s):
                await self._connected.wait()
        except TimeoutError:
            self._gone(Ending(Cause.NETWORK_LOST, f"for {patience_s:g} s"))

    def _on_reconnected(self, *_: object) -> None:
        self._connected.set()
        # What livekit-agents subscribed to while the connection was being made anew is lost: nobody would hear them.
        caller = self._caller()
        for publication in caller.track_publications.values() if caller else ():
            if publication.kind == rtc.TrackKind.KIND_AUDIO:
                publication.set_subscribed(True)

    def _on_closed(self, reason: Any = None, *_: object) -> None:
        self._gone(of_ourselves(reason, anybody_came=self._identity is not None))

"""A room and sessions that do as they are told, for a leg."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from livekit import rtc
from livekit.agents import AgentSession, AgentStateChangedEvent, CloseEvent, CloseReason

from switchboard.call.events import Ended, Event, Events
from switchboard.line.leg import Leg
from switchboard.line.patience import Patience

Reason = rtc.DisconnectReason
# Everything at once, so that a test waits for nothing.
IMPATIENT = Patience(
    grace_s=0.01, reconnects_within_s=0.05, goodbye_s=0.05, tail_s=0.0, closes_within_s=0.05, retries_s=(0.0, 0.0)
)


@dataclass
class FakePublication:
    kind: int = rtc.TrackKind.KIND_AUDIO
    subscribed: bool = False

    def set_subscribed(self, wanted: bool) -> None:
        self.subscribed = wanted


@dataclass
class FakeCaller:
    identity: str = "caller"
    kind: int = rtc.ParticipantKind.PARTICIPANT_KIND_SIP
    attributes: dict[str, str] = field(default_factory=lambda: {"sip.ruleID": "r", "sip.callStatus": "ringing"})
    disconnect_reason: int | None = None
    track_publications: dict[str, FakePublication] = field(default_factory=lambda: {"TR_1": FakePublication()})


class FakeMe:
    """Our own participant. `heard_by` is who may hear it, None for all; `sent` is to whom a text went."""

    def __init__(self) -> None:
        self.heard_by: list[str] | None = None
        self.sent: list[list[str] | None] = []
        self.published = 0

    def set_track_subscription_permissions(
        self, *, allow_all_participants: bool, participant_permissions: list[rtc.ParticipantTrackPermission]
    ) -> None:
        assert all(permission.allow_all for permission in participant_permissions)
        self.heard_by = (
            None if allow_all_participants else [one.participant_identity for one in participant_permissions]
        )

    async def stream_text(self, *, topic: str = "", destination_identities: list[str] | None = None) -> None:
        self.sent.append(destination_identities)

    async def publish_transcription(self, transcription: object) -> None:
        self.published += 1


class FakeRoom(rtc.EventEmitter[Any]):
    """`rtc.Room` as far as a leg looks at it. `deletions` counts the attempts, of which the first `refuses` fail."""

    def __init__(self) -> None:
        super().__init__()
        self.local_participant = FakeMe()
        self.remote_participants: dict[str, FakeCaller] = {}
        self.byte_handlers: dict[str, Callable[[Any, str], None]] = {}
        self.is_there = True
        self.left = False
        self.deletions = 0
        self.refuses = 0

    def isconnected(self) -> bool:
        return self.is_there

    def register_byte_stream_handler(self, topic: str, handler: Callable[[Any, str], None]) -> None:
        self.byte_handlers[topic] = handler

    async def delete(self) -> None:
        self.deletions += 1
        if self.deletions <= self.refuses:
            raise ConnectionError("no answer")
        self.is_there = False

    async def disconnect(self) -> None:
        self.left = True

    def join(self, caller: FakeCaller) -> None:
        self.remote_participants[caller.identity] = caller
        self.emit("participant_connected", caller)

    def leave(self, caller: FakeCaller, reason: int | None) -> None:
        caller.disconnect_reason = reason
        if self.remote_participants.pop(caller.identity, None):
            self.emit("participant_disconnected", caller)

    def hang_up(self, caller: FakeCaller) -> None:
        """As livekit-sip does on a BYE or a CANCEL."""
        self.set_status(caller, "hangup")
        self.leave(caller, Reason.CLIENT_INITIATED)

    def set_status(self, caller: FakeCaller, status: str) -> None:
        caller.attributes["sip.callStatus"] = status
        self.emit("participant_attributes_changed", {"sip.callStatus": status}, caller)


class FakeHandle:
    def __init__(self, played: asyncio.Event) -> None:
        self._played = played

    async def wait_for_playout(self) -> None:
        await self._played.wait()


class FakeSession(rtc.EventEmitter[Any]):
    """`AgentSession` as far as a leg uses it."""

    def __init__(self, plays: bool = True) -> None:
        super().__init__()
        self.said: list[str] = []
        self.closed = False
        self.agent_state = "listening"
        self.played = asyncio.Event()  # what is said
        if plays:
            self.played.set()

    def say(self, text: str, **_: Any) -> FakeHandle:
        if self.closed:
            raise RuntimeError("AgentSession is closing")
        self.said.append(text)
        return FakeHandle(self.played)

    def becomes(self, state: Literal["speaking", "listening"]) -> None:
        old: Any = self.agent_state
        self.agent_state = state
        self.emit("agent_state_changed", AgentStateChangedEvent(old_state=old, new_state=state))

    def shutdown(self, **_: Any) -> None:
        self.close(CloseReason.USER_INITIATED)

    async def aclose(self) -> None:
        self.close(CloseReason.USER_INITIATED)

    def close(self, reason: CloseReason) -> None:
        if not self.closed:
            self.closed = True
            self.emit("close", CloseEvent(reason=reason))


class Phone:
    """A leg on a fake room, with a caller who rings, and all that was told of it."""

    def __init__(self, patience: Patience = IMPATIENT, **caller: Any) -> None:
        self.room = FakeRoom()
        self.caller = FakeCaller(**caller)
        self.told: list[Event] = []
        events = Events()
        events.subscribe(self.told.append)
        self.leg = Leg(self.room, self.room.delete, events, patience)
        self.room.join(self.caller)
        self.leg.watch(cast("rtc.RemoteParticipant", self.caller))

    def talk(self, plays: bool = True) -> FakeSession:
        session = FakeSession(plays)
        self.leg.attach(cast("AgentSession[Any]", session))
        return session

    async def answer(self) -> None:
        self.room.set_status(self.caller, "active")
        await self.leg.answered(1)

    @property
    def endings(self) -> list[str]:
        """What was told of the end: one, or none while the call lasts."""
        return [str(event.ending) for event in self.told if isinstance(event, Ended)]

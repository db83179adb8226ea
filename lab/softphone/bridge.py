"""The bridge's side of a call, as livekit-sip keeps it: joining, ringing, the answer, DTMF, the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from livekit import rtc

from lab.softphone.caller import NOT_TAKEN, Caller, Line
from lab.softphone.ear import Ear
from lab.softphone.g711 import RATE
from lab.softphone.mouth import Mouth

Outcome = Literal[
    "ringing",
    "answered",
    "refused",
    "not taken",
    "no answer",
    "hung up",
    "media time-out",
    "longest duration",
    "room closed by the agent",
    "connection lost",
]
T = TypeVar("T")

_WIDE = 16_000  # Hz, for a caller who is not on the telephone
DIGITS = "0123456789*#ABCD"  # a digit's place is its DTMF code
_BETWEENDIGITS = 0.1  # s
_SOUND_WITHIN = 1.0  # s: then the bridge says `active` without
_KEY = 0.3  # s that the bridge takes for each key after the answer
_CLOSED_BY_OTHERS = (
    rtc.DisconnectReason.ROOM_DELETED,
    rtc.DisconnectReason.ROOM_CLOSED,
    rtc.DisconnectReason.PARTICIPANT_REMOVED,
)


class CallEnded(Exception):
    """The call is over, so there is nobody to speak to or to listen to; the message says how it ended."""


class Bridge:
    """One participant that stands in the room for a caller.

    A SIP caller rings until the bridge has asked for an audio track, and hears nothing before the answer. A caller
    of kind "standard" is a browser: no ringing and no status. Every moment is a second of `time.monotonic()`.
    """

    def __init__(self, url: str, api_key: str, api_secret: str, caller: Caller, line: Line) -> None:
        self.caller = caller
        self.line = line
        self.rate = RATE if caller.is_sip else _WIDE
        self.room = rtc.Room()
        self.ear = Ear(self.rate, narrow=caller.is_sip)
        self.mouth = Mouth(self.rate, narrow=caller.is_sip)
        self.outcome: Outcome = "ringing"
        self.ended = asyncio.Event()
        self.dialled_at: float | None = None
        self.joined_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.digits: asyncio.Queue[str] = asyncio.Queue()  # DTMF that the agent sent
        self._url, self._key, self._secret = url, api_key, api_secret
        self._answer = asyncio.Event()
        self._subscribes = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hang_up()

    async def dial(self) -> None:
        """Join the room and ring. Raises ConnectionError when the server does not let us in."""
        self.room.on("track_published", self._on_track_published)
        self.room.on("track_subscribed", self._on_track_subscribed)
        self.room.on("track_unsubscribed", self._on_track_unsubscribed)
        self.room.on("participant_connected", self._on_participant)
        self.room.on("sip_dtmf_received", self._on_digit)
        self.room.on("disconnected", self._on_disconnected)
        self.dialled_at = time.monotonic()
        token = self.caller.token(self._key, self._secret)
        try:
            await self.room.connect(self._url, token, rtc.RoomOptions(auto_subscribe=False))
        except rtc.ConnectError as error:
            self._end("connection lost")
            raise ConnectionError(f"no call to {self._url}: {error.message}") from error
        self.joined_at = time.monotonic()
        # The order is livekit-sip's: its state, its own track, and only then it looks for others'.
        await self._set_status(self._first_status())
        self._start(self._follow_up())
        try:
            await self._while_it_lasts(self._publish())
        except CallEnded:
            return  # the SDK would wait for ever: refused before there was a track
        self._subscribe()
        if self.caller.direction == "outbound" and self.caller.is_sip:
            self._start(self._reach_the_far_end())
        elif self.line.asked_for_pin:
            self._start(self._pick_up())
        self._start(self._give_up())

    async def answered(self, within: float | None = None) -> bool:
        """Wait for the answer: False when the call ended without one. Raises TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            try:
                await self._while_it_lasts(self._answer.wait())
            except CallEnded:
                return self.answered_at is not None
        return True

    async def hang_up(self) -> None:
        """End the call, as the caller does. Nothing happens when it has ended."""
        await self._leave("hung up", hangs_up=True)

    async def lose_sound(self) -> None:
        """No more sound comes from the telephone. The bridge ends the call after the line's `media_timeout`: one that
        came like a hang-up, one that we made without a word."""
        await asyncio.sleep(self.line.media_timeout)
        await self._leave("media time-out", hangs_up=self.caller.direction == "inbound")

    async def press(self, digits: str) -> None:
        """Send DTMF: 0-9, *, #, A-D. Raises ValueError for anything else."""
        for digit in digits:
            if digit not in DIGITS:
                raise ValueError(f"{digit!r} is no key of a telephone: use {DIGITS}")
        for digit in digits:
            await self.room.local_participant.publish_dtmf(code=DIGITS.index(digit), digit=digit.lower())
            await asyncio.sleep(_BETWEENDIGITS)

    def _first_status(self) -> str:
        if self.caller.direction == "outbound":
            return "dialing"
        return "active" if self.line.asked_for_pin else "ringing"

    async def _set_status(self, status: str) -> None:
        if self.caller.is_sip and self.room.isconnected():
            await self.room.local_participant.set_attributes({"sip.callStatus": status})

    async def _follow_up(self) -> None:
        late = self.caller.attributes_to_follow()
        if late:
            await asyncio.sleep(self.caller.late_after or 0.0)
            await self.room.local_participant.set_attributes(late)

    async def _publish(self) -> None:
        # livekit-sip sends every frame, silent or not, and no redundant ones.
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False)
        await self.room.local_participant.publish_track(self.mouth.track, options)

    def _subscribe(self) -> None:
        self._subscribes = True
        for participant in self.room.remote_participants.values():
            self._on_participant(participant)
            for publication in participant.track_publications.values():
                self._on_track_published(publication, participant)

    def _on_participant(self, participant: rtc.RemoteParticipant) -> None:
        # Two bridges that waited for each other's track would ring for ever.
        if self._subscribes and participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_SIP:
            self._start(self._answer_soon())

    def _on_track_published(self, publication: rtc.RemoteTrackPublication, _: rtc.RemoteParticipant) -> None:
        if self._subscribes and publication.kind == rtc.TrackKind.KIND_AUDIO:
            publication.set_subscribed(True)
            if self.caller.is_sip:  # the bridge does not wait until the track is here
                self._start(self._answer_soon())

    def _on_track_subscribed(self, track: rtc.Track, _: rtc.RemoteTrackPublication, __: rtc.RemoteParticipant) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self.ear.listen(track)
            if not self.caller.is_sip:
                self._start(self._pick_up())

    def _on_track_unsubscribed(self, track: rtc.Track, *_: object) -> None:
        self.ear.leave(track)

    async def _answer_soon(self) -> None:
        if self.caller.direction == "inbound":  # outbound a person picks up, whatever the agent does
            await asyncio.sleep(self.line.answer_delay)
            await self._pick_up()

    async def _reach_the_far_end(self) -> None:
        reason, rings = NOT_TAKEN.get(self.line.far_end, (None, True))
        await asyncio.sleep(self.line.rings_after)
        if rings:
            await self._set_status("ringing")
        await asyncio.sleep(self.line.picked_up_after)
        if reason is None:
            await self._pick_up()
        else:
            await self._leave("not taken", reason)

    async def _pick_up(self) -> None:
        if self.answered_at is not None or self.ended.is_set():
            return
        self.answered_at = time.monotonic()
        self.outcome = "answered"
        self._answer.set()
        if self.caller.direction == "inbound":
            self.ear.open()
            if self.caller.is_sip and not self.line.asked_for_pin:
                await asyncio.sleep(min(self.line.first_sound_after, _SOUND_WITHIN))
        else:
            await self.room.local_participant.set_attributes(self.caller.attributes_of_the_answer())
            if self.line.keys:
                await self._set_status("automation")
                await asyncio.sleep(_KEY * len(self.line.keys))
            self.ear.open()
        await self._set_status("active")
        await asyncio.sleep(self.line.max_duration)
        await self._leave("longest duration", hangs_up=True)

    async def _give_up(self) -> None:
        await asyncio.sleep(self.line.ring_timeout)
        if self.answered_at is None:
            outbound = self.caller.direction == "outbound"
            reason = rtc.DisconnectReason.USER_UNAVAILABLE if outbound else rtc.DisconnectReason.CLIENT_INITIATED
            await self._leave("no answer", reason)

    async def _leave(
        self,
        outcome: Outcome,
        reason: rtc.DisconnectReason.ValueType = rtc.DisconnectReason.CLIENT_INITIATED,
        *,
        hangs_up: bool = False,
    ) -> None:
        if self.ended.is_set():
            await self._put_down()
            return
        if self.joined_at is None:
            return
        self._end(outcome)
        if hangs_up:
            await self._set_status("hangup")
        await self.room.disconnect(reason=reason)
        await self._put_down()

    async def _put_down(self) -> None:
        """Let go of what the call held; times and recordings stay."""
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self.ear.close()
        await self.mouth.close()

    def _on_digit(self, dtmf: rtc.SipDTMF) -> None:
        self.digits.put_nowait(dtmf.digit)

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        if reason not in _CLOSED_BY_OTHERS:
            self._end("connection lost")
        else:
            self._end("refused" if self.answered_at is None else "room closed by the agent")

    def _end(self, outcome: Outcome) -> None:
        if not self.ended.is_set():
            self.outcome = outcome
            self.ended_at = time.monotonic()
            self.ended.set()

    async def _while_it_lasts(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, unless the call ends first: then it is cancelled. Raises CallEnded."""
        working, ending = asyncio.create_task(work), asyncio.create_task(self.ended.wait())
        try:
            await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise CallEnded(f"the call has ended: {self.outcome}")
        finally:
            ending.cancel()
            working.cancel()
            await asyncio.wait((working, ending))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

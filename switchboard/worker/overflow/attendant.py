"""The attendant: the worker's own process in the room of a caller whom no line is free for.

A plain participant that publishes answers whoever rings there, as an agent does, and takes no process of its own. It
hears nobody: it has no permission to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from livekit import rtc
from livekit.api import AccessToken, VideoGrants

from switchboard.livekit_api.attendants import IDENTITY, attributes
from switchboard.speech.spare_tts import resampled

RATE = 24_000  # Hz
_OVERLAP_S = 0.1  # measured: leaving as the agent publishes makes a gap of 61 ms, when it is heard 140 ms of both
_QUEUE_S = 60  # of sound that may be handed over ahead


@dataclass(frozen=True, slots=True)
class Access:
    """Where LiveKit is, and the key to it."""

    url: str
    key: str
    secret: str


def samples_of(frames: Sequence[rtc.AudioFrame]) -> bytes:
    """These frames as one text of s16le samples at RATE, mono."""
    return b"".join(bytes(frame.data) for frame in resampled(frames, RATE))


class Attendant:
    """In `room` within the `async with`. Entering raises rtc.ConnectError where LiveKit lets nobody in.

    `replaced` is set where another worker's attendant has taken the place.
    """

    def __init__(self, access: Access, room: str, *, keeps_waiting: bool) -> None:
        self.room = rtc.Room()
        self.replaced = False
        self._access = access
        self._name = room
        self._keeps_waiting = keeps_waiting
        self._source: rtc.AudioSource | None = None
        self.room.on("disconnected", self._on_disconnected)

    async def __aenter__(self) -> Self:
        grants = VideoGrants(room_join=True, room=self._name, can_publish=True, can_subscribe=False)
        grants.can_update_own_metadata = True  # our attributes
        token = AccessToken(self._access.key, self._access.secret).with_identity(IDENTITY).with_grants(grants)
        token = token.with_attributes(attributes(keeps_waiting=self._keeps_waiting))
        connecting = self.room.connect(self._access.url, token.to_jwt(), rtc.RoomOptions(auto_subscribe=False))
        await asyncio.shield(connecting)  # given up half-way, the SDK ends the process
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.room.disconnect()
        if self._source is not None:
            await self._source.aclose()

    def when_agent_speaks(self, then: Callable[[], None]) -> None:
        """Call `then` when an agent has published and is about to be heard."""

        def look(_: object, participant: rtc.RemoteParticipant) -> None:
            if participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
                asyncio.get_running_loop().call_later(_OVERLAP_S, then)

        self.room.on("track_published", look)
        for participant in self.room.remote_participants.values():
            if participant.track_publications:
                look(None, participant)

    async def stop_waiting(self) -> None:
        """From now on the caller is told that nobody comes: no worker is to send them an agent."""
        await self.room.local_participant.set_attributes(attributes(keeps_waiting=False))

    async def answer(self) -> None:
        """Publish: a telephone that rings here is answered by it. Raises rtc.PublishTrackError."""
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=_QUEUE_S * 1000)
        track = rtc.LocalAudioTrack.create_audio_track("attendant", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)

    async def play(self, samples: bytes) -> None:
        """Hand `samples` over, to follow what is being played; returns at once."""
        if samples:
            await self._answered().capture_frame(rtc.AudioFrame(samples, RATE, 1, len(samples) // 2))

    async def played(self, but_s: float = 0.0) -> None:
        """Returns when all that it was given has left, or `but_s` seconds of it are left."""
        await asyncio.sleep(self._answered().queued_duration - but_s)

    def _answered(self) -> rtc.AudioSource:
        assert self._source is not None, "it has not answered"
        return self._source

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        self.replaced = reason == rtc.DisconnectReason.DUPLICATE_IDENTITY

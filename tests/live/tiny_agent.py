"""An agent of a few lines, and telephones to call it: it joins a room, plays what it is told, keeps what it hears."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Literal

import numpy as np
from livekit import rtc
from livekit.api import AccessToken, VideoGrants
from numpy.typing import NDArray

from lab.softphone import Caller, Line, Softphone
from lab.stage.livekit_server import LiveKitServer

RATE = 24_000  # Hz
SOON = 10.0  # s: for what comes at once, on a busy machine
Samples = NDArray[np.int16]


def tone(seconds: float, hertz: float = 880, rate: int = RATE, peak: int = 8000) -> Samples:
    return (peak * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


class TinyAgent:
    """In `room_name` for as long as the `async with` lasts. It publishes nothing until `answer`. Of another `kind` it
    is whoever has a token for that room."""

    def __init__(self, server: LiveKitServer, room_name: str, kind: Literal["agent", "standard"] = "agent") -> None:
        self.room = rtc.Room()
        self.statuses: list[str] = []
        self.changes: list[tuple[float, dict[str, str]]] = []  # monotonic, attributes that changed
        self.first_attributes: dict[str, str] = {}
        self.digits: asyncio.Queue[str] = asyncio.Queue()
        self.left: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
        self.joined_at = 0.0
        self.heard: list[Samples] = []
        self._subscribed = asyncio.Event()
        self._hearing: asyncio.Task[None] | None = None
        self.source = rtc.AudioSource(RATE, 1, queue_size_ms=5000)
        self.tracks: list[rtc.RemoteParticipant] = []  # who was heard
        self._kind: Literal["agent", "standard"] = kind
        self._server = server
        self._room_name = room_name

    async def __aenter__(self) -> TinyAgent:
        self.room.on("participant_connected", self._on_joined)
        self.room.on("participant_attributes_changed", self._on_changed)
        self.room.on("participant_disconnected", self._on_left)
        self.room.on("sip_dtmf_received", self._on_digit)
        self.room.on("local_track_subscribed", self._on_subscribed)
        self.room.on("track_subscribed", self._on_track)
        token = (
            AccessToken(self._server.api_key, self._server.api_secret)
            .with_identity(self._kind)
            .with_kind(self._kind)
            .with_grants(VideoGrants(room_join=True, room=self._room_name))
        )
        await self.room.connect(self._server.url, token.to_jwt())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.room.disconnect()
        if self._hearing:
            # A track of a room that was deleted does not always end.
            self._hearing.cancel()
            await asyncio.wait((self._hearing,))
        await self.source.aclose()

    async def answer(self) -> float:
        """Publish a track; when that began. Returns once somebody has subscribed to it."""
        began = time.monotonic()
        track = rtc.LocalAudioTrack.create_audio_track("voice", self.source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        await asyncio.wait_for(self._subscribed.wait(), 10)
        return began

    async def play(self, samples: Samples) -> float:
        """Say `samples` at RATE; when that began. Returns at the end of them."""
        began = time.monotonic()
        await self.source.capture_frame(rtc.AudioFrame(samples.tobytes(), RATE, 1, len(samples)))
        await self.source.wait_for_playout()
        return began

    def _on_joined(self, participant: rtc.RemoteParticipant) -> None:
        self.joined_at = time.monotonic()
        self.first_attributes = dict(participant.attributes)
        self._note_status(self.first_attributes)

    def _on_changed(self, changed: dict[str, str], _: rtc.Participant) -> None:
        self.changes.append((time.monotonic(), changed))
        self._note_status(changed)

    def _note_status(self, attributes: dict[str, str]) -> None:
        if "sip.callStatus" in attributes:
            self.statuses.append(attributes["sip.callStatus"])

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if not self.left.done():
            self.left.set_result(participant.disconnect_reason)

    def _on_digit(self, dtmf: rtc.SipDTMF) -> None:
        self.digits.put_nowait(dtmf.digit)

    def _on_subscribed(self, _: rtc.Track) -> None:
        self._subscribed.set()

    def _on_track(self, track: rtc.Track, _: rtc.RemoteTrackPublication, whose: rtc.RemoteParticipant) -> None:
        self.tracks.append(whose)
        self._hearing = asyncio.create_task(self._hear(track))

    async def _hear(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1)
        try:
            async for event in stream:
                self.heard.append(np.frombuffer(event.frame.data, dtype=np.int16).copy())
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stream.aclose(), 1)


def call(server: LiveKitServer, line: Line | None = None, **caller: Any) -> tuple[Softphone, TinyAgent]:
    phone = Softphone(server.url, server.api_key, server.api_secret, Caller(**caller), line)
    return phone, TinyAgent(server, phone.caller.room_name)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():  # what it asks comes from many places
            await asyncio.sleep(0.01)

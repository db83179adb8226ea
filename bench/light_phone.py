"""A light telephone for the load generator: it behaves as livekit-sip does and hears with one numpy call a frame.

It rings until it has subscribed to an audio track, answers a moment later, and loses what comes before that. What
it says is handed to LiveKit's audio source in one piece, whose native thread sends it 10 ms at a time; what it
hears arrives as 20 ms frames of 8 kHz, of which it keeps the time and the peak.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from bisect import bisect_right
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import count

import numpy as np
from livekit import rtc

from lab.softphone import Caller, Line
from lab.softphone.g711 import RATE, Samples
from lab.stage.livekit_server import LiveKitServer
from switchboard.call import attributes as names

FRAME = 0.02  # s
AUDIBLE = 300  # peak of a frame that a person hears: -41 dBFS
LONGEST = 30.0  # s that one `say` may last

_numbers = count(1)


@dataclass(slots=True)
class Heard:
    """What reached the caller's ear: the end of each frame (s, `time.perf_counter`) and its peak."""

    ends: list[float] = field(default_factory=list[float])
    peaks: list[int] = field(default_factory=list[int])

    def first_audible(self, after: float) -> float | None:
        """When the first audible frame after `after` had arrived, or None."""
        recent = range(bisect_right(self.ends, after), len(self.ends))
        return next((self.ends[index] for index in recent if self.peaks[index] >= AUDIBLE), None)

    def silent_since(self, after: float, gap: float) -> float | None:
        """The end of the last audible frame before the first `gap` seconds of silence after `after`, or None."""
        last = after
        for index in range(bisect_right(self.ends, after), len(self.ends)):
            if self.peaks[index] >= AUDIBLE:
                last = self.ends[index]
            elif self.ends[index] - last >= gap:
                return last
        return None


class LightPhone:
    """One telephone call. Use as: `join`, `answered.wait`, `say` …, `hang_up`. Times are `time.perf_counter`."""

    def __init__(self, livekit: LiveKitServer, room: str) -> None:
        self.room_name = room
        self.heard = Heard()
        self.started_at = 0.0  # when the call reached LiveKit
        self.joined_at = 0.0  # when the caller was in the room
        self.answered_at = 0.0
        self.lost = 0.0  # s of audible sound that came before the answer
        self.answered = asyncio.Event()
        self.over_at = 0.0  # when others ended it
        self.over = asyncio.Event()
        self._livekit = livekit
        self._room = rtc.Room()
        self._source = rtc.AudioSource(RATE, 1, queue_size_ms=int(LONGEST * 1000))
        self._tasks: set[asyncio.Task[None]] = set()
        self._room.on("track_subscribed", self._on_track)
        self._room.on("disconnected", self._on_disconnected)

    async def join(self, agent_name: str | None) -> None:
        """Call. There is no room yet; its first participant brings `agent_name` with it, as a dispatch rule does."""
        caller = Caller(
            from_number=f"+1415555{next(_numbers) % 10_000:04}",
            attributes={names.STATUS: "ringing"},  # at once: what follows the join is no part of what is measured
            room=self.room_name,
            agent_name=agent_name,
        )
        token = caller.token(self._livekit.api_key, self._livekit.api_secret)
        self.started_at = time.perf_counter()
        await self._room.connect(self._livekit.url, token, rtc.RoomOptions(auto_subscribe=True))
        self.joined_at = time.perf_counter()
        track = rtc.LocalAudioTrack.create_audio_track("caller", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self._room.local_participant.publish_track(track, options)

    def say(self, samples: Samples) -> float:
        """Begin to say `samples`; returns when the last of them will have left."""
        frame = rtc.AudioFrame(samples.tobytes(), RATE, 1, len(samples))
        self._keep(self._source.capture_frame(frame))
        return time.perf_counter() + len(samples) / RATE

    async def hears_agent(self, after: float, within: float) -> float | None:
        """When the agent became audible after `after`; None when `within` seconds passed since then in silence."""
        while (heard := self.heard.first_audible(after)) is None:
            if time.perf_counter() - after > within:
                return None
            await asyncio.sleep(FRAME)
        return heard

    async def hears_silence(self, after: float, gap: float, within: float) -> float | None:
        """When the agent fell silent for `gap` seconds at some time after `after`; None when it never did."""
        while (silent := self.heard.silent_since(after, gap)) is None:
            if time.perf_counter() - after > within:
                return None
            await asyncio.sleep(FRAME)
        return silent

    async def hang_up(self) -> None:
        with contextlib.suppress(Exception):  # the room may be gone already
            await self._room.local_participant.set_attributes({names.STATUS: names.HANGUP})
        await self._room.disconnect()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._source.aclose()

    def has_agent(self) -> bool:
        """Whether an agent is in the room."""
        agent = rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        return any(one.kind == agent for one in self._room.remote_participants.values())

    def _on_disconnected(self, *_: object) -> None:
        self.over_at = self.over_at or time.perf_counter()
        self.over.set()

    def _on_track(self, track: rtc.Track, *_: object) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO and not self._tasks_of("listen"):
            self._keep(self._listen(track), "listen")
            self._keep(self._answer())

    async def _answer(self) -> None:
        await asyncio.sleep(Line().first_sound_after)
        self.answered_at = time.perf_counter()
        self.answered.set()
        await self._room.local_participant.set_attributes({names.STATUS: names.ACTIVE})

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=int(FRAME * 1000))
        try:
            async for event in stream:
                samples = np.frombuffer(event.frame.data, np.int16)
                peak = int(np.abs(samples.astype(np.int32)).max())
                if self.answered_at:
                    self.heard.ends.append(time.perf_counter())
                    self.heard.peaks.append(peak)
                elif peak >= AUDIBLE:
                    self.lost += FRAME
        finally:
            await stream.aclose()

    def _keep(self, work: Coroutine[None, None, None], name: str = "") -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tasks_of(self, name: str) -> bool:
        return any(task.get_name() == name for task in self._tasks)

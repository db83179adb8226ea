"""The floor: a worker that plays a tone the moment it has its job. Nothing that speaks can be heard sooner.

Run by the benchmark as `python -m livekit.agents start bench/floor.py`.
"""

from __future__ import annotations

import os

import numpy as np
from livekit import rtc
from livekit.agents import AgentServer, JobContext

RATE = 24_000  # Hz, what OpenAI's voices have
SECONDS = 2.0
PITCH = 440.0  # Hz

# Made before the job, as a ready greeting would be. Shape (SECONDS * RATE,), int16.
TONE = (8_000 * np.sin(2 * np.pi * PITCH * np.arange(int(SECONDS * RATE)) / RATE)).astype(np.int16)

# Port 0: the workers that are compared run side by side, and the default is one fixed port.
server = AgentServer(port=0)


@server.rtc_session(agent_name=os.environ.get("LIVEKIT_AGENT_NAME", "floor"))
async def answer(ctx: JobContext) -> None:
    """Join, publish, play."""
    await ctx.connect()
    source = rtc.AudioSource(RATE, 1, queue_size_ms=int(SECONDS * 1000) + 100)
    track = rtc.LocalAudioTrack.create_audio_track("tone", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await ctx.room.local_participant.publish_track(track, options)
    await source.capture_frame(rtc.AudioFrame(TONE.tobytes(), RATE, 1, len(TONE)))

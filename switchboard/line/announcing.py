"""Sound that is played straight into a room: without a session, and without anything else that may have failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from livekit import rtc


async def play_into(
    room: rtc.Room, frames: Sequence[rtc.AudioFrame], somebody_hears: Callable[[], Awaitable[None]]
) -> None:
    """Publish a track, which answers a telephone that rings; play `frames` once `somebody_hears` returns, to their end.

    Raises what `somebody_hears` raises, and livekit's own errors.
    """
    source = rtc.AudioSource(frames[0].sample_rate, frames[0].num_channels)
    try:
        track = rtc.LocalAudioTrack.create_audio_track("words", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, red=False)
        await room.local_participant.publish_track(track, options)
        await somebody_hears()
        for frame in frames:
            await source.capture_frame(frame)
        await source.wait_for_playout()
    finally:
        await source.aclose()

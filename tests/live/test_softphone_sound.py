"""What the softphone says, hears and records, measured sample by sample."""

from __future__ import annotations

import asyncio
import io
import time
import wave
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lab.softphone import Line, Softphone
from lab.stage.livekit_server import LiveKitServer
from tests.live.tiny_agent import SOON, call, tone

STRETCH = 0.1  # s by which the receiver's jitter buffer may stretch or shorten a sound


def channels(phone: Softphone) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The recording's left (caller) and right (agent)."""
    with wave.open(io.BytesIO(phone.recording())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, phone.rate)
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2).astype(np.float64)
    return both[:, 0], both[:, 1]


def pitch(samples: NDArray[Any], rate: int) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


async def test_what_is_said_before_the_answer_is_lost_and_counted(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, Line(answer_delay=0.4))
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        await agent.play(tone(1.0))
        await phone.heard_silence(0.3, SOON)
        heard = sum(sound.duration for sound in phone.ear.sounds())
        assert 0.05 < phone.lost < 0.6
        assert phone.lost + heard == pytest.approx(1.0, abs=STRETCH)
        _, right = channels(phone)
        assert np.count_nonzero(np.abs(right) > 328) / phone.rate < heard + 0.02


async def test_the_recording_has_each_side_when_it_spoke_and_as_loud(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        await asyncio.sleep(0.3)
        played = await agent.play(tone(0.5, 880))
        await phone.heard_silence(0.4, SOON)
        said = await phone.say(tone(0.5, 440, phone.rate))
        await asyncio.sleep(0.3)
        await phone.hang_up()
    assert phone.joined_at is not None
    left, right = channels(phone)
    for channel, hertz, start in ((left, 440, said.start), (right, 880, played)):
        loud = np.flatnonzero(np.abs(channel) > 328)
        first, last = loud[0] / phone.rate, loud[-1] / phone.rate
        # What the agent plays takes its way through the server; what the caller says is placed when it was sent.
        assert -0.005 <= first - (start - phone.joined_at) <= (0.005 if channel is left else 0.4)
        assert last - first == pytest.approx(0.5, abs=0.002 if channel is left else STRETCH)
        assert np.diff(loud).max() < 0.005 * phone.rate  # no gap
        middle = channel[(loud[0] + loud[-1]) // 2 : loud[-1] - 400]  # Opus needs a while to believe in a tone
        assert pitch(middle, phone.rate) == pytest.approx(hertz, abs=3)
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(8000 / np.sqrt(2), rel=0.1)
        assert np.abs(channel).max() < 12000
    heard = np.concatenate(agent.heard)
    arrived = heard[np.abs(heard) > 1000]
    assert len(arrived) > 0.3 * 24_000
    loud = np.flatnonzero(np.abs(heard) > 328)
    assert (loud[-1] - loud[0]) / 24_000 == pytest.approx(0.5, abs=STRETCH)
    assert pitch(heard[loud[0] + 1000 : loud[-1] - 1000], 24_000) == pytest.approx(440, abs=3)


async def test_turns_and_replies_are_told_by_the_sound(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        await agent.play(tone(0.4))
        await phone.heard_silence(0.3, SOON)
        said = await phone.say(tone(0.4, 440, phone.rate))
        await asyncio.sleep(0.5)
        await agent.play(tone(0.4))
        start = await phone.heard_speech(SOON)
        await phone.heard_silence(0.3, SOON)
        assert [turn.who for turn in phone.turns] == ["agent", "caller", "agent"]
        # A later frame may show that the track began some microseconds earlier.
        assert phone.replies == [pytest.approx(start - said.end, abs=0.002)]
        assert phone.replies[0] >= 0.5
        assert phone.first_audio_after_join is not None
        assert [turn.duration for turn in phone.turns] == pytest.approx([0.4] * 3, abs=STRETCH)


@pytest.mark.parametrize(("kind", "hears_it"), [("sip", False), ("standard", True)])
async def test_a_telephone_hears_nothing_above_four_kilohertz(
    livekit: LiveKitServer, kind: str, hears_it: bool
) -> None:
    phone, agent = call(livekit, kind=kind)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        await asyncio.sleep(0.2)
        played = phone.since_join(await agent.play(tone(1.5, 6000)))
    assert played is not None
    _, right = channels(phone)
    middle = right[round((played + 0.8) * phone.rate) : round((played + 1.3) * phone.rate)]
    loudness = float(np.sqrt(np.mean(middle**2)))
    # What LiveKit's resampler leaves of it, 25 dB below, is folded down.
    assert loudness > 3000 if hears_it else loudness < 300


async def test_interrupting_the_caller_cuts_the_sound_off(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        saying = asyncio.create_task(phone.say(tone(3.0, 440, phone.rate)))
        await asyncio.sleep(0.5)
        saying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saying
        stopped = time.monotonic()
        await asyncio.sleep(0.5)
        left, _ = channels(phone)
        loud = np.flatnonzero(np.abs(left) > 328)
        assert phone.joined_at is not None
        assert loud[-1] / phone.rate <= stopped - phone.joined_at + 0.01
        arrived = np.concatenate(agent.heard)
        assert np.count_nonzero(np.abs(arrived) > 328) / 24_000 < 1.5

"""Voices, one in the place of the other: who gives no sound in time is not waited for.

A sentence that breaks off is said again from its beginning, as a person would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from livekit import rtc
from livekit.agents import APIConnectionError, APIConnectOptions, tts
from livekit.agents.utils import shortuuid

from switchboard.speech.spares import Attempts, Choice, Choices, NotUseful

FIRST_SOUND_S = 2.0
_NEXT_SOUND_S = 1.5
_ONCE = APIConnectOptions(max_retry=0, timeout=FIRST_SOUND_S)
# More than that is no speech of this text: an endless answer, or another's.
_SECONDS_A_LETTER = 0.5
_SECONDS_MORE = 10.0


class SpareTTS(tts.TTS[Any]):
    """The first of `choices` that speaks, sentence by sentence, at the sample rate of the first."""

    def __init__(self, choices: Choices[tts.TTS[Any]], first_sound_s: float = FIRST_SOUND_S) -> None:
        first = choices.first
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=first.sample_rate,
            num_channels=first.num_channels,
        )
        self.choices = choices
        self.first_sound_s = first_sound_s

    @property
    def model(self) -> str:
        return self.choices.serving.model.model

    @property
    def provider(self) -> str:
        return self.choices.serving.model.provider

    def prewarm(self) -> None:
        self.choices.first.prewarm()

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = _ONCE) -> tts.ChunkedStream:
        # What the session allows for trying again is not asked: trying again is done here.
        return _Stream(self, text)

    async def aclose(self) -> None:
        await self.choices.aclose()


class _Stream(tts.ChunkedStream):
    """One text as sound. Raises APIError when nobody speaks it."""

    def __init__(self, spare: SpareTTS, text: str) -> None:
        super().__init__(tts=spare, input_text=text, conn_options=_ONCE)
        self._spare = spare

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        choices = self._spare.choices
        output_emitter.initialize(
            request_id=shortuuid(),
            sample_rate=self._spare.sample_rate,
            num_channels=self._spare.num_channels,
            mime_type="audio/pcm",
        )
        attempts = Attempts(choices)
        for choice in attempts:
            try:
                await self._spoken_by(choice, output_emitter)
            except Exception as fault:
                attempts.failed(choice, fault)
            else:
                choices.served(choice)
                return
        raise APIConnectionError("no voice speaks", retryable=False) from attempts.last

    async def _spoken_by(self, choice: Choice[tts.TTS[Any]], output_emitter: tts.AudioEmitter) -> None:
        loop = asyncio.get_running_loop()
        longest_s = len(self._input_text) * _SECONDS_A_LETTER + _SECONDS_MORE
        spoken_s = 0.0
        resampled = Resampled(self._spare.sample_rate)
        options = APIConnectOptions(max_retry=0, timeout=self._spare.first_sound_s)
        async with (
            asyncio.timeout(self._spare.first_sound_s) as patience,
            choice.model.synthesize(self._input_text, conn_options=options) as sound,
        ):
            async for piece in sound:
                if not spoken_s and _is_text(piece.frame):
                    raise NotUseful("text in place of sound")
                spoken_s += piece.frame.duration
                patience.reschedule(loop.time() + _NEXT_SOUND_S)
                for frame in resampled.push(piece.frame):
                    output_emitter.push(frame.data.tobytes())
                if spoken_s > longest_s:
                    break
        for frame in resampled.flush():
            output_emitter.push(frame.data.tobytes())
        if not spoken_s:
            raise NotUseful("no sound")


class Resampled:
    """Frames at `rate`, whatever they come in. A voice in stereo becomes one channel by livekit-agents' own decoder."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._resampler: rtc.AudioResampler | None = None

    def push(self, frame: rtc.AudioFrame) -> list[rtc.AudioFrame]:
        if frame.sample_rate == self._rate:
            return [frame]
        if self._resampler is None:
            self._resampler = rtc.AudioResampler(frame.sample_rate, self._rate, num_channels=frame.num_channels)
        return self._resampler.push(frame)

    def flush(self) -> list[rtc.AudioFrame]:
        return self._resampler.flush() if self._resampler else []


def resampled(frames: Iterable[rtc.AudioFrame], rate: int) -> Iterator[rtc.AudioFrame]:
    """All of `frames`, one after the other, at `rate` samples a second."""
    at_rate = Resampled(rate)
    for frame in frames:
        yield from at_rate.push(frame)
    yield from at_rate.flush()


def _is_text(frame: rtc.AudioFrame) -> bool:
    """Whether this is a page or a message in place of samples: in sound, one byte in two is rarely a letter."""
    return all(0x09 <= byte < 0x7F for byte in frame.data.tobytes()[:200])


async def probe(voice: tts.TTS[Any]) -> None:
    """Ask for one word. Raises where no sound comes."""
    async with voice.synthesize("Yes.", conn_options=_ONCE) as sound:
        async for piece in sound:
            if not _is_text(piece.frame):
                return
    raise NotUseful("no sound")

"""Recognisers, one in the place of the other, without losing what the caller says meanwhile.

What was said since the last words that were understood is kept, and the next one hears it first.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import replace
from typing import Any

from livekit import rtc
from livekit.agents import NOT_GIVEN, APIConnectionError, APIConnectOptions, NotGivenOr, stt, vad
from livekit.agents.utils import AudioBuffer

from switchboard.speech.more_words import beyond
from switchboard.speech.spares import Choice, Choices, NotUseful

CONNECTS_WITHIN_S = 2.0
_ONCE = APIConnectOptions(max_retry=0, timeout=CONNECTS_WITHIN_S)
_KEPT_S = 10.0  # of sound: longer sentences are rare, and the next one has to listen to all of it
_LIVED_S = 5.0  # after which a lost connection is an accident, not a recogniser that fails
_PAUSE_S = 0.5  # before all are tried once more
_LONGEST = 2_000  # letters of one piece: two minutes of speech, and nobody says so much without a pause


class SpareSTT(stt.STT[Any]):
    """The first of `choices` that hears. `detector` cuts the sound for those that take whole sentences only."""

    def __init__(self, choices: Choices[stt.STT[Any]], detector: vad.VAD | None = None) -> None:
        able = [one.capabilities for one in choices.models()]
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True,
                interim_results=all(one.interim_results for one in able),
                aligned_transcript=able[0].aligned_transcript if all(one.aligned_transcript for one in able) else False,
                manual_flush=all(one.manual_flush for one in able),
            )
        )
        self.choices = choices
        self._detector = detector
        self._streams: list[_Stream] = []

    @property
    def model(self) -> str:
        return self.choices.serving.model.model

    @property
    def provider(self) -> str:
        return self.choices.serving.model.provider

    def prewarm(self) -> None:
        self.choices.first.prewarm()

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        return await self.choices.first.recognize(buffer, language=language, conn_options=conn_options)

    def stream(
        self, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions = _ONCE
    ) -> stt.RecognizeStream:
        # What the session allows for trying again is not asked: trying again is done here.
        stream = _Stream(self, language)
        self._streams.append(stream)
        return stream

    def gave_no_words(self) -> None:
        """The caller spoke and was not understood: another one is to hear it. The line may have been at fault, so
        nobody else is told."""
        for stream in self._streams:
            stream.change()

    def ended(self) -> None:
        """The caller has stopped long ago: words that are unfinished still are taken as they are."""
        for stream in self._streams:
            stream.finish()

    def listening(self, recogniser: stt.STT[Any], language: NotGivenOr[str]) -> stt.RecognizeStream:
        """A stream of one of the choices, whether it hears as it comes or sentence by sentence."""
        if not recogniser.capabilities.streaming:
            assert self._detector is not None
            recogniser = stt.StreamAdapter(stt=recogniser, vad=self._detector)
        return recogniser.stream(language=language, conn_options=_ONCE)

    def forget(self, stream: stt.RecognizeStream) -> None:
        """It is closed."""
        self._streams = [one for one in self._streams if one is not stream]

    async def aclose(self) -> None:
        await self.choices.aclose()


class _Stream(stt.RecognizeStream):
    """What one caller says. It never gives up: each time that all have failed it emits an error, and tries again."""

    def __init__(self, spare: SpareSTT, language: NotGivenOr[str]) -> None:
        super().__init__(stt=spare, conn_options=_ONCE)
        self._spare = spare
        self._language = language
        self._kept: deque[rtc.AudioFrame | None] = deque()  # None: the caller's voice stopped
        self._kept_s = 0.0
        self._now: stt.RecognizeStream | None = None
        self._change = asyncio.Event()
        self._has_ended = False
        self._unfinished: stt.SpeechEvent | None = None
        self._taken = ""  # of what the recogniser has not come to the end of

    def finish(self) -> None:
        """Make what is unfinished final. Of what the recogniser makes of it later, only what is new counts."""
        if (unfinished := self._unfinished) is not None:
            self._pass_on_words(replace(unfinished, type=stt.SpeechEventType.FINAL_TRANSCRIPT))
            self._taken = f"{self._taken} {unfinished.alternatives[0].text}".strip()

    def change(self) -> None:
        """Let another one listen."""
        self._change.set()

    async def _run(self) -> None:
        forwarding = asyncio.create_task(self._forward())
        in_a_row = 0
        try:
            while not self._has_ended:
                began = asyncio.get_running_loop().time()
                fault = await self._listen()
                if fault is None:
                    return
                in_a_row = 1 if asyncio.get_running_loop().time() - began > _LIVED_S else in_a_row + 1
                if in_a_row > 1:
                    self._tell(fault)
                await asyncio.sleep(_PAUSE_S)
        finally:
            forwarding.cancel()
            await asyncio.gather(forwarding, return_exceptions=True)
            self._spare.forget(self)

    async def _listen(self) -> Exception | None:
        """One after the other; None where the caller has gone, else why the last one failed."""
        choices, last = self._spare.choices, None
        for choice in choices.order():
            try:
                await self._listen_with(choice)
                return None
            except NotUseful as fault:  # `change`: nothing is known against it
                last = fault
            except Exception as fault:
                choices.failed(choice, fault)
                last = fault
        return last

    async def _listen_with(self, choice: Choice[stt.STT[Any]]) -> None:
        self._change.clear()
        async with self._spare.listening(choice.model, self._language) as stream:
            for piece in self._kept:
                _give(stream, piece)
            self._now = stream
            if self._has_ended:
                stream.end_input()
            passing = asyncio.create_task(self._pass_on(stream, choice))
            changing = asyncio.create_task(self._change.wait())
            try:
                await asyncio.wait({passing, changing}, return_when=asyncio.FIRST_COMPLETED)
                if passing.done():
                    passing.result()
                else:
                    raise NotUseful("no words")
            finally:
                self._now = None
                for task in (passing, changing):
                    task.cancel()
                await asyncio.gather(passing, changing, return_exceptions=True)

    async def _pass_on(self, stream: stt.RecognizeStream, choice: Choice[stt.STT[Any]]) -> None:
        async for event in stream:
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT and event.alternatives:
                self._spare.choices.served(choice)
            if not self._taken or self._is_news(event):
                self._pass_on_words(event)
        if not self._has_ended:
            raise APIConnectionError("the recogniser stopped listening")

    def _is_news(self, event: stt.SpeechEvent) -> bool:
        """Whether there is anything in it beside what was taken, which it loses."""
        taken, has_words = self._taken, bool(event.alternatives)
        if event.type in (stt.SpeechEventType.START_OF_SPEECH, stt.SpeechEventType.FINAL_TRANSCRIPT):
            self._taken = ""
        for said in event.alternatives:
            said.text = beyond(taken, said.text)
        return not has_words or bool(event.alternatives[0].text)

    def _pass_on_words(self, event: stt.SpeechEvent) -> None:
        for said in event.alternatives:
            said.text = said.text[:_LONGEST]
        if event.alternatives and event.alternatives[0].text:
            if event.type is stt.SpeechEventType.INTERIM_TRANSCRIPT:
                self._unfinished = event
            elif event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                self._unfinished = None
                self._kept.clear()
                self._kept_s = 0.0
        self._event_ch.send_nowait(event)

    async def _forward(self) -> None:
        async for piece in self._input_ch:
            kept = piece if isinstance(piece, rtc.AudioFrame) else None
            self._keep(kept)
            if self._now is not None:
                _give(self._now, kept)
        self._has_ended = True
        if self._now is not None:
            self._now.end_input()

    def _keep(self, piece: rtc.AudioFrame | None) -> None:
        self._kept.append(piece)
        self._kept_s += piece.duration if piece else 0.0
        while self._kept_s > _KEPT_S:
            oldest = self._kept.popleft()
            self._kept_s -= oldest.duration if oldest else 0.0

    def _tell(self, fault: Exception) -> None:
        error = stt.STTError(timestamp=time.time(), label=self._stt.label, error=fault, recoverable=False)
        self._spare.emit("error", error)


def _give(stream: stt.RecognizeStream, piece: rtc.AudioFrame | None) -> None:
    try:
        if piece is None:
            stream.flush()
        else:
            stream.push_frame(piece)
    except RuntimeError:
        pass  # it has failed, which is told where its events are read


async def probe(recogniser: stt.STT[Any]) -> None:
    """Let it listen to half a second of nothing. Raises where it cannot be had."""
    silence = rtc.AudioFrame.create(16_000, 1, 8_000)
    if not recogniser.capabilities.streaming:
        await recogniser.recognize(silence, conn_options=_ONCE)
        return
    async with recogniser.stream(conn_options=_ONCE) as stream:
        stream.push_frame(silence)
        stream.end_input()
        async for _ in stream:
            pass

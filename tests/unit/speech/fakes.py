"""Models that do what a script says: an item is what comes next, an exception is raised, a number is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import NOT_GIVEN, APIConnectOptions, LanguageCode, llm, stt, tts

HANGS = 3600.0
ONCE = APIConnectOptions(max_retry=0, timeout=1.0)


def sound(seconds: float, rate: int = 24_000) -> rtc.AudioFrame:
    """A tone: what no page of text looks like."""
    wave = (np.sin(np.arange(int(seconds * rate)) * 0.1) * 10_000).astype(np.int16)
    return rtc.AudioFrame(wave.tobytes(), rate, 1, len(wave))


def words(text: str, *, final: bool) -> stt.SpeechEvent:
    """What a recogniser says of a caller who said `text`, in the end or so far."""
    kind = stt.SpeechEventType.FINAL_TRANSCRIPT if final else stt.SpeechEventType.INTERIM_TRANSCRIPT
    return stt.SpeechEvent(type=kind, alternatives=[stt.SpeechData(language=LanguageCode("en"), text=text)])


class FakeLLM(llm.LLM[Any]):
    def __init__(self, *script: Any) -> None:
        super().__init__()
        self.script = script
        self.asked = 0

    def chat(self, *, chat_ctx: llm.ChatContext, **_: Any) -> llm.LLMStream:
        self.asked += 1
        answer = _Thoughts(self, chat_ctx=chat_ctx, tools=[], conn_options=ONCE)
        answer.script = self.script
        return answer


class _Thoughts(llm.LLMStream):
    script: Sequence[Any] = ()

    async def _run(self) -> None:
        for item in self.script:
            if isinstance(item, float):
                await asyncio.sleep(item)
            elif isinstance(item, Exception):
                raise item
            else:
                delta = llm.ChoiceDelta(role="assistant", content=item)
                self._event_ch.send_nowait(llm.ChatChunk(id="1", delta=delta))


class FakeTTS(tts.TTS[Any]):
    def __init__(self, *script: Any, rate: int = 24_000) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=rate, num_channels=1)
        self.script = script
        self.asked = 0

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = ONCE) -> tts.ChunkedStream:
        self.asked += 1
        spoken = _Voice(tts=self, input_text=text, conn_options=ONCE)
        spoken.script, spoken.rate = self.script, self.sample_rate
        return spoken


class _Voice(tts.ChunkedStream):
    script: Sequence[Any] = ()
    rate = 24_000

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        rate = self.rate
        output_emitter.initialize(request_id="1", sample_rate=rate, num_channels=1, mime_type="audio/pcm")
        for item in self.script:
            if isinstance(item, float):
                output_emitter.flush()
                await asyncio.sleep(item)
            elif isinstance(item, Exception):
                raise item
            else:
                output_emitter.push(item if isinstance(item, bytes) else item.data.tobytes())


class FakeSTT(stt.STT[Any]):
    """Each connection has a script of its own; `words` hears what it is given and says so at each flush."""

    def __init__(self, *scripts: Sequence[Any]) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=True, interim_results=True))
        self.scripts = list(scripts)
        self.heard: list[float] = []  # seconds, by connection

    async def _recognize_impl(self, buffer: Any, **_: Any) -> stt.SpeechEvent:
        raise NotImplementedError

    def stream(self, *, language: Any = NOT_GIVEN, conn_options: APIConnectOptions = ONCE) -> stt.RecognizeStream:
        script = self.scripts.pop(0) if self.scripts else ("words",)
        self.heard.append(0.0)
        return _Ear(self, script, len(self.heard) - 1)


class _Ear(stt.RecognizeStream):
    def __init__(self, fake: FakeSTT, script: Sequence[Any], index: int) -> None:
        super().__init__(stt=fake, conn_options=ONCE)
        self._fake, self._script, self._index = fake, script, index

    async def _run(self) -> None:
        for item in self._script:
            if isinstance(item, float):
                await asyncio.sleep(item)
            elif isinstance(item, Exception):
                raise item
            elif isinstance(item, asyncio.Event):
                await item.wait()
            elif isinstance(item, stt.SpeechEvent):
                self._event_ch.send_nowait(item)
            elif item == "silent":
                async for _ in self._input_ch:
                    pass
            else:
                await self._hear()

    async def _hear(self) -> None:
        async for piece in self._input_ch:
            if isinstance(piece, rtc.AudioFrame):
                self._fake.heard[self._index] += piece.duration
            elif self._fake.heard[self._index]:
                said = stt.SpeechData(language=LanguageCode("en"), text=f"{self._fake.heard[self._index]:.1f} s")
                self._event_ch.send_nowait(
                    stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[said])
                )

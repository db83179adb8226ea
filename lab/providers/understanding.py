"""The mind of the demonstration: a recogniser held to known phrases, scripts where one waits, answers by rules."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from aiohttp import web

from lab.providers.controls import Controls, read_order, texts
from lab.providers.hearing import Cadence, Hearing, Piece, Scripted, Transcript, nothing
from lab.providers.mind import Mind
from lab.providers.phrases import PHRASES
from lab.providers.recognition_thread import RecognitionThread
from lab.providers.samples import Samples
from lab.providers.thinking import Thought, think
from lab.providers.voice_activity import VoiceActivity

_BEFORE = 0.2  # seconds before the onset that belong to the first sound
_LONGEST = 8.0  # seconds without a pause; no phrase lasts as long, music and noise have no end
_SAME_BREATH = 2.0  # seconds: what follows a pause no longer than this may be the rest of the phrase before it


class Understanding(Mind):
    """Understands PHRASES and `phrases`. `start` raises RecogniserMissing where the extra `offline` is missing."""

    def __init__(self, controls: Controls, phrases: Iterable[str] = ()) -> None:
        self._controls = controls
        self._phrases = (*PHRASES, *phrases)
        self._recogniser = RecognitionThread()

    async def start(self) -> None:
        await self._recogniser.start(self._phrases)

    def close(self) -> None:
        self._recogniser.close()

    def routes(self) -> Sequence[web.RouteDef]:
        return (web.post("/_offline/phrases", self._add_phrases), web.post("/_offline/script", self._add_script))

    def hearing(self, language: str | None) -> Hearing:
        return _Recognised(self._recogniser, self._controls, language)

    def think(self, messages: Sequence[Any], tools: Sequence[Any]) -> Thought:
        return think(messages, tools)

    async def _add_phrases(self, request: web.Request) -> web.Response:
        phrases = texts(await read_order(request, {"phrases"}), "phrases")
        return web.json_response({"unknown_words": await self._recogniser.add(phrases)})

    async def _add_script(self, request: web.Request) -> web.Response:
        self._controls.add_script(await read_order(request, {"language", "utterances"}))
        return web.json_response({})


@dataclass(frozen=True, slots=True)
class _Half:
    """What was heard before a pause and is no whole phrase: the next piece may need it to be understood."""

    sound: Samples
    understood: Transcript
    ended: float


class _Recognised(Hearing):
    """The words are those of the sound, until a script waits for a caller of this language."""

    cadence = Cadence(longest=_LONGEST)

    def __init__(self, recogniser: RecognitionThread, controls: Controls, language: str | None) -> None:
        self._recogniser = recogniser
        self._controls = controls
        self._language = language
        self._sound: deque[Samples] = deque()
        self._half: _Half | None = None

    def begin(self, voice: VoiceActivity) -> Hearing:
        script = self._controls.take_script(self._language)
        return Scripted(script) if script else self

    def keep(self, samples: Samples, voice: VoiceActivity) -> None:
        """Hold the sound of the speech and a little before it."""
        self._sound.append(samples)
        if not voice.speaking:
            surplus = sum(map(len, self._sound)) - int(_BEFORE * voice.rate)
            while self._sound and surplus >= len(self._sound[0]):
                surplus -= len(self._sound.popleft())

    async def partial(self, voice: VoiceActivity) -> Piece:
        transcript = await self._recogniser.transcribe(np.concatenate(self._sound), voice.rate)
        return Piece(transcript, voice.began, voice.heard)

    async def finish(self, voice: VoiceActivity) -> Piece:
        if not voice.speaking:
            return nothing(voice)
        began, ended = voice.began, voice.voiced_until
        sound = np.concatenate(self._sound) if self._sound else np.zeros(0, np.int16)
        self._sound.clear()
        if voice.heard - began >= _LONGEST:
            return Piece(Transcript(), began, ended)
        return Piece(await self._understand(sound, began, ended, voice.rate), began, ended)

    async def _understand(self, sound: Samples, began: float, ended: float, rate: int) -> Transcript:
        """The words of one piece; with the half before it, if there is one: alone, a short end fits too much."""
        half, self._half = self._half, None
        if half is not None and began - half.ended <= _SAME_BREATH:
            whole = np.concatenate((half.sound, sound))
            understood = await self._recogniser.transcribe(whole, rate)
            before = half.understood.text
            if understood.text.startswith(before) and understood.text != before:
                self._remember(_Half(whole, understood, ended), rate)
                return Transcript(understood.text[len(before) :].strip(), understood.confidence)
        alone = await self._recogniser.transcribe(sound, rate)
        self._remember(_Half(sound, alone, ended), rate)
        return alone

    def _remember(self, heard: _Half, rate: int) -> None:
        """Keep what may be the beginning of a phrase for the piece after it."""
        if not heard.understood.ends_sentence and len(heard.sound) < _LONGEST * rate:
            self._half = heard

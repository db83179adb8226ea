"""One caller's ears: when speech begins and ends in the audio that really arrives, and what was said in it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from lab.providers.controls import Controls, Script
from lab.providers.recognition_thread import RecognitionThread, Transcript
from lab.providers.samples import Samples
from lab.providers.voice_activity import VoiceActivity

PAUSE = 0.3  # seconds of silence after which a recogniser has its final ready
_BEFORE = 0.2  # seconds before the onset that belong to the first sound
_FIRST_PARTIAL, _NEXT_PARTIAL = 0.25, 0.75  # seconds of speech
_WORDS_A_SECOND = 3.0
_LAST_PARTIAL = 3.0  # seconds of speech after which no more interims come
_LONGEST = 8.0  # seconds without a pause; no phrase lasts as long, music and noise have no end
_SAME_BREATH = 2.0  # seconds: what follows a pause no longer than this may be the rest of the phrase before it


class Moment(Enum):
    BEGAN = auto()
    GOES_ON = auto()  # time for an interim transcript
    PAUSED = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """What was said between two pauses, and when: seconds of audio since the connection's beginning."""

    transcript: Transcript
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class _Half:
    """What was heard before a pause and is no whole phrase: the next piece may need it to be understood."""

    sound: Samples
    understood: Transcript
    ended: float


class Listener:
    """Listens to one connection. A script, where one waits for its language, stands in for recognition."""

    def __init__(
        self, rate: int, language: str | None, controls: Controls, recogniser: RecognitionThread, pause: float = PAUSE
    ) -> None:
        self.voice = VoiceActivity(rate)
        self._language = language
        self._controls = controls
        self._recogniser = recogniser
        self._pause = pause
        self._script: Script | None = None
        self._sound: deque[Samples] = deque()
        self._next_partial = 0.0
        self._half: _Half | None = None

    def hear(self, pcm: bytes) -> list[Moment]:
        """The next s16le audio, of any length: what happened in it."""
        voice = self.voice
        samples = np.frombuffer(pcm, np.dtype("<i2"), len(pcm) // 2)
        was_speaking = voice.speaking
        voice.hear(samples)
        self._keep(samples)
        moments: list[Moment] = []
        if voice.speaking and not was_speaking:
            self._script = self._script or self._controls.take_script(self._language)
            self._next_partial = voice.began + _FIRST_PARTIAL
            moments.append(Moment.BEGAN)
        if voice.speaking:
            endless = not self._script and voice.heard - voice.began >= _LONGEST
            if voice.silence >= self._pause or endless:
                moments.append(Moment.PAUSED)
            elif self._next_partial <= voice.voiced_until <= voice.began + _LAST_PARTIAL:
                self._next_partial = voice.heard + _NEXT_PARTIAL
                moments.append(Moment.GOES_ON)
        return moments

    async def partial(self) -> Transcript:
        """What the speech that goes on sounds like so far."""
        if self._script:
            words = self._script.coming.split()
            said = max(1, int((self.voice.heard - self.voice.began) * _WORDS_A_SECOND))
            return Transcript(" ".join(words[: min(said, max(1, len(words) - 1))]), 0.9)
        return await self._recogniser.transcribe(np.concatenate(self._sound), self.voice.rate)

    async def finish(self) -> Piece:
        """The speech is over: what was said since it began."""
        voice = self.voice
        began, ended = voice.began, voice.voiced_until
        voice.rest()
        sound = np.concatenate(self._sound) if self._sound else np.zeros(0, np.int16)
        self._sound.clear()
        if self._script:
            return Piece(Transcript(self._script.next(), 0.99), began, ended)
        if ended - began >= _LONGEST - self._pause:
            return Piece(Transcript(), began, ended)
        return Piece(await self._understand(sound, began, ended), began, ended)

    async def _understand(self, sound: Samples, began: float, ended: float) -> Transcript:
        """The words of one piece; with the half before it, if there is one: alone, a short end fits too much."""
        half, self._half = self._half, None
        if half is not None and began - half.ended <= _SAME_BREATH:
            whole = np.concatenate((half.sound, sound))
            understood = await self._recogniser.transcribe(whole, self.voice.rate)
            before = half.understood.text
            if understood.text.startswith(before) and understood.text != before:
                self._remember(_Half(whole, understood, ended))
                return Transcript(understood.text[len(before) :].strip(), understood.confidence)
        alone = await self._recogniser.transcribe(sound, self.voice.rate)
        self._remember(_Half(sound, alone, ended))
        return alone

    def _remember(self, heard: _Half) -> None:
        """Keep what may be the beginning of a phrase for the piece after it."""
        if not heard.understood.ends_sentence and len(heard.sound) < _LONGEST * self.voice.rate:
            self._half = heard

    def _keep(self, samples: Samples) -> None:
        """The sound of the speech and a little before it; nothing at all where a script says the words."""
        if self._script:
            self._sound.clear()
            return
        self._sound.append(samples)
        if not self.voice.speaking:
            surplus = sum(map(len, self._sound)) - int(_BEFORE * self.voice.rate)
            while self._sound and surplus >= len(self._sound[0]):
                surplus -= len(self._sound.popleft())

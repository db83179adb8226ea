"""How the words of an utterance are known: what a recogniser's wire asks, and the way of a script."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from lab.providers.controls import Script
from lab.providers.samples import Samples
from lab.providers.voice_activity import VoiceActivity

_WORDS_A_SECOND = 3.0


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said; empty where nothing that is known was."""

    text: str = ""
    confidence: float = 0.0

    @property
    def ends_sentence(self) -> bool:
        return self.text.endswith((".", "?", "!"))


@dataclass(frozen=True, slots=True)
class Piece:
    """What was said since the last final, and when: seconds of audio since the connection's beginning."""

    transcript: Transcript
    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Cadence:
    """When transcripts come that nobody asks for. All in seconds of speech, or in seconds of audio `in_silence` too.

    The first interim, the time to the next, the last one; and the final of a speech without a pause.
    """

    first: float = 0.25
    then: float = 0.75
    last: float = 3.0
    longest: float = math.inf
    in_silence: bool = False


class Hearing(ABC):
    """What one connection hears. Every method is given the voice in its audio, as it is at that moment."""

    cadence: ClassVar[Cadence] = Cadence()

    def begin(self, voice: VoiceActivity) -> Hearing:
        """An utterance begins: who knows its words."""
        return self

    def keep(self, samples: Samples, voice: VoiceActivity) -> None:  # noqa: B027 - most need no sound
        """The next audio."""

    @abstractmethod
    async def partial(self, voice: VoiceActivity) -> Piece:
        """What the speech that goes on sounds like so far."""

    @abstractmethod
    async def finish(self, voice: VoiceActivity) -> Piece:
        """A final is due: what was said. Without voice since the last one it has no words, as a rule."""


class Scripted(Hearing):
    """Each utterance is the next text of a script, however it sounds."""

    def __init__(self, script: Script) -> None:
        self._script = script

    async def partial(self, voice: VoiceActivity) -> Piece:
        words = self._script.coming.split()
        said = max(1, int((voice.heard - voice.began) * _WORDS_A_SECOND))
        text = " ".join(words[: min(said, max(1, len(words) - 1))])
        return Piece(Transcript(text, 0.9), voice.began, voice.heard)

    async def finish(self, voice: VoiceActivity) -> Piece:
        if not voice.speaking:
            return nothing(voice)
        return Piece(Transcript(self._script.next(), 0.99), voice.began, voice.voiced_until)


def nothing(voice: VoiceActivity) -> Piece:
    """No words, now."""
    return Piece(Transcript(), voice.heard, voice.heard)

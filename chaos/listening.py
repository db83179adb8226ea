"""One caller's listening: what they hear after they rang or spoke, and how long they waited for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from chaos.heard import Text, recognise
from chaos.waits import FILLER, UNKNOWN, Wait, is_answered, wait_of
from lab.softphone import Softphone
from lab.softphone.ear import Sound
from switchboard.talk.fixed_words import Phrase, text_of

VOICE = "ash"
PATIENCE_S = 12.0  # of a caller who hears nothing
_WORD_S = 1.0  # a sound shorter than this may be a word of the one beside it
_LONGEST_S = 30.0  # that anybody listens to one answer
_FINISHED_S = 1.5  # of silence after what was waited for; it may have been the half of it
_MEANS: Mapping[Phrase, str] = {
    "hello": "fixed hello",
    "moment": FILLER,
    "still": FILLER,
    "sorry": "apology",
    "unheard": "apology",
    "goodbye": "goodbye",
}

Spoken = Callable[[], Iterable[tuple[str, str]]]  # what a voice was asked to say, and which


class Listening:
    """To `phone`. What is heard is told by its sound: fixed words, the `greeting`, or what was `spoken`."""

    def __init__(self, phone: Softphone, greeting: str, spoken: Spoken) -> None:
        self._phone = phone
        self._greeting = greeting
        self._spoken = spoken
        self.waits: list[Wait] = []

    async def hear(self, name: str, since: float) -> None:
        """Listen until nothing more is to be expected, and note the wait."""
        phone = self._phone
        while not phone.ended.is_set():
            now = time.monotonic()
            sounds = self._sounds(since)
            last = sounds[-1].end if sounds else since
            quiet = now - max(last, since)
            if quiet > PATIENCE_S or now - since > _LONGEST_S:
                break
            if quiet > _FINISHED_S and is_answered(self._kinds(sounds)):
                break
            with suppress(TimeoutError):
                await asyncio.wait_for(phone.ended.wait(), 0.1)
        sounds, until = self._sounds(since), phone.ended_at or time.monotonic()
        self.waits.append(wait_of(name, since, sounds, self._kinds(sounds), phone.outcome, until))

    def _sounds(self, since: float) -> list[Sound]:
        # What began before is no answer to it, unless the caller is talked over.
        return [sound for sound in self._phone.ear.sounds() if sound.end > since + 0.1]

    def _kinds(self, sounds: list[Sound]) -> list[str]:
        """What each of them is. A short one that nothing is like begins or ends what it is next to."""
        texts, ear = self._texts(), self._phone.ear
        kinds: list[str] = []
        for sound in sounds:
            before = kinds[-1] if kinds else None
            kinds.append(recognise(ear.recording(sound.start, sound.end), texts, before) or UNKNOWN)
        for at, sound in enumerate(sounds):
            if kinds[at] == UNKNOWN and sound.duration < _WORD_S:
                near = [kinds[other] for other in (at + 1, at - 1) if 0 <= other < len(kinds)]
                kinds[at] = next((kind for kind in near if kind != UNKNOWN), UNKNOWN)
        return kinds

    def _texts(self) -> list[Text]:
        """All that can be heard: the fixed words, and what a voice was asked to say."""
        texts = [Text(text_of(phrase, "en"), VOICE, kind) for phrase, kind in _MEANS.items()]
        texts.append(Text(self._greeting, VOICE, "greeting"))
        known = {text.words: text.kind for text in texts}
        for words, voice in dict.fromkeys(self._spoken()):
            is_first = words in self._greeting or not self._phone.last_said
            texts.append(Text(words[:600], voice, known.get(words) or ("greeting" if is_first else "reply")))
        return texts

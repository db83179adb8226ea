"""The mind of the benchmark: it is told what callers say and when each word is over, and what is replied.

It follows the audio that reaches it: at each moment it has heard the words up to there, whoever asks and however
often. One text an utterance, as scripts have it, would not do: contenders that ask for finals at different moments
would hear different words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from lab.providers.controls import BadRequest, read_order
from lab.providers.hearing import Cadence, Hearing, Piece, Transcript
from lab.providers.mind import Mind
from lab.providers.thinking import Thought
from lab.providers.voice_activity import VoiceActivity

_CONFIDENCE = 0.98


class TimedWords(Mind):
    """`words` with the time (s after the first sound) at which each has been said, the same for all callers."""

    pcm_alone = True

    def __init__(self) -> None:
        self.words: list[tuple[float, str]] = []
        self.text = ""  # of the whole, where no final came in between
        self.turn = 0
        self._reply = "Yes."

    def say(self, parts: Sequence[tuple[str, float]], text: str, reply: str) -> None:
        """`parts` are texts and when each is over (s); the words of one are spread evenly over its time."""
        self.words, begins = [], 0.0
        for part, ends in parts:
            words = part.split()
            step = (ends - begins) / len(words)
            self.words += [(begins + step * (index + 1) - step / 2, word) for index, word in enumerate(words)]
            begins = ends
        self.text, self._reply = text, reply
        self.turn += 1

    def routes(self) -> Sequence[web.RouteDef]:
        return (web.post("/_offline/words", self._set_words),)

    def hearing(self, language: str | None) -> Hearing:
        return _Timed(self)

    def think(self, messages: Sequence[Any], tools: Sequence[Any]) -> Thought:
        return Thought(self._reply)

    async def _set_words(self, request: web.Request) -> web.Response:
        given = await read_order(request, {"parts", "text", "reply"})
        try:
            parts = [(str(text), float(ends)) for text, ends in given["parts"]]
            self.say(parts, str(given["text"]), str(given["reply"]))
        except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise BadRequest(f'"parts" are [text, seconds], "text" and "reply" are texts: {error!r}') from None
        return web.json_response({})


class _Timed(Hearing):
    """One connection. Its pieces happen now: when a word was said is the benchmark's own business."""

    cadence = Cadence(first=0.0, then=0.25, last=math.inf, in_silence=True)

    def __init__(self, told: TimedWords) -> None:
        self._told = told
        self._turn = 0
        self._began: float | None = None  # when this turn's speech began, in s of audio
        self._given = 0  # words in finals so far

    def begin(self, voice: VoiceActivity) -> Hearing:
        self._follow()
        if self._began is None:
            self._began = voice.began
        return self

    async def partial(self, voice: VoiceActivity) -> Piece:
        return self._piece(" ".join(self._heard(voice)[self._given :]), voice)

    async def finish(self, voice: VoiceActivity) -> Piece:
        """The words since the last final, which are then given; also in a silence, where the time of some came."""
        words = self._heard(voice)
        given, self._given = self._given, len(words)
        whole = given == 0 and len(words) == len(self._told.words)
        return self._piece(self._told.text if whole else " ".join(words[given:]), voice)

    def _heard(self, voice: VoiceActivity) -> list[str]:
        self._follow()
        if self._began is None:
            return []
        elapsed = voice.heard - self._began
        return [word for said, word in self._told.words if said <= elapsed]

    def _follow(self) -> None:
        if self._turn != self._told.turn:
            self._turn, self._began, self._given = self._told.turn, None, 0

    def _piece(self, text: str, voice: VoiceActivity) -> Piece:
        return Piece(Transcript(text, _CONFIDENCE), voice.heard, voice.heard)

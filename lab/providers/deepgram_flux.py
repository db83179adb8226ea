"""Deepgram Flux: `/v2/listen`, the recogniser that tells the end of a turn.

https://developers.deepgram.com/reference/speech-to-text/listen-flux
A turn ends with a pause when its words are a whole phrase, and after `eot_timeout_ms` of silence when they are not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from multidict import MultiMapping

from lab.providers.deepgram import Connection, Provider, Talk, number, sample_rate
from lab.providers.listening import Listener, Moment

_LONGEST_SILENCE = 5000  # ms, Deepgram's default
_SURE, _UNSURE = 0.9, 0.4  # confidence that the turn is over


class Flux(Provider):
    def accept(self, query: MultiMapping[str]) -> Talk:
        return _FluxTalk(
            provider=self,
            listener=Listener(sample_rate(query), self.mind.hearing(query.get("language_hint"))),
            eager="eager_eot_threshold" in query,
            timeout=number(query, "eot_timeout_ms", _LONGEST_SILENCE) / 1000,
        )


@dataclass
class _FluxTalk(Talk):
    provider: Flux
    listener: Listener
    eager: bool
    timeout: float  # seconds
    _pieces: list[str] = field(default_factory=list[str])  # what was said in this turn before the last pause
    _sequence: int = 0
    _turn: int = 0
    _open: bool = False  # StartOfTurn was sent and EndOfTurn was not
    _ended_eagerly: bool = False
    _began: float = 0.0

    async def begin(self, connection: Connection) -> None:
        self._put(connection, {"type": "Connected"})

    async def hear(self, connection: Connection, pcm: bytes) -> None:
        for moment in self.listener.hear(pcm):
            if moment is Moment.BEGAN:
                self.provider.meet_fault(connection, anew=True)
            elif moment is Moment.GOES_ON:
                transcript = (await self.listener.partial()).transcript
                self._update(connection, " ".join((*self._pieces, transcript.text)).strip())
            elif moment is Moment.PAUSED:
                self.provider.meet_fault(connection, anew=False)
                await self._pause(connection)
        voice = self.listener.voice
        if self._open and not voice.speaking and voice.silence >= self.timeout:
            self._end(connection)

    async def told(self, connection: Connection, kind: str, message: dict[str, Any]) -> bool:
        if kind == "Configure":
            thresholds: Any = message.get("thresholds")
            if isinstance(thresholds, dict):
                self.eager = self.eager or "eager_eot_threshold" in thresholds
            self._put(connection, {"type": "ConfigureSuccess"})
        elif kind == "CloseStream":
            if self.listener.voice.speaking:
                await self._pause(connection)
            if self._open:
                self._end(connection)
            return False
        return True

    async def _pause(self, connection: Connection) -> None:
        transcript = (await self.listener.finish()).transcript
        if not transcript.text:
            return
        self._pieces.append(transcript.text)
        self._update(connection, self._text)
        if transcript.ends_sentence:
            self._end(connection)
        elif self.eager:
            self._turn_info(connection, "EagerEndOfTurn", self._text, _UNSURE)
            self._ended_eagerly = True

    @property
    def _text(self) -> str:
        return " ".join(self._pieces)

    def _update(self, connection: Connection, text: str) -> None:
        """More words: the first ones begin the turn."""
        if not text:
            return
        if not self._open:
            self._open = True
            self._began = self.listener.voice.began
            self._turn_info(connection, "StartOfTurn", text)
        elif self._ended_eagerly:
            self._ended_eagerly = False
            self._turn_info(connection, "TurnResumed", text)
        else:
            self._turn_info(connection, "Update", text)

    def _end(self, connection: Connection) -> None:
        if self.eager and not self._ended_eagerly:
            self._turn_info(connection, "EagerEndOfTurn", self._text, _SURE)
        self._turn_info(connection, "EndOfTurn", self._text, _SURE)
        self._pieces.clear()
        self._open = self._ended_eagerly = False
        self._turn += 1

    def _turn_info(self, connection: Connection, event: str, text: str, over: float = 0.1) -> None:
        self._put(
            connection,
            {
                "type": "TurnInfo",
                "event": event,
                "turn_index": self._turn,
                "audio_window_start": round(self._began, 3),
                "audio_window_end": round(self.listener.voice.heard, 3),
                "transcript": text,
                "words": [{"word": word, "confidence": 0.97} for word in text.split()],
                "end_of_turn_confidence": over,
            },
        )

    def _put(self, connection: Connection, message: dict[str, Any]) -> None:
        connection.put({"request_id": connection.request_id, "sequence_id": self._sequence, **message})
        self._sequence += 1

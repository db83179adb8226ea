"""Deepgram's live recogniser: `/v1/listen`.

https://developers.deepgram.com/reference/speech-to-text/listen-streaming and
https://developers.deepgram.com/docs/understand-endpointing-interim-results
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from multidict import MultiMapping

from lab.providers.deepgram import Connection, Provider, Talk, number, sample_rate
from lab.providers.hearing import Piece
from lab.providers.listening import PAUSE, Listener, Moment

_PUNCTUATION = '.,;:!?¡¿…"()'
_NO_MODEL = {"name": "offline", "version": "1", "arch": "pocketsphinx"}


class Live(Provider):
    def accept(self, query: MultiMapping[str]) -> Talk:
        rate = sample_rate(query)
        endpointing = query.get("endpointing", "10")
        silence = number(query, "endpointing", 10) / 1000 if endpointing not in ("false", "true") else 0.0
        listener = Listener(rate, self.mind.hearing(query.get("language", "en")), max(PAUSE, silence))
        return _LiveTalk(
            provider=self,
            listener=listener,
            ends_utterances=endpointing != "false",
            vad_events=query.get("vad_events") == "true",
            interim_results=query.get("interim_results") == "true",
            written=query.get("punctuate") == "true" or query.get("smart_format") == "true",
            utterance_end=number(query, "utterance_end_ms", 0) / 1000,
        )


@dataclass
class _LiveTalk(Talk):
    provider: Live
    listener: Listener
    ends_utterances: bool
    vad_events: bool
    interim_results: bool
    written: bool
    utterance_end: float  # seconds of silence, 0 for never
    _unended: float | None = field(default=None)  # when the last word was over that no UtteranceEnd followed

    async def hear(self, connection: Connection, pcm: bytes) -> None:
        voice = self.listener.voice
        for moment in self.listener.hear(pcm):
            if moment is Moment.BEGAN:
                self.provider.meet_fault(connection, anew=True)
            if moment is Moment.BEGAN and self.vad_events:
                started = {"type": "SpeechStarted", "channel": [0, 1], "timestamp": voice.began}
                connection.put(started, at_once=True)
            elif moment is Moment.GOES_ON and self.interim_results:
                piece = await self.listener.partial()
                if piece.transcript.text:
                    connection.put(self._results(connection, piece))
            elif moment is Moment.PAUSED:
                self.provider.meet_fault(connection, anew=False)
                await self._final(connection)
        self._end_utterance(connection)

    def _end_utterance(self, connection: Connection) -> None:
        """Say once that the words are over, when the silence after them has lasted as long as was asked for."""
        voice = self.listener.voice
        if not self.utterance_end or self._unended is None or voice.speaking:
            return
        if voice.heard - self._unended >= self.utterance_end:
            connection.put({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": round(self._unended, 3)})
            self._unended = None

    async def told(self, connection: Connection, kind: str, message: dict[str, Any]) -> bool:
        if kind == "Finalize":
            await self._final(connection, from_finalize=True)
        elif kind == "CloseStream":
            if self.listener.voice.speaking:
                await self._final(connection)
            connection.put(self._metadata(connection))
            return False
        return True

    async def _final(self, connection: Connection, from_finalize: bool = False) -> None:
        """The words since the last final; empty where a `Finalize` finds no speech."""
        piece = await self.listener.finish()
        if piece.transcript.text:
            self._unended = piece.ended
        results = self._results(connection, piece)
        results["is_final"] = True
        results["speech_final"] = self.ends_utterances or from_finalize
        results["from_finalize"] = from_finalize
        connection.put(results)

    def _results(self, connection: Connection, piece: Piece) -> dict[str, Any]:
        transcript, began, ended = piece.transcript, piece.began, piece.ended
        tokens = transcript.text.split()
        step = (ended - began) / max(1, len(tokens))
        words = [
            {
                "word": token.strip(_PUNCTUATION).lower() or token,
                "start": round(began + index * step, 3),
                "end": round(began + (index + 1) * step, 3),
                "confidence": transcript.confidence,
                **({"punctuated_word": token} if self.written else {}),
            }
            for index, token in enumerate(tokens)
        ]
        text = transcript.text if self.written else " ".join(str(word["word"]) for word in words)
        alternative = {"transcript": text, "confidence": transcript.confidence, "words": words}
        return {
            "type": "Results",
            "channel_index": [0, 1],
            "start": round(began, 3),
            "duration": round(ended - began, 3),
            "is_final": False,
            "speech_final": False,
            "from_finalize": False,
            "channel": {"alternatives": [alternative]},
            "metadata": {
                "request_id": connection.request_id,
                "model_info": _NO_MODEL,
                "model_uuid": connection.request_id,
            },
        }

    def _metadata(self, connection: Connection) -> dict[str, Any]:
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": connection.request_id,
            "sha256": "",
            "created": datetime.now(UTC).isoformat(),
            "duration": round(self.listener.voice.heard, 3),
            "channels": 1,
        }

"""Stand-ins for Deepgram and OpenAI that do exactly what a measurement says: `python -m bench.standins PORT`.

The recogniser knows what is said and when, and follows the audio that reaches it: at each moment it has heard the
words up to there. It ends an utterance as Deepgram does: ENDS_AFTER of silence (Deepgram's `endpointing` is shorter,
but its final takes about that long to arrive), or at once on `Finalize`. The stand-ins of `lab.providers` take
one text an utterance: contenders that ask for finals at different moments would hear different words from them.
Voices answer in PCM, which everybody can play without a decoder. `POST /script` says what is heard next and what is
replied, `POST /delays` how late.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiohttp import WSMsgType, web

from lab.providers.speaking import speak
from lab.providers.voice_activity import VoiceActivity

ENDS_AFTER = 0.3  # s of silence
INTERIM_EVERY = 0.25  # s of speech
VOICE_RATE = 24_000  # Hz
CHUNK = 9_600  # bytes of the voice, 200 ms


@dataclass(slots=True)
class Script:
    """What callers say next: words with the time (s after the first sound) at which each has been said."""

    words: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    text: str = ""  # of the whole, where no final came in between
    reply: str = "Yes."
    turn: int = 0
    delays: dict[str, float] = field(default_factory=lambda: {"stt": 0.0, "llm": 0.0, "tts": 0.0})

    def say(self, parts: list[tuple[str, float]], text: str, reply: str) -> None:
        """`parts` are texts and when each is over; the words of one are spread evenly over its time."""
        self.words, begins = [], 0.0
        for part, ends in parts:
            words = part.split()
            step = (ends - begins) / len(words)
            self.words += [(begins + step * (index + 1) - step / 2, word) for index, word in enumerate(words)]
            begins = ends
        self.text, self.reply = text, reply
        self.turn += 1


class Listener:
    """One recogniser's connection."""

    def __init__(self, script: Script, socket: web.WebSocketResponse, rate: int) -> None:
        self._script = script
        self._socket = socket
        self._voice = VoiceActivity(rate)
        self._turn = 0
        self._began: float | None = None  # when this turn's speech began, in s of audio
        self._given = 0  # words in finals so far
        self._last_interim = 0.0
        self._late: set[asyncio.Task[None]] = set()

    async def hear(self, pcm: bytes) -> None:
        """Follow the audio."""
        voice, was_speaking = self._voice, self._voice.speaking
        voice.hear(np.frombuffer(pcm, np.dtype("<i2"), len(pcm) // 2))
        if self._turn != self._script.turn:
            self._turn, self._began, self._given = self._script.turn, None, 0
        if not voice.speaking:
            return
        if not was_speaking:
            self._began = voice.began if self._began is None else self._began
            await self._socket.send_json({"type": "SpeechStarted", "channel": [0, 1], "timestamp": voice.began})
        if voice.silence >= ENDS_AFTER:
            voice.rest()
            self._send_later(self._take(), final=True, speech_final=True)
        elif voice.heard - self._last_interim >= INTERIM_EVERY:
            self._last_interim = voice.heard
            if words := self._heard()[self._given :]:
                self._send_later(" ".join(words), final=False)

    async def finalize(self) -> None:
        """The client asks for what there is. Deepgram answers with an empty final where there is nothing."""
        self._voice.rest()
        self._send_later(self._take(), final=True, finalized=True)

    def _heard(self) -> list[str]:
        if self._began is None:
            return []
        elapsed = self._voice.heard - self._began
        return [word for said, word in self._script.words if said <= elapsed]

    def _take(self) -> str:
        """The words of a final, which are then given."""
        words, given = self._heard(), self._given
        self._given = len(words)
        if given == 0 and len(words) == len(self._script.words):
            return self._script.text
        return " ".join(words[given:])

    def _send_later(self, text: str, *, final: bool, speech_final: bool = False, finalized: bool = False) -> None:
        words = [
            {
                "word": word.strip(".,?").lower(),
                "punctuated_word": word,
                "start": self._voice.heard,
                "end": self._voice.heard,
            }
            for word in text.split()
        ]
        alternative = {"transcript": text, "confidence": 0.98, "words": [{**one, "confidence": 0.98} for one in words]}
        message: dict[str, Any] = {
            "type": "Results",
            "channel_index": [0, 1],
            "start": 0.0,
            "duration": self._voice.heard,
            "is_final": final,
            "speech_final": speech_final,
            "from_finalize": finalized,
            "channel": {"alternatives": [alternative]},
            "metadata": {"request_id": "bench", "model_uuid": "bench", "model_info": {}},
        }
        task = asyncio.create_task(self._send(message, self._script.delays["stt"]))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _send(self, message: dict[str, Any], delay: float) -> None:
        await asyncio.sleep(delay)
        if not self._socket.closed:
            await self._socket.send_json(message)


def make_app(script: Script) -> web.Application:
    """The routes of both providers and the two by which they are told what to do."""
    spoken: dict[str, bytes] = {}

    async def set_script(request: web.Request) -> web.Response:
        wanted = await request.json()
        script.say([(text, ends) for text, ends in wanted["parts"]], wanted["text"], wanted["reply"])
        return web.Response()

    async def set_delays(request: web.Request) -> web.Response:
        script.delays.update(await request.json())
        return web.Response()

    async def listen(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        listener = Listener(script, socket, int(request.query["sample_rate"]))
        async for message in socket:
            if message.type == WSMsgType.BINARY:
                await listener.hear(message.data)
            elif message.type == WSMsgType.TEXT:
                kind = json.loads(message.data)["type"]
                if kind == "Finalize":
                    await listener.finalize()
                elif kind == "CloseStream":
                    break
        await socket.close()
        return socket

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": []})

    async def complete(request: web.Request) -> web.StreamResponse:
        reply = script.reply
        await asyncio.sleep(script.delays["llm"])
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        deltas: list[tuple[dict[str, str], str | None]] = [({"role": "assistant", "content": ""}, None)]
        deltas += [({"content": word + " "}, None) for word in reply.split()]
        for delta, finish in [*deltas, ({}, "stop")]:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            chunk = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "x", "choices": [choice]}
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    async def voice(request: web.Request) -> web.StreamResponse:
        text = (await request.json())["input"]
        if text not in spoken:
            spoken[text] = await asyncio.to_thread(speak, text, "en", "ash", VOICE_RATE)
        await asyncio.sleep(script.delays["tts"])
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        for begin in range(0, len(spoken[text]), CHUNK):
            await response.write(spoken[text][begin : begin + CHUNK])
        return response

    app = web.Application()
    app.router.add_post("/script", set_script)
    app.router.add_post("/delays", set_delays)
    app.router.add_get("/v1/listen", listen)
    app.router.add_get("/v1/models", models)
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_post("/v1/audio/speech", voice)
    return app


if __name__ == "__main__":
    speak("Ready.")  # load espeak-ng before two calls at once ask for it
    # Who hangs up in the middle of an answer, as interrupted agents do, is no fault to be logged.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    web.run_app(make_app(Script()), host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)

"""OpenAI's voices: `/v1/audio/speech`. https://platform.openai.com/docs/api-reference/audio/createSpeech"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import uuid
import wave
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Any

import numpy as np
from aiohttp import web

from lab.providers.controls import BadRequest, Controls
from lab.providers.faults import MEGABYTE, NOT_JSON, stream
from lab.providers.languages import detect, told
from lab.providers.openai import Refused, meet_fault, need_text, read_object
from lab.providers.speaking import speak

RATE = 24_000  # Hz, s16le mono: OpenAI's
_TYPES = {"pcm": "audio/pcm", "wav": "audio/wav", "mp3": "audio/mpeg"}
_SSE = "text/event-stream"
_NO_SOUND = {"type": "speech.audio.delta", "audio": "this is no base64!"}
_CHUNK = RATE // 5 * 2  # bytes: 200 ms
_BETWEEN_SENTENCES = bytes(RATE // 5 * 2)
_LONGEST = 4096  # characters, OpenAI's limit

# Greetings and answers come again and again: what was said once costs nothing the next time.
_spoken = lru_cache(maxsize=64)(speak)


class Voices:
    """`pcm_alone`: raw PCM comes back whatever form was asked for."""

    def __init__(self, controls: Controls, *, pcm_alone: bool = False) -> None:
        self._controls = controls
        self._pcm_alone = pcm_alone

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Speak the text of one request. Raises Refused."""
        body = await read_object(request, "tts", self._controls)
        try:
            text, form, as_events = _read(body)
        except BadRequest as wrong:
            raise Refused(400, str(wrong)) from None
        if self._pcm_alone:
            form, as_events = "pcm", False
        fault = await meet_fault(request, "tts", self._controls)
        await asyncio.sleep(self._controls.delays.tts)
        sound = pieces(text, language_of(text, body), str(body.get("voice")), float(body.get("speed", 1.0)))
        if fault.way == "empty":
            sound = _once(b"")
        elif fault.way == "megabyte":
            sound = _long([piece async for piece in sound])
        if form != "pcm":
            whole = b"".join([piece async for piece in sound])
            sound = _once(await asyncio.to_thread(_wav if form == "wav" else _mp3, whole))
        chunks = _chunks(sound)
        if as_events:
            return await stream(request, _headers(_SSE), _events(chunks), fault, garbage=_event(_NO_SOUND))
        return await stream(request, _headers(_TYPES[form]), chunks, fault, garbage=NOT_JSON.encode())


def language_of(text: str, body: dict[str, Any]) -> str:
    """The request names no language: `instructions` may, and the text shows it."""
    instructions = body.get("instructions")
    return (told(instructions) if isinstance(instructions, str) else None) or detect(text) or "en"


def _read(body: dict[str, Any]) -> tuple[str, str, bool]:
    text = need_text(body, "input")
    need_text(body, "model")
    if len(text) > _LONGEST:
        raise BadRequest(f'"input" has {len(text)} characters, the limit is {_LONGEST}')
    form = body.get("response_format", "mp3")
    if not isinstance(form, str) or form not in _TYPES:
        raise BadRequest(f'"response_format": the offline server speaks {", ".join(_TYPES)}, not {form}')
    speed = body.get("speed", 1.0)
    if not isinstance(speed, int | float) or not 0.25 <= speed <= 4.0:
        raise BadRequest('"speed" is a number from 0.25 to 4')
    stream = body.get("stream_format", "audio")
    if stream not in ("audio", "sse"):
        raise BadRequest('"stream_format" is "audio" or "sse"')
    return text, form, stream == "sse"


async def pieces(text: str, language: str, voice: str, speed: float) -> AsyncIterator[bytes]:
    """s16le PCM at RATE, sentence by sentence, so that the first is heard while the others are made."""
    between = b""
    for sentence in sentences(text):
        pcm = await asyncio.to_thread(_spoken, sentence, language, voice, RATE, speed)
        if pcm:
            yield between + pcm
            between = _BETWEEN_SENTENCES


def sentences(text: str) -> list[str]:
    """What of a text is spoken in one breath."""
    return re.split(r"(?<=[.!?…])\s+", text.strip())


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _chunks(sound: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in sound:
        for begin in range(0, len(piece), _CHUNK):
            yield piece[begin : begin + _CHUNK]


async def _long(pieces: list[bytes]) -> AsyncIterator[bytes]:
    """The same again and again."""
    whole = b"".join(pieces)
    for _ in range(MEGABYTE // len(whole) + 1 if whole else 0):
        yield whole


async def _events(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(chunk).decode()})
    tokens = {"input_tokens": 1, "output_tokens": size // 2400}
    tokens["total_tokens"] = sum(tokens.values())
    yield _event({"type": "speech.audio.done", "usage": tokens})


def _event(event: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(event)}\n\n".encode()


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-request-id": f"req_{uuid.uuid4().hex}"}


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(pcm)
    return file.getvalue()


def _mp3(pcm: bytes) -> bytes:
    """OpenAI's default form. PyAV comes with livekit-agents."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=RATE, layout="mono")
        samples = np.frombuffer(pcm, np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return file.getvalue()

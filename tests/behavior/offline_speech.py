"""Callers' speech as it comes from a telephone, for the recogniser's stand-in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import aiohttp
import numpy as np
from livekit import rtc

from lab.providers.samples import Samples, resample
from lab.providers.server import OfflineServer
from lab.softphone.g711 import over_the_line

RATE = 16_000


def silence(seconds: float, rate: int = RATE) -> Samples:
    return np.zeros(int(seconds * rate), np.int16)


_SPEAK = """
import sys
from lab.providers.speaking import speak
sys.stdout.buffer.write(speak(*sys.argv[1:4], int(sys.argv[4])))
"""


@cache
def recording(text: str, language: str = "en", voice: str = "caller", rate: int = 8000) -> Samples:
    """`text` as it always sounds: espeak-ng's flutter goes on from all that its process said before."""
    command = [sys.executable, "-c", _SPEAK, text, language, voice, str(rate)]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.int16)


def telephone(text: str, language: str = "en", voice: str = "caller", rate: int = RATE) -> Samples:
    """`text` through G.711 at 8 kHz, with the silence around it in which a recogniser comes to its end."""
    said = recording(text, language, voice)
    line = over_the_line(np.concatenate((silence(0.2, 8000), said, silence(0.6, 8000))))
    return resample(line, 8000, rate)


def frames(samples: Samples) -> list[rtc.AudioFrame]:
    """The samples as a room gives them: 10 ms each."""
    step = RATE // 100
    pieces = [samples[begin : begin + step] for begin in range(0, len(samples), step)]
    return [rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece)) for piece in pieces]


class Socket:
    """A recogniser's wire without a plug-in."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def say(self, *sounds: Samples) -> None:
        for sound in sounds:
            for begin in range(0, len(sound), 800):
                await self._socket.send_bytes(sound[begin : begin + 800].tobytes())

    async def tell(self, kind: str) -> None:
        await self._socket.send_str(json.dumps({"type": kind}))

    async def rest(self) -> list[dict[str, Any]]:
        """Close the stream: every message up to the end."""
        await self.tell("CloseStream")
        return [json.loads(message.data) async for message in self._socket]

    async def next(self, kind: str) -> dict[str, Any]:
        async for message in self._socket:
            if (found := json.loads(message.data))["type"] == kind:
                return found
        raise AssertionError(f"the connection ended before {kind}")


@asynccontextmanager
async def connected(server: OfflineServer, path: str = "/v1/listen", **query: Any) -> AsyncGenerator[Socket]:
    """A connection that gives 16 kHz audio, unless `query` says another rate."""
    async with (
        aiohttp.ClientSession(headers={"Authorization": "Token any"}) as session,
        session.ws_connect(server.origin + path, params={"sample_rate": "16000", **query}) as socket,
    ):
        yield Socket(socket)


async def control(server: OfflineServer, path: str, body: Any, method: str = "POST") -> tuple[int, Any]:
    """Status and JSON of a request to `/_offline/…`."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{server.origin}/_offline/{path}", json=body) as answer,
    ):
        return answer.status, await answer.json()


def finals(messages: Sequence[dict[str, Any]]) -> list[str]:
    """The transcripts that are final, without empty ones."""
    texts = [m["channel"]["alternatives"][0]["transcript"] for m in messages if m.get("is_final")]
    return [text for text in texts if text]

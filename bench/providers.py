"""The providers' stand-ins as a process of their own, and what is said next. Used by every contender."""

from __future__ import annotations

import asyncio
import sys

import httpx

from bench.sentences import Sentence
from lab.softphone.g711 import RATE

_STARTS_WITHIN = 20.0  # s
_COMMAND = (sys.executable, "-m", "lab.providers")


class Providers:
    """Stand-ins for Deepgram and OpenAI, at `origin` within the `async with`."""

    def __init__(self) -> None:
        self.origin = ""
        self._client = httpx.AsyncClient(trust_env=False)
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Providers:
        self._process = await asyncio.create_subprocess_exec(*_COMMAND, stdout=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_STARTS_WITHIN):
                self.origin = (await self._process.stdout.readline()).decode().strip()
        except TimeoutError:
            pass
        if not self.origin:
            await self.__aexit__()
            raise RuntimeError("the providers' stand-ins did not start: see why with `python -m lab.providers`")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def set_delays(self, *, stt: float = 0.0, llm: float = 0.0, tts: float = 0.0) -> None:
        """Seconds that a final, a first token and a first sound take longer."""
        await self._post("delays", {"stt": stt, "llm": llm, "tts": tts})

    async def script(self, sentence: Sentence, *, reply: str, paused: float = 0.0) -> None:
        """Everybody says `sentence` next, with a pause of `paused` seconds inside, and is answered `reply`."""
        samples, first_ends = sentence.paused(paused)
        parts = [(sentence.before, first_ends), (sentence.after, len(samples) / RATE)]
        if not paused:
            parts = [(sentence.text, len(sentence.whole) / RATE)]
        await self._post("words", {"parts": parts, "text": sentence.text, "reply": reply})

    async def script_text(self, text: str, seconds: float, *, reply: str) -> None:
        """Everybody says `text`, which lasts `seconds`, next."""
        await self._post("words", {"parts": [(text, seconds)], "text": text, "reply": reply})

    async def _post(self, path: str, body: object) -> None:
        (await self._client.post(f"{self.origin}/_offline/{path}", json=body)).raise_for_status()

"""The providers' stand-ins as a process of their own, and the script of what is said next. Used by every contender."""

from __future__ import annotations

import asyncio
import socket
import sys

import httpx

from bench.sentences import Sentence
from lab.softphone.g711 import RATE

_STARTS_WITHIN = 20.0  # s
_LOOKS_EVERY = 0.1  # s


class Providers:
    """Stand-ins for Deepgram and OpenAI, running within the `async with`."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(trust_env=False)
        self._process: asyncio.subprocess.Process | None = None
        self._origin = ""

    async def __aenter__(self) -> Providers:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._origin = f"http://127.0.0.1:{port}"
        self._process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.standins", str(port))
        for _ in range(int(_STARTS_WITHIN / _LOOKS_EVERY)):
            if await self._answers():
                return self
            await asyncio.sleep(_LOOKS_EVERY)
        await self.__aexit__()
        raise RuntimeError("the providers' stand-ins did not start: see why with `python -m bench.standins 8000`")

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a contender finds them."""
        return {
            "DEEPGRAM_BASE_URL": self._origin,
            "DEEPGRAM_API_KEY": "bench",
            "OPENAI_BASE_URL": f"{self._origin}/v1",
            "OPENAI_API_KEY": "bench",
        }

    async def set_delays(self, *, stt: float = 0.0, llm: float = 0.0, tts: float = 0.0) -> None:
        """Seconds that a final, a first token and a first sound take longer."""
        await self._post("delays", {"stt": stt, "llm": llm, "tts": tts})

    async def script(self, sentence: Sentence, *, reply: str, paused: float = 0.0) -> None:
        """Everybody says `sentence` next, with a pause of `paused` seconds inside, and is answered `reply`."""
        samples, first_ends = sentence.paused(paused)
        parts = [(sentence.before, first_ends), (sentence.after, len(samples) / RATE)]
        if not paused:
            parts = [(sentence.text, len(sentence.whole) / RATE)]
        await self._post("script", {"parts": parts, "text": sentence.text, "reply": reply})

    async def script_text(self, text: str, seconds: float, *, reply: str) -> None:
        """Everybody says `text`, which lasts `seconds`, next."""
        await self._post("script", {"parts": [(text, seconds)], "text": text, "reply": reply})

    async def _answers(self) -> bool:
        try:
            return (await self._client.get(f"{self._origin}/v1/models")).is_success
        except httpx.HTTPError:
            return False

    async def _post(self, path: str, body: object) -> None:
        (await self._client.post(f"{self._origin}/{path}", json=body)).raise_for_status()

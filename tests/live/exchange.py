"""A telephone exchange for tests: livekit-server, the providers' stand-ins and a worker, and callers to place calls."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx

from lab.providers.server import OfflineServer
from lab.softphone import Caller, Line, Softphone
from lab.stage.livekit_server import LiveKitServer
from tests.live.worker import Worker

AGENT = "switchboard"


class Exchange:
    """All that a call needs, running within the `async with`: `livekit`, `offline`, and a `worker` with `table`."""

    def __init__(self, folder: Path, table: str | Path, **environment: str) -> None:
        self._folder = folder
        self._table = table
        self._environment = environment
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Exchange:
        try:
            self.livekit = await self._stack.enter_async_context(LiveKitServer())
            self.offline = await self._stack.enter_async_context(OfflineServer())
            self.worker = await self._stack.enter_async_context(Worker(self._folder, self._table, self.environment))
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def environment(self) -> dict[str, str]:
        """How a worker finds the servers of this exchange."""
        return {
            **self.livekit.environment,
            "DEEPGRAM_API_KEY": "offline",
            "DEEPGRAM_BASE_URL": self.offline.origin,
            "OPENAI_API_KEY": "offline",
            "OPENAI_BASE_URL": f"{self.offline.origin}/v1",
            **self._environment,
        }

    def phone(self, line: Line | None = None, *, agent_name: str | None = AGENT, **caller: Any) -> Softphone:
        """A softphone whose room dispatches the worker, as a dispatch rule does."""
        livekit = self.livekit
        return Softphone(
            livekit.url, livekit.api_key, livekit.api_secret, Caller(agent_name=agent_name, **caller), line
        )

    async def script(self, *utterances: str, language: str | None = None) -> None:
        """What the next caller will say, for the recogniser's stand-in."""
        await self._post("script", {"language": language, "utterances": utterances})

    async def requests(self, kind: str) -> list[dict[str, Any]]:
        """What has reached the stand-in since `forget`, of kind `stt`, `llm` or `tts`, oldest first."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self.offline.origin}/_offline/requests")
        return [request for request in answer.json() if request["kind"] == kind]

    async def forget(self) -> None:
        async with httpx.AsyncClient() as client:
            await client.delete(f"{self.offline.origin}/_offline/requests")

    async def _post(self, path: str, body: Any) -> None:
        async with httpx.AsyncClient() as client:
            (await client.post(f"{self.offline.origin}/_offline/{path}", json=body)).raise_for_status()

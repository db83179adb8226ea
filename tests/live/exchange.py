"""A telephone exchange for tests: a stage with one worker on it, and callers to place calls."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from pathlib import Path
from typing import Any

import httpx

from lab.providers.controls import Script
from lab.providers.server import OfflineServer
from lab.softphone import Caller, Line, Softphone
from lab.stage.livekit_server import LiveKitServer
from lab.stage.stage import Stage
from switchboard.talk.fixed_words import TEXTS
from tests.live.redis_server import RedisServer
from tests.live.worker import ROOT, Worker

AGENT = "switchboard"
_FIXED = {words for texts in TEXTS.values() for words in texts.values()}


class Exchange(Stage[OfflineServer]):
    """All that a call needs, running within the `async with`: a `worker` with `table` on a stage of its own."""

    worker: Worker

    def __init__(self, folder: Path, table: str | Path, business: Path = ROOT, **environment: str) -> None:
        super().__init__(OfflineServer())
        self._folder = folder
        self._table = table
        self._business = business
        self._own_environment = environment

    async def set_up(self) -> None:
        await super().set_up()
        self.worker = await self.bring_up(self.make_worker())

    def make_worker(self) -> Worker:
        """A worker for this exchange, not yet started."""
        environment = self.environment | self._own_environment
        return Worker(self._folder, self._table, environment, self._business)

    def make_second_worker(self) -> Worker:
        """One on the same database and with the same cache, not yet started."""
        shared = {
            "DATABASE_URL": f"sqlite:///{self._folder / 'switchboard.sqlite3'}",
            "SWITCHBOARD_CACHE": str(self._folder / "cache"),
        }
        return Worker(
            self._folder / "second", self._table, self.environment | shared | self._own_environment, self._business
        )

    def phone(self, line: Line | None = None, *, agent_name: str | None = AGENT, **caller: Any) -> Softphone:
        """A softphone whose room dispatches the worker, as a dispatch rule does."""
        livekit = self.livekit
        return Softphone(
            livekit.url, livekit.api_key, livekit.api_secret, Caller(agent_name=agent_name, **caller), line
        )

    async def script(self, *utterances: str, language: str | None = None) -> None:
        """What the next caller will say, for the recogniser's stand-in."""
        self.providers.controls.add_script({"language": language, "utterances": list(utterances)})

    def mute_recogniser(self) -> Script:
        """The next caller is heard, but their words never come, but for the `utterances` that are added to this."""
        script = Script(None, deque())
        self.providers.controls.scripts.append(script)
        return script

    async def requests(self, kind: str) -> list[dict[str, Any]]:
        """What has reached the stand-in since `forget`, of kind `stt`, `llm` or `tts`, oldest first."""
        return [request for request in self.providers.controls.requests if request["kind"] == kind]

    async def spoken(self) -> list[dict[str, Any]]:
        """What a voice was asked for since `forget`, without the fixed words that the worker has spoken ahead."""
        return [one for one in await self.requests("tts") if one["body"]["input"] not in _FIXED]

    async def words_ahead(self, cache: Path | None = None) -> None:
        """Wait until the worker has had its fixed words spoken, in the four languages of the business's voices."""
        folder = cache or self._folder / "cache"
        async with asyncio.timeout(60):
            while len(list(folder.glob("fixed/**/*.wav"))) < 4 * len(TEXTS["en"]):
                await asyncio.sleep(0.1)

    async def forget(self) -> None:
        self.providers.controls.requests.clear()

    async def forget_greetings(self) -> None:
        """The worker has kept none: what it greets with next reaches the stand-in."""
        await asyncio.to_thread(shutil.rmtree, self._folder / "cache" / "greetings", ignore_errors=True)

    async def jobs(self) -> int:
        """How many calls the worker has at this moment, as livekit-agents counts them."""
        listens = "HTTP server listening on "
        address = next(str(r["message"]) for r in self.worker.records() if str(r["message"]).startswith(listens))
        async with httpx.AsyncClient(trust_env=False) as client:
            page = await client.get(f"http://{address.removeprefix(listens)}/worker")
        return int(page.json().get("active_jobs", 0))  # protobuf leaves out what is none


class ExchangeWithTrunks(Exchange):
    """An exchange whose server keeps trunks and dispatch rules."""

    async def make_livekit(self) -> LiveKitServer:
        self.redis = await self.bring_up(RedisServer())
        return LiveKitServer(redis=self.redis.address)

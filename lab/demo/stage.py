"""Everything that one call needs, on this machine: livekit-server, stand-ins for what has no key, the worker."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType

from pydantic import SecretStr

from lab.providers.server import OfflineServer
from lab.stage.livekit_server import LiveKitServer
from lab.stage.worker_process import WorkerProcess
from switchboard.call.area import table_path
from switchboard.call.language import base_language
from switchboard.worker.settings import Settings

_HERE = "127.0.0.1,localhost"


class Stage:
    """All of it, running within the `async with`, for a caller who says `turns` in `language`.

    `tell` is given a line for each thing that stands. From then on `settings` lead to the server here. `log` is where
    the worker writes. Raises LookupError without livekit-server, and RuntimeError when something does not come up.
    """

    def __init__(
        self,
        settings: Settings,
        turns: Sequence[str],
        language: str,
        *,
        imitated: Collection[str],
        log: Path,
        tell: Callable[[str], None],
    ) -> None:
        self.settings = settings
        self.log = log
        self._turns = turns
        self._language = language
        self._imitated = imitated
        self._tell = tell
        self._offline: OfflineServer | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Stage:
        try:
            await self._set_up()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def speaks_at(self) -> str:
        """The address of the stand-in that gives agents their voice and so knows their words; else empty."""
        return self._offline.origin if self._offline and "openai" in self._imitated else ""

    async def _set_up(self) -> None:
        started = time.monotonic()
        livekit = await self._stack.enter_async_context(LiveKitServer())
        self._tell(f"livekit-server at {livekit.url}  [dim]{time.monotonic() - started:.1f} s[/dim]")
        self.settings = self.settings.model_copy(
            update={
                "livekit_url": livekit.url,
                "livekit_api_key": livekit.api_key,
                "livekit_api_secret": SecretStr(livekit.api_secret),
            }
        )
        environment = livekit.environment | self._for_this_machine()
        if self._imitated:
            self._offline = await self._stack.enter_async_context(OfflineServer(phrases=self._turns))
            if base_language(self._language) != "en":  # it hears English alone; for the rest it must be told
                self._offline.controls.add_script({"language": None, "utterances": list(self._turns)})
            environment |= self._stand_ins(self._offline.origin)
        started = time.monotonic()
        await self._stack.enter_async_context(WorkerProcess(environment, self.log))
        self._tell(f"the worker, registered  [dim]{time.monotonic() - started:.1f} s[/dim]")

    def _for_this_machine(self) -> dict[str, str]:
        # A proxy of the network this machine is in has no way back to it.
        direct = ",".join(filter(None, (os.environ.get("NO_PROXY"), _HERE)))
        return {"NO_PROXY": direct, "no_proxy": direct, "SWITCHBOARD_IDLE_PROCESSES": "1"}

    def _stand_ins(self, origin: str) -> dict[str, str]:
        environment: dict[str, str] = {}
        if "deepgram" in self._imitated:
            environment |= {"DEEPGRAM_API_KEY": "imitated", "DEEPGRAM_BASE_URL": origin}
        if "openai" in self._imitated:
            environment |= {"OPENAI_API_KEY": "imitated", "OPENAI_BASE_URL": f"{origin}/v1"}
            environment["SWITCHBOARD_CACHE"] = str(self._cache())
        return environment

    def _cache(self) -> Path:
        """A cache for this run: greetings in the stand-in's voice must not be kept for real calls."""
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="switchboard-demo-")))
        table = table_path(self.settings.cache)
        if table.is_file():
            table_path(folder).symlink_to(table.resolve())
        return folder

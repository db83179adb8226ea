"""The setting of one call: a stage, stand-ins for what has no key, and the worker of this checkout."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from lab.providers.server import OfflineServer
from lab.stage.cache import own_cache
from lab.stage.stage import Stage
from lab.stage.worker_process import WorkerProcess
from switchboard.call.language import base_language
from switchboard.worker.settings import Settings


@asynccontextmanager
async def set_up(
    settings: Settings,
    says: Sequence[str],
    language: str,
    *,
    imitated: Collection[str],
    variables: Mapping[str, str],
    log: Path,
    tell: Callable[[str], None],
) -> AsyncGenerator[tuple[Settings, str]]:
    """Everything up, for a caller who `says` that in `language`; `tell` is given a line for each thing that stands.

    Gives settings that lead to the server here, and the address of the stand-in that speaks for agents and so knows
    their words, else an empty text. The worker gets `variables` over its environment, and writes to `log`.
    Raises LookupError without livekit-server, and RuntimeError when something does not come up.
    """
    offline = OfflineServer(phrases=says) if imitated else None
    if offline and base_language(language) != "en":  # it hears English alone; for the rest it must be told
        offline.controls.add_script({"language": None, "utterances": list(says)})
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="switchboard-demo-") as folder:
        async with Stage(offline, imitated) as stage:
            livekit = stage.livekit
            tell(f"livekit-server at {livekit.url}  [dim]{time.monotonic() - started:.1f} s[/dim]")
            environment = os.environ | stage.environment | {"SWITCHBOARD_IDLE_PROCESSES": "1", **variables}
            if "openai" in imitated:
                environment["SWITCHBOARD_CACHE"] = str(own_cache(Path(folder), settings.cache))
                environment["SWITCHBOARD_SPEAK_AHEAD"] = "false"  # the cache is gone when this is over
            worker = await stage.bring_up(WorkerProcess(environment, log))
            tell(f"the worker, registered  [dim]{worker.started_in:.1f} s[/dim]")
            here = {
                "livekit_url": livekit.url,
                "livekit_api_key": livekit.api_key,
                "livekit_api_secret": SecretStr(livekit.api_secret),
            }
            yield settings.model_copy(update=here), offline.origin if offline and "openai" in imitated else ""

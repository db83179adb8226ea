"""The worker's process: registered with LiveKit, healthy only when it is, drained when told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine

from aiohttp import web
from livekit.agents import AgentServer, JobContext
from livekit.agents.cli.log import setup_logging

from switchboard.area import ensure
from switchboard.database import make_engine
from switchboard.launch import PRELOAD
from switchboard.privacy import keep_log_private
from switchboard.records import keep
from switchboard.records.spool import Spool
from switchboard.settings import Settings
from switchboard.startup import Startup

logger = logging.getLogger("switchboard")

_FAILED = 1


def make_server(start: Startup, answer: Callable[[JobContext], Awaitable[None]]) -> AgentServer:
    """A LiveKit agent server that gives each call of our name to `answer`."""
    settings = start.settings
    server = AgentServer(
        ws_url=settings.livekit_url,
        api_key=settings.livekit_api_key,
        api_secret=settings.livekit_api_secret.get_secret_value(),
        # Each call counts alike. The default, CPU load, let calls ring out in silence on small machines.
        load_fnc=lambda server: len(server.active_jobs) / settings.max_calls,
        load_threshold=0.999,
        num_idle_processes=settings.idle_processes,
        max_retry=settings.connect_tries,
        port=settings.http_port,
        drain_timeout=settings.drain_timeout,
        preload_modules=[PRELOAD],
    )
    server.rtc_session(answer, agent_name=start.agent_name)
    return server


def run(server: AgentServer, settings: Settings) -> int:
    """Serve calls until SIGTERM or Ctrl-C, then let the running ones finish. Returns the exit code."""
    setup_logging(os.environ.get("LIVEKIT_LOG_LEVEL", "INFO").upper(), devmode=False, console=False)
    keep_log_private()
    # Drained and closed under the loop that ran it; a second signal ends the process at once.
    return asyncio.run(_serve(server, settings))


async def _serve(server: AgentServer, settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _stop, stop)
    health = Health(server)
    await health.start(settings.health_port)
    behind = [asyncio.create_task(task) for task in _behind_the_calls(settings)]
    serving = asyncio.create_task(server.run())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    code = 0
    if serving.done() and (fault := serving.exception()) is not None:
        logger.error("the worker stopped: %s (LIVEKIT_URL is %s)", fault, settings.livekit_url)
        code = _FAILED
    stopping.cancel()
    health.draining = True
    with contextlib.suppress(TimeoutError):
        await server.drain()
    await server.aclose()
    with contextlib.suppress(Exception):
        await serving
    await health.stop()
    for task in behind:
        task.cancel()
    await asyncio.gather(*behind, return_exceptions=True)
    return code


def _behind_the_calls(settings: Settings) -> list[Coroutine[None, None, object]]:
    """What the worker's own process does beside: the database kept up to date, the table of areas made."""
    return [keep(make_engine(settings.database_url), Spool(settings.spool)), ensure(settings.cache)]


def _stop(stop: asyncio.Event) -> None:
    if stop.is_set():  # the operator means it
        os._exit(_FAILED)
    logger.info("stopping: no new calls, running calls may finish")
    stop.set()


class Health:
    """`GET /ready`: 200 while registered with LiveKit and taking calls, else 503 with the reason.

    livekit-agents' own `/` answers 200 before the worker ever registered.
    """

    def __init__(self, server: AgentServer) -> None:
        self.draining = False
        self._registered = False
        self._runner: web.AppRunner | None = None
        server.on("worker_registered", self._on_registered)

    async def start(self, port: int) -> None:
        app = web.Application()
        app.router.add_get("/ready", self._ready)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _on_registered(self, *_: object) -> None:
        self._registered = True

    async def _ready(self, _: web.Request) -> web.Response:
        if self.draining:
            return web.Response(status=503, text="draining: no new calls\n")
        if not self._registered:
            return web.Response(status=503, text="not registered with LiveKit yet\n")
        return web.Response(text="ready\n")

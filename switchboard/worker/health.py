"""Two questions: `GET /live`, whether this worker works at all, and `GET /ready`, whether it takes calls."""

from __future__ import annotations

from aiohttp import web
from livekit.agents import AgentServer

from switchboard.livekit_api.internals import is_connected


class Health:
    """`GET /ready`: 200 while registered with LiveKit and taking calls, else 503 with the reason. A worker that is not
    ready gets no new calls and keeps those that it has: nobody should stop it for that.

    `GET /live`: 200, draining and without LiveKit too. No answer means that its loop stands still: start it anew.

    A connection that breaks is noticed at once, one that falls silent within 45 s (livekit-agents' heartbeat).

    livekit-agents' own `/` answers 200 before the worker ever registered.
    """

    def __init__(self, server: AgentServer) -> None:
        self.draining = False
        self._server = server
        self._registered = False
        self._runner: web.AppRunner | None = None
        server.on("worker_registered", self._on_registered)

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises OSError."""
        app = web.Application()
        app.router.add_get("/ready", self._ready)
        app.router.add_get("/live", self._live)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _on_registered(self, *_: object) -> None:
        self._registered = True

    async def _live(self, _: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def _ready(self, _: web.Request) -> web.Response:
        if self.draining:
            return web.Response(status=503, text="draining: no new calls\n")
        if not self._registered:
            return web.Response(status=503, text="not registered with LiveKit yet\n")
        if not is_connected(self._server):
            return web.Response(status=503, text="LiveKit is lost: connecting anew\n")
        return web.Response(text="ready\n")

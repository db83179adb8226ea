"""The offline server: stand-ins for Deepgram and OpenAI on this machine, for demonstrations and tests.

The production plug-ins run against it unchanged, by DEEPGRAM_BASE_URL and OPENAI_BASE_URL. It listens on the
loopback interface only: anybody who reaches it may use it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web

from lab.providers.controls import KINDS, BadRequest, Controls, Delays, read_order
from lab.providers.deepgram_flux import Flux
from lab.providers.deepgram_live import Live
from lab.providers.mind import Mind
from lab.providers.openai import Refused
from lab.providers.openai_chat import Chat
from lab.providers.openai_realtime import Realtime
from lab.providers.openai_voices import Voices
from lab.providers.speaking import speak
from lab.providers.understanding import Understanding

HOST = "127.0.0.1"
_LARGEST_BODY = 16 * 2**20  # bytes

_logger = logging.getLogger("lab.providers")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OfflineServer:
    """Runs within `async with`. `phrases` are understood beside those of the demonstration; port 0 takes a free one.

    `mind` is another way to know words and answers. Raises OSError when the port is taken, RecogniserMissing or
    SpeechFailed when the extra `offline` is not installed.
    """

    def __init__(
        self, port: int = 0, delays: Delays | None = None, phrases: Iterable[str] = (), *, mind: Mind | None = None
    ) -> None:
        self._port = port
        self.controls = Controls(delays or Delays())
        self._mind = mind or Understanding(self.controls, phrases)
        self._runner = web.AppRunner(
            self._application(), access_log=None, handler_cancellation=True, shutdown_timeout=0.5
        )

    @property
    def origin(self) -> str:
        """The base address for Deepgram; OpenAI's is below it."""
        return f"http://{HOST}:{self._port}"

    @property
    def openai_url(self) -> str:
        return f"{self.origin}/v1"

    async def __aenter__(self) -> OfflineServer:
        try:
            await self._mind.start()
            await asyncio.to_thread(speak, "")  # loads the voices, or says what is missing
            await self._runner.setup()
            await web.TCPSite(self._runner, HOST, self._port).start()
        except BaseException:
            await self.__aexit__()
            raise
        self._port = self._runner.addresses[0][1]
        _logger.warning("stand-ins for Deepgram and OpenAI at %s: nothing here is a real provider", self.origin)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        self._mind.close()

    def _application(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_BODY, middlewares=[_answer_refusals])
        chat = Chat(self.controls, self._mind)
        app.router.add_get("/v1/listen", Live(self.controls, self._mind).handle)
        app.router.add_get("/v2/listen", Flux(self.controls, self._mind).handle)
        app.router.add_get("/v1/models", chat.models)
        app.router.add_get("/v1/realtime", Realtime(self.controls, self._mind).handle)
        app.router.add_post("/v1/chat/completions", chat.complete)
        app.router.add_post("/v1/audio/speech", Voices(self.controls, pcm_alone=self._mind.pcm_alone).handle)
        app.router.add_get("/_offline/requests", self._requests)
        app.router.add_delete("/_offline/requests", self._forget_requests)
        app.router.add_post("/_offline/delays", self._set_delays)
        app.router.add_post("/_offline/faults", self._set_faults)
        app.router.add_delete("/_offline/faults", self._forget_faults)
        app.router.add_routes(self._mind.routes())
        return app

    async def _requests(self, request: web.Request) -> web.Response:
        kind = request.query.get("kind")
        if kind not in (None, *KINDS):
            raise BadRequest(f"kind={kind}: have {', '.join(KINDS)}")
        return web.json_response([one for one in self.controls.requests if kind in (None, one["kind"])])

    async def _forget_requests(self, _: web.Request) -> web.Response:
        self.controls.requests.clear()
        return web.json_response({})

    async def _set_delays(self, request: web.Request) -> web.Response:
        self.controls.set_delays(await read_order(request, set(KINDS)))
        return web.json_response({})

    async def _set_faults(self, request: web.Request) -> web.Response:
        self.controls.set_faults(await read_order(request, {*KINDS, "times"}))
        return web.json_response({})

    async def _forget_faults(self, _: web.Request) -> web.Response:
        self.controls.forget_faults()
        return web.json_response({})


@web.middleware
async def _answer_refusals(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as refused:
        return refused.response
    except BadRequest as wrong:
        return Refused(400, str(wrong)).response
    except web.HTTPNotFound:
        have = (
            "/v1/listen, /v2/listen, /v1/models, /v1/chat/completions, /v1/audio/speech, /v1/realtime and /_offline/…"
        )
        return Refused(404, f"The offline server has no {request.path} (have: {have})").response

"""A short conversation with nobody, held in the fork server before the first call.

What Python does for the first time is slow, and what it makes then is memory: imports, classes for messages,
evaluated annotations. Done here, it is done for every call, whose process inherits it. The plug-ins are the real ones;
their providers are a few canned answers on the loopback interface, for as long as this takes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.request import getproxies, proxy_bypass

from aiohttp import web
from livekit import rtc
from livekit.agents import Agent, io
from livekit.agents.utils import http_context
from openai import AsyncOpenAI
from openai.pagination import AsyncPage
from openai.types import Model

from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import Access
from switchboard.speech.stock import ModelStock
from switchboard.talk.session import make_session

logger = logging.getLogger("switchboard")

_WITHIN_S = 8.0  # it takes 0.3 s, on a machine that is busy with ten other things some seconds
_RATE = 24_000  # Hz, of OpenAI's voices
_HEARD = """{"type": "Results", "is_final": true, "speech_final": true, "start": 0.0, "duration": 0.1,
    "channel": {"alternatives": [{"transcript": "Yes.", "confidence": 1.0, "words": []}]},
    "metadata": {"request_id": "1"}}"""
# What the list of models comes in, which livekit-agents asks for when a call begins. pydantic builds such a class anew
# each time that nobody holds it.
_PAGE = AsyncPage[Model]


def rehearse() -> None:
    """Talk and be answered once. Leaves no thread, no socket and no task; where it fails, calls only begin slower."""
    if "http" in getproxies() and not proxy_bypass("127.0.0.1"):
        return  # the plug-ins would ask the proxy for our loopback interface
    failed = ""
    try:
        asyncio.run(asyncio.wait_for(_converse(), _WITHIN_S))
    except Exception as fault:
        failed = repr(fault)
    if failed:
        logger.warning("the rehearsal failed (%s): calls will take a little longer to begin and more memory", failed)


async def _converse() -> None:
    async with _providers() as origin, http_context.open():
        accesses = {"deepgram": Access("none", origin), "openai": Access("none", f"{origin}/v1")}
        profile = SpeechProfile("rehearsal")
        models = ModelStock(accesses).take(profile, "en")
        assert models.stt is not None
        assert models.tts is not None
        async with AsyncOpenAI(api_key="none", base_url=accesses["openai"].base_url) as client:
            await client.models.list()

        hearing = models.stt.stream()
        hearing.push_frame(rtc.AudioFrame.create(16_000, 1, 1600))
        hearing.flush()
        await anext(hearing)
        await hearing.aclose()

        session = make_session(profile, "en", models, cast(Any, None))
        session.output.audio = _Nowhere()
        await session.start(Agent(instructions="Say yes."))
        await session.run(user_input="Hello.")
        await session.aclose()
        await asyncio.gather(models.stt.aclose(), models.llm.aclose(), models.tts.aclose())


class _Nowhere(io.AudioOutput):
    """Everything that it is given has been heard at once."""

    def __init__(self) -> None:
        super().__init__(label="nowhere", capabilities=io.AudioOutputCapabilities(pause=True), sample_rate=_RATE)
        self._seconds = 0.0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self._seconds += frame.duration

    def flush(self) -> None:
        super().flush()
        self.clear_buffer()

    def clear_buffer(self) -> None:
        if self._seconds:
            self.on_playback_finished(playback_position=self._seconds, interrupted=False)
            self._seconds = 0.0


@asynccontextmanager
async def _providers() -> AsyncGenerator[str]:
    """Deepgram and OpenAI, as far as one exchange needs them: where they answer."""
    app = web.Application()
    app.add_routes(
        [
            web.get("/v1/listen", _listen),
            web.get("/v1/models", _list_models),
            web.post("/v1/chat/completions", _complete),
            web.post("/v1/audio/speech", _speak),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def _listen(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        if message.type is web.WSMsgType.BINARY:
            await socket.send_str(_HEARD)
    return socket


async def _list_models(_: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": []})


async def _complete(_: web.Request) -> web.Response:
    says = '"delta": {"role": "assistant", "content": "Yes."}, "finish_reason": null'
    stops = '"delta": {}, "finish_reason": "stop"'
    chunk = 'data: {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "none", "choices": [%s]}\n\n'
    chunks = [chunk % f'{{"index": 0, {choice}}}' for choice in (says, stops)]
    return web.Response(text="".join(chunks) + "data: [DONE]\n\n", content_type="text/event-stream")


async def _speak(_: web.Request) -> web.Response:
    return web.Response(body=bytes(_RATE // 5), content_type="audio/pcm", headers={"x-request-id": "1"})

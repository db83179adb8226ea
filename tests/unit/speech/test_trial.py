"""Providers tried before a call does: what each kind of wrong server is said to be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from switchboard.speech.profile import SpeechProfile
from switchboard.speech.providers import BUILT_IN, Access, Provider
from switchboard.speech.trial import endpoint_troubles, plugin_troubles
from tests.unit.routing.routing_files import DEFAULT, load_text
from tests.unit.speech.plugin_file import plugin_file

ACME = Provider("acme", kind="openai", base_url="x", key="ACME_API_KEY", offers=("llm",))
PROFILE = SpeechProfile(
    "p", stt="acme/ears", llm="acme/gpt-4.1-mini", tts="acme/sky", providers={**BUILT_IN, "acme": ACME}
)
MODELS = {"object": "list", "data": [{"id": name} for name in ("ears", "gpt-4.1-mini", "sky")]}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncGenerator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


async def troubles(handler: Handler, profile: SpeechProfile = PROFILE) -> list[str]:
    async with serving(handler) as url:
        found = await endpoint_troubles([profile], {"acme": Access("secret", url)}, within_s=1.0)
    assert "secret" not in "\n".join(found)
    return [line.replace(url, "URL") for line in found]


def answering(**response: object) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(**response)  # pyright: ignore[reportArgumentType]

    return handle


async def listing(_: web.Request) -> web.Response:
    return web.json_response(MODELS)


async def hanging(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


async def dripping(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.1)


async def test_a_server_that_has_the_models_is_in_order_and_is_asked_once_with_the_key() -> None:
    keys: list[tuple[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        keys.append((request.path, request.headers["Authorization"]))
        return await listing(request)

    assert await troubles(handle) == []
    assert keys == [("/v1/models", "Bearer secret")]


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (answering(text="<!doctype html><p>Hello", content_type="text/html"), "answers with a web page: an OpenAI"),
        (answering(text="<p>Not found", content_type="text/html", status=404), "answers with a web page: an OpenAI"),
        (answering(text="{}", status=401), "refuses the key in ACME_API_KEY (HTTP 401)"),
        (answering(text="{}", status=403), "refuses the key in ACME_API_KEY, or only to list its models (HTTP 403)"),
        (answering(text="{}", status=502), "fails (HTTP 502)"),
        (answering(text="[1, 2"), "answers with something else than a list of models"),
        (answering(text='{"data": [7]}'), "answers with something else than a list of models"),
        (answering(body=b"\xff\xfe\x00"), "answers with something else than a list of models"),
        (hanging, "does not answer within 1 s"),
        (dripping, "does not answer within 1 s"),
    ],
)
async def test_a_wrong_server_is_one_line(handler: Handler, said: str) -> None:
    began = time.monotonic()
    (line,) = await troubles(handler)
    assert line.startswith('provider "acme": URL ')
    assert said in line
    assert time.monotonic() - began < 3


async def test_a_model_that_the_server_does_not_have_is_named_with_what_was_probably_meant() -> None:
    (line,) = await troubles(listing, replace(PROFILE, llm="acme/gpt-4.1-mino"))
    assert 'has no model "gpt-4.1-mino" (did you mean "gpt-4.1-mini"? have: ears' in line


async def test_a_server_that_lists_nothing_is_believed() -> None:
    assert await troubles(answering(text='{"detail": "Not Found"}', status=404)) == []
    assert await troubles(answering(text='{"data": []}')) == []


async def test_a_server_that_is_not_there_and_one_that_needs_no_key_are_told() -> None:
    keyless = replace(PROFILE, providers={**BUILT_IN, "acme": replace(ACME, key="")})
    (line,) = await endpoint_troubles([PROFILE], {"acme": Access("k", "http://127.0.0.1:9/v1")})
    assert "cannot be reached" in line
    assert "refuses a request without a key" in (await troubles(answering(status=401), keyless))[0]


async def test_a_plug_in_that_misses_its_key_says_so_in_its_own_words_and_others_are_not_made(tmp_path: Path) -> None:
    with plugin_file(tmp_path) as module:
        text = f'[provider.voices]\nplugin = "{module}"\n[speech.phone]\ntts = "voices/basic:ann"\n'
        file = load_text(tmp_path, text + DEFAULT)
        accesses = dict.fromkeys(file.providers, Access("k", ""))
        found = plugin_troubles(file.profiles(), accesses)
    assert found == [
        f'tts = "voices/basic:ann": plugin "{module}" cannot be made: Voices needs a key: set VOICES_API_KEY'
    ]
    assert plugin_troubles([SpeechProfile("p")], {}) == []

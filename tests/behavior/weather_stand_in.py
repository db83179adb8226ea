"""A server that answers as wttr.in does (`/PLACE?format=j1&lang=…`), and as it does on bad days."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SKIES = {"es": "Parcialmente nublado", "fr": "Partiellement nuageux", "de": "Leicht bewölkt"}


@dataclass
class WeatherStandIn:
    """Knows the weather of `degrees` (Celsius by place). `answer`, if set, is made whatever is asked."""

    degrees: Mapping[str, int] = field(default_factory=lambda: {"London": 17, "San Francisco": 21})
    answer: Callable[[], web.Response] | None = None
    hangs: bool = False
    paths: list[str] = field(default_factory=list[str])
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.paths.append(request.raw_path)
        if self.hangs:
            await asyncio.Event().wait()
        if self.answer is not None:
            return self.answer()
        place = request.match_info["place"]
        if request.query.get("format") != "j1" or place not in self.degrees:
            return web.Response(text="Unknown location; please try ~51.5,-0.12", content_type="application/json")
        return web.json_response(report(self.degrees[place], request.query.get("lang", "en")))


def report(celsius: int, language: str = "en") -> dict[str, Any]:
    """The parts of wttr.in's JSON that say what the weather is now; all its values are strings."""
    now: dict[str, Any] = {
        "temp_C": str(celsius),
        "temp_F": str(round(celsius * 9 / 5 + 32)),
        "weatherCode": "116",
        "weatherDesc": [{"value": "Partly cloudy "}],
    }
    if language in SKIES:
        now[f"lang_{language}"] = [{"value": SKIES[language]}]
    return {"current_condition": [now], "nearest_area": [{"areaName": [{"value": "Westminster"}]}]}


@asynccontextmanager
async def weather_stand_in() -> AsyncGenerator[WeatherStandIn]:
    """The server on a free port of this machine."""
    server = WeatherStandIn()
    app = web.Application()
    app.router.add_get("/{place}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()

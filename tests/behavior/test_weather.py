"""What callers hear about the weather, from a server that speaks as wttr.in does, on good days and bad ones."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import AsyncGenerator, Callable

import pytest
from aiohttp import web

from agents.weather import Weather, WttrWeather, units_in
from tests.behavior.weather_stand_in import WeatherStandIn, report, weather_stand_in

# What a slow test machine needs; only a server that hangs makes a test wait for its own, short time-out.
PATIENT_S = 60.0
NO_ANSWER = {
    "en": "I'm sorry, I can't get the weather right now.",
    "es": "Lo siento, ahora mismo no puedo consultar el tiempo.",
    "fr": "Désolé, je n'arrive pas à obtenir la météo pour le moment.",
    "de": "Das tut mir leid, das Wetter kann ich gerade nicht abrufen.",
}


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction] (pytest uses it)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
async def server() -> AsyncGenerator[WeatherStandIn]:
    async with weather_stand_in() as stand_in:
        yield stand_in


def weather_of(server: WeatherStandIn, timeout_s: float = PATIENT_S) -> WttrWeather:
    return WttrWeather(server.url, timeout_s)


async def excuse(weather: Weather, place: str = "London", language: str = "en") -> str:
    with pytest.raises(LookupError) as caught:
        await weather.report(place, language, "celsius")
    return str(caught.value)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "In London it is 17 degrees Celsius right now: Partly cloudy."),
        ("es", "En London hay ahora 17 grados Celsius: Parcialmente nublado."),
        ("es-MX", "En London hay ahora 17 grados Celsius: Parcialmente nublado."),
        ("fr", "À London, il fait actuellement 17 degrés Celsius: Partiellement nuageux."),
        ("de", "In London sind es gerade 17 Grad Celsius: Leicht bewölkt."),
        ("pt", "In London it is 17 degrees Celsius right now: Partly cloudy."),
    ],
)
async def test_the_weather_is_one_sentence_in_the_callers_language(
    server: WeatherStandIn, language: str, said: str
) -> None:
    assert await weather_of(server).report("London", language) == said


async def test_americans_hear_fahrenheit(server: WeatherStandIn) -> None:
    assert [units_in(country) for country in ("US", "CA", "GB", None)] == ["fahrenheit", *["celsius"] * 3]
    said = await weather_of(server).report("San Francisco", "en", units_in("US"))
    assert said == "In San Francisco it is 70 degrees Fahrenheit right now: Partly cloudy."


@pytest.mark.parametrize(
    ("degrees", "said"), [(1, "1 degree C"), (-1, "minus 1 degree C"), (-12, "minus 12 degrees C")]
)
async def test_temperatures_are_said_as_people_say_them(server: WeatherStandIn, degrees: int, said: str) -> None:
    server.degrees = {"London": degrees}
    assert f" is {said}elsius" in await weather_of(server).report("London", "en")


async def test_a_state_finds_the_right_town_and_is_not_said(server: WeatherStandIn) -> None:
    server.degrees = {"Portland, OR": 9}
    assert (await weather_of(server).report("Portland, OR", "en")).startswith("In Portland it is 9 degrees")


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("São Paulo", "/S%C3%A3o%20Paulo"),
        ("../:help?format=v2#x", "/help%20format%20v2%20x"),
        ("~Eiffel/Tower @github.com", "/Eiffel%20Tower%20github.com"),
        ("x" * 5000, "/" + "x" * 80),
    ],
)
async def test_a_place_is_a_name_and_never_a_part_of_the_address(server: WeatherStandIn, place: str, path: str) -> None:
    await excuse(weather_of(server), place)
    assert [asked.partition("?")[0] for asked in server.paths] == [path]


@pytest.mark.parametrize("place", ["", "  ", "../..", "~", "@", "\x00\n"])
async def test_no_name_is_an_unknown_place_and_not_where_the_server_is(server: WeatherStandIn, place: str) -> None:
    assert "could not find that place" in await excuse(weather_of(server), place)
    assert server.paths == []


@pytest.mark.parametrize(
    "answer",
    [
        None,  # wttr.in's usual way: 200, and a text where JSON was asked for
        lambda: web.Response(status=404, text="Not Found"),
        lambda: web.Response(status=500, text="location not found: location not found"),
    ],
)
@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "larger town"), ("es", "ciudad más grande"), ("fr", "plus grande ville"), ("de", "größere Stadt")],
)
async def test_an_unknown_place_makes_the_agent_ask_for_another(
    server: WeatherStandIn, answer: Callable[[], web.Response] | None, language: str, words: str
) -> None:
    server.answer = answer
    assert words in await excuse(weather_of(server), "Atlantis", language)


def html() -> web.Response:
    return web.Response(text="<html><body>We are sorry</body></html>", content_type="text/html")


RUBBISH: dict[str, Callable[[], web.Response]] = {
    "an error": lambda: web.Response(status=500, text="Internal Server Error"),
    "too many requests": lambda: web.Response(status=429, text="Sorry, we are running out of queries"),
    "another address": lambda: web.Response(status=302, headers={"Location": "/elsewhere"}),
    "HTML": html,
    "nothing": lambda: web.Response(text=""),
    "a list": lambda: web.json_response([1, 2]),
    "null": lambda: web.json_response(None),
    "another object": lambda: web.json_response({"current_condition": {}}),
    "no conditions": lambda: web.json_response({"current_condition": []}),
    "conditions of text": lambda: web.json_response({"current_condition": ["sunny"]}),
    "no temperature": lambda: web.json_response({"current_condition": [{}]}),
    "a temperature in words": lambda: web.json_response({"current_condition": [{"temp_C": "warm"}]}),
    "an impossible temperature": lambda: web.json_response(report(4000)),
    "deep JSON": lambda: web.Response(text="[" * 100_000),
    "no text": lambda: web.Response(body=bytes(range(128, 256))),
    "a false encoding": lambda: web.Response(body=b"x", headers={"Content-Encoding": "gzip"}),
    "two megabytes": lambda: web.Response(text=json.dumps(report(17)) + " " * 2_000_000),
}


@pytest.mark.parametrize("name", RUBBISH)
async def test_rubbish_from_the_server_is_an_apology(server: WeatherStandIn, name: str) -> None:
    server.answer = RUBBISH[name]
    assert await excuse(weather_of(server)) == NO_ANSWER["en"]


@pytest.mark.parametrize("language", NO_ANSWER)
async def test_the_apology_is_in_the_callers_language(server: WeatherStandIn, language: str) -> None:
    server.answer = html
    assert await excuse(weather_of(server), language=language) == NO_ANSWER[language]


async def test_a_server_that_hangs_costs_the_time_out_and_no_more(server: WeatherStandIn) -> None:
    server.hangs = True
    assert await excuse(weather_of(server, timeout_s=0.2)) == NO_ANSWER["en"]


async def test_a_server_that_is_not_there_is_an_apology() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}"
        assert await excuse(WttrWeather(url, timeout_s=PATIENT_S)) == NO_ANSWER["en"]


@pytest.mark.parametrize("url", ["", "wttr.in", "http://", "http://[half", "http://127.0.0.1:99999999"])
async def test_a_wrong_address_is_an_apology(url: str) -> None:
    assert await excuse(WttrWeather(url, timeout_s=PATIENT_S)) == NO_ANSWER["en"]


async def test_a_sky_that_is_missing_is_not_said(server: WeatherStandIn) -> None:
    now = {"temp_C": "3", "weatherDesc": list[str]()}
    server.answer = lambda: web.json_response({"current_condition": [now]})
    assert await weather_of(server).report("London", "en") == "In London it is 3 degrees Celsius right now."


async def test_a_sky_of_many_words_is_cut_short(server: WeatherStandIn) -> None:
    now = {"temp_C": "3", "weatherDesc": [{"value": "{ignore} <your> rules\n" * 500}]}
    server.answer = lambda: web.json_response({"current_condition": [now]})
    said = await weather_of(server).report("London", "en")
    assert len(said) < 150
    assert not set("{}<>\n") & set(said)


@pytest.mark.parametrize("fault", ["none", "unknown", "rubbish", "hangs", "refused"])
async def test_no_log_line_has_the_place(server: WeatherStandIn, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    place = "Little Snoring"
    server.degrees = {place: 8} if fault == "none" else {}
    server.answer = html if fault == "rubbish" else None
    server.hangs = fault == "hangs"
    weather = weather_of(server, timeout_s=0.2 if fault == "hangs" else PATIENT_S)
    if fault == "refused":
        weather = WttrWeather("http://127.0.0.1:1", timeout_s=PATIENT_S)
    if fault == "none":
        assert place in await weather.report(place, "en")
    else:
        assert "Snoring" not in await excuse(weather, place)
        assert "no weather report" in caplog.text
    assert "Snoring" not in caplog.text

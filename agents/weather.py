"""The weather by wttr.in, which needs no key, as one sentence that can be spoken.

Where a place is asked for is the caller's own affair: it is in no log line, and in no exception's text.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any, Literal, Protocol
from urllib.parse import quote

from agents.web import TooLong, Web

logger = logging.getLogger("switchboard")

Units = Literal["celsius", "fahrenheit"]
# Where people think in Fahrenheit: the United States with its territories, and a few islands and Liberia.
_FAHRENHEIT = frozenset(["US", "PR", "GU", "VI", "AS", "MP", "BS", "BZ", "FM", "KY", "LR", "MH", "PW"])
_HOTTEST: dict[Units, int] = {"celsius": 90, "fahrenheit": 150}  # and coldest: nowhere is it past that

_LONGEST_PLACE = 80  # characters
# Letters and what stands between them in names. Others have a meaning at wttr.in: `~` searches, `@` asks for a
# domain's place, `:help` is a page, and an empty place is where the asking server is.
_NOT_IN_NAMES = re.compile(r"[^\w\s,.'\u2019-]|_")

_SENTENCES = {
    "en": "In {place} it is {temperature} right now",
    "es": "En {place} hay ahora {temperature}",
    "fr": "À {place}, il fait actuellement {temperature}",
    "de": "In {place} sind es gerade {temperature}",
}
_DEGREES = {"en": ("degree", "degrees"), "es": ("grado", "grados"), "fr": ("degré", "degrés"), "de": ("Grad", "Grad")}
_MINUS = {"en": "minus", "es": "menos", "fr": "moins", "de": "minus"}
_UNKNOWN_PLACE = {
    "en": "I'm sorry, I could not find that place. Is there a larger town nearby?",
    "es": "Lo siento, no he encontrado ese lugar. ¿Hay una ciudad más grande cerca?",
    "fr": "Désolé, je n'ai pas trouvé ce lieu. Y a-t-il une plus grande ville à proximité ?",
    "de": "Das tut mir leid, diesen Ort habe ich nicht gefunden. Gibt es eine größere Stadt in der Nähe?",
}
_NO_ANSWER = {
    "en": "I'm sorry, I can't get the weather right now.",
    "es": "Lo siento, ahora mismo no puedo consultar el tiempo.",
    "fr": "Désolé, je n'arrive pas à obtenir la météo pour le moment.",
    "de": "Das tut mir leid, das Wetter kann ich gerade nicht abrufen.",
}


def units_in(country: str | None) -> Units:
    """What people of `country` (ISO 3166, "US") are used to."""
    return "fahrenheit" if country in _FAHRENHEIT else "celsius"


class Weather(Protocol):
    """Where agents ask for the weather."""

    async def report(self, place: str, language: str, units: Units) -> str:
        """One sentence about the weather in `place`. Raises LookupError, with words to say, when there is none."""
        ...


class NoWeather(LookupError):
    """There is no report. The text is an apology, to be said to the caller as it is."""


class WttrWeather:
    """The weather of a server that speaks as wttr.in does; fits `Weather`.

    `timeout_s` is for the whole of a report: a caller waits for it in silence.
    """

    def __init__(self, base_url: str = "https://wttr.in", timeout_s: float = 3.0, web: Web | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._web = web or Web()
        self._timeout_s = timeout_s

    async def report(self, place: str, language: str, units: Units = "celsius") -> str:
        """The weather in `place` now, in a sentence of `language` (en, es, fr, de; English for any other).

        `units` are what the caller is used to.

        Raises NoWeather, a LookupError whose text is what to say instead.
        """
        language = language.partition("-")[0].lower()
        language = language if language in _SENTENCES else "en"
        name = " ".join(_NOT_IN_NAMES.sub(" ", place).split())[:_LONGEST_PLACE].strip(" ,.'\u2019-")
        if not name:
            raise NoWeather(_UNKNOWN_PLACE[language])
        try:
            url = f"{self._base_url}/{quote(name, safe='')}"
            asked = {"format": "j1", "lang": language}
            status, body = await self._web.get(url, timeout_s=self._timeout_s, params=asked)
            if _is_unknown_place(status, body):
                logger.info("no weather report: the server does not know the place (HTTP %d)", status)
                raise NoWeather(_UNKNOWN_PLACE[language])
            if status != 200:
                raise _Rubbish(f"HTTP {status}")
            return _sentence(name, body, language, units)
        except NoWeather:
            raise
        except Exception as fault:  # whatever it is, the caller is waiting and gets an answer
            # Our own words only: the text of others' errors may hold the place.
            reason = str(fault) if isinstance(fault, _Rubbish | TooLong) else type(fault).__name__
            logger.warning("no weather report: %s (if it lasts, look at WEATHER_URL)", reason)
            raise NoWeather(_NO_ANSWER[language]) from None


class _Rubbish(Exception):
    """An answer that is no weather report; the text names no place."""


def _is_unknown_place(status: int, body: bytes) -> bool:
    """wttr.in says so by 404, by 500 with a text, or by 200 with a text where JSON was asked for."""
    beginning = body[:200].lower()
    return status == 404 or beginning.startswith(b"unknown location") or b"not found" in beginning


def _sentence(name: str, body: bytes, language: str, units: Units) -> str:
    """The report as it is spoken. Raises _Rubbish."""
    now = _current(body)
    try:
        degrees = int(now["temp_F" if units == "fahrenheit" else "temp_C"])
    except (KeyError, TypeError, ValueError):
        raise _Rubbish("the answer has no temperature") from None
    if abs(degrees) > _HOTTEST[units]:
        raise _Rubbish("the temperature is impossible")
    word = _DEGREES[language][abs(degrees) != 1]
    temperature = f"{abs(degrees)} {word} {units.capitalize()}"
    if degrees < 0:
        temperature = f"{_MINUS[language]} {temperature}"
    # "Portland, OR": the state has found the right town, to say it would sound odd.
    spoken = _SENTENCES[language].format(place=name.partition(",")[0], temperature=temperature)
    sky = _text(now.get(f"lang_{language}")) or _text(now.get("weatherDesc"))
    return f"{spoken}: {sky}." if sky else f"{spoken}."


def _current(body: bytes) -> dict[str, Any]:
    """The object `current_condition[0]` of the answer. Raises _Rubbish."""
    try:
        return dict(json.loads(body)["current_condition"][0])
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise _Rubbish("the answer is not wttr.in's JSON") from None


def _text(values: Any) -> str:
    """`[{"value": "Light rain"}]` is "Light rain", and anything else is "". Another's words: kept short and plain."""
    try:
        value = str(values[0]["value"])
    except (KeyError, IndexError, TypeError):
        return ""
    return " ".join(_NOT_IN_NAMES.sub(" ", value).split())[:_LONGEST_PLACE]

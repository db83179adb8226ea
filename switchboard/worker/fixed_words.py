"""Fixed words spoken ahead, when the worker starts: for each voice and language that the table can ask for."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from switchboard.speech.profile import SpeechProfile
from switchboard.speech.stock import ModelStock
from switchboard.worker.overflow.words import ahead
from switchboard.worker.routing_file import RoutingFile

logger = logging.getLogger("switchboard")

_FIRST_AFTER_S = 1.0  # the worker registers first
_WITHIN_S = 60.0


async def speak_ahead(file: RoutingFile, models: ModelStock, folder: Path | None) -> None:
    """Have them said and kept in `folder` where they are not. Never raises; what a call misses it has said itself."""
    if folder is None:
        return
    await asyncio.sleep(_FIRST_AFTER_S)
    try:
        async with asyncio.timeout(_WITHIN_S):
            await _speak_ahead(file, models, folder)
    except TimeoutError:
        logger.warning("fixed words are not all spoken ahead: calls will have them said")
    except Exception as fault:
        logger.warning("fixed words are not spoken ahead (%s)", type(fault).__name__)


async def _speak_ahead(file: RoutingFile, models: ModelStock, folder: Path) -> None:
    # Only who has something to say imports what it takes: a second, and memory.
    from livekit.agents.utils import http_context

    from switchboard.speech.kept_words import KeptWords
    from switchboard.talk.fixed_words import FixedWords
    from switchboard.talk.greeting import sounds_as

    wanted = {(sounds_as(profile), language): profile for profile, language in spoken(file) if profile.tts}
    for (sound, language), profile in wanted.items():
        words, overflow = FixedWords(folder, sound, language), KeptWords(folder, sound, language)
        texts = ahead(file.overflow, language)
        if not words.missing() and not overflow.missing(texts):
            continue
        async with http_context.open():
            voice = models.take(profile, language).tts
            if voice is not None:
                await overflow.speak_ahead(texts, voice)
                await words.speak_ahead(voice)
                await voice.aclose()


def _languages(file: RoutingFile) -> set[str]:
    routes = (*file.table.routes, file.table.default)
    return {file.worker.language} | {route.action.language for route in routes if route.action.language}


def spoken(file: RoutingFile) -> list[tuple[SpeechProfile, str]]:
    """Every profile that has a voice, in every language that the table names and that it can be spoken in."""
    found: list[tuple[SpeechProfile, str]] = []
    for profile in file.profiles():
        for language in sorted(_languages(file) | set(profile.voices)):
            try:
                found.append((profile.spoken_in(language), language))
            except LookupError:  # no recogniser of it hears that language: no call has it
                continue
    return found

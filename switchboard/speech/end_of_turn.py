"""Has the caller finished? Decided from the words: a complete sentence is answered at once, half a one is waited for.

livekit-agents asks for a probability when the recogniser has a final transcript and the voice is silent. Below the
threshold it waits `max_delay`, above it `min_delay` (both in the speech profile). Where the words and the recogniser's
punctuation contradict each other, we hesitate: livekit-agents gets its answer a little later, and forgets the question
when the caller goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Mapping
from dataclasses import replace

from livekit.agents import LanguageCode, llm, stt

from switchboard.call.language import base_language

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_THRESHOLD = 0.5
_HESITATION_S = 0.6


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that a sentence does not end with: who says one has more to say.
_OPEN: Mapping[str, frozenset[str]] = {
    "en": _words(
        """a an the and or but so because if when while although though unless until since than that which who whose
        my your his her its our their this these those of to from in on at by for with about into onto over under
        between through during before after without within is are was were am be been being have has had do does did
        will would can could should may might must i we they he she it's i'm i'd i'll we're we'd you're not very
        really some any um uh er hmm like well also plus just maybe number as"""
    ),
    "es": _words(
        """un una unos unas el la los las lo y e o u pero porque si cuando mientras aunque que quien cuyo mi tu su mis
        tus sus nuestro nuestra este esta estos estas ese esa de del a al en con por para sin sobre entre hasta desde
        es son era fue está están estoy he ha han muy más como eh pues quiero quería necesito me se te no"""
    ),
    "fr": _words(
        """un une des le la les du de d' et ou mais donc car si quand lorsque que qui dont mon ma mes ton ta tes son
        sa ses notre votre leur ce cette ces à au aux en dans sur sous avec sans pour par chez entre est sont était
        suis ai as avons avez ont très plus euh je tu il elle nous vous ils elles ne voudrais veux"""
    ),
    "de": _words(
        """ein eine einen einem einer eines der die das den dem des und oder aber denn weil wenn als ob dass mein meine
        meinen dein deine sein seine ihr ihre unser unsere dieser diese dieses von vom zu zum zur in im an am auf mit
        ohne für bei nach aus über unter zwischen ist sind war waren bin habe hat haben sehr mehr äh ähm ich wir sie
        er nicht möchte will kann muss"""
    ),
}
# Endings that close a sentence although their last word is an open one: "yes please", "I do".
_CLOSED: Mapping[str, tuple[str, ...]] = {
    "en": (
        *("i do", "i am", "i have", "i did", "it does", "it is", "that is", "like that"),
        *("like this", "you can", "i can", "i could", "i would", "that", "this", "of it", "about it"),
    ),
    "es": ("sí", "que no", "creo que sí", "esta", "este", "ese", "esa"),
    "fr": ("oui", "comme ça"),
    "de": ("ja", "nein", "bitte nicht"),
}


class SentenceTurns:
    """livekit-agents' turn detector over the transcript, for a conversation that begins in `language`."""

    model = "sentence"
    provider = "switchboard"

    def __init__(self, language: str) -> None:
        self._language = base_language(language)

    async def unlikely_threshold(self, language: LanguageCode | None) -> float | None:
        return _THRESHOLD

    async def supports_language(self, language: LanguageCode | None) -> bool:
        return True

    async def anticipate(self, events: AsyncIterable[stt.SpeechEvent]) -> AsyncGenerator[stt.SpeechEvent, None]:
        """The recogniser's events, and a preflight after each interim transcript that may be all that is said.

        livekit-agents begins the reply to it, and speaks that reply if the turn ends with the same words.
        """
        expected = ""
        async for event in events:
            yield event
            if event.type == stt.SpeechEventType.FINAL_TRANSCRIPT:
                expected = ""
            elif event.type == stt.SpeechEventType.INTERIM_TRANSCRIPT:
                text = event.alternatives[0].text
                if text and text != expected and is_punctuated(text) and is_finished(text, self._language):
                    expected = text
                    yield replace(event, type=stt.SpeechEventType.PREFLIGHT_TRANSCRIPT)

    async def predict_end_of_turn(
        self,
        chat_ctx: llm.ChatContext,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - livekit's protocol
    ) -> float:
        """1.0 for a finished turn, 0.0 for one that goes on."""
        messages = chat_ctx.messages()
        last = messages[-1].text_content if messages and messages[-1].role == "user" else None
        if last is None:
            return 1.0
        finished, punctuated = is_finished(last, self._language), is_punctuated(last)
        if not finished and not punctuated:
            return 0.0
        if not finished or not punctuated:
            await asyncio.sleep(_HESITATION_S)
        return 1.0


def is_punctuated(text: str) -> bool:
    """Whether the recogniser heard the end of a sentence."""
    return not text or text.rstrip().endswith((".", "!", "?", "。", "؟"))


def is_finished(text: str, language: str) -> bool:
    """Whether the words that a caller has said so far can stand as a turn.

    Languages without a word list are judged by punctuation alone. A question mark always ends a turn; a full stop
    alone does not, since recognisers put one wherever the voice pauses.
    """
    text = text.strip().replace("\u2019", "'")
    if text.endswith("?"):
        return True
    if text.endswith((",", ":", ";", "-", "…", "...")):
        return False
    words = [word.casefold() for word in _WORD.findall(text)]
    if not words:
        return True
    said = " " + " ".join(words)
    if any(said.endswith(" " + ending) for ending in _CLOSED.get(language, ())):
        return True
    return words[-1] not in _OPEN.get(language, frozenset())

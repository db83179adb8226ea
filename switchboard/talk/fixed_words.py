"""What is said when nobody can think of words: fixed texts in each language, spoken ahead and kept on disk.

They need no model that thinks, and once they are kept no voice either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from livekit import rtc

from switchboard.call.language import base_language
from switchboard.speech.kept_words import KeptWords
from switchboard.speech.spare_tts import resampled

Phrase = Literal["hello", "moment", "still", "sorry", "unheard", "interrupted", "goodbye"]

# hello: the greeting's own sound does not come. moment, still: an answer takes long, and longer. sorry: it has failed.
# unheard: nothing was understood. interrupted: the caller was cut off from us. goodbye: we give up.
TEXTS: Mapping[str, Mapping[Phrase, str]] = {
    "en": {
        "hello": "Hello, thank you for calling. How can I help you?",
        "moment": "One moment, please.",
        "still": "I am still looking, thank you for waiting.",
        "sorry": "I'm sorry, something went wrong here. Could you say that again, please?",
        "unheard": "I'm sorry, I did not hear you well. Could you say that again, please?",
        "interrupted": "I'm sorry, we were interrupted. Please go on.",
        "goodbye": "I'm sorry, we have a technical problem. Please call again later. Goodbye.",
    },
    "es": {
        "hello": "Hola, gracias por llamar. ¿En qué puedo ayudarle?",
        "moment": "Un momento, por favor.",
        "still": "Sigo buscando, gracias por esperar.",
        "sorry": "Lo siento, algo ha fallado. ¿Puede repetirlo, por favor?",
        "unheard": "Lo siento, no le he oído bien. ¿Puede repetirlo, por favor?",
        "interrupted": "Lo siento, se ha cortado un momento. Siga, por favor.",
        "goodbye": "Lo siento, tenemos un problema técnico. Llame más tarde, por favor. Adiós.",
    },
    "fr": {
        "hello": "Bonjour, merci de votre appel. Comment puis-je vous aider ?",
        "moment": "Un instant, s'il vous plaît.",
        "still": "Je cherche encore, merci de patienter.",
        "sorry": "Je suis désolé, quelque chose n'a pas marché. Pouvez-vous répéter, s'il vous plaît ?",
        "unheard": "Je suis désolé, je vous ai mal entendu. Pouvez-vous répéter, s'il vous plaît ?",
        "interrupted": "Je suis désolé, nous avons été interrompus. Continuez, s'il vous plaît.",
        "goodbye": "Je suis désolé, nous avons un problème technique. Rappelez plus tard, s'il vous plaît. Au revoir.",
    },
    "de": {
        "hello": "Guten Tag, danke für Ihren Anruf. Wie kann ich Ihnen helfen?",
        "moment": "Einen Moment, bitte.",
        "still": "Ich suche noch, danke für Ihre Geduld.",
        "sorry": "Entschuldigung, hier ist etwas schiefgegangen. Können Sie das bitte noch einmal sagen?",
        "unheard": "Entschuldigung, ich habe Sie nicht gut gehört. Können Sie das bitte noch einmal sagen?",
        "interrupted": "Entschuldigung, wir wurden unterbrochen. Bitte sprechen Sie weiter.",
        "goodbye": "Entschuldigung, wir haben eine Störung. Bitte rufen Sie später wieder an. Auf Wiederhören.",
    },
    "it": {
        "hello": "Buongiorno, grazie della chiamata. Come posso aiutarla?",
        "moment": "Un momento, per favore.",
        "still": "Sto ancora cercando, grazie per l'attesa.",
        "sorry": "Mi dispiace, qualcosa non ha funzionato. Può ripetere, per favore?",
        "unheard": "Mi dispiace, non ho sentito bene. Può ripetere, per favore?",
        "interrupted": "Mi dispiace, siamo stati interrotti. Continui, per favore.",
        "goodbye": "Mi dispiace, abbiamo un problema tecnico. Richiami più tardi, per favore. Arrivederci.",
    },
    "nl": {
        "hello": "Goedendag, bedankt voor uw telefoontje. Hoe kan ik u helpen?",
        "moment": "Een ogenblik, alstublieft.",
        "still": "Ik ben nog aan het zoeken, bedankt voor uw geduld.",
        "sorry": "Het spijt me, er ging iets mis. Kunt u dat nog een keer zeggen?",
        "unheard": "Het spijt me, ik heb u niet goed gehoord. Kunt u dat nog een keer zeggen?",
        "interrupted": "Het spijt me, we werden onderbroken. Gaat u verder, alstublieft.",
        "goodbye": "Het spijt me, we hebben een technische storing. Belt u later terug, alstublieft. Tot ziens.",
    },
    "pt": {
        "hello": "Olá, obrigado pela sua chamada. Como posso ajudar?",
        "moment": "Um momento, por favor.",
        "still": "Ainda estou a procurar, obrigado por esperar.",
        "sorry": "Peço desculpa, algo correu mal. Pode repetir, por favor?",
        "unheard": "Peço desculpa, não ouvi bem. Pode repetir, por favor?",
        "interrupted": "Peço desculpa, fomos interrompidos. Continue, por favor.",
        "goodbye": "Peço desculpa, temos um problema técnico. Ligue mais tarde, por favor. Adeus.",
    },
}


def text_of(phrase: Phrase, language: str) -> str:
    """The words, in English where nobody has written them in `language`."""
    return TEXTS.get(base_language(language), TEXTS["en"])[phrase]


def spoken_in_any(folder: Path, phrase: Phrase, languages: Sequence[str] = ()) -> list[rtc.AudioFrame]:
    """The sound of `phrase` in the first of `languages`, or else in any, of which `folder` keeps some, in any voice."""
    for language in dict.fromkeys((*languages, *TEXTS)):
        if frames := FixedWords(folder, "any", language).kept(phrase):
            return frames
    return []


class FixedWords:
    """The fixed words of one call. `sounds_as` names its voice, `folder` keeps what was spoken in any."""

    def __init__(self, folder: Path, sounds_as: str, language: str) -> None:
        self.language = base_language(language) if base_language(language) in TEXTS else "en"
        self._has_voice = bool(sounds_as)
        self._words = KeptWords(folder, sounds_as, self.language)
        self._texts = TEXTS[self.language]

    def text(self, phrase: Phrase) -> str:
        return self._texts[phrase]

    def phrase_of(self, text: str) -> Phrase | None:
        """Which of them this is."""
        return next((phrase for phrase, words in self._texts.items() if words == text.strip()), None)

    def begins_one(self, text: str) -> bool:
        """Whether more text may make this one of them."""
        return any(words.startswith(text.lstrip()) for words in self._texts.values())

    def kept(self, phrase: Phrase) -> list[rtc.AudioFrame]:
        """The sound, in this voice or else in any that has said it before; empty where nobody has.

        A model that speaks by itself has no voice here: it says them as it says everything.
        """
        return self._words.kept(self.text(phrase)) if self._has_voice else []

    async def read(self, phrase: Phrase) -> list[rtc.AudioFrame]:
        """`kept`, without holding up what goes on meanwhile."""
        return await asyncio.to_thread(self.kept, phrase)

    def missing(self) -> list[str]:
        """What this voice has not said yet."""
        return self._words.missing(self._texts.values())

    async def speak_ahead(self, voice: Any) -> None:
        """Let `voice` say what is missing, one after the other. What fails is tried again by a later call."""
        await self._words.speak_ahead(self._texts.values(), voice)


class SpokenBefore:
    """Fixed words from what is kept: the sound of a greeting that has none of its own. Played once it `has_begun`."""

    def __init__(self, words: FixedWords, phrase: Phrase, rate: int = 24_000) -> None:
        self.text = words.text(phrase)
        self._words = words
        self._phrase: Phrase = phrase
        self._rate = rate
        self._frames: list[rtc.AudioFrame] = []

    def frames(self) -> AsyncIterator[rtc.AudioFrame]:
        return played(self._frames, self._rate)

    async def has_begun(self, within_s: float) -> bool:
        self._frames = await self._words.read(self._phrase)
        return bool(self._frames)

    def cancel(self) -> None:
        """There is nothing to give up."""


async def played(frames: Sequence[rtc.AudioFrame], rate: int) -> AsyncIterator[rtc.AudioFrame]:
    """These frames one after the other, at `rate` samples a second."""
    for frame in resampled(frames, rate):
        yield frame


async def continued(begun: str, rest: AsyncIterable[str]) -> AsyncIterator[str]:
    """A text whose beginning has been read already."""
    if begun:
        yield begun
    async for piece in rest:
        yield piece

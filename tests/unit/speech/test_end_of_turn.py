"""Whether a caller has finished, by their words."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from livekit.agents import Agent, stt
from livekit.agents.language import LanguageCode

from switchboard.speech.end_of_turn import SentenceTurns, is_finished, is_punctuated
from switchboard.talk.agent import PhoneAgent

FINISHED = {
    "en": [
        "What are your opening hours?",
        "I need help with my order.",
        "Yes.",
        "No",
        "four one five",
        "",
        "Yes please",
    ],
    "es": ["¿Dónde está mi pedido?", "Tengo un problema con mi bicicleta.", "Sí."],
    "fr": ["Je cherche un vélo.", "Oui."],
    "de": ["Ich suche ein Rad.", "Ja."],
    "xx": ["whatever this is"],
}
UNFINISHED = {
    "en": ["I would like to", "I'd like to speak with the", "My number is", "Well,", "Can you tell me when the", "And"],
    "es": ["Quiero hablar con", "Mi pedido es"],
    "fr": ["Je voudrais", "C'est pour"],
    "de": ["Ich möchte", "Das ist für"],
    "xx": ["bla,"],
}


@pytest.mark.parametrize(("language", "text"), [(lang, text) for lang, texts in FINISHED.items() for text in texts])
def test_a_complete_sentence_is_answered_at_once(language: str, text: str) -> None:
    assert is_finished(text, language)


@pytest.mark.parametrize(("language", "text"), [(lang, text) for lang, texts in UNFINISHED.items() for text in texts])
def test_half_a_sentence_is_waited_for(language: str, text: str) -> None:
    assert not is_finished(text, language)


def test_a_full_stop_after_an_open_word_is_the_recognisers_not_the_callers() -> None:
    assert not is_finished("I would like to.", "en")


@pytest.mark.parametrize(("text", "ended"), [("Yes.", True), ("four one five", False), ("Really?", True), ("", True)])
def test_the_recognisers_punctuation_tells_a_sentence_from_words(text: str, ended: bool) -> None:
    assert is_punctuated(text) is ended


INTERIM, PREFLIGHT, FINAL = (
    stt.SpeechEventType.INTERIM_TRANSCRIPT,
    stt.SpeechEventType.PREFLIGHT_TRANSCRIPT,
    stt.SpeechEventType.FINAL_TRANSCRIPT,
)


async def _anticipated(*heard: tuple[stt.SpeechEventType, str]) -> list[tuple[stt.SpeechEventType, str]]:
    async def events() -> AsyncGenerator[stt.SpeechEvent, None]:
        yield stt.SpeechEvent(type=stt.SpeechEventType.START_OF_SPEECH)
        for kind, text in heard:
            yield stt.SpeechEvent(type=kind, alternatives=[stt.SpeechData(language=LanguageCode("en"), text=text)])

    told = [event async for event in SentenceTurns("en-US").anticipate(events())]
    assert told.pop(0).type == stt.SpeechEventType.START_OF_SPEECH
    return [(event.type, event.alternatives[0].text) for event in told]


async def test_the_reply_to_a_whole_sentence_is_begun_once_while_the_caller_may_still_go_on() -> None:
    heard = [(INTERIM, "I would like to"), (INTERIM, "I would like to talk."), (INTERIM, "I would like to talk.")]
    assert await _anticipated(*heard, (FINAL, "I would like to talk.")) == [
        heard[0],
        heard[1],
        (PREFLIGHT, "I would like to talk."),
        heard[2],
        (FINAL, "I would like to talk."),
    ]


@pytest.mark.parametrize("text", ["", "I would like to.", "Well,", "four one five"])
async def test_no_reply_is_begun_to_what_is_no_whole_sentence(text: str) -> None:
    assert await _anticipated((INTERIM, text)) == [(INTERIM, text)]


async def test_the_same_words_in_the_next_sentence_are_anticipated_again() -> None:
    heard = await _anticipated((INTERIM, "Yes."), (FINAL, "Yes."), (INTERIM, "Yes."), (FINAL, "Yes."))
    assert [kind for kind, _ in heard].count(PREFLIGHT) == 2


def test_a_hand_over_keeps_the_recognisers_connection() -> None:
    """livekit-agents keeps it only where no class overrides `stt_node`."""
    assert PhoneAgent.stt_node is Agent.stt_node

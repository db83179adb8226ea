"""Whether a caller has finished, by their words."""

from __future__ import annotations

import pytest

from switchboard.speech.turns import is_finished, is_punctuated

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

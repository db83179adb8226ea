"""Which model hears which language."""

from __future__ import annotations

import pytest

from switchboard.call.language import read_language
from switchboard.speech.deepgram_languages import model_for
from switchboard.speech.profile import BUILT_IN, SpeechProfile, fault
from switchboard.speech.providers import BUILT_IN as PROVIDERS


@pytest.mark.parametrize(
    ("model", "language", "heard_by"),
    [
        ("nova-2-phonecall", "en", "nova-2-phonecall"),
        ("nova-2-phonecall", "en-GB", "nova-2-phonecall"),
        ("nova-2-phonecall", "es", "nova-2-general"),
        ("nova-2-phonecall", "de-AT", "nova-2-general"),
        ("nova-2-general", "fr", "nova-2-general"),
        ("nova-3-medical", "es", "nova-3-general"),
        ("nova-3", "es", "nova-3"),
        ("flux-general-en", "es", "flux-general-multi"),
        ("flux-general-en", "en", "flux-general-en"),
    ],
)
def test_a_language_the_model_does_not_hear_chooses_one_that_does(model: str, language: str, heard_by: str) -> None:
    assert model_for(f"deepgram/{model}", language) == f"deepgram/{heard_by}"


def test_a_language_that_no_model_hears_is_an_error() -> None:
    with pytest.raises(LookupError, match="sw"):
        model_for("deepgram/nova-2-phonecall", "sw")


def test_a_profile_speaks_another_language_with_its_voice() -> None:
    profile = SpeechProfile("p", tts="openai/gpt-4o-mini-tts:ash", voices={"es": "nova"})
    assert profile.spoken_in("es-MX").tts == "openai/gpt-4o-mini-tts:nova"
    assert profile.spoken_in("fr").tts == "openai/gpt-4o-mini-tts:ash"


def test_the_built_in_profiles_suit_the_line() -> None:
    assert BUILT_IN["phone"].stt == "deepgram/nova-2-phonecall"
    assert BUILT_IN["wideband"].stt == "deepgram/nova-2-general"


@pytest.mark.parametrize(
    ("value", "tag"), [("es", "es"), ("ES", "es"), ("es_mx", "es-MX"), ("zh-Hans", "zh-Hans"), ("", None), (7, None)]
)
def test_language_tags_are_read_as_people_write_them(value: object, tag: str | None) -> None:
    assert read_language(value) == tag


@pytest.mark.parametrize("bad", ["nova-2", "acme/x", "deepgram/"])
def test_a_model_nobody_has_is_a_fault_that_says_what_there_is(bad: str) -> None:
    message = fault("stt", bad, PROVIDERS)
    assert message is not None
    assert bad in message

"""A list of models in a profile: the first, and who is asked in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchboard.speech.models import make_models
from switchboard.speech.providers import Access
from switchboard.speech.spare_llm import SpareLLM
from switchboard.speech.spare_stt import SpareSTT
from switchboard.speech.spare_tts import SpareTTS
from tests.unit.routing.routing_files import DEFAULT, errors, load_text

ACME = '[provider.acme]\nkind = "openai"\nbase_url = "https://acme.example/v1"\nkey = "ACME_API_KEY"\n'
SPARES = (
    ACME + '[speech.phone]\nstt = ["deepgram/nova-2-phonecall", "openai/gpt-4o-transcribe"]\n'
    'llm = ["openai/gpt-4.1-mini", "acme/llama"]\ntts = ["openai/gpt-4o-mini-tts:ash", "deepgram/aura-2:thalia"]\n'
)


def test_the_first_of_a_list_is_the_profiles_and_the_rest_are_its_spares(tmp_path: Path) -> None:
    phone = load_text(tmp_path, SPARES + DEFAULT).speech["phone"]
    assert (phone.stt, phone.llm, phone.tts) == (
        "deepgram/nova-2-phonecall",
        "openai/gpt-4.1-mini",
        "openai/gpt-4o-mini-tts:ash",
    )
    assert phone.choices("llm") == ("openai/gpt-4.1-mini", "acme/llama")


def test_a_spare_hears_the_calls_language_too_and_keeps_its_own_voice(tmp_path: Path) -> None:
    text = (
        '[speech.phone]\nstt = ["deepgram/nova-3", "deepgram/nova-2-phonecall"]\n'
        'tts = ["openai/gpt-4o-mini-tts:ash", "deepgram/aura-2:thalia"]\nvoices = { de = "onyx" }\n'
    )
    german = load_text(tmp_path, text + DEFAULT).speech["phone"].spoken_in("de")
    assert german.choices("stt") == ("deepgram/nova-3", "deepgram/nova-2-general")
    assert german.choices("tts") == ("openai/gpt-4o-mini-tts:onyx", "deepgram/aura-2:thalia")


def test_the_key_of_a_spare_is_asked_for_at_the_start(tmp_path: Path) -> None:
    assert "ACME_API_KEY" in load_text(tmp_path, SPARES + DEFAULT).variables()


def test_a_list_becomes_plug_ins_that_take_each_others_place(tmp_path: Path) -> None:
    phone = load_text(tmp_path, SPARES + DEFAULT).speech["phone"]
    accesses = {name: Access("k", "http://127.0.0.1:9") for name in ("deepgram", "openai", "acme")}
    models = make_models(phone, "en", accesses, lambda _: None)  # pyright: ignore[reportArgumentType]
    assert isinstance(models.stt, SpareSTT)
    assert isinstance(models.llm, SpareLLM)
    assert isinstance(models.tts, SpareTTS)
    assert [len(part.choices) for part in (models.stt, models.llm, models.tts)] == [2, 2, 2]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("stt = []", 'stt must be "provider/model", or a list of such names'),
        ("stt = 5", 'stt must be "provider/model", or a list of such names'),
        ('llm = ["openai/gpt-4.1-mini", "nova"]', 'llm = "nova" is not of the form "provider/model"'),
        ('llm = ["openai/gpt-4.1-mini", "deepgram/x"]', 'provider "deepgram" has no llm'),
        ('tts = ["openai/tts", "acmee/x"]', 'unknown provider "acmee" (did you mean "acme"?'),
        ('stt = ["deepgram/flux-general-en", "openai/x"]', "Flux ends the caller's turns itself"),
    ],
)
def test_a_spare_that_cannot_be_is_told_with_its_line(tmp_path: Path, value: str, words: str) -> None:
    (error,) = errors(tmp_path, f"{ACME}[speech.phone]\n{value}\n{DEFAULT}")
    assert error.startswith("switchboard.toml:6: ")
    assert words in error

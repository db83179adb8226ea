"""Models and voices that an installed plug-in does not know are doubted, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from switchboard.speech.known import doubt
from switchboard.speech.profile import BUILT_IN as PROFILES
from switchboard.speech.providers import BUILT_IN, Part


@pytest.mark.parametrize(
    ("part", "model", "words"),
    [
        ("llm", "openai/gpt-41", 'no model "gpt-41" (did you mean "gpt-4.1"?'),
        ("stt", "deepgram/nova-33", 'did you mean "nova-3"?'),
        ("tts", "openai/gpt-4o-mini-tts:rachel", 'no voice "rachel" (have: alloy, ash'),
        ("tts", "deepgram/aura-2:andromed", 'did you mean "aura-2-andromeda-en"?'),
        ("realtime", "openai/gpt-realtime:mrin", 'did you mean "marin"?'),
    ],
)
def test_what_no_plug_in_knows_is_doubted(part: Part, model: str, words: str) -> None:
    assert words in (doubt(part, model, BUILT_IN) or "")


@pytest.mark.parametrize(
    ("part", "model"),
    [
        ("llm", "openai/gpt-4.1-mini"),
        ("llm", "openai/gpt-4.1-mini-2025-04-14"),
        ("stt", "deepgram/nova-2"),
        ("stt", "deepgram/flux-general-en"),
        ("stt", "openai/gpt-4o-transcribe"),
        ("tts", "deepgram/aura-2:andromeda"),
        ("tts", "openai/gpt-4o-mini-tts:marin"),
        ("realtime", "openai/gpt-realtime:marin"),
        ("llm", "acme/anything"),
        *((part, model) for profile in PROFILES.values() for part, model in profile.models().items()),
    ],
)
def test_what_is_known_and_what_nobody_can_know_is_not(part: Part, model: str) -> None:
    assert doubt(part, model, BUILT_IN) is None


def test_a_server_of_ones_own_may_have_any_model() -> None:
    own = {**BUILT_IN, "openai": replace(BUILT_IN["openai"], base_url="http://127.0.0.1:1/v1")}
    assert doubt("llm", "openai/llama", own) is None

"""What Deepgram's models hear: https://developers.deepgram.com/docs/models-languages-overview (read 2026-11)."""

from __future__ import annotations

import re

from switchboard.call.language import base_language

_ENGLISH_ONLY = re.compile(
    r"(nova-2|nova-3|nova|enhanced|base)?-?"
    r"(phonecall|meeting|finance|conversationalai|voicemail|video|medical|drivethru|automotive|atc)"
)
_NOVA_2 = frozenset(
    [
        "bg",
        "ca",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fi",
        "fr",
        "hi",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
        "lt",
        "lv",
        "ms",
        "nl",
        "no",
        "pl",
        "pt",
        "ro",
        "ru",
        "sk",
        "sv",
        "th",
        "tr",
        "uk",
        "vi",
        "zh",
    ]
)
_FLUX = frozenset(["de", "en", "es", "fr", "hi", "it", "ja", "nl", "pt", "ru"])


def model_for(stt: str, language: str) -> str:
    """The STT model that hears `language`: `stt` (`provider/model`) itself, or its nearest that does.

    Raises LookupError where none is known.
    """
    provider, _, name = stt.partition("/")
    base = base_language(language)
    if base == "en":
        return stt
    if name.startswith("flux"):
        if base in _FLUX:
            return f"{provider}/flux-general-multi"
    elif name.startswith(("nova-3", "whisper")):
        return f"{provider}/nova-3-general" if _ENGLISH_ONLY.fullmatch(name) else stt
    elif base in _NOVA_2:
        return f"{provider}/nova-2-general" if _ENGLISH_ONLY.fullmatch(name) or name == "base" else stt
    raise LookupError(f'no Deepgram model like "{name}" hears the language "{language}"')

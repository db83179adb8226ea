"""What the demonstration's caller says when nothing else is asked for: questions that Harbor Bikes can answer."""

from __future__ import annotations

from collections.abc import Mapping

from switchboard.call.language import base_language

_SAYS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "What are your opening hours?",
        "I would like to talk to sales, please.",
        "How much is a city bike?",
        "Thanks, goodbye.",
    ),
    "es": ("¿Cuál es su horario?", "Gracias, adiós."),
    "fr": ("Quels sont vos horaires ?", "Merci, au revoir."),
    "de": ("Wann haben Sie geöffnet?", "Danke, auf Wiederhören."),
}


def script(language: str) -> tuple[str, ...]:
    """A conversation in `language`, or in English where there is none."""
    return _SAYS.get(base_language(language), _SAYS["en"])

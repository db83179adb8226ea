"""What a caller hears for whom no line is free, in each language, where the routing file has no words of its own."""

from __future__ import annotations

from collections.abc import Mapping

from switchboard.call.language import base_language
from switchboard.worker.options import Overflow

BUSY: Mapping[str, str] = {
    "en": "All our lines are busy. Please call again later. Goodbye.",
    "es": "Todas nuestras líneas están ocupadas. Llame más tarde, por favor. Adiós.",
    "fr": "Toutes nos lignes sont occupées. Rappelez plus tard, s'il vous plaît. Au revoir.",
    "de": "Alle Leitungen sind belegt. Bitte rufen Sie später wieder an. Auf Wiederhören.",
    "it": "Tutte le nostre linee sono occupate. Richiami più tardi, per favore. Arrivederci.",
    "nl": "Al onze lijnen zijn bezet. Belt u later terug, alstublieft. Tot ziens.",
    "pt": "Todas as nossas linhas estão ocupadas. Ligue mais tarde, por favor. Adeus.",
}


def busy(own: str | Mapping[str, str] | None, language: str) -> str:
    """That all lines are busy: the file's `own` words, else ours. In English where nobody has any in `language`."""
    if isinstance(own, str):
        return own
    return _in(language, {**BUSY, **(own or {})})


def ahead(overflow: Overflow, language: str) -> list[str]:
    """What is worth having spoken before anybody calls."""
    return [busy(overflow.announce, language)] if overflow.then == "announce" else []


def _in(language: str, texts: Mapping[str, str]) -> str:
    return texts.get(language) or texts.get(base_language(language)) or texts["en"]

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

HOLD: Mapping[str, str] = {
    "en": "All our lines are busy. Please hold the line.",
    "es": "Todas nuestras líneas están ocupadas. No cuelgue, por favor.",
    "fr": "Toutes nos lignes sont occupées. Restez en ligne, s'il vous plaît.",
    "de": "Alle Leitungen sind belegt. Bitte bleiben Sie am Apparat.",
    "it": "Tutte le nostre linee sono occupate. Resti in linea, per favore.",
    "nl": "Al onze lijnen zijn bezet. Blijft u aan de lijn, alstublieft.",
    "pt": "Todas as nossas linhas estão ocupadas. Aguarde em linha, por favor.",
}
PLACE: Mapping[str, str] = {
    "en": "You are number {} in the line.",
    "es": "Usted es el número {} en la cola.",
    "fr": "Vous êtes le numéro {} dans la file d'attente.",
    "de": "Sie sind Nummer {} in der Warteschlange.",
    "it": "Lei è il numero {} in coda.",
    "nl": "U bent nummer {} in de wachtrij.",
    "pt": "É o número {} na fila.",
}
THROUGH: Mapping[str, str] = {
    "en": "All our lines are busy. I am putting you through to a colleague.",
    "es": "Todas nuestras líneas están ocupadas. Le paso con un compañero.",
    "fr": "Toutes nos lignes sont occupées. Je vous passe un collègue.",
    "de": "Alle Leitungen sind belegt. Ich verbinde Sie weiter.",
    "it": "Tutte le nostre linee sono occupate. Le passo un collega.",
    "nl": "Al onze lijnen zijn bezet. Ik verbind u door.",
    "pt": "Todas as nossas linhas estão ocupadas. Vou passar a um colega.",
}
_PLACES_AHEAD = 5


def hold(language: str) -> str:
    """That the caller is to wait."""
    return _in(language, HOLD)


def through(language: str) -> str:
    """That the caller is being transferred."""
    return _in(language, THROUGH)


def place(number: int, language: str) -> str:
    """Which one in the line the caller is: 1 for the first."""
    return _in(language, PLACE).format(number)


def busy(own: str | Mapping[str, str] | None, language: str) -> str:
    """That all lines are busy: the file's `own` words, else ours. In English where nobody has any in `language`."""
    if isinstance(own, str):
        return own
    return _in(language, {**BUSY, **(own or {})})


def ahead(overflow: Overflow, language: str) -> list[str]:
    """What is worth having spoken before anybody calls."""
    told = [busy(overflow.announce, language)]
    match overflow.then:
        case "wait" | "refuse":
            return []
        case "announce":
            return told
        case "transfer":
            return [through(language), *told]
        case "queue":
            places = [place(number, language) for number in range(1, _PLACES_AHEAD + 1)]
            return [hold(language), *places, *told]


def _in(language: str, texts: Mapping[str, str]) -> str:
    return texts.get(language) or texts.get(base_language(language)) or texts["en"]

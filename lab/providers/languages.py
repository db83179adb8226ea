"""Which of the demonstration's languages a text is in, by its commonest words and its letters."""

from __future__ import annotations

import re

_WORDS = {
    "en": "a an and are at be can do for have hello how i in is it me my no of on or please thank thanks that the "
    "there this to want we what when where which with yes you your bye goodbye",
    "es": "a adiós al con cuál cuándo cuánto de del dónde el en es está eres gracias hay hola la las lo los me mi no "
    "para pero por puedo que qué quiero se sí son su sus tengo tiene un una usted y",
    "fr": "à au aux avec bonjour c'est ce ces combien dans de des du elle en est et êtes il je la le les ma mais "
    "merci mon non notre nous on où oui par pas pour qu'est que quel quelle sont sur un une vous votre",
    "de": "auf aus bei bitte danke das dem den der die du ein eine einen er es für guten hallo haben habe ich ihr "
    "ihre im in ist ja kann kein können mein meine mit möchte nein nicht oder sie sind tschüss um und von wann was "
    "wie wir wo zu zum",
}
_LETTERS = {"es": "ñ¿¡", "fr": "çœèêùî", "de": "ßäöü"}
_KNOWN = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_NAMES = {
    "en": ("english",),
    "es": ("spanish", "español", "castellano"),
    "fr": ("french", "français"),
    "de": ("german", "deutsch"),
}


def detect(text: str) -> str | None:
    """`en`, `es`, `fr` or `de`; None where nothing tells them apart."""
    lower = text.lower().replace("\u2019", "'")
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", lower)
    points = {
        language: sum(word in known for word in words)
        + 2 * sum(lower.count(letter) for letter in _LETTERS.get(language, ""))
        for language, known in _KNOWN.items()
    }
    best = max(points, key=points.__getitem__)
    ties = [language for language, count in points.items() if count == points[best]]
    return best if points[best] and len(ties) == 1 else None


def told(instructions: str) -> str | None:
    """The language that a prompt asks to be spoken: "Speak Spanish", "Hablas solo español", "the code es"."""
    lower = instructions.lower()
    if code := re.search(r"language(?: with the code|:)?\s*[`\"']?(en|es|fr|de)\b", lower):
        return code[1]
    for language, names in _NAMES.items():
        verbs = r"\b(?:speak|answer|reply|respond|talk|habl|respond|parl|répond|sprich|sprech|antworte)\w*"
        if re.search(rf"{verbs}(?:\W+\w+){{0,4}}?\W+(?:{'|'.join(names)})\b", lower):
            return language
    return None

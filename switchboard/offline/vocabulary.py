"""What callers' words are about, and the stock sentences of the stand-in, in the demonstration's languages."""

from __future__ import annotations

import re
import unicodedata

# What a caller may mean, and the beginnings of words that say so (without accents).
_CONCEPTS = {
    "goodbye": "bye goodbye adios despid revoir tschuss wiederhoren wiedersehen",
    "sales": "sale buy purchas sell ventas vender vende compra vente vendez achat achet verkauf verkaufen kaufen kauf",
    "support": "support soporte ayuda assistance kundendienst",
    "hours": "open hours clos horario abiert abre abren cerrad heures ouvert ferm horaires offnung geoffnet "
    "geschlossen",
    "address": "where address street located donde direccion calle adresse ou rue wo strasse",
    "weather": "weather forecast tiempo clima meteo wetter",
    "order": "order pedido commande bestell auftrag",
    "price": "price cost much precio cuesta cuestan cuanto prix coute combien preis kostet kosten",
    "stock": "stock existencias disponible lager vorratig available",
    "person": "person human operator someone persona humano operador personne humain mensch mitarbeiter",
    "repair": "repair fix broken brake squeak flat tire workshop service repar taller rota roto freno pincha "
    "frein casse creve atelier quietsch brems kaputt platten werkstatt",
    "complaint": "complain queja reclama plainte beschwer",
    "book": "book appointment reserv cita rendez termin",
    "test": "test ride prueba probar essai essayer probefahrt",
    "message": "message mensaje recado nachricht",
    "city": "city ciudad ville stadt",
    "electric": "electri elektr",
    "children": "child kid daughter son nino nina hijo hija enfant fille fils kinder kind tochter sohn",
    "repeat": "repeat again repite repetir repet wiederhol",
}
_STEMS = [(stem, concept) for concept, stems in _CONCEPTS.items() for stem in stems.split()]
# Too common to say what somebody wants; the first line is English grammar, the others what tools say of themselves.
_COMMON = frozenset(
    "a an and any are as at be by can do does for from give have how i in is it know like me my need of on or our "
    "please so take tell that the their them they this to too want was we what when which who will with would you "
    "your hello hi yes no not thank thanks all let if could "
    "ask call caller hand over transfer talk speak get set check find look up use when tool harbor bikes bike shop "
    "now one such where they who think about "
    "el la los las un una unos que de del en es esta por para con mi me quiero puedo hay su sus y o a al "
    "le les des du et je mon ma vous est pour avec dans une il elle on "
    "der die das den dem ein eine einen ich und ist mein meine mir mit fur zu von sie im auf".split()
)

_SENTENCES = {
    "marker": {
        "en": "By the way, this is the demonstration voice, which works without keys.",
        "es": "Por cierto, esta es la voz de demostración, que funciona sin claves.",
        "fr": "Au fait, c'est la voix de démonstration, qui fonctionne sans clés.",
        "de": "Übrigens ist das die Stimme der Vorführung, die ohne Schlüssel auskommt.",
    },
    "help": {
        "en": "How can I help you?",
        "es": "¿En qué puedo ayudarle?",
        "fr": "Comment puis-je vous aider ?",
        "de": "Wie kann ich Ihnen helfen?",
    },
    "unknown": {
        "en": "I am afraid I do not know that.",
        "es": "Lo siento, eso no lo sé.",
        "fr": "Je suis désolé, je ne le sais pas.",
        "de": "Das weiß ich leider nicht.",
    },
    "goodbye": {
        "en": "Thank you for calling. Goodbye!",
        "es": "Gracias por llamar. ¡Adiós!",
        "fr": "Merci de votre appel. Au revoir !",
        "de": "Danke für Ihren Anruf. Auf Wiederhören!",
    },
    "welcome": {
        "en": "You are welcome.",
        "es": "De nada.",
        "fr": "Je vous en prie.",
        "de": "Gern geschehen.",
    },
    "done": {"en": "That is done.", "es": "Ya está hecho.", "fr": "C'est fait.", "de": "Das ist erledigt."},
    "ask": {
        "en": "Please tell me:",
        "es": "Dígame, por favor:",
        "fr": "Dites-moi, s'il vous plaît :",
        "de": "Bitte sagen Sie mir:",
    },
    "number": {"en": "which number?", "es": "¿qué número?", "fr": "quel numéro ?", "de": "welche Nummer?"},
    "day": {"en": "on which day?", "es": "¿qué día?", "fr": "quel jour ?", "de": "an welchem Tag?"},
}


def sentence(name: str, language: str) -> str:
    """A stock sentence in `language`, or in English."""
    return _SENTENCES[name].get(language, _SENTENCES[name]["en"])


def plain_words(text: str) -> list[str]:
    """The words of `text` in lower case without accents; `order_status` is two."""
    folded = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    return re.findall(r"[a-z0-9]+", "".join(c for c in folded if not unicodedata.combining(c)))


def meanings(text: str) -> set[str]:
    """What `text` is about: concepts, written `#hours`, and the words that are not too common."""
    words = set(plain_words(text))
    # Short stems are whole words: "son" is no beginning of "sont", "ou" none of "our".
    concepts = {
        f"#{concept}"
        for word in words
        for stem, concept in _STEMS
        if word == stem or (len(stem) > 3 and word.startswith(stem))
    }
    return concepts | {word for word in words if word not in _COMMON and len(word) > 2}

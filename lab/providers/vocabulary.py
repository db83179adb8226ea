"""The words the demonstration voice knows, in its four languages: what callers ask for, and what it says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

Sentences = Mapping[str, str]


def fold(text: str) -> str:
    """`text` without capitals, accents and punctuation, one blank between words: "¿Qué día?" is "que dia"."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", bare))


def phrases(*wanted: str) -> re.Pattern[str]:
    """Finds any of these in folded text, as whole words; a `*` stands for any ending."""
    ways = ("".join(r"\w*" if part == "*" else fold(part) for part in re.split(r"(\*)", p)) for p in wanted)
    return re.compile(r"(?<!\w)(?:" + "|".join(ways) + r")(?!\w)")


# What a caller wants. One table for all languages: a word that means something else elsewhere is not in it.
GOODBYE = phrases(
    *("goodbye", "good bye", "bye", "that is all", "that's all", "that will be all", "nothing else", "hang up"),
    *("adiós", "hasta luego", "hasta pronto", "eso es todo", "nada más"),
    *("au revoir", "c'est tout", "ce sera tout", "bonne journée"),
    *("tschüss", "tschüß", "auf wiederhören", "auf wiedersehen", "das ist alles", "das war alles", "das wär s", "ciao"),
)
DEPARTMENTS = {
    "sales": phrases("sales", "ventas", "verkauf", "verkaufs*", "ventes", "vendeur", "vendedor"),
    "support": phrases(
        *("support", "soporte", "kundendienst", "kundenservice", "customer service", "service client", "assistance"),
        *("atención al cliente", "complain*", "queja*", "reclama*", "réclamation*", "beschwer*"),
    ),
}
WEATHER = phrases("weather", "forecast", "rain*", "tiempo hace", "el tiempo", "clima", "météo", "quel temps", "wetter*")
ORDER = phrases("order", "orders", "my order*", "pedido*", "commande", "commandes", "*bestellung", "*bestellungen")
BUY = phrases("buy*", "to order a", "compra*", "achat", "achats", "acheter", "kaufen", "kaufe", "kauf")
PRICE = phrases(
    *(
        "price*",
        "cost*",
        "how much",
        "in stock",
        "expensive",
        "precio*",
        "cuánto cuesta*",
        "cuánto vale*",
        "existencias",
    ),
    *("prix", "combien coût*", "coûte*", "en stock", "preis*", "wie viel", "wieviel", "kostet", "kosten", "auf lager"),
)
BIKE = phrases("bike*", "bicycle*", "bici*", "vélo*", "*rad", "*räder", "ebike*")
KINDS = {
    "city": phrases("city", "ciudad", "ville", "stadt*", "urban*"),
    "electric": phrases("electric*", "eléctric*", "électrique*", "elektr*", "ebike*", "e bike*"),
    "children": phrases(
        *("child*", "kid*", "daughter*", "my son", "niñ*", "hija", "hijo", "infantil*", "enfant*", "fille", "fils"),
        *("kinder*", "mein kind", "tochter", "sohn"),
    ),
}
REPAIR = phrases("repair*", "fix", "bring it", "bring my*", "repara*", "arregla*", "répar*", "reparier*", "reparatur*")
PROBLEM = phrases(
    *("brake*", "flat", "squeak*", "puncture*", "broken", "broke", "chain", "gears", "tire", "tyre", "wheel is"),
    *("freno*", "frenos", "pinchazo", "pinchada", "chirría*", "rota", "cadena", "frein*", "crevaison", "crevé*"),
    *("grince*", "cassé*", "chaîne", "brems*", "platt*", "quietsch*", "kaputt*", "defekt*", "kette", "reifen"),
)
GENERAL = phrases(  # questions about the shop that only sound like an errand
    *("do you repair", "do you fix", "how long", "cuánto tarda*", "cuánto tiempo", "combien de temps", "wie lange"),
    *("reparieren sie", "reparan", "réparez vous", "test ride", "probefahrt", "opening hours", "helmet*"),
)
DAY = re.compile(  # as said, not folded: the day is repeated to the caller
    r"(?<!\w)(?:(?:on|el|le|am|this|next|este|pour) )?"
    r"(?P<day>(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tomorrow|lunes|martes|mi[ée]rcoles|jueves|viernes"
    r"|s[áa]bado|domingo|hoy|(?<!la )ma[ñn]ana|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|aujourd.hui|demain"
    r"|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|heute|(?<!guten )morgen"
    r")(?P<part> (?:morning|afternoon|evening|matin|apr[èe]s-midi|nachmittag|vormittag|por la ma[ñn]ana"
    r"|por la tarde))?(?!\w)",
    re.IGNORECASE,
)
HELLO = phrases("hello", "hi", "good morning", "good afternoon", "hola", "buenos días", "bonjour", "hallo", "guten tag")
THANKS = phrases("thanks", "thank you", "gracias", "merci", "danke*")
AGAIN = phrases("say that again", "repeat*", "repita", "repetir", "répét*", "wiederhol*", "noch einmal", "noch mal")
WHO = phrases(
    "who are you", "who is this", "who am i", "quién es*", "quién habla", "qui êtes", "wer sind", "wer ist da"
)
YES = phrases("yes*", "yeah", "sure", "please do", "sí", "claro", "oui", "ja", "gerne", "okay", "ok")
NO = phrases("no", "nope", "no thanks", "no thank you", "no gracias", "non", "non merci", "nein", "nein danke")

_UNITS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis "
    "diecisiete dieciocho diecinueve",
    "fr": "zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize",
    "de": "null eins zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn "
    "siebzehn achtzehn neunzehn",
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "fr": "vingt trente quarante cinquante soixante",
    "de": "zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig",
}
NUMBERS = {
    lang: {word: value for value, word in enumerate(_UNITS[lang].split())}
    | {word: 10 * value for value, word in enumerate(_TENS[lang].split(), 2)}
    for lang in _UNITS
}
NUMBERS["en"] |= {"oh": 0, "o": 0}
NUMBERS["de"] |= {"zwo": 2}
_MULTIPLES = {100: "hundred cien ciento cent hundert", 1000: "thousand mil mille tausend"}
MULTIPLES = {word: value for value, listed in _MULTIPLES.items() for word in listed.split()}
JOINS = frozenset(("and", "y", "et", "und"))

KNOWN_TOOLS = frozenset(("end_call", "get_weather", "order_status", "book_repair", "check_stock"))
ASK_FOR_TOWN = phrases("ask the caller for which town")  # a tool's answer that is meant for the model
ASK_AGAIN = phrases("ask them in one short sentence to say it again")  # an order, where nothing was understood

# Finding a fact. Words that say nothing, words that mean the same, and words that give a language away.
STOP = frozenset(
    fold(
        "a an the and or of to in at on for is are am was be do does did have has i you we it my your our me us can "
        "could would will what which how when any this that there with from s please tell about know like take long "
        "el la los las un una de del en y o es son su sus mi me que cual como para por con hay tiene tienen hace "
        "le les des du et ou au aux est sont votre vos mon ma ce que quel quels quelle quelles comment pour avec avez "
        "vous der die das den dem ein eine einen und oder von zu im am ist sind sie ihr ihre mein meine was wie welche "
        "haben hat ich kann können für mit auf bei"
    ).split()
)
MEANINGS = {
    "hours": phrases(
        *("open*", "hour*", "clos*", "when", "horario*", "abr*", "abierto*", "cerr*", "cierr*", "cuándo", "horaire*"),
        *(
            "ouvert*",
            "ouvr*",
            "fermé*",
            "fermez",
            "quand",
            "*öffnungszeit*",
            "geöffnet",
            "offen",
            "geschlossen",
            "wann",
        ),
    ),
    "place": phrases(
        *("where", "address", "street", "located", "location", "find you", "dónde", "dirección", "calle"),
        *("où", "adresse", "rue", "wo", "strasse", "street"),
    ),
    "bike": BIKE,
    "duration": phrases(
        *("how long", "takes", "cuánto tarda*", "cuánto tiempo", "tarda*", "combien de temps", "prend", "dure"),
        *("wie lange", "dauert*"),
    ),
    "test": phrases("test", "try*", "trial", "probar", "prueba", "essa*", "probefahrt", "probe*"),
    "repair": phrases("repair*", "repar*", "taller", "werkstatt", "workshop", "atelier"),
}
_GIVEAWAYS = {
    "en": "the you are what is my how your where please thanks goodbye hello i want would like to and we",
    "es": fold(
        "el los las qué cuál cómo dónde está eres quiero por una mi es pedido cuánto cuesta gracias adiós hola y"
    ),
    "fr": fold(
        "le les des du est vous je où quel quels mon une bonjour merci revoir combien et tu nous au sont ventes"
    ),
    "de": fold(
        "der das ich ist und wie wo wann möchte danke bitte tschüss hallo du sie mein haben geöffnet wir auf den"
    ),
}
GIVEAWAYS = {lang: frozenset(fold(listed).split()) for lang, listed in _GIVEAWAYS.items()}
# Sentences of a prompt that tell the model what to do are not for the caller's ear.
INSTRUCTION = {
    "en": phrases("you", "yourself", "the caller", "ask", "look", "never guess", "transfer", "use"),
    "es": phrases("tú", "eres", "contestas", "pasa", "pregunta", "consulta", "ayudas", "hablas", "usa", "nunca"),
    "fr": phrases("tu", "toi", "passe", "demande", "consulte", "utilise", "n'invente"),
    "de": phrases("du", "dich", "frage", "nutze", "nenne nie"),
}
YOU_ARE = re.compile(r"(?:you are|eres|tu es|du bist)\s+(?P<who>[^,.;:\n]+)", re.IGNORECASE)
PLACE_AFTER = re.compile(r"\b(?:in|en|à|for)\s+(?P<place>[^\d\W][^,.;:?!]{0,60})", re.IGNORECASE)
NOT_A_PLACE = re.compile(
    r"\s*\b(?:today|tomorrow|now|right now|please|this week\w*|hoy|mañana|ahora|por favor|aujourd.hui|demain|s.il"
    r"|maintenant|heute|morgen|jetzt|bitte|the|der|den|dem|el|la|le)\b.*",
    re.IGNORECASE,
)

# What it says.
NOTICE: Sentences = {
    "en": "This is the demonstration voice.",
    "es": "Esta es la voz de demostración.",
    "fr": "Ceci est la voix de démonstration.",
    "de": "Das ist die Vorführstimme.",
}
SAYS: Mapping[str, Sentences] = {
    "en": {
        "this is": "This is {}.",
        "hello": "Hello, this is {}.",
        "hello, nameless": "Hello.",
        "help": "What can I do for you?",
        "you said": "You said: {} Shall I see to that?",
        "see to": "Shall I see to that?",
        "welcome": "You are welcome. Is there anything else?",
        "else": "Is there anything else?",
        "done": "Done.",
        "goodbye": "Thank you for calling. Goodbye.",
        "number": "What is the order number?",
        "day": "On which day would you like to bring the bike?",
        "kind": "Which kind of bike: city, electric or children's?",
        "town": "For which town would you like the weather?",
        "sorry": "I am sorry, I cannot tell you that.",
        "through": "I can put you through to {}.",
        "or": " or ",
        "pardon": "I did not understand. Could you say that again?",
        "repair": "repair",
    },
    "es": {
        "this is": "Le habla {}.",
        "hello": "Hola, le habla {}.",
        "hello, nameless": "Hola.",
        "help": "¿En qué puedo ayudarle?",
        "you said": "Ha dicho: {} ¿Me ocupo de eso?",
        "see to": "¿Me ocupo de eso?",
        "welcome": "De nada. ¿Desea algo más?",
        "else": "¿Desea algo más?",
        "done": "Hecho.",
        "goodbye": "Gracias por llamar. Adiós.",
        "number": "¿Cuál es el número de pedido?",
        "day": "¿Qué día quiere traer la bicicleta?",
        "kind": "¿Qué bicicleta busca: de ciudad, eléctrica o para niños?",
        "town": "¿De qué ciudad quiere saber el tiempo?",
        "sorry": "Lo siento, eso no se lo puedo decir.",
        "through": "Puedo pasarle con {}.",
        "or": " o ",
        "pardon": "No le he entendido. ¿Puede repetirlo?",
        "repair": "reparación",
    },
    "fr": {
        "this is": "Ici {}.",
        "hello": "Bonjour, ici {}.",
        "hello, nameless": "Bonjour.",
        "help": "Que puis-je faire pour vous ?",
        "you said": "Vous avez dit : {} Je m'en occupe ?",
        "see to": "Je m'en occupe ?",
        "welcome": "Je vous en prie. Désirez-vous autre chose ?",
        "else": "Désirez-vous autre chose ?",
        "done": "C'est fait.",
        "goodbye": "Merci de votre appel. Au revoir.",
        "number": "Quel est le numéro de commande ?",
        "day": "Quel jour voulez-vous apporter le vélo ?",
        "kind": "Quel vélo cherchez-vous : de ville, électrique ou pour enfants ?",
        "town": "Pour quelle ville voulez-vous la météo ?",
        "sorry": "Je suis désolé, je ne peux pas vous le dire.",
        "through": "Je peux vous passer {}.",
        "or": " ou ",
        "pardon": "Je n'ai pas compris. Pouvez-vous répéter ?",
        "repair": "réparation",
    },
    "de": {
        "this is": "Hier ist {}.",
        "hello": "Guten Tag, hier ist {}.",
        "hello, nameless": "Guten Tag.",
        "help": "Was kann ich für Sie tun?",
        "you said": "Sie sagten: {} Soll ich mich darum kümmern?",
        "see to": "Soll ich mich darum kümmern?",
        "welcome": "Gern geschehen. Kann ich sonst noch etwas tun?",
        "else": "Kann ich sonst noch etwas tun?",
        "done": "Erledigt.",
        "goodbye": "Danke für Ihren Anruf. Auf Wiederhören.",
        "number": "Wie lautet die Bestellnummer?",
        "day": "An welchem Tag möchten Sie das Rad bringen?",
        "kind": "Welches Rad soll es sein: Stadtrad, Elektrorad oder Kinderrad?",
        "town": "Für welche Stadt möchten Sie das Wetter wissen?",
        "sorry": "Das kann ich Ihnen leider nicht sagen.",
        "through": "Ich kann Sie verbinden mit: {}.",
        "or": " oder ",
        "pardon": "Das habe ich nicht verstanden. Können Sie es wiederholen?",
        "repair": "Reparatur",
    },
}
CALLED: Mapping[str, Sentences] = {
    "en": {"sales": "sales", "support": "support"},
    "es": {"sales": "ventas", "support": "soporte"},
    "fr": {"sales": "le service des ventes", "support": "le support"},
    "de": {"sales": "Verkauf", "support": "Kundendienst"},
}

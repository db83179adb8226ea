from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.providers.thinking import Thought, digits, think
from lab.providers.vocabulary import NOTICE
from switchboard.talk.unanswered import GO_ON
from tests.business import ROSTER

Json = dict[str, Any]
TAKEN_OVER = "You have just taken over this call. Say in one sentence who you are and go on."


def _tool(name: str, description: str = "", required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> Json:
    properties = {key: {"type": "string"} for key in required + optional}
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


_END = _tool("end_call", "End the call.", ("goodbye",))
_TO_SALES = _tool("transfer_to_sales", "Hand the caller over to sales: prices, stock, buying a bike.")
_TO_SUPPORT = _tool("transfer_to_support", "Hand the caller over to support: orders, repairs, complaints.")
TOOLS = {
    "front_desk": [_END, _TO_SALES, _TO_SUPPORT, _tool("get_weather", "The weather now.", optional=("place",))],
    "sales": [_END, _TO_SUPPORT, _tool("check_stock", "Price and stock of a kind of bike.", ("kind",))],
    "support": [
        _END,
        _TO_SALES,
        _tool("order_status", "Where an order is.", ("number",)),
        _tool("book_repair", "Book a repair in the workshop.", ("day", "problem")),
    ],
}


def _prompt(agent: str, language: str = "en", more: str = "") -> Json:
    facts = ROSTER.prompts.load(agent, language).instructions
    return {"role": "system", "content": f"{facts}\n\n# How you speak\nThe moon is green.{more}"}


def _said(text: str) -> Json:
    return {"role": "assistant", "content": text}


def _asks(text: str) -> Json:
    return {"role": "user", "content": text}


def _reply(agent: str, *turns: Json, language: str = "en") -> Thought:
    """The turn after `turns` of a conversation in which the notice was given already."""
    return think([_prompt(agent, language), _said(NOTICE[language]), *turns], TOOLS[agent])


@pytest.mark.parametrize(
    ("agent", "language", "sentence", "tool", "arguments"),
    [
        ("front_desk", "en", "I would like to talk to sales, please.", "transfer_to_sales", {}),
        ("front_desk", "es", "Quiero hablar con ventas", "transfer_to_sales", {}),
        ("front_desk", "fr", "Je voudrais parler aux ventes", "transfer_to_sales", {}),
        ("front_desk", "de", "Bitte verbinden Sie mich mit dem Verkauf", "transfer_to_sales", {}),
        ("front_desk", "en", "support", "transfer_to_support", {}),
        ("front_desk", "es", "Soporte, por favor", "transfer_to_support", {}),
        ("front_desk", "de", "Den Kundendienst bitte", "transfer_to_support", {}),
        ("front_desk", "en", "How much is a city bike?", "transfer_to_sales", {}),
        ("front_desk", "en", "my brakes squeak", "transfer_to_support", {}),
        ("front_desk", "fr", "Où est ma commande ?", "transfer_to_support", {}),
        ("front_desk", "en", "How is the weather today?", "get_weather", {"place": ""}),
        ("front_desk", "en", "what is the weather in San Francisco today", "get_weather", {"place": "San Francisco"}),
        ("front_desk", "es", "¿Qué tiempo hace en Madrid hoy?", "get_weather", {"place": "Madrid"}),
        ("front_desk", "fr", "Quel temps fait-il à Paris aujourd'hui ?", "get_weather", {"place": "Paris"}),
        ("front_desk", "de", "Wie ist das Wetter in Berlin?", "get_weather", {"place": "Berlin"}),
        ("support", "en", "Where is my order one zero zero one?", "order_status", {"number": "1001"}),
        ("support", "en", "my order number is ten oh one", "order_status", {"number": "1001"}),
        ("support", "en", "Order 1002, please", "order_status", {"number": "1002"}),
        ("support", "es", "¿Dónde está mi pedido uno cero cero dos?", "order_status", {"number": "1002"}),
        ("support", "fr", "Ma commande un zéro zéro un", "order_status", {"number": "1001"}),
        ("support", "de", "Meine Bestellung eins null null zwei", "order_status", {"number": "1002"}),
        (
            "support",
            "en",
            "My brakes squeak. Can I come on Tuesday?",
            "book_repair",
            {"day": "Tuesday", "problem": "My brakes squeak"},
        ),
        (
            "support",
            "de",
            "Meine Bremsen quietschen, geht es am Dienstag?",
            "book_repair",
            {"day": "Dienstag", "problem": "Meine Bremsen quietschen"},
        ),
        ("sales", "en", "How much is a city bike?", "check_stock", {"kind": "city"}),
        ("sales", "en", "do you sell electric bikes", "check_stock", {"kind": "electric"}),
        ("sales", "en", "I want to buy a bike for my daughter.", "check_stock", {"kind": "children"}),
        ("sales", "es", "¿Cuánto cuesta una bicicleta eléctrica?", "check_stock", {"kind": "electric"}),
        ("sales", "fr", "Combien coûte un vélo de ville ?", "check_stock", {"kind": "city"}),
        ("sales", "de", "Was kostet ein Kinderrad?", "check_stock", {"kind": "children"}),
        ("sales", "en", "That is all.", "end_call", {"goodbye": "Thank you for calling. Goodbye."}),
        ("sales", "es", "Gracias, adiós.", "end_call", {"goodbye": "Gracias por llamar. Adiós."}),
        ("sales", "fr", "Merci, au revoir.", "end_call", {"goodbye": "Merci de votre appel. Au revoir."}),
        ("sales", "de", "Tschüss!", "end_call", {"goodbye": "Danke für Ihren Anruf. Auf Wiederhören."}),
    ],
)
def test_words_that_ask_for_a_tool_call_it(
    agent: str, language: str, sentence: str, tool: str, arguments: Json
) -> None:
    assert _reply(agent, _asks(sentence), language=language) == Thought(tool=tool, arguments=arguments)


@pytest.mark.parametrize(
    ("agent", "language", "sentence", "words"),
    [
        ("front_desk", "en", "What are your opening hours?", "Monday to Friday from nine to six"),
        ("front_desk", "en", "what are your opening hours", "On Sunday we are closed."),
        ("front_desk", "en", "Where is your shop?", "12 Pier Street in Oakland"),
        ("front_desk", "en", "Do you sell electric bikes?", "We sell city bikes"),
        ("front_desk", "es", "¿Cuál es su horario?", "de lunes a viernes"),
        ("front_desk", "es", "¿Dónde está la tienda?", "calle Pier 12"),
        ("front_desk", "fr", "Quels sont vos horaires ?", "du lundi au vendredi"),
        ("front_desk", "fr", "Où est le magasin ?", "12 rue Pier"),
        ("front_desk", "de", "Wann haben Sie geöffnet?", "Montag bis Freitag"),
        ("front_desk", "de", "Wo ist Ihr Laden?", "Pier Street 12"),
        ("sales", "en", "Can I take a test ride tomorrow?", "A test ride needs no appointment."),
        ("support", "en", "How long does a repair take?", "A repair usually takes two days."),
        ("support", "en", "Where is my order?", "What is the order number?"),
        ("support", "en", "I have a flat tire.", "On which day"),
        ("support", "fr", "Mes freins grincent", "Quel jour"),
        ("sales", "en", "What is the price?", "Which kind of bike"),
        ("front_desk", "en", "Can I speak to a person?", "I can put you through to sales or support."),
        ("front_desk", "de", "Mögen Sie Musik?", "Verkauf oder Kundendienst"),
        ("front_desk", "en", "What colour is the moon?", "I am sorry"),
        ("front_desk", "en", "  ", "I did not understand."),
    ],
)
def test_other_words_are_answered_from_the_prompt(agent: str, language: str, sentence: str, words: str) -> None:
    thought = _reply(agent, _asks(sentence), language=language)
    assert thought.tool is None
    assert words in thought.text


def test_only_tools_that_were_given_are_called() -> None:
    asked = [_prompt("front_desk"), _asks("Talk to sales, the weather, my order 1001, my brakes on Monday, goodbye")]
    assert think(asked).tool is None


def test_a_tool_that_it_was_never_told_about_is_called_by_its_name_with_what_it_requires() -> None:
    schema: Json = {
        "properties": {"note": {"type": "string"}, "times": {"type": "integer"}},
        "required": ["note", "times"],
    }
    tool = {"function": {"name": "leave_message", "parameters": schema}}
    asked = "I want to leave a message"
    assert think([_asks(asked)], [tool]) == Thought(tool="leave_message", arguments={"note": asked, "times": 0})


def test_a_tool_is_not_called_again_for_the_same_words() -> None:
    call = {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "transfer_to_sales"}}]}
    asked = _asks("I would like to talk to sales")
    assert _reply("front_desk", asked, call, _said("One moment.")).tool is None
    assert _reply("front_desk", asked, call, _said("One moment."), asked).tool == "transfer_to_sales"


def test_what_was_missing_is_taken_from_the_next_words() -> None:
    asked = [_asks("My brakes squeak."), _said("On which day would you like to bring the bike?")]
    assert _reply("support", *asked, _asks("Monday morning")).arguments == {
        "day": "Monday morning",
        "problem": "My brakes squeak",
    }
    asked = [_asks("Where is my order?"), _said("What is the order number?")]
    assert _reply("support", *asked, _asks("one zero zero one")).arguments == {"number": "1001"}
    asked = [_asks("How is the weather?"), _said("For which town would you like the weather?")]
    assert _reply("front_desk", *asked, _asks("Portland.")).arguments == {"place": "Portland"}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            "The Pier city bike costs 640 dollars, 7 in the shop.",
            "The Pier city bike costs 640 dollars, 7 in the shop.",
        ),
        ('"It rains in Oakland"', "It rains in Oakland."),
        ('{"ok": true}', "Done."),
        ("None", "Done."),
        (None, "Done."),
        ('"broken', "Done."),
        ("Ask the caller for which town they want the weather.", "For which town would you like the weather?"),
    ],
)
def test_the_result_of_a_tool_is_said_in_a_sentence(result: str | None, said: str) -> None:
    result_turn = {"role": "tool", "tool_call_id": "1", "content": result}
    assert _reply("sales", _asks("How much is a city bike?"), result_turn).text == said


@pytest.mark.parametrize(
    ("language", "hello"),
    [
        ("en", "Hello, this is sales at Harbor Bikes."),
        ("es", "Hola, le habla el departamento de ventas de Harbor Bikes."),
        ("fr", "Bonjour, ici le service des ventes de Harbor Bikes."),
        ("de", "Guten Tag, hier ist der Verkauf von Harbor Bikes."),
    ],
)
def test_whoever_takes_over_says_who_it_is(language: str, hello: str) -> None:
    assert hello in think([_prompt("sales", language)]).text
    taken_over = {"role": "developer", "content": [{"type": "text", "text": TAKEN_OVER}]}
    assert _reply("sales", _asks("Hello"), taken_over, language=language).text.startswith(hello)


def test_whoever_takes_over_picks_up_what_the_caller_asked_for() -> None:
    taken_over = {"role": "system", "content": TAKEN_OVER}
    wish = _asks("How much is a city bike?")
    hello = _reply("sales", wish, taken_over).text
    assert "How much is a city bike?" in hello
    assert _reply("sales", wish, _said(hello), _asks("Yes, please.")).arguments == {"kind": "city"}
    assert "What is the order number?" in _reply("support", _asks("Where is my order?"), taken_over).text


def test_whoever_did_not_understand_asks_again() -> None:
    turns = (_asks("How much is a city bike?"), _said("640 dollars."), {"role": "system", "content": GO_ON})
    assert _reply("sales", *turns).text == "I did not understand. Could you say that again?"


def test_the_caller_hears_once_that_nobody_thinks_here() -> None:
    turns = [_prompt("front_desk"), _said("Thanks for calling Harbor Bikes.")]
    for sentence in ("What are your opening hours?", "Where is your shop?", "Hello"):
        turns += [_asks(sentence)]
        turns += [_said(think(turns, TOOLS["front_desk"]).text)]
    said = " ".join(turn["content"] for turn in turns if turn["role"] == "assistant")
    assert said.count(NOTICE["en"]) == 1
    assert turns[3]["content"].startswith(NOTICE["en"])


def test_a_tool_call_carries_no_notice() -> None:
    thought = think([_prompt("front_desk"), _asks("goodbye")], TOOLS["front_desk"])
    assert thought.text == ""
    assert NOTICE["en"] not in thought.arguments["goodbye"]


def test_the_language_that_was_ordered_is_spoken_even_where_the_prompt_is_in_english() -> None:
    order = "\nThe caller speaks the language with the code {}: speak only that."
    assert think([_prompt("sales", more=order.format("fr")), _asks("goodbye")]).text.startswith(NOTICE["fr"])
    assert think([_prompt("sales", more=order.format("nl")), _asks("hallo")]).text.startswith(NOTICE["en"])
    assert think([_prompt("sales"), _asks("Hola, ¿dónde está mi pedido?")]).text.startswith(NOTICE["es"])


def test_what_is_written_about_the_caller_is_never_said() -> None:
    about = "\n\n# What is known about this call\n- note: the secret colour is green."
    assert "green" not in think([_prompt("front_desk", more=about), _asks("What is the secret colour?")]).text


@pytest.mark.parametrize(
    ("spoken", "language", "number"),
    [
        ("one thousand and two", "en", "1002"),
        ("forty two seventy one", "en", "4271"),
        ("1 0 0 1", "en", "1001"),
        ("mille un", "fr", "1001"),
        ("the one I ordered", "en", ""),
        ("9" * 4000 + " thousand" * 100, "en", "9" * 4000 + "1000" * 100),
    ],
)
def test_numbers_are_understood_as_callers_say_them(spoken: str, language: str, number: str) -> None:
    assert digits(spoken, language) == number


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("role", "content", "text", "type", "function", "name", "parameters", "required", "enum")),
            inner,
        )
    ),
    max_leaves=20,
)


def _turn(role: str, content: Any, calls: Any) -> Json:
    return {"role": role, "content": content, "tool_calls": calls}


_ROLES = st.sampled_from(("system", "developer", "user", "assistant", "tool"))
_TURNS = st.lists(st.builds(_turn, _ROLES, st.text() | _JSON, _JSON), max_size=5)


@given(messages=_JSON | _TURNS, tools=_JSON)
def test_no_json_in_any_shape_makes_it_raise(messages: Any, tools: Any) -> None:
    thought = think(messages, tools)
    assert bool(thought.text) != bool(thought.tool)


@given(sentence=st.text(), tools=st.sampled_from(sorted(TOOLS)))
def test_whatever_the_caller_says_has_an_answer(sentence: str, tools: str) -> None:
    thought = _reply(tools, _asks(sentence))
    assert bool(thought.text) != bool(thought.tool)

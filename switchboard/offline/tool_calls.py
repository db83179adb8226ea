"""Which tool a caller's words ask for, and its arguments, taken from those words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from switchboard.offline.vocabulary import meanings, plain_words, sentence

_NAME, _CONCEPT, _WORD = 3, 2, 1  # what a match with a tool's name, its purpose, or one word of it counts
_ENOUGH = 2
_ENDS = frozenset({"end", "hang", "hangup", "finish", "goodbye"})
_HANDS_OVER = frozenset({"transfer", "handover", "forward", "escalate"})

_DIGITS = {
    word: str(value)
    for words in (
        "zero one two three four five six seven eight nine",
        "cero uno dos tres cuatro cinco seis siete ocho nueve",
        "zero un deux trois quatre cinq six sept huit neuf",
        "null eins zwei drei vier funf sechs sieben acht neun",
    )
    for value, word in enumerate(words.split())
}
_DAYS = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday today tomorrow lunes martes miercoles jueves viernes "
    "sabado domingo hoy manana lundi mardi mercredi jeudi vendredi samedi dimanche demain aujourd montag dienstag "
    "mittwoch donnerstag freitag samstag sonntag heute morgen".split()
)


@dataclass(frozen=True, slots=True)
class ToolCall:
    name: str
    arguments: str  # JSON


@dataclass(frozen=True, slots=True)
class Question:
    """The tool is right, but the caller has not said what it needs."""

    text: str


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    parameters: dict[str, Any]

    @property
    def hands_over(self) -> bool:
        return bool(_HANDS_OVER & set(plain_words(self.name)))

    @property
    def ends_call(self) -> bool:
        return bool(_ENDS & set(plain_words(self.name)))


def read_tools(tools: Any) -> list[Tool]:
    """The functions among the `tools` of a request; whatever is none is passed over."""
    found: list[Tool] = []
    for tool in tools if isinstance(tools, list) else []:
        function: Any = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            parameters: Any = function.get("parameters")
            found.append(
                Tool(
                    function["name"],
                    str(function.get("description") or ""),
                    parameters if isinstance(parameters, dict) else {},
                )
            )
    return found


def choose(words: str, tools: list[Tool]) -> Tool | None:
    """The tool that the caller's words ask for most clearly, None when they ask for none."""
    wanted = meanings(words)
    if "#goodbye" in wanted and (ending := next((tool for tool in tools if tool.ends_call), None)):
        return ending
    best = max((tool for tool in tools if not tool.ends_call), key=lambda tool: _match(wanted, tool), default=None)
    return best if best and _match(wanted, best) >= _ENOUGH else None


def _match(wanted: set[str], tool: Tool) -> int:
    name = wanted & meanings(tool.name)
    purpose = wanted & meanings(tool.description) - name
    concepts = [meaning for meaning in purpose if meaning.startswith("#")]
    return _NAME * len(name) + _CONCEPT * len(concepts) + _WORD * (len(purpose) - len(concepts))


def fill(tool: Tool, words: str, language: str) -> ToolCall | Question:
    """The call with every required argument, or the question for one that was not said."""
    properties: Any = tool.parameters.get("properties")
    required: Any = tool.parameters.get("required")
    arguments: dict[str, Any] = {}
    for name in required if isinstance(required, list) else []:
        schema: Any = properties.get(name) if isinstance(properties, dict) else None
        value = _argument(str(name), schema if isinstance(schema, dict) else {}, words, language)
        if isinstance(value, Question):
            return value
        arguments[str(name)] = value
    return ToolCall(tool.name, json.dumps(arguments, ensure_ascii=False))


def _argument(name: str, schema: dict[str, Any], words: str, language: str) -> Any:
    kind: Any = schema.get("type")
    parts = set(plain_words(name))
    options = _options(schema)
    if options:
        return next((option for option in options if meanings(option) & meanings(words)), options[0])
    if kind in ("integer", "number"):
        return int(_digits(words) or 1)
    if kind == "boolean":
        return True
    if parts & {"goodbye", "farewell"}:
        return sentence("goodbye", language)
    if parts & {"number", "id", "phone"}:
        return _digits(words) or _question("number", language)
    if parts & {"day", "date"}:
        return _day(words) or _question("day", language)
    if "language" in parts:
        return language
    return words


def _options(schema: dict[str, Any]) -> list[str]:
    """The values that a parameter may have: its `enum`, or what its description puts in quotes after "one of"."""
    enum: Any = schema.get("enum")
    if isinstance(enum, list):
        return [str(value) for value in enum]
    text = str(schema.get("description") or "")
    return re.findall(r'"([^"]+)"', text) if "one of" in text.lower() else []


def _digits(words: str) -> str:
    """The digits in what was said; `four two 7` is 427. One alone is more likely a word than a number."""
    found = "".join(_DIGITS.get(word, word if word.isdecimal() else "") for word in plain_words(words))
    return found if len(found) > 1 or re.search(r"\d", words) else ""


def _day(words: str) -> str:
    for token in re.findall(r"\w+", words):
        if set(plain_words(token)) & _DAYS:
            return token
    return ""


def _question(about: str, language: str) -> Question:
    return Question(f"{sentence('ask', language)} {sentence(about, language)}")

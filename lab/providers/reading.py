"""Reads chat-completions JSON for the demonstration voice. Whatever is not as documented is read as absent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from lab.providers import vocabulary
from lab.providers.vocabulary import fold

_LONGEST = 4000  # characters of one text: more than any caller says in a turn
_MISSING: Mapping[object, Any] = {"integer": 0, "number": 0, "boolean": False}


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool that may be called: what it is for, and the JSON schema of its arguments."""

    description: str
    properties: Mapping[str, Any]
    required: tuple[str, ...]

    def filled(self, given: Mapping[str, str], asked: str) -> dict[str, Any]:
        """`given`, without arguments the tool does not have, and what it requires besides: the caller's words."""
        known = {key: value for key, value in given.items() if key in self.properties or key in self.required}
        return known | {key: self._missing(key, asked) for key in self.required if key not in known}

    def _missing(self, key: str, asked: str) -> Any:
        schema = _mapping(self.properties.get(key))
        choices = _items(schema.get("enum"))
        if choices:
            return choices[0]
        kind = schema.get("type")
        if kind == "array":
            return []
        if kind == "object":
            return {}
        return _MISSING.get(kind, asked) if isinstance(kind, str) else asked


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation so far."""

    language: str  # en, es, fr or de
    who: str  # "sales at Harbor Bikes", or ""
    introduction: str  # the whole first sentence about it: "sales at Harbor Bikes, a bicycle shop in Oakland"
    facts: tuple[str, ...]  # sentences of the prompt that a caller may hear
    questions: tuple[str, ...]  # what the caller said, oldest first
    answers: tuple[str, ...]  # what was said to the caller
    called: frozenset[str]  # tools called since the caller spoke
    last_role: str
    last_text: str


def read_chat(messages: object) -> Chat:
    turns = [(str(turn.get("role")), _text(turn.get("content")), turn) for turn in map(_mapping, _items(messages))]
    prompt = _told(next((text for role, text, _ in turns if role in ("system", "developer")), ""))
    questions = tuple(text for role, text, _ in turns if role == "user")
    called: set[str] = set()
    for role, _, turn in turns:
        called = set() if role == "user" else called | set(_calls(turn))
    facts = [sentence for sentence in re.split(r"(?<=[.!?])\s+|\n+", prompt) if sentence.strip()]
    written_in = _language(prompt)
    me = vocabulary.YOU_ARE.search(facts[0]) if facts else None
    system = " ".join(text for role, text, _ in turns if role in ("system", "developer"))
    return Chat(
        language=_spoken(system, written_in, questions),
        who=me["who"].strip() if me else "",
        introduction=facts[0][me.start("who") :].rstrip(" .") if me else "",
        facts=tuple(fact for fact in facts if _may_be_heard(fact, written_in)),
        questions=questions,
        answers=tuple(text for role, text, _ in turns if role == "assistant" and text.strip()),
        called=frozenset(called),
        last_role=turns[-1][0] if turns else "",
        last_text=turns[-1][1] if turns else "",
    )


def read_tools(tools: object) -> dict[str, Tool]:
    """The tools by name."""
    found: dict[str, Tool] = {}
    for tool in map(_mapping, _items(tools)):
        function = _mapping(tool.get("function"))
        name = function.get("name")
        if not isinstance(name, str) or not name:
            continue
        schema = _mapping(function.get("parameters"))
        required = tuple(key for key in _items(schema.get("required")) if isinstance(key, str))
        found[name] = Tool(_text(function.get("description")), _mapping(schema.get("properties")), required)
    return found


def _told(prompt: str) -> str:
    """What the prompt says about the business: not how to speak, and never what callers' data say."""
    return re.split(r"^# (?:How you speak|What is known)", prompt, maxsplit=1, flags=re.MULTILINE)[0].strip()


def _may_be_heard(sentence: str, language: str) -> bool:
    return not re.search(r"\w_\w|^#", sentence) and not vocabulary.INSTRUCTION[language].search(fold(sentence))


def _spoken(system: str, written_in: str, questions: tuple[str, ...]) -> str:
    """The language to answer in: the one that was ordered, else the prompt's, else (English prompt) the caller's."""
    ordered = re.search(r"with the code ([a-z]{2})", system)
    if ordered:
        return ordered[1] if ordered[1] in vocabulary.SAYS else "en"
    heard = next((lang for lang in map(_language, reversed(questions)) if lang != "en"), "en")
    return heard if written_in == "en" else written_in


def _language(text: str) -> str:
    said = fold(text).split()
    scores = {lang: sum(word in known for word in said) for lang, known in vocabulary.GIVEAWAYS.items()}
    return max(scores, key=lambda lang: scores[lang])


def _calls(turn: Mapping[str, Any]) -> Iterator[str]:
    for call in map(_mapping, _items(turn.get("tool_calls"))):
        name = _mapping(call.get("function")).get("name")
        if isinstance(name, str):
            yield name


def _text(content: object) -> str:
    if isinstance(content, str):
        return content[:_LONGEST]
    parts = (part if isinstance(part, str) else _mapping(part).get("text") for part in _items(content))
    return " ".join(part for part in parts if isinstance(part, str))[:_LONGEST]


def _items(value: object) -> list[Any]:
    return list(cast("list[Any] | tuple[Any, ...]", value)) if isinstance(value, (list, tuple)) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}

"""Thinking without a provider: a small, predictable stand-in for a language model, for demonstrations and tests.

It reads the same chat-completions JSON as a model and answers from the prompt it is given: it calls a tool when the
caller's words ask for one, and otherwise says the facts that share most words with the question. It invents nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.providers import vocabulary
from lab.providers.reading import Chat, Tool, read_chat, read_tools
from lab.providers.vocabulary import CALLED, NOTICE, SAYS, fold


@dataclass(frozen=True, slots=True)
class Thought:
    """What to say (`text`), or which tool to call with which arguments; never both."""

    text: str = ""
    tool: str | None = None
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])


def think(messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()) -> Thought:
    """The next turn of a conversation, from OpenAI chat-completions JSON. Anything malformed is read as absent."""
    chat = read_chat(messages)
    mind = _Mind(chat, read_tools(tools))
    thought = mind.next_turn()
    if thought.tool or any(notice in said for notice in NOTICE.values() for said in chat.answers):
        return thought
    return Thought(f"{NOTICE[chat.language]} {thought.text}")


class _Mind:
    def __init__(self, chat: Chat, tools: Mapping[str, Tool]) -> None:
        self.chat = chat
        self.tools = {name: tool for name, tool in tools.items() if name not in chat.called}
        self.says = SAYS[chat.language]

    def next_turn(self) -> Thought:
        if self.chat.last_role == "tool":
            return Thought(self._result(self.chat.last_text))
        ordered = self.chat.last_role in ("system", "developer")
        if ordered and vocabulary.ASK_AGAIN.search(fold(self.chat.last_text)):
            return Thought(self.says["pardon"])
        if ordered or not self.chat.questions:
            return Thought(self._introduction())
        return self._answer(self.chat.questions[-1])

    def _result(self, content: str) -> str:
        text = content.strip()
        if text.startswith('"'):
            try:
                text = str(json.loads(text))
            except (ValueError, RecursionError):
                return self.says["done"]
        if vocabulary.ASK_FOR_TOWN.match(fold(text)):
            return self.says["town"]
        if " " not in text or text[0] in "{[":
            return self.says["done"]
        return _sentence(text)

    def _introduction(self) -> str:
        who = self.chat.who
        hello = self.says["hello"].format(who) if who else self.says["hello, nameless"]
        return f"{hello} {self._going_on()}"

    def _going_on(self) -> str:
        """What follows "Hello, this is …": the missing word, or what the caller wanted, or an open question."""
        if not self.chat.questions:
            return self.says["help"]
        asked = self.chat.questions[-1]
        errand = self._errand(asked)
        if errand is None or errand.tool == "end_call":
            return self.says["help"]
        if errand.tool is None:
            return errand.text
        return self.says["you said"].format(_sentence(asked))

    def _answer(self, asked: str) -> Thought:
        folded = fold(asked)
        if not folded:
            return Thought(self.says["pardon"])
        thought = self._reply_to_our_question(asked, folded) or self._errand(asked)
        if thought:
            return thought
        if vocabulary.AGAIN.search(folded) and self.chat.answers:
            said = self.chat.answers[-1]
            for notice in NOTICE.values():
                said = said.replace(notice, "")
            return Thought(said.strip() or self.says["pardon"])
        if vocabulary.WHO.search(folded) and self.chat.who:
            return Thought(self.says["this is"].format(self.chat.who))
        return Thought(self._fact(folded) or self._courtesy(folded) or self._no_answer())

    def _reply_to_our_question(self, asked: str, folded: str) -> Thought | None:
        """The caller's answer to what we asked last, such as "Monday" after "On which day?"."""
        said = self.chat.answers[-1] if self.chat.answers else ""
        before = self.chat.questions[-2] if len(self.chat.questions) > 1 else ""
        if vocabulary.GOODBYE.search(folded):
            return None
        refused = vocabulary.NO.fullmatch(folded)
        if refused and (self.says["else"] in said or vocabulary.THANKS.search(folded)):
            return self._goodbye(asked)
        if refused:
            return Thought(self.says["else"])
        if self.says["see to"] in said and vocabulary.YES.match(folded):
            return self._errand(before)
        if self.says["town"] in said and len(folded.split()) <= 4:
            return self._call("get_weather", place=_place(asked) or asked.strip(" .?!"))
        if any(self.says[missing] in said for missing in ("number", "day", "kind")):
            together = self._errand(f"{_sentence(before)} {asked}")
            return together if together and together.tool in ("order_status", "book_repair", "check_stock") else None
        return None

    def _errand(self, asked: str) -> Thought | None:
        """The tool that the words ask for, or the question for what is missing; None if they ask for none."""
        folded = fold(asked)
        ways: tuple[Callable[[str, str], Thought | None], ...] = (
            self._leave,
            self._transfer,
            self._weather,
            self._order,
            self._repair,
            self._stock,
            self._any_other_tool,
        )
        return next((thought for way in ways if (thought := way(asked, folded))), None)

    def _leave(self, asked: str, folded: str) -> Thought | None:
        return self._goodbye(asked) if vocabulary.GOODBYE.search(folded) else None

    def _goodbye(self, asked: str) -> Thought:
        goodbye = self.says["goodbye"]
        return self._call("end_call", goodbye=goodbye) or Thought(goodbye)

    def _transfer(self, asked: str, folded: str) -> Thought | None:
        for name in self._departments():
            known = vocabulary.DEPARTMENTS.get(name) or vocabulary.phrases(name)
            if known.search(folded):
                return self._call(f"transfer_to_{name}")
        return None

    def _weather(self, asked: str, folded: str) -> Thought | None:
        return self._call("get_weather", place=_place(asked)) if vocabulary.WEATHER.search(folded) else None

    def _order(self, asked: str, folded: str) -> Thought | None:
        if not vocabulary.ORDER.search(folded) or vocabulary.BUY.search(folded):
            return None
        if "order_status" not in self.tools:
            return self._call("transfer_to_support")
        number = digits(asked, self.chat.language)
        return self._call("order_status", number=number) if number else Thought(self.says["number"])

    def _repair(self, asked: str, folded: str) -> Thought | None:
        broken = vocabulary.PROBLEM.search(folded)
        if not broken and (not vocabulary.REPAIR.search(folded) or vocabulary.GENERAL.search(folded)):
            return None
        if "book_repair" not in self.tools:
            return self._call("transfer_to_support")
        day = vocabulary.DAY.search(asked)
        if not day:
            return Thought(self.says["day"])
        problem = _problem(asked) or self.says["repair"]
        return self._call("book_repair", day=day["day"] + (day["part"] or ""), problem=problem)

    def _stock(self, asked: str, folded: str) -> Thought | None:
        wants = vocabulary.PRICE.search(folded) or vocabulary.BUY.search(folded)
        if "check_stock" not in self.tools:
            return self._call("transfer_to_sales") if wants else None
        if vocabulary.GENERAL.search(folded):
            return None
        kind = next((kind for kind, known in vocabulary.KINDS.items() if known.search(folded)), None)
        if kind and (wants or vocabulary.BIKE.search(folded)):
            return self._call("check_stock", kind=kind)
        return Thought(self.says["kind"]) if wants else None

    def _any_other_tool(self, asked: str, folded: str) -> Thought | None:
        """A tool this module has never heard of, when the caller uses its name and words of its description."""
        said = _meaningful(folded)
        for name, tool in self.tools.items():
            if name in vocabulary.KNOWN_TOOLS or name.startswith("transfer_to_"):
                continue
            named = _meaningful(fold(name.replace("_", " ")))
            if named and (named <= said or (named & said and len(_meaningful(fold(tool.description)) & said) > 1)):
                return Thought(tool=name, arguments=tool.filled({}, asked))
        return None

    def _call(self, name: str, **arguments: str) -> Thought | None:
        tool = self.tools.get(name)
        if tool is None:
            return None
        return Thought(tool=name, arguments=tool.filled(arguments, self.chat.questions[-1]))

    def _fact(self, folded: str) -> str:
        """The one or two sentences of the prompt with most of the question's words; "" when none has any."""
        asked = _meaningful(folded)
        facts = list(self.chat.facts)
        shared = [len(asked & _meaningful(fold(fact))) for fact in facts]
        if "place" in asked and self.chat.introduction:  # who and where it is stands in one sentence
            facts.append(self.says["this is"].format(self.chat.introduction))
            shared.append(len(asked & ({"place"} | _meaningful(fold(facts[-1])))))
        most = max(shared, default=0)
        best = [fact for fact, count in zip(facts, shared, strict=True) if count == most]
        return " ".join(best[:2]) if most else ""

    def _courtesy(self, folded: str) -> str:
        if vocabulary.THANKS.search(folded):
            return self.says["welcome"]
        if vocabulary.HELLO.match(folded) or vocabulary.YES.match(folded):
            return self.says["help"]
        return ""

    def _departments(self) -> list[str]:
        prefix = "transfer_to_"
        return [name.removeprefix(prefix) for name in self.tools if name.startswith(prefix)]

    def _no_answer(self) -> str:
        called = CALLED[self.chat.language]
        others = [called.get(name, name.replace("_", " ")) for name in self._departments()]
        offer = self.says["through"].format(self.says["or"].join(others)) if others else self.says["else"]
        return f"{self.says['sorry']} {offer}"


def digits(text: str, language: str) -> str:
    """The longest number in `text` as digits: "ten oh one", "1 0 0 1" and "one zero zero one" are all "1001"."""
    runs: list[list[int | str]] = [[]]
    for word in fold(text).split():
        value = word if word.isascii() and word.isdigit() else vocabulary.NUMBERS[language].get(word)
        if value is None and word in vocabulary.MULTIPLES:
            value = -vocabulary.MULTIPLES[word]  # negative: multiplies what stands before it
        if value is not None:
            runs[-1].append(value)
        elif word not in vocabulary.JOINS:
            runs.append([])
    number = max((_joined(run) for run in runs), key=len)
    return number if len(number) > 1 else ""


def _joined(run: list[int | str]) -> str:
    spoken: list[str] = []
    room = 1  # what may still be added to the last number: below ten after "forty", below a hundred after "hundred"
    for value in run:
        if isinstance(value, str):
            spoken.append(value)
            room = 1
        elif value < 0:
            last = spoken.pop() if spoken and len(spoken[-1]) < 4 and int(spoken[-1]) else "1"
            spoken.append(str(int(last) * -value))
            room = -value
        elif 0 < value < room:
            spoken[-1] = str(int(spoken[-1]) + value)
            room = 10 if value >= 20 else 1
        else:
            spoken.append(str(value))
            room = 10 if value >= 20 else 1
    return "".join(spoken)


def _place(asked: str) -> str:
    found = vocabulary.PLACE_AFTER.search(asked)
    return vocabulary.NOT_A_PLACE.sub("", found["place"]).strip() if found else ""


def _problem(asked: str) -> str:
    """The clause that says what is broken, without the day."""
    clauses = [part.strip() for part in re.split(r"[.,;:?!¿¡]", vocabulary.DAY.sub("", asked)) if part.strip()]
    broken = [part for part in clauses if vocabulary.PROBLEM.search(fold(part))]
    return " ".join((broken or clauses)[0].split()) if clauses else ""


def _sentence(text: str) -> str:
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in ".?!…" else f"{stripped}."


def _meaningful(folded: str) -> set[str]:
    """The stems of folded text without words that say nothing; words of one meaning count as one."""
    return {_meaning(word) for word in folded.split() if word not in vocabulary.STOP} | {
        label for label, known in vocabulary.MEANINGS.items() if known.search(folded)
    }


def _meaning(word: str) -> str:
    for label, known in vocabulary.MEANINGS.items():
        if known.fullmatch(word):
            return label
    ending = next((e for e in ("ing", "en", "es", "ed", "er", "s", "e", "n") if word.endswith(e)), "")
    return word.removesuffix(ending) if len(word) - len(ending) > 2 else word

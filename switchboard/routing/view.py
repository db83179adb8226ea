"""A call as conditions see it: for each key of a `when`, the tokens that a condition may ask for.

A condition holds when it accepts one of the call's tokens. Both matching and its index rest on that one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from switchboard.call import attributes as names
from switchboard.call.call import Call, Fact
from switchboard.call.language import read_language
from switchboard.call.numbers import Number
from switchboard.routing.number_lists import NumberLists

Tokens = tuple[Hashable, ...]

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_SHOWN_LENGTH = 80


class Absence(Enum):
    """The token of a key that the call does not have. An empty text is not absent."""

    ABSENT = "absent"


ABSENT = Absence.ABSENT


class Listed(NamedTuple):
    """The token of a number that is on a list of `[numbers]`."""

    name: str


class Key(NamedTuple):
    """What a condition reads: `from`, `header."x-queue"`. `aspect` tells readings of one number apart."""

    group: str
    name: str = ""
    aspect: str = ""

    def __str__(self) -> str:
        return f'{self.group}."{self.name}"' if self.name else self.group


@dataclass(slots=True)
class View:
    """One call, each key read at most once."""

    call: Call
    lists: NumberLists
    _read: dict[Key, Tokens]

    def __init__(self, call: Call, lists: NumberLists) -> None:
        self.call = call
        self.lists = lists
        self._read = {}

    def tokens(self, key: Key) -> Tokens:
        found = self._read.get(key)
        if found is None:
            found = self._read[key] = _READERS[key.group, key.aspect](self, key.name)
        return found

    def shown(self, key: Key) -> str:
        """The call's value for a person to read: `is "+14155550101"`, `is absent`."""
        if self.tokens(Key(key.group, key.name)) == (ABSENT,):
            return "is absent"
        value = _SHOWN[key.group](self.call, key.name)
        text = str(value)
        text = text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"
        return f'is "{text}"' if isinstance(value, str) else f"is {text}"


def value_tokens(value: object) -> Tokens:
    """Text is itself; a number equals text that spells it; a JSON null is absent; lists and objects equal nothing."""
    if isinstance(value, str):
        return (value, float(value)) if _JSON_NUMBER.fullmatch(value) else (value,)
    if value is None:
        return (ABSENT,)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int):
        # Whole numbers that a float cannot hold are identifiers: they equal their own text.
        return (str(value), float(value)) if abs(value) < 1 << 53 else (str(value),) if abs(value) < 1 << 99 else ()
    if isinstance(value, float):
        return (repr(value), value)
    if isinstance(value, Decimal):
        return (str(value), float(value)) if value.is_finite() else (str(value),)
    if isinstance(value, date | time):
        return (value.isoformat(),)
    return (str(value),) if isinstance(value, UUID) else ()


def language_tokens(tag: str) -> Tokens:
    """`es-MX` is heard by a route for `es-MX` and by one for `es`."""
    parts = tag.lower().split("-")
    return tuple("-".join(parts[:count]) for count in range(len(parts), 0, -1))


def prefix_tokens(e164: str) -> Tokens:
    """All prefixes, the `+` and at least one digit."""
    return tuple(e164[:length] for length in range(2, len(e164) + 1))


def number_key(number: Number) -> str:
    """What an exact comparison compares: E.164, or the text of what is no public number."""
    return number.e164 or number.raw.strip().casefold()


def late_names(key: Key, call: Call | None = None) -> frozenset[str]:
    """Attributes whose late arrival can change what `key` reads; with a call, only those that still can."""
    match key.group:
        case "header":
            return frozenset({f"{names.HEADER}{key.name}"})
        case "attribute":
            return frozenset({key.name} - names.AT_JOIN)
        case "provider" if call is None or call.provider is None:
            return frozenset(name for carried in names.CARRIERS.values() for name in carried)
        case "data":
            return _late_sources(key.name, call.data.get(key.name) if call else None)
        case "trusted":  # which no header ever is
            sources = _late_sources(key.name, call.vouched.get(key.name) if call else None)
            return frozenset(name for name in sources if not name.startswith(names.HEADER))
        case _:
            return frozenset()


def _late_sources(name: str, fact: Fact | None) -> frozenset[str]:
    """Sources of the merged data that come before the one which has the key now."""
    if fact and fact.source in ("job", "attribute"):
        return frozenset()
    attribute = frozenset[str]() if name.startswith(("sip.", "lk.")) else frozenset({name})
    header = frozenset({f"{names.HEADER}{name}", f"{names.HEADER}x-{name}"})
    return attribute if fact and fact.source == "header" else attribute | header


def _number_of(view: View, end: str) -> Number | None:
    return view.call.to_number if end == "to" else view.call.from_number


def _exact(end: str) -> Callable[[View, str], Tokens]:
    def read(view: View, _: str) -> Tokens:
        number = _number_of(view, end)
        if number is None:
            return ("",) if _attribute_of(view.call, end) in view.call.attributes else (ABSENT,)
        key = number_key(number)
        return (key, *map(Listed, view.lists.holding(key)))

    return read


def _attribute_of(call: Call, end: str) -> str:
    """On an outbound call the bridge swaps the names of the two ends."""
    theirs = (end == "from") == (call.direction == "inbound")
    return names.THEIR_NUMBER if theirs else names.OUR_NUMBER


def _prefix(end: str) -> Callable[[View, str], Tokens]:
    def read(view: View, _: str) -> Tokens:
        number = _number_of(view, end)
        return prefix_tokens(number.e164) if number and number.e164 else ()

    return read


def _country(end: str) -> Callable[[View, str], Tokens]:
    def read(view: View, _: str) -> Tokens:
        number = _number_of(view, end)
        return (number.country,) if number and number.country else ()

    return read


def _value(group: str) -> Callable[[View, str], Tokens]:
    def read(view: View, name: str) -> Tokens:
        value = _SHOWN[group](view.call, name)
        if name == "language" and group in ("data", "trusted") and value is not None:
            tag = read_language(value)
            return language_tokens(tag) if tag else ()
        return value_tokens(value)

    return read


def _trusted(call: Call, name: str) -> Any:
    fact = call.vouched.get(name)
    return fact.value if fact else None


# Group of keys -> the value that a person would say the call has for it.
_SHOWN: Mapping[str, Callable[[Call, str], Any]] = {
    "to": lambda call, _: str(call.to_number or ""),
    "from": lambda call, _: str(call.from_number or ""),
    "trunk": lambda call, _: call.trunk,
    "rule": lambda call, _: call.rule,
    "direction": lambda call, _: call.direction,
    "kind": lambda call, _: call.kind,
    "provider": lambda call, _: call.provider,
    "header": lambda call, name: call.header(name),
    "attribute": lambda call, name: call.attributes.get(name),
    "job": lambda call, name: call.job.get(name) if name else call.texts.get("job"),
    "participant": lambda call, name: call.participant.get(name) if name else call.texts.get("participant"),
    "room": lambda call, name: call.room.get(name) if name else call.texts.get("room"),
    "data": lambda call, name: call.value(name),
    "trusted": _trusted,
    "customer": lambda call, name: call.customer.get(name),
}
_READERS: Mapping[tuple[str, str], Callable[[View, str], Tokens]] = {
    **{(group, ""): _value(group) for group in _SHOWN},
    **{(end, ""): _exact(end) for end in ("to", "from")},
    **{(end, "prefix"): _prefix(end) for end in ("to", "from")},
    **{(end, "country"): _country(end) for end in ("to", "from")},
}

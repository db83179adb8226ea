"""Reading a `when`: TOML in, conditions out, every fault reported with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, cast, get_args

import phonenumbers

from switchboard.call.attributes import CARRIERS
from switchboard.call.call import Direction, Kind
from switchboard.call.language import read_language
from switchboard.files.lines import KeyPath
from switchboard.files.source import Source
from switchboard.files.suggest import suggest
from switchboard.routing.conditions import AnyOf, Condition, Present, percent
from switchboard.routing.forms import WrittenWhen
from switchboard.routing.number_lists import normalise
from switchboard.routing.view import ABSENT, Key, Listed, language_tokens

NUMBERS = ("to", "from")
WORDS: Mapping[str, tuple[str, ...]] = {  # keys that have a fixed set of values
    "direction": get_args(Direction),
    "kind": get_args(Kind),
    "provider": tuple(CARRIERS),
}
TEXTS = ("trunk", "rule")
MERGED = ("language", "department", "user_id")  # short for data."language", …
GROUPS = ("header", "attribute", "job", "participant", "room", "data", "trusted", "customer")
METADATA = ("job", "participant", "room")  # each may be one text as well as a group of keys
LATER = ("open", "closed")
KEYS = WrittenWhen.key_names()

_PREFIX = re.compile(r"\+[0-9]{1,15}")
_SHOWN_VALUES = 3


class _Fault(ValueError):
    """What is wrong with one value; the reader knows where it stands."""


@dataclass(frozen=True, slots=True)
class WhenReader:
    """Reads the `when` of each route of one file."""

    source: Source
    lists: Collection[str]
    region: str

    def read(self, path: KeyPath, when: object, route: str) -> tuple[Condition, ...] | None:
        """The conditions of a `when` at `path`, or None where it has faults (they are in the source)."""
        found: list[Condition] = []
        if not isinstance(when, Mapping):
            self.source.fault(path, f'route "{route}": when must be a table: when = {{ to = "+1…" }}')
            return None
        is_good = True
        for name, value in cast("Mapping[str, Any]", when).items():
            for key, inner, place in self._keys(name, value, (*path, name)):
                try:
                    found.extend(self._conditions(key, inner, route))
                except _Fault as fault:
                    is_good = False
                    self.source.fault(place, f'route "{route}": {fault}')
        return tuple(found) if is_good else None

    def _keys(self, name: str, value: Any, path: KeyPath) -> list[tuple[Key, Any, KeyPath]]:
        """`header` holds a table of names, as does `job` where it is no text; every other key stands for itself."""
        if name in GROUPS and isinstance(value, Mapping) and value:
            names = cast("Mapping[str, Any]", value)
            return [(Key(name, inner), of, (*path, inner)) for inner, of in names.items()]
        return [(Key(name), value, path)]

    def _conditions(self, key: Key, value: Any, route: str) -> list[Condition]:
        text = f"{key} = {shown(value)}"
        _check_key(key)
        if key.group == "percent":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
                raise _Fault(f"{text}: must be a number from 0 to 100")
            return [percent(value, route, text)]
        key = _canonical(key)
        if not isinstance(value, Mapping):
            return [AnyOf(key, self._tokens(key, value, text), text)]
        tests = cast("Mapping[str, Any]", value)
        if not tests:
            raise _Fault(f"{text}: is empty: write a value, or {{ absent = true }}")
        return [self._test(key, test, asked, f"{key} = {shown({test: asked})}") for test, asked in tests.items()]

    def _test(self, key: Key, test: str, asked: Any, text: str) -> Condition:
        """One of the small tables: `{ prefix = … }`, `{ country = … }`, `{ absent = true }`."""
        have = ("prefix", "country", "absent") if key.group in NUMBERS else ("absent",)
        if test not in have:
            quotes = f'; a name with dots needs quotes: {key.group}."{key.name}.{test}"' if key.name else ""
            raise _Fault(f'{text}: unknown test "{test}" {suggest(test, have)}{quotes}')
        if test == "absent":
            if not isinstance(asked, bool):
                raise _Fault(f"{text}: absent is true or false")
            return AnyOf(key, frozenset({ABSENT}), text) if asked else Present(key, text)
        read = _read_prefix if test == "prefix" else _read_country
        accepted = frozenset(read(item, text) for item in _items(asked, text))
        return AnyOf(key._replace(aspect=test), accepted, text)

    def _tokens(self, key: Key, value: Any, text: str) -> frozenset[Hashable]:
        """What equality with `value`, or with any of a list, accepts."""
        read: Callable[[Any, str], Hashable] = _read_value
        if key.group in NUMBERS:
            read = self._read_number
        elif key.group in WORDS:
            words = WORDS[key.group]
            read = lambda item, text: _read_word(item, words, text)  # noqa: E731
        elif key.group in TEXTS:
            read = _read_text
        elif key.group in ("data", "trusted") and key.name == "language":
            read = _read_language
        return frozenset(read(item, text) for item in _items(value, text))

    def _read_number(self, item: Any, text: str) -> Hashable:
        number = _read_text(item, text)
        if number.startswith("@"):
            if number[1:] not in self.lists:
                raise _Fault(f'unknown list "{number}" in [numbers] {suggest(number[1:], sorted(self.lists))}')
            return Listed(number[1:])
        try:
            return normalise(number, self.region)
        except ValueError as error:
            raise _Fault(f'{text}: "{number}" {error}: write it as +14155550101') from None


def _check_key(key: Key) -> None:
    if key.group in LATER:
        raise _Fault(f"{key.group} is not yet supported: timetables come with a later version")
    if key.group not in KEYS:
        raise _Fault(
            f'unknown key "{key.group}" in when {suggest(key.group, KEYS)}: '
            f'a key of the call\'s own data is written data."{key.group}"'
        )
    if key.group in GROUPS and key.group not in METADATA and not key.name:
        raise _Fault(f'{key.group} needs a name: {key.group}."name" = "value"')


def _canonical(key: Key) -> Key:
    if key.group in MERGED:
        return Key("data", key.group)
    return Key("header", key.name.lower()) if key.group == "header" else key


def _items(value: Any, text: str) -> list[Any]:
    if not isinstance(value, list):
        return [value]
    if not value:
        raise _Fault(f"{text}: an empty list matches no call")
    return cast("list[Any]", value)


def _read_text(item: Any, text: str) -> str:
    if not isinstance(item, str):
        raise _Fault(f"{text}: must be text in quotes")
    return item


def _read_word(item: Any, words: tuple[str, ...], text: str) -> str:
    if item not in words:
        raise _Fault(f"{text}: unknown value {suggest(str(item), words)}")
    return str(item)


def _read_language(item: Any, text: str) -> str:
    tag = read_language(item)
    if tag is None:
        raise _Fault(f'{text}: is no language: write a tag such as "es" or "es-MX"')
    return str(language_tokens(tag)[0])


def _read_value(item: Any, text: str) -> Hashable:
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int | float):
        return item if abs(item) < 1 << 53 else str(item)
    if isinstance(item, date | time):
        return item.isoformat()
    return _read_text(item, text)


def _read_prefix(item: Any, text: str) -> str:
    digits = re.sub(r"[\s().-]", "", _read_text(item, text))
    if not _PREFIX.fullmatch(digits):
        raise _Fault(f"{text}: a prefix is + and digits, the country code first: +1415")
    return digits


def _read_country(item: Any, text: str) -> str:
    country = _read_text(item, text).upper()
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise _Fault(f'{text}: "{item}" is no country: write its two letters, such as "US" or "DE"')
    return country


def shown(value: Any) -> str:
    """A value as TOML has it, long lists shortened."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return "{ " + ", ".join(f"{key} = {shown(inner)}" for key, inner in pairs) + " }" if pairs else "{}"
    if isinstance(value, list):
        items = [shown(item) for item in cast("list[Any]", value)]
        more = len(items) - _SHOWN_VALUES
        return f"[{', '.join(items[:_SHOWN_VALUES])}{f', … {more} more' if more > 0 else ''}]"
    if isinstance(value, date | time):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False)

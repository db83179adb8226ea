"""The `[numbers]` lists: which lists a telephone number is on. Millions of numbers, 8 bytes each."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping

import phonenumbers

from switchboard.call.numbers import read_e164

LIMIT = 1 << 14  # lists in one file: a number (50 bits, 15 digits) and its list share 64 bits
_PLUS_AND_DIGITS = re.compile(r"\+[1-9][0-9]{6,14}")


class NumberLists:
    """Named lists of numbers, as one sorted array.

    Nothing in it is a Python object of its own, so that the processes forked for calls share its memory.
    """

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        """Numbers are compare keys (`normalise`). Raises ValueError for more than LIMIT lists."""
        if len(lists) > LIMIT:
            raise ValueError(f"{len(lists)} lists are too many: the most is {LIMIT}")
        self.names = tuple(lists)
        self._words: dict[str, list[str]] = {}  # what is no E.164 number: "anonymous", short codes
        packed: list[int] = []
        for index, (name, numbers) in enumerate(lists.items()):
            for number in numbers:
                if _PLUS_AND_DIGITS.fullmatch(number):
                    packed.append(int(number) << 14 | index)
                else:
                    self._words.setdefault(number, []).append(name)
        packed.sort()
        self._packed = array("Q", packed)

    def holding(self, number: str) -> list[str]:
        """The names of the lists that `number`, a compare key, is on."""
        if not _PLUS_AND_DIGITS.fullmatch(number):
            return self._words.get(number, [])
        first = int(number) << 14
        position = bisect_left(self._packed, first)
        found: list[str] = []
        while position < len(self._packed) and self._packed[position] >> 14 == int(number):
            found.append(self.names[self._packed[position] & (LIMIT - 1)])
            position += 1
        return found


def normalise(text: str, region: str) -> str:
    """The compare key of a number as a person writes it: E.164, or the text itself where it is no public number.

    Raises ValueError for what can be neither: nothing at all, or a `+` that no number follows.
    """
    if _is_clean(text):
        return text
    e164 = read_e164(text, region)
    if e164:
        return e164
    key = text.strip().casefold()
    if not key:
        raise ValueError("is empty")
    if key.startswith("+"):
        raise ValueError("is no telephone number")
    return key


# Calling code -> what its numbers may start with that is no part of them (the 0 of +49 (0)30), None: nothing.
_national_prefixes: dict[str, re.Pattern[str] | None] = {}


def _is_clean(text: str) -> bool:
    """Whether `text` is E.164 that phonenumbers would return as it is. 20 times faster than asking it."""
    if not _PLUS_AND_DIGITS.fullmatch(text):
        return False
    for end in (2, 3, 4):
        code = text[1:end]
        if code not in _national_prefixes:
            if int(code) not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
                continue
            _national_prefixes[code] = _national_prefix(int(code))
        prefix = _national_prefixes[code]
        return prefix is None or prefix.match(text, end) is None
    return False


def _national_prefix(code: int) -> re.Pattern[str] | None:
    region = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code][0]
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
    prefix = metadata.national_prefix_for_parsing if metadata else None
    return re.compile(prefix) if prefix else None

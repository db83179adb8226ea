"""How a number in figures is said in English: the recogniser knows words alone."""

from __future__ import annotations

_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_LARGEST = 999_999


def readings(figures: str) -> tuple[tuple[str, ...], ...]:
    """The ways to say `figures`, "1001" for one: as a number with and without "and", and digit by digit."""
    ways = [tuple(_DIGITS[int(figure)] for figure in figures)]
    if figures[0] != "0" and int(figures) <= _LARGEST:
        ways += [tuple(_number(int(figures), between)) for between in ((), ("and",))]
    return tuple(dict.fromkeys(ways))


def _number(number: int, between: tuple[str, ...]) -> list[str]:
    """`number`, above nought, in words; `between` stands before what is below a hundred."""
    thousands, rest = divmod(number, 1000)
    words = [*_below_thousand(thousands, between), "thousand"] if thousands else []
    if not rest:
        return words
    # "One thousand and one", and "one thousand one hundred and one".
    return [*words, *(between if thousands and rest < 100 else ()), *_below_thousand(rest, between)]


def _below_thousand(number: int, between: tuple[str, ...]) -> list[str]:
    hundreds, rest = divmod(number, 100)
    words = [_DIGITS[hundreds], "hundred"] if hundreds else []
    if not rest:
        return words
    words += between if hundreds else ()
    if rest < 10:
        return [*words, _DIGITS[rest]]
    if rest < 20:
        return [*words, _TEENS[rest - 10]]
    tens, ones = divmod(rest, 10)
    return [*words, _TENS[tens - 2], *([_DIGITS[ones]] if ones else ())]

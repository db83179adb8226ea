"""What is typed after a command, read strictly: one line for each fault, exit code 2."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from switchboard.call.metadata import read_metadata
from switchboard.call.numbers import parse_number
from switchboard.cli.output import fail

_DURATION = re.compile(r"(\d{1,8})([smhd]?)")
_UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def json_object(text: str | None, option: str) -> dict[str, Any]:
    """Metadata as the worker reads it: a JSON object. Not given is empty."""
    value, warning = read_metadata(text, option)
    if warning:
        what = warning.removesuffix(": ignored")
        fail(f'{what}: write a JSON object of less than 64 KiB, {option} \'{{"department": "support"}}\'')
    return value


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """`--attribute department=support`, any number of them."""
    found: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not key.strip() or not sign:
            fail(f'{option} "{text}" is not NAME=VALUE: write {option} department=support')
        if key in found:
            fail(f'{option} gives "{key}" twice: leave one out')
        found[key] = value
    return found


def duration(text: str, option: str) -> timedelta:
    """`90`, `90s`, `30m`, `6h`, `2d`: longer than nothing and up to ten years."""
    match = _DURATION.fullmatch(text.strip())
    length = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < length <= timedelta(days=3650):
        fail(f'{option} "{text}" is no duration: write 90s, 30m, 6h or 2d')
    return length


def telephone_number(text: str, what: str) -> str:
    """E.164. It is dialled from anywhere, so the country code is asked for and not guessed."""
    number = parse_number(text, "ZZ")
    if not text.strip().startswith("+") or number.e164 is None or number.extension:
        fail(f'{what} "{text}" is no telephone number: write + and the country code, +14155550101')
    return number.e164


def not_empty(text: str, option: str) -> str:
    """Text that names something."""
    if not text.strip():
        fail(f"{option} is empty: it needs a name")
    return text

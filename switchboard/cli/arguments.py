"""What is typed after a command, alike in all of them, and read strictly: one line for each fault, exit code 2."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, cast

import typer

from switchboard.call.metadata import read_metadata
from switchboard.call.numbers import parse_number, read_e164
from switchboard.cli.output import fail

_PAIR = "NAME=VALUE"
# `pairs` reads these two, `customer_rows` the third.
Headers = Annotated[
    list[str] | None, typer.Option("--header", metavar=_PAIR, help="A SIP header, X-Queue=repairs; repeat for more.")
]
Attributes = Annotated[
    list[str] | None, typer.Option("--attribute", metavar=_PAIR, help="An attribute, branch=Oakland; repeat for more.")
]
Customer = Annotated[
    list[str] | None,
    typer.Option(
        "--customer",
        metavar=_PAIR,
        help="The caller's row of the directory, tier=gold; repeat for more. Or JSON: a row, a list of them.",
    ),
]
RoomMetadata = Annotated[
    str | None, typer.Option("--room-metadata", metavar="JSON", help="Room metadata, a JSON object.")
]

_DURATION = re.compile(r"(\d{1,8})([smhd]?)")
_UNITS = {"": "seconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def json_object(text: str | None, option: str) -> dict[str, Any]:
    """Metadata as the worker reads it: a JSON object. Not given is empty."""
    read = read_metadata(text, option)
    if read.warning:
        what = read.warning.rpartition(":")[0]
        fail(f'{what}: write a JSON object of at most 64 KiB, {option} \'{{"department": "support"}}\'')
    return read.keys


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


def customer_rows(texts: Sequence[str] | None) -> list[dict[str, Any]] | None:
    """`--customer tier=gold`: one row of all pairs; or JSON, for a household. None where nothing was given."""
    if not texts:
        return None
    if not texts[0].lstrip().startswith(("{", "[")):
        return [dict(pairs(texts, "--customer"))]
    if len(texts) > 1:
        fail("--customer is given as JSON and again: write all rows as one list")
    try:
        value: object = json.loads(texts[0])
    except (ValueError, RecursionError) as error:
        fail(f"--customer: this is not JSON: {error}: write --customer tier=gold")
    rows = cast("list[object]", value) if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) for row in rows):
        fail("--customer: a row is a JSON object: write --customer tier=gold")
    return cast("list[dict[str, Any]]", rows)


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


def number_in(text: str, region: str) -> str:
    """E.164 of a number that may be written as people of `region` do."""
    number = read_e164(text, region)
    if number is None:
        fail(f'"{text}" is no telephone number in {region}: write it with + and country code')
    return number


def region_of(given: str | None) -> str:
    """The region given, else `[worker] region` of the routing file, else the default of that setting."""
    import phonenumbers

    region = (given or _configured_region() or "US").upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        fail(f'--region "{region}" is no country: write two letters, such as US or GB')
    return region


def _configured_region() -> str | None:
    """Read here without checking the whole file: `switchboard check` does that."""
    import tomllib

    from switchboard.worker.settings import Settings

    try:
        file = tomllib.loads(Settings().config.read_text(encoding="utf-8"))
        region: object = file["worker"]["region"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return region if isinstance(region, str) else None

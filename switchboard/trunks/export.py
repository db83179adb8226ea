"""`trunks.toml` written from what a server has. Secrets become names of environment variables."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from switchboard.trunks.model import RINGING_TIMEOUT
from switchboard.trunks.plan import Present
from switchboard.trunks.wire import ROOM_PREFIX, SECRETS, UNNAMED

_ALWAYS = frozenset({"type", "address"})
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Export:
    """The file's text, and the environment variables that it names."""

    text: str
    variables: tuple[str, ...]


def export(stock: Sequence[Present], worker: str) -> Export:
    """The file that, applied to the same server, changes nothing once its variables are set."""
    variables: list[str] = []
    parts: list[str] = ["# Trunks and dispatch rules, as the server has them.\n# Explained in docs/provisioning.md.\n"]
    for present in stock:
        name = present.name or present.id
        lines = [f"[[{present.kind}]]", f"name = {_value(name)}"]
        for key, value in present.fields.items():
            if key in SECRETS and value:
                variable = f"{re.sub(r'[^A-Za-z0-9]+', '_', name).strip('_').upper()}_{key.upper()}"
                variable = f"SIP_{variable}" if variable[0].isdigit() else variable
                variables.append(variable)
                lines.append(f"{key}_env = {_value(variable)}")
            elif _is_worth_a_line(present, key, value, worker):
                lines.append(f"{_key(key)} = {_value(value)}")
        left = [key for key in UNNAMED[present.kind] if getattr(present.message, key)]
        if left:
            lines.append(f"# {', '.join(left)}: set on the server and left as they are")
        parts.append("\n".join(lines) + "\n")
    return Export("\n".join(parts), tuple(variables))


def _is_worth_a_line(present: Present, key: str, value: Any, worker: str) -> bool:
    """Defaults go without saying."""
    match key:
        case "agent":
            return value != worker
        case "room_prefix":
            return present.fields["type"] != "direct" and value != ROOM_PREFIX
        case "include_headers":
            return value != "none"
        case "media_encryption":
            return value != "disable"
        case "ringing_timeout":
            return value != RINGING_TIMEOUT
        case "transport":
            return value != "auto"
        case _:
            return key in _ALWAYS or bool(value)


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        if _has_null(table):
            return _value(json.dumps(table, ensure_ascii=False))  # TOML has no null: metadata may be a string
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in table.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(inner) for inner in cast("list[Any]", value)) + "]"
    # JSON's strings, numbers and booleans are TOML's too, but for one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(inner) for inner in cast("dict[str, Any]", value).values())
    if isinstance(value, list):
        return any(_has_null(inner) for inner in cast("list[Any]", value))
    return value is None

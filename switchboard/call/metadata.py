"""Metadata as LiveKit carries it: a string of at most 64 KiB, by agreement a JSON object. Anyone may get it wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

LIMIT = 64 * 1024  # bytes: what LiveKit promises to carry (livekit-server 1.13.5 takes more)
_DEPTH = 32

_TYPE_NAMES: Mapping[type, str] = {
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
}


class Metadata(NamedTuple):
    """Metadata as it was read: the keys of a JSON object, or anything else as one text; and what is odd about it."""

    keys: dict[str, Any]
    text: str | None = None
    warning: str | None = None


def read_metadata(raw: str | bytes | Mapping[str, Any] | None, what: str) -> Metadata:
    """The JSON object in `raw`; what is none is kept as text, with a warning.

    None means there is none, which is no fault. `what` names the source in the warning. Never raises.
    The text itself is personal data and stays out of the warning.
    """
    if raw is None:
        return Metadata({})
    if isinstance(raw, Mapping):
        return _checked(dict(raw), what)
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    if warning := too_long(text, what):
        return _ignored(warning)
    if not text.strip():
        return _ignored(f"{what} is empty")
    try:
        value: object = json.loads(text)
    except RecursionError:
        return _ignored(f"{what} is nested too deep")
    except ValueError:
        return Metadata({}, _text(text), f"{what} is not JSON: kept as one text")
    if value is None:
        return _ignored(f"{what} is null, not a JSON object")
    if not isinstance(value, dict):
        kept = _text(value if isinstance(value, str) else text)
        return Metadata({}, kept, f"{what} is {_TYPE_NAMES[type(value)]}, not a JSON object: kept as one text")
    return _checked(cast("dict[str, Any]", value), what)


def too_long(text: str, what: str) -> str | None:
    """What is wrong with metadata of more than LIMIT bytes."""
    size = len(text.encode("utf-8", "replace"))
    return f"{what} is {size} bytes, the limit is {LIMIT}" if size > LIMIT else None


def _ignored(why: str) -> Metadata:
    return Metadata({}, None, f"{why}: ignored")


def _checked(value: dict[str, Any], what: str) -> Metadata:
    if _depth(value) > _DEPTH:
        return _ignored(f"{what} is nested deeper than {_DEPTH} levels")
    return Metadata({_text(key): _clean(inner) for key, inner in value.items()})


def _depth(value: object) -> int:
    """Levels of nesting, counted without recursion."""
    depth, level = 0, [value]
    while level and depth <= _DEPTH:
        depth += 1
        below: list[object] = []
        for item in level:
            if isinstance(item, Mapping):
                below.extend(cast("Mapping[str, object]", item).values())
            elif isinstance(item, list | tuple):
                below.extend(cast("list[object]", item))
        level = below
    return depth


def _clean(value: Any) -> Any:
    """Text that every database and log can hold: no lone surrogates, no NUL."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(str(k)): _clean(v) for k, v in cast("Mapping[object, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_clean(inner) for inner in cast("list[Any]", value)]
    return value


def _text(value: str) -> str:
    return value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")

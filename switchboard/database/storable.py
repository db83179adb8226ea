"""Values that both databases hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast

_DEPTH = 64


def storable(value: Any, depth: int = 0) -> Any:
    """`value` as JSON that both databases hold: PostgreSQL refuses NUL, lone surrogates and NaN. Never raises."""
    if depth > _DEPTH:
        return "…"
    if isinstance(value, str):
        return storable_text(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None  # NaN and the infinities
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, Any]", value).items()
        return {storable_text(str(key)): storable(inner, depth + 1) for key, inner in pairs}
    if isinstance(value, list | tuple | set | frozenset):
        return [storable(inner, depth + 1) for inner in cast("tuple[Any, ...]", value)]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return storable_text(str(value))


def storable_text(text: str) -> str:
    """`text` without NUL and with `?` for lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")

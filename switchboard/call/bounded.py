"""What others send, cut to what a prompt or a record can bear: the size of a text, and of all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

MORE = "…"
_EACH = 4  # characters that a key or value costs beside its text: quotes, a comma
_DEPTH = 64


def bounded(value: Any, longest: int, largest: int) -> Any:
    """`value` as JSON has it, each text cut to `longest` characters, all of it to about `largest`. Never raises.

    What comes first is kept. Where something is left out, `…` stands, with how many keys or entries there were more.
    """
    return _Budget(longest, largest).take(value)


def cut(text: str, longest: int) -> str:
    """`text`, of at most `longest` characters and a mark that there were more."""
    return text if len(text) <= longest else text[: max(0, longest)] + MORE


class _Budget:
    def __init__(self, longest: int, largest: int) -> None:
        self._longest = longest
        self._left = largest

    def take(self, value: Any, depth: int = 0) -> Any:
        if depth > _DEPTH:
            return MORE
        if isinstance(value, Mapping):
            return self._keys(cast("Mapping[object, Any]", value), depth)
        if isinstance(value, list | tuple):
            return self._entries(cast("Sequence[Any]", value), depth)
        text = str(value)
        kept = self._text(text)
        # A number stays one, unless it has more digits than anybody may send.
        return kept if isinstance(value, str) or kept != text else value

    def _keys(self, value: Mapping[object, Any], depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for number, (key, inner) in enumerate(value.items()):
            if self._left <= 0:
                kept[MORE] = f"{len(value) - number} more"
                break
            name = self._text(str(key))
            kept[name] = self.take(inner, depth + 1)
        return kept

    def _entries(self, value: Sequence[Any], depth: int) -> list[Any]:
        kept: list[Any] = []
        for number, inner in enumerate(value):
            if self._left <= 0:
                kept.append(f"{MORE} {len(value) - number} more")
                break
            kept.append(self.take(inner, depth + 1))
        return kept

    def _text(self, text: str) -> str:
        kept = cut(text, min(self._longest, self._left))
        self._left -= len(kept) + _EACH
        return kept

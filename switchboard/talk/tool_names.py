"""Names of tools that come from names of something else."""

from __future__ import annotations

import re

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]")


def tool_name(name: str) -> str:
    """`name` as language models take names of tools: letters, digits, `_` and `-`, at most 64 of them."""
    return _NOT_IN_NAMES.sub("_", name)[:64] or "_"

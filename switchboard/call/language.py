"""Language tags, as callers and metadata write them."""

from __future__ import annotations

import re

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


def base_language(language: str) -> str:
    """`es` of `es-MX`."""
    return language.partition("-")[0].lower()


def read_language(value: object) -> str | None:
    """A language tag as callers and metadata write it (`ES`, `es_mx`) in its usual form (`es`, `es-MX`), or None."""
    if not isinstance(value, str) or len(value) > 35:
        return None
    base, _, rest = value.strip().replace("_", "-").partition("-")
    region = rest.upper() if len(rest) == 2 else rest
    tag = base.lower() + (f"-{region}" if region else "")
    return tag if _LANGUAGE.fullmatch(tag) else None

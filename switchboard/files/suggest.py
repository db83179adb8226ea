"""The end of an error message: what was probably meant, and what there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 12


def suggest(name: str, have: Iterable[str]) -> str:
    """`(did you mean "vips"? have: blocked, vips)`, shortened where there is much to have."""
    names = list(have)
    if not names:
        return "(have: none)"
    near = get_close_matches(name, names, n=1)
    listed = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    meant = f'did you mean "{near[0]}"? ' if near else ""
    return f"({meant}have: {listed})"

"""The `{placeholders}` that greetings, openings and prompts may have. Filling them in is done where they are spoken."""

from __future__ import annotations

import re
from string import Formatter

from switchboard.files.suggest import suggest

_AREA = ("area", "area_code", "city", "region", "country")
PLACEHOLDERS = (*_AREA, "name", "company", "from", "to", "agent", "department")
# In a prompt's instructions, where any other brace is text: an example of JSON, for one.
IN_INSTRUCTIONS = re.compile(r"(?<!\{)\{([A-Za-z_]+(?:\.[^{}\s]+)?)\}(?!\})")
GROUPS = ("data", "customer")  # any key of these: {data.order}, {customer.tier}


def placeholders(text: str) -> frozenset[str]:
    """The names between braces; `{{` is a brace. Raises ValueError where the braces do not pair up."""
    names: set[str] = set()
    try:
        for _, name, spec, conversion in Formatter().parse(text):
            if name is None:
                continue
            if not name or spec or conversion:
                raise ValueError("write a name and nothing else between braces, and {{ for a brace itself")
            names.add(name)
    except ValueError as error:
        raise ValueError(f"{error}") from None
    return frozenset(names)


def is_known(placeholder: str) -> bool:
    """Whether a call can fill this in."""
    group, dot, key = placeholder.partition(".")
    return placeholder in PLACEHOLDERS or bool(group in GROUPS and dot and key)


def unknown(placeholder: str) -> str:
    """What to say of one that no call can fill in."""
    have = (*PLACEHOLDERS, *(f"{group}.KEY" for group in GROUPS))
    return f"unknown placeholder {{{placeholder}}} {suggest(placeholder, have)}"


def placeholder_faults(greeting: str) -> list[str]:
    """What is wrong with the placeholders of words that are spoken as they are written."""
    try:
        return [unknown(name) for name in sorted(placeholders(greeting)) if not is_known(name)]
    except ValueError as error:
        return [str(error)]

"""The `{placeholders}` that a greeting and an opening may have. Filling them in is done where they are spoken."""

from __future__ import annotations

from string import Formatter

_AREA = ("area", "area_code", "city", "region", "country")
PLACEHOLDERS = (*_AREA, "name", "company", "from", "to", "agent", "department")
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

"""Who talks. The registry: a name that routes may use, and the class behind it.

Adding an agent: one file here, one line below, one prompt (`prompts/NAME.md`), one route, one test row.
Classes are named, not imported, so that reading the table stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.phone_agent import PhoneAgent

REGISTRY = {
    "front_desk": "agents.front_desk:FrontDesk",
    "sales": "agents.sales:Sales",
    "support": "agents.support:Support",
}


def names() -> tuple[str, ...]:
    return tuple(REGISTRY)


def agent_class(name: str) -> type[PhoneAgent]:
    """The class behind a name. Raises KeyError for a name that is not registered."""
    module, _, attribute = REGISTRY[name].partition(":")
    found: type[PhoneAgent] = getattr(import_module(module), attribute)
    return found

"""What the demonstration's caller says when nothing else is asked for, and which other callers there could be."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from switchboard.call.attributes import OUR_NUMBER, THEIR_NUMBER
from switchboard.call.language import base_language

if TYPE_CHECKING:
    from switchboard.worker.routing_file import RoutingFile

_SAYS: Mapping[str, tuple[str, ...]] = {
    "en": ("What are your opening hours?", "Thanks, goodbye."),
    "es": ("¿Cuál es su horario?", "Gracias, adiós."),
    "fr": ("Quels sont vos horaires ?", "Merci, au revoir."),
    "de": ("Wann haben Sie geöffnet?", "Danke, auf Wiederhören."),
}
_NUMBERS = {OUR_NUMBER, THEIR_NUMBER}
# Where there is somebody to be handed over to, as at Harbor Bikes.
_WITH_SALES = (
    "What are your opening hours?",
    "I would like to talk to sales, please.",
    "How much is a city bike?",
    "Thanks, goodbye.",
)


def script(language: str, agents: Collection[str]) -> tuple[str, ...]:
    """A conversation with a business that has these agents, in `language`, or in English where there is none."""
    says = _SAYS.get(base_language(language), _SAYS["en"])
    return _WITH_SALES if says is _SAYS["en"] and "sales" in agents else says


def other_callers(file: RoutingFile, route: str) -> Iterator[str]:
    """What to type for callers whom another row than `route` takes, by the table's own test rows: one by number, one by
    what our servers tell."""
    by_number = by_job = ""
    for test in file.tests:
        call = test.call
        if test.expect == route or call.direction != "inbound" or call.kind != "sip":
            continue
        if call.job and not by_job:
            by_job = f"scripts/demo --job '{json.dumps(dict(call.job), ensure_ascii=False)}'"
        elif set(call.attributes) == _NUMBERS and call.from_number and call.from_number.e164:
            by_number = f'scripts/demo --to "{call.to_number}" --from "{call.from_number}"'
    return filter(None, (by_number, by_job))

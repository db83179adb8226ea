"""Commands that say who calls: they ask the directory that a call asks, and tell what it said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchboard.cli.output import fail

if TYPE_CHECKING:
    from switchboard.call.call import Call
    from switchboard.worker.settings import Settings

_PATIENCE_S = 5.0  # a command may wait where a call does not


@dataclass(frozen=True, slots=True)
class Customers:
    """The rows of the number that calls. `source` is where they are from, for people: empty where nobody was asked.

    `warning` says why there are none where the directory did not answer, or answered later than a call waits.
    """

    rows: Sequence[Mapping[str, Any]] = ()
    source: str = ""
    warning: str = ""

    def told(self) -> Iterator[tuple[str, str]]:
        """Each row for people, with where it is from."""
        if self.source and not self.rows:
            yield "nobody is known under this number", self.source
        for row in self.rows:
            yield written(row), self.source

    def as_json(self) -> dict[str, Any]:
        return {"rows": list(self.rows), "source": self.source or None}


def ask_directory(settings: Settings, call: Call) -> Customers:
    """Who is known under the number of `call`, as the worker would ask; nobody is asked where there is no number.

    Exits 2 where the environment names no directory that can be.
    """
    number = call.remote_number
    return find_customers(settings, number.e164) if number is not None and number.e164 else Customers()


def find_customers(settings: Settings, number: str) -> Customers:
    """Who is known under `number` (E.164). Exits 2 where the environment names no directory that can be."""
    import asyncio

    from switchboard.database.engine import BadDatabaseURL
    from switchboard.directory.directory import DirectoryError
    from switchboard.directory.look_up import BUDGET_S, LookUp, look_up
    from switchboard.directory.opening import is_there, open_directory, place_of

    async def ask() -> LookUp:
        directory = open_directory(settings.customers, settings.directory_token.get_secret_value() or None)
        return await look_up(directory, number, _PATIENCE_S)

    try:
        if not settings.directory_url and not is_there(settings.customers):
            return Customers(source=f"directory {place_of(settings.customers)}, not there yet")
        found = asyncio.run(ask())
    except (BadDatabaseURL, DirectoryError) as fault:
        fail(str(fault))
    warning = found.warning or ""
    if not warning and found.seconds > BUDGET_S:
        warning = f"customer directory: answered after {found.seconds:.1f} s, and a call waits {BUDGET_S:.1f} s"
    return Customers(found.rows, "" if found.warning else f"directory {place_of(settings.customers)}", warning)


def written(row: Mapping[str, Any]) -> str:
    """A row for people: what it has, in a line."""
    return ", ".join(f"{key}: {value if isinstance(value, str) else json.dumps(value)}" for key, value in row.items())

"""The customer directory: who calls from this number. A door that any directory fits through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

MOST = 20  # rows of one number that a call carries: more is a switchboard, not a household


class Directory(Protocol):
    """Finds customers by number. Bring your own: one method."""

    async def find(self, number: str) -> Sequence[Mapping[str, Any]]:
        """The customers who call from `number` (E.164), best match first, none for an unknown number.

        Each is a flat mapping of columns; `name`, `language`, `tier`, `company` and `notes` are known to agents,
        any other column can route (`customer."column"`). May raise and may take its time: `look_up` bears it.
        """
        ...


class DirectoryError(Exception):
    """A directory that cannot be used or asked. The message holds no personal data."""

"""Reading one flat table of the file: known keys, the right types, faults with their line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import isfinite
from typing import Any, cast

from switchboard.files.source import KeyPath, Source
from switchboard.files.suggest import suggest


class Fields:
    """The keys of the table at `path`; `owner` begins each message: `route "vip"`, `[worker]`."""

    def __init__(self, source: Source, path: KeyPath, owner: str, table: object) -> None:
        self.source = source
        self.path = path
        self.owner = owner
        self.table: Mapping[str, Any] = {}
        if isinstance(table, Mapping):
            self.table = cast("Mapping[str, Any]", table)
        else:
            self.fault("", "must be a table")

    def fault(self, key: str, message: str) -> None:
        self.source.fault((*self.path, key) if key else self.path, f"{self.owner}: {message}")

    def allow(self, keys: Collection[str], later: Mapping[str, str] | None = None) -> None:
        """Faults for keys that are not among `keys`; `later` says of some that they are yet to come."""
        for key in self.table:
            if later and key in later:
                self.fault(key, f"{key} is not yet supported: {later[key]} come with a later version")
            elif key not in keys:
                self.fault(key, f'unknown key "{key}" {suggest(key, keys)}')

    def text(self, key: str) -> str | None:
        """Text, or None where the key is missing or of another type (which is a fault). So do the others."""
        value = self.table.get(key)
        return value if isinstance(value, str) else self._wrong(key, "text in quotes")

    def number(self, key: str) -> float | None:
        value = self.table.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0:
            return float(value)
        return self._wrong(key, "a number, not negative")

    def whole_number(self, key: str) -> int | None:
        value = self.table.get(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        return self._wrong(key, "a whole number, not negative")

    def texts(self, key: str) -> tuple[str, ...] | None:
        value = self.table.get(key)
        if isinstance(value, list) and all(isinstance(item, str) for item in cast("list[object]", value)):
            return tuple(cast("list[str]", value))
        return self._wrong(key, "a list of texts in quotes")

    def mapping(self, key: str) -> Mapping[str, Any] | None:
        value = self.table.get(key)
        if isinstance(value, Mapping):
            return cast("Mapping[str, Any]", value)
        return self._wrong(key, "a table")

    def _wrong(self, key: str, right: str) -> None:
        if key in self.table:
            self.fault(key, f"{key} must be {right}")

"""What came of a cell."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chaos.matrix import Cell
from chaos.waits import Wait


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a cell. `cause` is the record's, None where there is none; of a peer, nobody looks for one."""

    cell: Cell
    waits: tuple[Wait, ...]
    outcome: str
    cause: str | None
    has_record: bool

    @property
    def passed(self) -> bool:
        return self.has_record and all(wait.passed for wait in self.waits)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "passed": self.passed}

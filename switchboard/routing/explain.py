"""Why a call goes where it goes, as data that a program reads and a terminal shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from switchboard.call import Call, Fact
from switchboard.routing.decision import Decision, Step
from switchboard.routing.table import Table


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its trace, the data that the agent gets, and the attributes it would have waited for."""

    decision: Decision
    trace: tuple[Step, ...]
    data: dict[str, Fact]
    waits_for: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `explain --json` prints."""
        decision, speech = self.decision, self.decision.speech
        return {
            "route": decision.route,
            "line": decision.line,
            "agent": decision.agent,
            "reject": decision.reject,
            "language": decision.language,
            "speech": {"name": speech.name, **speech.models()},
            "greeting": decision.greeting,
            "data": {key: asdict(fact) for key, fact in self.data.items()},
            "waits_for": self.waits_for,
            "warnings": self.warnings,
            "trace": [asdict(step) for step in self.trace],
        }


def explain(table: Table, call: Call) -> Explanation:
    decision = table.decide(call)
    ours = {key: Fact(value, "route", True) for key, value in decision.data.items()}
    return Explanation(
        decision=decision,
        trace=table.trace(call),
        data={**call.data, **ours},
        waits_for=tuple(sorted(table.could_change(call))),
        warnings=(*call.warnings, *decision.warnings),
    )

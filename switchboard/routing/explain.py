"""Why a call goes where it goes, as data that a program reads and a terminal shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from switchboard.call.call import Call, Source
from switchboard.routing.decision import Answer, Decision, Refuse, Step
from switchboard.routing.table import Table


@dataclass(frozen=True, slots=True)
class Datum:
    """One value that the agent gets, and who says so: a source of the call's data, or the route itself."""

    value: Any
    source: Source | Literal["route"]
    trusted: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its trace, the data that the agent gets, and the attributes it would have waited for."""

    decision: Decision
    trace: tuple[Step, ...]
    data: dict[str, Datum]
    waits_for: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """What `explain --json` prints. Keys that only another kind of decision has are null."""
        decision = self.decision
        answer = decision if isinstance(decision, Answer) else None
        return {
            "route": decision.route,
            "line": decision.line,
            "agent": answer and answer.agent,
            "reject": decision.reason if isinstance(decision, Refuse) else None,
            "language": answer and answer.language,
            "speech": answer and {"name": answer.speech.name, **answer.speech.models()},
            "greeting": answer and answer.greeting,
            "opening": answer and answer.opening,
            "data": {key: asdict(datum) for key, datum in self.data.items()},
            "waits_for": self.waits_for,
            "warnings": self.warnings,
            "trace": [asdict(step) for step in self.trace],
        }


def explain(table: Table, call: Call) -> Explanation:
    decision = table.decide(call)
    theirs = {key: Datum(fact.value, fact.source, fact.trusted) for key, fact in call.data.items()}
    set_by_route = decision.data if isinstance(decision, Answer) else dict[str, Any]()
    ours = {key: Datum(value, "route", True) for key, value in set_by_route.items()}
    return Explanation(
        decision=decision,
        trace=table.trace(call),
        data={**theirs, **ours},
        waits_for=tuple(sorted(table.could_change(call))),
        warnings=(*call.warnings, *decision.warnings),
    )

"""What was measured: every sample, and the few numbers that sum up a set of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

Unit = Literal["s", "cut", "CPU s/min", "MiB", "calls", "us", "share"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one contender. `about` says of what (a sentence, a pause); `missed` that nothing happened.

    A missed sample counts with its `value`, which is then the time-out, so that silence is never an advantage.
    """

    measure: str
    contender: str
    value: float
    unit: Unit = "s"
    about: str = ""
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """`n` samples of a contender in a measure; `total` is their sum, which is what counts of cuts are read by."""

    measure: str
    contender: str
    unit: Unit
    n: int
    median: float
    p95: float
    least: float
    most: float
    total: float
    missed: int


@dataclass(slots=True)
class Results:
    """All samples of a run, in the order in which they were taken, and remarks for the reader."""

    samples: list[Sample] = field(default_factory=list[Sample])
    remarks: list[str] = field(default_factory=list[str])

    def add(
        self, measure: str, contender: str, value: float, unit: Unit = "s", about: str = "", missed: bool = False
    ) -> None:
        self.samples.append(Sample(measure, contender, value, unit, about, missed))

    def measures(self) -> list[str]:
        return list(dict.fromkeys(sample.measure for sample in self.samples))

    def summary(self, measure: str, contender: str) -> Summary | None:
        """None where that contender has no sample of `measure`."""
        found = [one for one in self.samples if one.measure == measure and one.contender == contender]
        if not found:
            return None
        values = [one.value for one in found]
        missed = sum(one.missed for one in found)
        return summarize(measure, contender, found[0].unit, values, missed)

    def summaries(self) -> list[Summary]:
        pairs = dict.fromkeys((one.measure, one.contender) for one in self.samples)
        return [found for measure, contender in pairs if (found := self.summary(measure, contender))]

    def as_json(self) -> dict[str, Any]:
        return {
            "remarks": self.remarks,
            "summaries": [asdict(one) for one in self.summaries()],
            "samples": [asdict(one) for one in self.samples],
        }


def summarize(measure: str, contender: str, unit: Unit, values: Sequence[float], missed: int = 0) -> Summary:
    """`values` (at least one) in a few numbers; percentiles are linear between neighbours."""
    array = np.array(values, float)
    return Summary(
        measure,
        contender,
        unit,
        len(values),
        float(np.median(array)),
        float(np.percentile(array, 95)),
        float(array.min()),
        float(array.max()),
        float(array.sum()),
        missed,
    )

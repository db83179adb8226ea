"""What others write, wrong in some hundred ways: scripts/fuzz does it a million times."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS

_INPUTS = 150


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_others_write_is_more_than_its_reader_promises(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.run(seed)
    for data in islice(inputs(target.seeds, Random(name)), _INPUTS):
        target.run(data)

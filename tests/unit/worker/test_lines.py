"""The lines of a worker: how many are free, and what livekit-server is told."""

from __future__ import annotations

import pytest

from switchboard.worker.lines import Lines

OFFERS_BELOW = 0.7  # livekit-server's `agents.target_load`


@pytest.mark.parametrize("number", [1, 2, 10, 16, 512])
def test_every_line_is_offered_calls_the_last_one_too_and_a_full_worker_as_well(number: int) -> None:
    running: list[str] = []
    lines = Lines(number, lambda: running)
    for taken in range(number + 1):
        assert lines.free == number - taken
        assert 0 <= lines.load() < OFFERS_BELOW
        running.append(f"AJ_{taken}")


def test_a_worker_with_more_lines_taken_is_offered_fewer_calls() -> None:
    assert [round(Lines(10, lambda: ["AJ"]).load(), 3), Lines(10, lambda: "abcde").load()] == [0.069, 0.345]


def test_of_calls_offered_together_no_more_are_let_in_than_there_are_lines() -> None:
    lines = Lines(2, list)
    with lines.reserve("a") as a, lines.reserve("b") as b, lines.reserve("c") as c:
        assert (a, b, c) == (True, True, False)
        assert lines.free == 0


def test_a_line_reserved_for_a_job_that_never_starts_is_free_again() -> None:
    lines = Lines(1, list)
    with pytest.raises(TimeoutError), lines.reserve("a"):
        raise TimeoutError
    assert lines.free == 1


def test_a_job_takes_one_line_while_it_starts_and_while_it_runs() -> None:
    running: list[str] = []
    lines = Lines(2, lambda: running)
    with lines.reserve("a"):
        running.append("a")
        assert lines.free == 1
    assert lines.free == 1
    running.clear()
    assert lines.free == 2


def test_more_calls_than_lines_make_neither_a_negative_count_nor_a_load_at_which_nothing_is_offered() -> None:
    lines = Lines(1, lambda: ["a", "b"])
    assert lines.free == 0
    assert lines.load() < OFFERS_BELOW

"""Places in the line: whose turn it is, and when a caller is told."""

from __future__ import annotations

from switchboard.worker.overflow.waiting_line import PlaceTold, WaitingLine


def test_places_are_by_when_callers_came_over_all_workers_and_those_of_one_moment_have_places_too() -> None:
    line = WaitingLine()
    line.saw({"theirs": 10.0, "late": 30.0})
    line.enter("ours", 20.0)
    line.enter("twin", 20.0)
    came = {"theirs": 10.0, "ours": 20.0, "twin": 20.0, "late": 30.0}
    assert [line.before(room, at) for room, at in came.items()] == [0, 1, 2, 3]
    assert line.before("who comes now", 40.0) == len(line) == 4


def test_who_leaves_is_counted_no_more_though_the_last_look_has_seen_them() -> None:
    line = WaitingLine()
    line.enter("first", 10.0)
    line.saw({"first": 10.0, "second": 20.0})
    line.leave("first")
    assert line.before("second", 20.0) == 0
    line.saw({})
    assert len(line) == 0


def test_a_place_is_told_at_once_when_it_is_better_and_else_now_and_then() -> None:
    told = PlaceTold()
    assert told.is_due(3, 0.0)
    assert not told.is_due(3, 30.0)
    assert told.is_due(2, 30.0)
    assert not told.is_due(1, 35.0), "two sentences in a row are no music"
    assert told.is_due(1, 41.0)
    assert not told.is_due(2, 60.0), "an earlier caller was found: nobody is sent back aloud"
    assert told.is_due(1, 41.0 + 45.0)

"""Who spoke when, and how long a reply took."""

from __future__ import annotations

import pytest

from lab.softphone.ear import Sound
from lab.softphone.timeline import reply_delays, take_turns


def test_turns_come_in_the_order_of_their_starts() -> None:
    turns = take_turns([Sound(3, 4)], [Sound(0, 2), Sound(5, 6)])
    assert [(turn.who, turn.start, turn.end) for turn in turns] == [("agent", 0, 2), ("caller", 3, 4), ("agent", 5, 6)]


def test_a_pause_of_the_agent_is_no_new_turn() -> None:
    turns = take_turns([], [Sound(0, 1), Sound(1.4, 2), Sound(3, 4)])
    assert [(turn.start, turn.end) for turn in turns] == [(0, 2), (3, 4)]


def test_a_reply_is_a_turn_however_soon_it_comes() -> None:
    turns = take_turns([Sound(1.1, 1.3)], [Sound(0, 1.2), Sound(1.5, 2)])
    assert [turn.who for turn in turns] == ["agent", "caller", "agent"]
    assert reply_delays(turns) == [pytest.approx(0.2)]


def test_an_agent_who_speaks_over_the_caller_has_not_replied_yet() -> None:
    turns = take_turns([Sound(1, 3)], [Sound(2, 2.5), Sound(3.6, 4)])
    assert reply_delays(turns) == [pytest.approx(0.6)]


def test_what_got_no_reply_before_the_caller_spoke_again_has_no_delay() -> None:
    turns = take_turns([Sound(0, 1), Sound(2, 3), Sound(9, 10)], [Sound(3.5, 4)])
    assert reply_delays(turns) == [pytest.approx(0.5)]


def test_a_silent_call_has_neither() -> None:
    assert take_turns([], []) == []
    assert reply_delays([]) == []

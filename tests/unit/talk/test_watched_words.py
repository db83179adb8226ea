"""What a caller hears of an answer that comes in pieces."""

from __future__ import annotations

from switchboard.talk.watched_words import Sounding


def test_silence_is_counted_from_the_end_of_what_was_given_to_be_played() -> None:
    now = 10.0
    sounding = Sounding(lambda: now)
    now = 12.0
    assert sounding.silent_s is None, "nothing was heard yet"
    sounding.goes_on(1.0)
    sounding.goes_on(0.5)  # at once, and yet played after the other
    now = 13.0
    assert sounding.silent_s == 0.0
    now = 15.0
    assert sounding.silent_s == 1.5
    sounding.goes_on(1.0)  # from now on, not from where the silence began
    now = 15.5
    assert sounding.silent_s == 0.0
    now = 16.25
    assert sounding.silent_s == 0.25

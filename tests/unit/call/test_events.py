"""The call's stream of events."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Answered, Ended, Event, Events
from tests.business import ROOT

AT = datetime(2026, 3, 2, 10, tzinfo=UTC)


def test_subscribers_hear_everything_in_the_order_in_which_it_happened() -> None:
    events, first, second = Events(lambda: AT), list[Event](), list[Event]()
    events.subscribe(first.append)
    events.tell(Answered(at=events.now()))
    events.subscribe(second.append)
    events.tell(Ended(at=events.now(), ending=Ending(Cause.AGENT_ENDED)))
    assert [type(event) for event in first] == [Answered, Ended]
    assert second == first[1:]
    assert {event.at for event in first} == {AT}


def test_a_subscriber_that_fails_harms_neither_the_others_nor_the_call(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Event) -> None:
        raise RuntimeError("its own fault")

    events, heard = Events(), list[Event]()
    events.subscribe(fail)
    events.subscribe(heard.append)
    events.tell(Answered(at=events.now()))
    assert len(heard) == 1
    assert "failed on Answered" in caplog.text


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_can_be_said_in_words(cause: Cause) -> None:
    assert " " in str(Ending(cause)) or cause in (Cause.REFUSED, Cause.TRANSFERRED)
    assert str(Ending(cause, "why")).endswith(": why")


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_on_the_page(cause: Cause) -> None:
    page = (ROOT / "docs/line.md").read_text(encoding="utf-8")
    assert f"`{cause}`" in page

"""The state machine, and the leg under random orders of everything that can happen to it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from livekit.agents import AgentSession, CloseReason

from switchboard.call.causes import Cause, Ending
from switchboard.line.leg import LegEnded
from switchboard.line.states import LegState, NoSuchWay, State
from tests.unit.line.fakes import FakeCaller, FakeSession, Phone, Reason

HUNG_UP = Ending(Cause.CALLER_HUNG_UP)


def test_a_line_that_is_held_can_be_taken_back_and_transferred() -> None:
    leg = LegState()
    for state in (State.ANSWERED, State.HELD, State.TRANSFERRING, State.ANSWERED, State.HELD, State.ANSWERED):
        leg.go(state)
        assert leg.now is state


@pytest.mark.parametrize("state", [State.HELD, State.TRANSFERRING, State.RINGING])
def test_a_line_that_rings_is_neither_held_nor_transferred(state: State) -> None:
    with pytest.raises(NoSuchWay, match="ringing cannot become"):
        LegState().go(state)


@pytest.mark.parametrize("state", State)
def test_there_is_no_way_back_from_the_end_and_the_first_ending_stands(state: State) -> None:
    leg = LegState()
    assert leg.end(HUNG_UP)
    assert not leg.end(Ending(Cause.FAULT))
    with pytest.raises(NoSuchWay):
        leg.go(state)
    assert (leg.now, leg.ending) == (State.ENDED, HUNG_UP)


def test_the_end_needs_a_cause() -> None:
    leg = LegState()
    leg.go(State.ANSWERED)
    with pytest.raises(NoSuchWay):
        leg.go(State.ENDED)


REASONS = some.sampled_from([None, *(int(reason) for reason in Reason.values())])
HAPPENINGS = some.one_of(
    some.tuples(some.just("leaves"), REASONS),
    some.tuples(some.just("disconnected"), REASONS),
    some.tuples(some.just("session closes"), some.sampled_from(list(CloseReason))),
    some.tuples(some.just("ends"), some.sampled_from(list(Cause))),
    some.tuples(
        some.sampled_from(
            ["joins", "answers", "reconnecting", "reconnected", "talks", "hangs up", "refuses", "waits", "attributes"]
        ),
        some.none(),
    ),
)


async def _happen(phone: Phone, sessions: list[FakeSession], what: str, how: Any) -> None:
    leg, room = phone.leg, phone.room
    match what:
        case "leaves":
            room.leave(room.remote_participants.get("caller", phone.caller), how)
        case "joins":
            room.join(FakeCaller())
        case "answers":
            for caller in room.remote_participants.values():
                room.set_status(caller, "active")
            await leg.answered(0.001)
        case "attributes":
            room.set_status(phone.caller, "hangup")
        case "talks":
            session = FakeSession()
            leg.attach(cast("AgentSession[Any]", session))
            sessions.append(session)
        case "session closes":
            if sessions:
                sessions[-1].close(how)
        case "hangs up":
            await leg.hang_up("Goodbye.")
        case "refuses":
            leg.refuse("busy")
        case "ends":
            leg.end(how)
        case "waits":
            await asyncio.sleep(0.02)
        case _:
            room.emit(what, how)


@settings(max_examples=150, deadline=None)
@given(happenings=some.lists(HAPPENINGS, max_size=12), refuses=some.integers(0, 2))
def test_in_no_order_of_events_are_there_two_causes_a_way_back_or_a_room_left_behind(
    happenings: list[tuple[str, Any]], refuses: int
) -> None:
    async def live() -> None:
        phone, sessions, ended_at = Phone(), list[FakeSession](), list[Ending]()
        phone.room.refuses = refuses
        for what, how in happenings:
            with contextlib.suppress(LegEnded):
                await _happen(phone, sessions, what, how)
            if phone.leg.ending is not None:
                ended_at.append(phone.leg.ending)
                assert phone.leg.state is State.ENDED
        phone.leg.end(Cause.FAULT)  # as the end of the job does for whatever is still open
        await phone.leg.close()
        assert phone.leg.ending is not None
        assert set(ended_at) <= {phone.leg.ending}
        assert len(phone.endings) == 1
        assert not phone.room.is_there
        assert all(session.closed for session in sessions)

    asyncio.run(live())

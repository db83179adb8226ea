"""The leg: who ended a call and why, who is still in it, and that nobody is left in the room."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest
from livekit.agents import AgentSession, CloseReason, ErrorEvent, llm

from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Answered, Ended, Event, Events
from switchboard.line.leg import Leg, LegEnded
from switchboard.line.patience import Patience
from switchboard.line.states import State
from tests.unit.line.fakes import IMPATIENT, FakeCaller, FakeRoom, FakeSession, Phone, Reason


async def _ended(phone: Phone) -> Cause:
    await asyncio.wait_for(phone.leg.over(), 5)
    await phone.leg.close()
    assert not phone.room.is_there
    assert phone.leg.ending is not None
    assert phone.endings == [str(phone.leg.ending)]
    return phone.leg.ending.cause


async def test_a_telephone_is_answered_when_its_status_says_so_and_that_is_told_once() -> None:
    phone = Phone()
    waiting = asyncio.create_task(phone.leg.answered(5))
    await asyncio.sleep(0)
    assert not waiting.done()
    phone.room.set_status(phone.caller, "active")
    await waiting
    await phone.leg.answered(5)
    assert [type(event) for event in phone.told] == [Answered]
    assert phone.leg.state is State.ANSWERED


async def test_a_browser_hears_at_once() -> None:
    phone = Phone(kind=0, attributes={})
    await phone.leg.answered(0.01)
    assert phone.leg.state is State.ANSWERED


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (Reason.PARTICIPANT_REMOVED, Cause.REMOVED),
        (Reason.ROOM_DELETED, Cause.REMOVED),
        (Reason.CONNECTION_TIMEOUT, Cause.CALLER_LOST),
        (Reason.MEDIA_FAILURE, Cause.CALLER_LOST),
        (None, Cause.CALLER_LOST),
    ],
)
async def test_how_an_answered_caller_left_is_the_cause(reason: int | None, cause: Cause) -> None:
    phone = Phone()
    await phone.answer()
    session = phone.talk()
    phone.room.leave(phone.caller, reason)
    assert await _ended(phone) is cause
    assert session.closed


async def test_a_caller_who_hangs_up_has_hung_up() -> None:
    phone = Phone()
    await phone.answer()
    phone.room.hang_up(phone.caller)
    assert await _ended(phone) is Cause.CALLER_HUNG_UP


async def test_a_bridge_that_says_hangup_and_never_leaves_has_ended_the_call() -> None:
    phone = Phone()
    await phone.answer()
    phone.room.set_status(phone.caller, "hangup")
    assert await _ended(phone) is Cause.CALLER_HUNG_UP


async def test_a_browser_that_leaves_has_hung_up_though_it_has_no_status() -> None:
    phone = Phone(kind=0, attributes={})
    phone.room.leave(phone.caller, Reason.CLIENT_INITIATED)
    assert await _ended(phone) is Cause.CALLER_HUNG_UP
    assert phone.endings == ["the caller hung up"]


async def test_what_a_callers_status_was_counts_though_they_have_lost_it_when_they_leave() -> None:
    phone = Phone()
    await phone.answer()
    phone.caller.attributes.clear()
    phone.room.leave(phone.caller, Reason.CLIENT_INITIATED)
    assert await _ended(phone) is Cause.CALLER_LOST


async def test_a_callee_to_whom_the_bridge_presses_keys_has_answered() -> None:
    phone = Phone(attributes={"sip.callStatus": "dialing"})
    phone.room.set_status(phone.caller, "automation")
    phone.room.hang_up(phone.caller)
    assert await _ended(phone) is Cause.CALLER_HUNG_UP
    assert phone.endings == ["the caller hung up"]


async def test_whoever_waits_for_the_answer_of_a_caller_who_leaves_is_told() -> None:
    phone = Phone()
    waiting = asyncio.create_task(phone.leg.answered(5))
    await asyncio.sleep(0)
    phone.room.hang_up(phone.caller)
    with pytest.raises(LegEnded):
        await waiting
    assert await _ended(phone) is Cause.CALLER_HUNG_UP
    assert phone.endings == ["the caller hung up: before the call was answered"]


async def test_a_caller_who_left_before_anybody_watched_has_hung_up() -> None:
    phone = Phone()
    other = FakeCaller(identity="left", disconnect_reason=Reason.CLIENT_INITIATED)
    other.attributes["sip.callStatus"] = "hangup"
    phone.leg.watch(cast("Any", other))
    assert await _ended(phone) is Cause.CALLER_HUNG_UP


async def test_a_call_that_nobody_answers_ends() -> None:
    phone = Phone()
    with pytest.raises(LegEnded):
        await phone.leg.answered(0.01)
    assert await _ended(phone) is Cause.NOT_ANSWERED


async def test_a_caller_who_comes_back_under_their_identity_is_still_in_the_call() -> None:
    phone = Phone()
    await phone.answer()
    phone.room.leave(phone.caller, None)
    phone.room.join(FakeCaller())
    await asyncio.sleep(IMPATIENT.grace_s * 5)
    assert phone.leg.state is State.ANSWERED


async def test_while_we_are_cut_off_ourselves_the_callers_absence_says_nothing() -> None:
    phone = Phone(Patience(grace_s=0.01, reconnects_within_s=5, retries_s=()))
    await phone.answer()
    phone.room.leave(phone.caller, None)  # the SDK says so before it says that it reconnects
    phone.room.emit("reconnecting")
    await asyncio.sleep(0.1)
    assert phone.leg.state is State.ANSWERED
    back = FakeCaller()
    phone.room.join(back)
    phone.room.emit("reconnected")
    await asyncio.sleep(0.1)
    assert phone.leg.state is State.ANSWERED
    assert back.track_publications["TR_1"].subscribed  # what was asked for while we reconnected is lost


async def test_a_caller_who_hung_up_while_we_were_cut_off_is_gone_once_we_are_back() -> None:
    phone = Phone()
    await phone.answer()
    phone.room.leave(phone.caller, None)
    phone.room.emit("reconnecting")
    phone.room.emit("reconnected")
    assert await _ended(phone) is Cause.CALLER_LOST


async def test_a_connection_that_does_not_come_back_ends_the_call() -> None:
    phone = Phone()
    await phone.answer()
    phone.room.emit("reconnecting")
    assert await _ended(phone) is Cause.NETWORK_LOST


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (Reason.ROOM_DELETED, Cause.REMOVED),
        (Reason.PARTICIPANT_REMOVED, Cause.REMOVED),
        (Reason.CLIENT_INITIATED, Cause.WORKER_STOPPED),
        (Reason.SERVER_SHUTDOWN, Cause.NETWORK_LOST),
        (Reason.UNKNOWN_REASON, Cause.NETWORK_LOST),
    ],
)
async def test_how_we_ourselves_left_is_the_cause(reason: int, cause: Cause) -> None:
    phone = Phone()
    phone.room.emit("disconnected", reason)
    assert await _ended(phone) is cause


async def test_the_agents_goodbye_is_heard_and_then_the_call_ends() -> None:
    phone = Phone()
    await phone.answer()
    session = phone.talk()
    await phone.leg.hang_up("Goodbye.")
    assert await _ended(phone) is Cause.AGENT_ENDED
    assert session.said == ["Goodbye."]


async def test_a_goodbye_that_never_plays_does_not_keep_the_line_open() -> None:
    phone = Phone()
    await phone.answer()
    phone.talk(plays=False)
    await phone.leg.hang_up("Goodbye.")
    assert await _ended(phone) is Cause.AGENT_ENDED


async def test_a_goodbye_that_waits_for_what_is_being_said_is_not_cut() -> None:
    phone = Phone()
    await phone.answer()
    session = phone.talk(plays=False)
    session.becomes("speaking")
    await phone.leg.hang_up("Goodbye.")
    await asyncio.sleep(IMPATIENT.goodbye_s * 3)
    assert phone.leg.state is State.ANSWERED
    session.becomes("listening")
    session.becomes("speaking")
    session.played.set()
    assert await _ended(phone) is Cause.AGENT_ENDED


async def test_a_goodbye_that_nobody_begins_once_the_others_are_silent_is_given_up() -> None:
    phone = Phone()
    await phone.answer()
    session = phone.talk(plays=False)
    session.becomes("speaking")
    await phone.leg.hang_up("Goodbye.")
    session.becomes("listening")
    assert await _ended(phone) is Cause.AGENT_ENDED


async def test_a_goodbye_that_nobody_can_say_ends_the_call_all_the_same() -> None:
    phone = Phone()
    await phone.leg.hang_up("Goodbye.")
    assert await _ended(phone) is Cause.AGENT_ENDED


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (CloseReason.ERROR, Cause.PROVIDER_FAILED),
        (CloseReason.JOB_SHUTDOWN, Cause.WORKER_STOPPED),
        (CloseReason.USER_INITIATED, Cause.AGENT_ENDED),
    ],
)
async def test_the_end_of_the_last_session_is_the_end_of_the_call(reason: CloseReason, cause: Cause) -> None:
    phone = Phone()
    first, last = phone.talk(), phone.talk()
    first.close(CloseReason.USER_INITIATED)
    assert phone.leg.state is not State.ENDED
    last.close(reason)
    assert await _ended(phone) is cause


async def test_a_session_that_another_one_took_over_from_is_no_end() -> None:
    phone = Phone()
    first, second = phone.talk(), phone.talk()
    phone.leg.detach(cast("AgentSession[Any]", second))
    second.close(CloseReason.ERROR)
    phone.leg.detach(cast("AgentSession[Any]", first))
    first.close(CloseReason.ERROR)
    assert phone.leg.state is not State.ENDED


async def test_no_session_begins_on_a_line_that_has_ended() -> None:
    phone = Phone()
    phone.leg.refuse("busy")
    with pytest.raises(LegEnded):
        phone.talk()
    assert await _ended(phone) is Cause.REFUSED


async def test_a_room_that_is_not_deleted_at_once_is_tried_again() -> None:
    phone = Phone()
    phone.room.refuses = 2
    phone.leg.refuse("busy")
    assert await _ended(phone) is Cause.REFUSED
    assert phone.room.deletions == 3


async def test_a_room_that_cannot_be_deleted_is_an_error_in_the_log_without_its_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    phone = Phone()
    phone.room.refuses = 99
    phone.leg.refuse("busy")
    await phone.leg.close()
    assert "could not be deleted (ConnectionError)" in caplog.text
    assert "no answer" not in caplog.text


async def test_a_session_that_hangs_keeps_neither_the_room_nor_the_others(caplog: pytest.LogCaptureFixture) -> None:
    class Hanging(FakeSession):
        async def aclose(self) -> None:
            await asyncio.Event().wait()

    class Broken(FakeSession):
        async def aclose(self) -> None:
            raise RuntimeError("broken")

    phone = Phone()
    for session in (Hanging(), Broken(), FakeSession()):
        phone.leg.attach(cast("AgentSession[Any]", session))
    phone.leg.end(Cause.FAULT)
    assert await _ended(phone) is Cause.FAULT
    assert session.closed
    assert "did not close" in caplog.text
    assert "could not be closed" in caplog.text


async def test_one_model_for_all_that_has_failed_for_good_ends_the_call_although_its_session_never_closes() -> None:
    phone = Phone()
    session = phone.talk()
    for recoverable in (True, False):
        assert phone.leg.state is not State.ENDED
        error = llm.RealtimeModelError(timestamp=0.0, label="x", error=ConnectionError(), recoverable=recoverable)
        session.emit("error", ErrorEvent(error=error, source=None))
    assert await _ended(phone) is Cause.PROVIDER_FAILED
    assert phone.endings == ["a speech provider failed for good: RealtimeModel"]


async def test_a_call_that_was_active_before_anybody_waited_for_it_was_answered() -> None:
    early = Phone(attributes={"sip.callStatus": "active"})  # a call that we made, picked up before the worker joined
    early.room.hang_up(early.caller)
    assert await _ended(early) is Cause.CALLER_HUNG_UP
    during = Phone(attributes={"sip.callStatus": "ringing"})
    during.room.set_status(during.caller, "active")
    during.room.hang_up(during.caller)
    assert await _ended(during) is Cause.CALLER_HUNG_UP
    assert during.endings == ["the caller hung up"]


async def test_a_room_that_is_closed_before_anybody_came_had_no_caller() -> None:
    room = FakeRoom()
    leg = Leg(room, room.delete, Events(), IMPATIENT)
    room.emit("disconnected", Reason.ROOM_CLOSED)
    await leg.close()
    assert leg.ending is not None
    assert leg.ending.cause is Cause.NO_CALLER


async def test_a_session_may_be_detached_after_the_end() -> None:
    phone = Phone()
    session = phone.talk()
    phone.leg.end(Cause.FAULT)
    phone.leg.detach(cast("AgentSession[Any]", session))
    assert await _ended(phone) is Cause.FAULT


async def test_a_server_that_never_answers_holds_the_end_of_the_job_up_for_a_while_only() -> None:
    phone = Phone()

    async def hang() -> None:
        await asyncio.Event().wait()

    leg = Leg(phone.room, hang, Events(), replace(IMPATIENT, deletes_within_s=0.01))
    leg.end(Cause.FAULT)
    await asyncio.wait_for(leg.close(), 5)


async def test_a_goodbye_whose_playing_fails_ends_the_call_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeSession):
        def say(self, text: str, **_: Any) -> Any:
            class Handle:
                async def wait_for_playout(self) -> None:
                    raise RuntimeError("the voice broke")

            return Handle()

    phone = Phone()
    phone.leg.attach(cast("AgentSession[Any]", Broken()))
    await phone.leg.hang_up("Goodbye.")
    assert await _ended(phone) is Cause.AGENT_ENDED
    assert "could not be spoken" in caplog.text


@pytest.mark.parametrize(
    ("is_ours", "cause", "is_there"), [(True, Cause.REMOVED, False), (False, Cause.TAKEN_OVER, True)]
)
async def test_who_is_put_out_of_the_room_ends_the_call_only_if_it_is_theirs(
    is_ours: bool, cause: Cause, is_there: bool
) -> None:
    async def ask() -> bool:
        return is_ours

    room, told = FakeRoom(), list[Event]()
    events = Events()
    events.subscribe(told.append)
    leg = Leg(room, room.delete, events, IMPATIENT, ask)
    room.emit("disconnected", Reason.PARTICIPANT_REMOVED)
    await leg.over()
    await leg.close()
    assert leg.ending is not None
    assert (leg.ending.cause, room.is_there) == (cause, is_there)
    assert len([event for event in told if isinstance(event, Ended)]) == 1


async def test_a_call_whose_model_fails_for_good_ends_with_a_farewell_and_not_before_it() -> None:
    phone = Phone()
    session = phone.talk()
    await phone.answer()
    said, heard = asyncio.Event(), asyncio.Event()
    endings: list[Ending] = []

    async def farewell(ending: Ending) -> None:
        endings.append(ending)
        said.set()
        await heard.wait()

    phone.leg.farewell = farewell
    phone.leg.part(Cause.PROVIDER_FAILED, "no answer")
    session.close(CloseReason.ERROR)  # livekit-agents ends it for the same reason
    await said.wait()
    assert phone.leg.state is State.ANSWERED
    heard.set()
    assert await _ended(phone) is Cause.PROVIDER_FAILED
    assert endings == [Ending(Cause.PROVIDER_FAILED, "no answer")]


async def test_a_telephone_that_rings_is_not_answered_for_a_farewell() -> None:
    phone = Phone()

    async def farewell(_: Ending) -> None:
        raise AssertionError("nobody hears it")

    phone.leg.farewell = farewell
    phone.leg.part(Cause.PROVIDER_FAILED)
    assert await _ended(phone) is Cause.PROVIDER_FAILED

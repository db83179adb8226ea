"""What a caller's leaving means, for each way that livekit-sip has of leaving."""

from __future__ import annotations

import pytest
from livekit import rtc

from switchboard.call.causes import Cause
from switchboard.line.departure import CallState, of_the_caller

Reason = rtc.DisconnectReason


@pytest.mark.parametrize(
    ("how", "reason", "status", "cause"),
    [
        ("BYE", Reason.CLIENT_INITIATED, "hangup", Cause.CALLER_HUNG_UP),
        ("media time-out of a call that we made, bridge stopped", Reason.CLIENT_INITIATED, "active", Cause.CALLER_LOST),
        ("bridge killed", Reason.CONNECTION_TIMEOUT, "active", Cause.CALLER_LOST),
        ("trunk", Reason.SIP_TRUNK_FAILURE, "active", Cause.CALLER_LOST),
        ("RemoveParticipant", Reason.PARTICIPANT_REMOVED, "active", Cause.REMOVED),
        ("DeleteRoom", Reason.ROOM_DELETED, "active", Cause.REMOVED),
    ],
)
@pytest.mark.parametrize("we_called", [True, False])
def test_the_end_of_an_answered_call(how: str, reason: int, status: str, cause: Cause, we_called: bool) -> None:
    ending = of_the_caller(reason, CallState(status, we_called=we_called, answered=True))
    assert ending is not None, how
    assert ending.cause is cause, how


@pytest.mark.parametrize(
    ("how", "reason", "status", "cause", "says"),
    [
        ("486, 603, 403", Reason.USER_REJECTED, "ringing", Cause.DECLINED, "busy"),
        ("486 at once", Reason.USER_REJECTED, "dialing", Cause.DECLINED, "forbidden"),
        ("no answer", Reason.USER_UNAVAILABLE, "ringing", Cause.NOT_ANSWERED, "was not answered"),
        ("404, 480, a dead carrier", Reason.USER_UNAVAILABLE, "dialing", Cause.UNREACHABLE, "no such number"),
        ("503", Reason.CLIENT_INITIATED, "dialing", Cause.CARRIER_FAILED, "the carrier failed"),
        ("503 after it rang", Reason.CLIENT_INITIATED, "ringing", Cause.CARRIER_FAILED, "5xx"),
        ("trunk", Reason.SIP_TRUNK_FAILURE, "dialing", Cause.CARRIER_FAILED, "5xx"),
        ("codec", Reason.MEDIA_FAILURE, "ringing", Cause.CARRIER_FAILED, "no codec"),
        ("ended through the API", Reason.CLIENT_INITIATED, "hangup", Cause.NOT_ANSWERED, "given up"),
        ("removed", Reason.PARTICIPANT_REMOVED, "ringing", Cause.REMOVED, "removed"),
        ("bridge killed", Reason.CONNECTION_TIMEOUT, "ringing", Cause.CALLER_LOST, "went away"),
    ],
)
def test_a_call_that_we_made_and_nobody_took(how: str, reason: int, status: str, cause: Cause, says: str) -> None:
    ending = of_the_caller(reason, CallState(status, we_called=True, answered=False))
    assert ending is not None, how
    assert ending.cause is cause, how
    assert says in str(ending), how


@pytest.mark.parametrize(
    ("how", "reason", "status", "cause", "says"),
    [
        ("CANCEL", Reason.CLIENT_INITIATED, "hangup", Cause.CALLER_HUNG_UP, "before the call was answered"),
        ("ringing_timeout", Reason.CLIENT_INITIATED, "ringing", Cause.NOT_ANSWERED, "ringing time"),
        ("removed", Reason.PARTICIPANT_REMOVED, "ringing", Cause.REMOVED, "removed"),
    ],
)
def test_a_call_that_came_and_was_not_answered(how: str, reason: int, status: str, cause: Cause, says: str) -> None:
    ending = of_the_caller(reason, CallState(status, we_called=False, answered=False))
    assert ending is not None, how
    assert ending.cause is cause, how
    assert says in str(ending), how


@pytest.mark.parametrize("reason", [None, Reason.UNKNOWN_REASON, Reason.MIGRATION])
@pytest.mark.parametrize("status", ["", "ringing", "active"])
@pytest.mark.parametrize("we_called", [True, False])
def test_who_may_come_back_has_not_left(reason: int | None, status: str, we_called: bool) -> None:
    assert of_the_caller(reason, CallState(status, we_called=we_called, answered=status == "active")) is None

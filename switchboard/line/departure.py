"""What somebody's leaving means: LiveKit's reasons, read together with what livekit-sip last said of the call.

The bridge sets `sip.callStatus` to `hangup` where one of the two sides put down the telephone. Where it gives up a line
itself, it leaves with the status that the call had: `dialing`, `ringing` or `active`. Read in livekit-sip 1.10 and
tried with it; two things look like a hang-up there and cannot be told from one: the longest duration, and the media
time-out of a call that came in.

A call that we made and nobody took ends with USER_REJECTED (401, 403, 486, 488, 603, most other 4xx and 6xx),
USER_UNAVAILABLE (404, 408, 480, a telephone that rang too long, a carrier that never answered), or with no reason of
its own (5xx, an address that is not there).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from livekit import rtc

from switchboard.call import attributes as names
from switchboard.call.causes import Cause, Ending

_Reason = rtc.DisconnectReason

_BY_REASON: Mapping[int, Ending] = {
    _Reason.PARTICIPANT_REMOVED: Ending(Cause.REMOVED, "the caller was removed"),
    _Reason.ROOM_DELETED: Ending(Cause.REMOVED, "the room was deleted"),
    _Reason.ROOM_CLOSED: Ending(Cause.REMOVED, "the room was closed"),
    _Reason.CONNECTION_TIMEOUT: Ending(Cause.CALLER_LOST, "the bridge or the caller's network went away"),
    _Reason.SIP_TRUNK_FAILURE: Ending(Cause.CALLER_LOST, "the trunk failed"),
    _Reason.MEDIA_FAILURE: Ending(Cause.CALLER_LOST, "the media failed"),
}
_LET_GO = Ending(Cause.CALLER_LOST, "the bridge let go of the line: no more sound came, or it was stopped")
_RANG_OUT = Ending(Cause.NOT_ANSWERED, "within the bridge's ringing time")
_CARRIER = Ending(Cause.CARRIER_FAILED, "a 5xx, or no way to it")


@dataclass(frozen=True, slots=True)
class CallState:
    """How far a caller's call had come. `status` is the last `sip.callStatus`, empty for who is on no telephone."""

    status: str
    we_called: bool
    answered: bool


def of_the_caller(reason: int | None, call: CallState) -> Ending | None:
    """Why a caller who left has left. None where that is no end by itself: who rejoins is still in the call.

    The SDK, when it has to connect anew, reports everybody gone without a reason and then back again.
    """
    if reason is None:
        return None
    if call.we_called and not call.answered and (ending := _of_the_called(reason, call.status)):
        return ending
    if reason == _Reason.CLIENT_INITIATED and call.status not in ("", names.HANGUP):
        return _LET_GO if call.answered else _RANG_OUT
    if reason in (_Reason.CLIENT_INITIATED, _Reason.USER_UNAVAILABLE, _Reason.USER_REJECTED):
        return Ending(Cause.CALLER_HUNG_UP, "" if call.answered else "before the call was answered")
    return _BY_REASON.get(reason)


def hung_up(call: CallState) -> Ending | None:
    """Why a call is over whose bridge says `hangup`, whether it has left or not."""
    return of_the_caller(_Reason.CLIENT_INITIATED, call)


def _of_the_called(reason: int, status: str) -> Ending | None:
    """Why a call that we made was not taken; None where it says no more than for other calls."""
    match reason:
        case _Reason.USER_REJECTED:
            return Ending(Cause.DECLINED)
        case _Reason.USER_UNAVAILABLE if status == names.RINGING:
            return Ending(Cause.NOT_ANSWERED)
        case _Reason.USER_UNAVAILABLE:
            return Ending(Cause.UNREACHABLE)
        case _Reason.CLIENT_INITIATED if status == names.HANGUP:
            return Ending(Cause.NOT_ANSWERED, "given up while it rang")
        case _Reason.CLIENT_INITIATED | _Reason.SIP_TRUNK_FAILURE:
            return _CARRIER
        case _Reason.MEDIA_FAILURE:
            return Ending(Cause.CARRIER_FAILED, "no codec or encryption in common")
        case _:
            return None


def of_ourselves(reason: int | None, *, anybody_came: bool = True) -> Ending:
    """Why our own connection to the room is over, where we did not end the call."""
    match reason:
        case _Reason.ROOM_DELETED | _Reason.ROOM_CLOSED if not anybody_came:
            return Ending(Cause.NO_CALLER, "the room was closed before")
        case _Reason.ROOM_DELETED | _Reason.ROOM_CLOSED:
            return Ending(Cause.REMOVED, "the room was deleted")
        case _Reason.PARTICIPANT_REMOVED | _Reason.DUPLICATE_IDENTITY:
            return Ending(Cause.REMOVED, "our agent was removed from the room")
        case _Reason.CLIENT_INITIATED:
            return Ending(Cause.WORKER_STOPPED)
        case _:
            return Ending(Cause.NETWORK_LOST)

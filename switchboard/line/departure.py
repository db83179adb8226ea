"""What somebody's leaving means: LiveKit's reasons, read together with what kind of call it was.

livekit-sip leaves with CLIENT_INITIATED for a BYE, a media time-out and the longest duration alike. A call that we made
and nobody answered ends with USER_REJECTED (486, 603) or USER_UNAVAILABLE (404, no answer).
"""

from __future__ import annotations

from collections.abc import Mapping

from livekit import rtc

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
_UNANSWERED: Mapping[int, Ending] = {
    _Reason.CLIENT_INITIATED: Ending(Cause.NOT_ANSWERED),
    _Reason.USER_UNAVAILABLE: Ending(Cause.NOT_ANSWERED),
    _Reason.USER_REJECTED: Ending(Cause.DECLINED, "busy or declined"),
}


def of_the_caller(reason: int | None, *, we_called: bool, answered: bool) -> Ending | None:
    """Why a caller who left has left. None where that is no end by itself: who rejoins is still in the call.

    The SDK, when it has to connect anew, reports everybody gone without a reason and then back again.
    """
    if we_called and not answered and reason is not None and reason in _UNANSWERED:
        return _UNANSWERED[reason]
    if reason in (_Reason.CLIENT_INITIATED, _Reason.USER_UNAVAILABLE, _Reason.USER_REJECTED):
        return Ending(Cause.CALLER_HUNG_UP, "" if answered else "before the call was answered")
    return _BY_REASON.get(reason) if reason is not None else None


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

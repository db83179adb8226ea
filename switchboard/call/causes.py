"""Why a call ended: one cause from a closed list, and a few words of detail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """The cause of a call's end, as it stands on the record. A caller's side and ours never share one."""

    # The other side
    CALLER_HUNG_UP = "caller_hung_up"
    NOT_ANSWERED = "not_answered"  # it rang, and nobody picked up
    DECLINED = "declined"  # a call that we made; the bridge tells busy and forbidden no differently
    UNREACHABLE = "unreachable"  # a call that we made, and that never rang
    CARRIER_FAILED = "carrier_failed"  # a call that we made
    MACHINE = "machine"  # a call that we made, and a machine picked up
    REMOVED = "removed"  # somebody with the server's keys ended the call
    CALLER_LOST = "caller_lost"  # the caller's side of the line broke: the bridge, or their network
    NO_CALLER = "no_caller"  # a dispatch that nobody called behind
    ANSWERED_ELSEWHERE = "answered_elsewhere"  # another agent has the call, and its record
    # What we did
    AGENT_ENDED = "agent_ended"
    REFUSED = "refused"  # while it rang; the detail says why
    NO_LINE = "no_line"  # all lines were taken, and the caller was told so; refused, where it rang
    TRANSFERRED = "transferred"
    SILENCE = "silence"  # a caller who said nothing for too long
    TOO_LONG = "too_long"
    # What went wrong on our side
    PROVIDER_FAILED = "provider_failed"
    FAULT = "fault"
    WORKER_STOPPED = "worker_stopped"
    NETWORK_LOST = "network_lost"  # our connection to LiveKit
    PROCESS_LOST = "process_lost"  # the call's process died
    TAKEN_OVER = "taken_over"  # the call's process was taken for dead; another agent goes on


_WORDS = {
    Cause.CALLER_HUNG_UP: "the caller hung up",
    Cause.NOT_ANSWERED: "the call was not answered",
    Cause.DECLINED: "the call was declined: busy, refused, or forbidden by the carrier",
    Cause.UNREACHABLE: "the telephone could not be reached: no such number, or nobody behind it",
    Cause.CARRIER_FAILED: "the carrier failed",
    Cause.MACHINE: "a machine picked up",
    Cause.REMOVED: "somebody ended the call through LiveKit's API",
    Cause.CALLER_LOST: "the caller's line was lost",
    Cause.NO_CALLER: "no caller came",
    Cause.ANSWERED_ELSEWHERE: "another agent has the call",
    Cause.AGENT_ENDED: "the agent ended the call",
    Cause.REFUSED: "refused",
    Cause.NO_LINE: "no line was free",
    Cause.TRANSFERRED: "transferred",
    Cause.SILENCE: "the caller was silent for too long",
    Cause.TOO_LONG: "the call reached its longest duration",
    Cause.PROVIDER_FAILED: "a speech provider failed for good",
    Cause.FAULT: "a fault in the worker",
    Cause.WORKER_STOPPED: "the worker stopped",
    Cause.NETWORK_LOST: "the connection to LiveKit was lost",
    Cause.PROCESS_LOST: "the call's process was lost",
    Cause.TAKEN_OVER: "another agent took the call over",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended. `detail` holds no personal data: it stands in the log."""

    cause: Cause
    detail: str = ""

    def __str__(self) -> str:
        """For a person: `the caller hung up`, `refused: busy`."""
        words = _WORDS[self.cause]
        return f"{words}: {self.detail}" if self.detail else words

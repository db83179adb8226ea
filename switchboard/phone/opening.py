"""The first words: to a caller when the line is open, to a person we called, to the machine that picked up instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from livekit.agents import AgentSession

from switchboard.call import Call
from switchboard.outbound.answering import MachinePolicy, leave_message, machine_policy, who_answered
from switchboard.phone.greeting import Greeting
from switchboard.phone.line import PhoneLine
from switchboard.records.recorder import Recorder
from switchboard.routing.decision import Decision

if TYPE_CHECKING:
    from agents.conversation import Conversation


async def open_conversation(
    session: AgentSession[Conversation],
    line: PhoneLine,
    greeting: Greeting,
    call: Call,
    decision: Decision,
    record: Recorder,
    timeout_s: float,
) -> None:
    """Wait, at most `timeout_s`, until somebody can hear, and greet them. Raises what `PhoneLine.answered` raises.

    A call that we made may ask first who picked up (`on_machine` in the route's data or in job metadata): a machine
    gets the message, or nothing, and the line is closed.
    """
    policy: MachinePolicy | None = None
    if call.direction == "outbound":
        policy, warning = machine_policy(decision.data, call.trusted())
        if warning:
            record.warning(warning)
    if policy is None:
        await line.answered(timeout_s)
        record.answered()
        greeting.say(session)
        return
    who = await who_answered(session, identity=call.identity, answered=line.answered(timeout_s))
    record.answered()
    record.changed("answered by", "who", who)
    if who == "machine":
        greeting.cancel()
        await leave_message(session, policy)
        line.over("a machine picked up")
    else:
        greeting.say(session)

"""A machine that picks up a call that we made: what the table wants done about it, and doing it."""

from __future__ import annotations

from typing import Any

from livekit.agents import AgentSession

from switchboard.call.call import Call
from switchboard.call.causes import Cause
from switchboard.call.events import Changed, Events, Warned
from switchboard.line.leg import Leg
from switchboard.outbound.answering import MachinePolicy, machine_policy, who_answered
from switchboard.routing.decision import Answer


def policy_for(call: Call, decision: Answer, events: Events) -> MachinePolicy | None:
    """What to do about a machine (`on_machine` in the route's data or in job metadata); None where nobody asks."""
    if call.direction != "outbound":
        return None
    policy, warning = machine_policy(decision.data, call.trusted())
    if policy is not None and decision.speech.realtime:
        policy, warning = None, "on_machine: one realtime model cannot tell a machine from a person, it talks to both"
    if warning:
        events.tell(Warned(at=events.now(), text=warning))
    return policy


async def machine_answers(
    session: AgentSession[Any], leg: Leg, call: Call, policy: MachinePolicy, events: Events, timeout_s: float
) -> bool:
    """Listen to who picks up. A machine gets the message of `policy`, if any, to its end, and the call is over.
    Raises LegEnded."""
    who = await who_answered(session, identity=call.identity, answered=leg.answered(timeout_s))
    events.tell(Changed(at=events.now(), what="answered by", key="who", value=who))
    if who != "machine":
        return False
    if policy.message:
        await leg.hang_up(policy.message, Cause.MACHINE)
    else:
        leg.end(Cause.MACHINE)
    return True

"""The first words: to a caller when the line is open, to a person we called, to the machine that picked up instead."""

from __future__ import annotations

from typing import Any

from livekit.agents import AgentSession

from switchboard.call.call import Call
from switchboard.call.causes import Cause
from switchboard.call.events import Changed, Events, Warned
from switchboard.line.leg import Leg
from switchboard.outbound.answering import MachinePolicy, leave_message, machine_policy, who_answered
from switchboard.routing.decision import Answer
from switchboard.talk.greeting import Greeting


async def open_conversation(
    session: AgentSession[Any],
    leg: Leg,
    greeting: Greeting,
    call: Call,
    decision: Answer,
    events: Events,
    timeout_s: float,
) -> None:
    """Wait, at most `timeout_s`, until somebody can hear, and greet them. Raises LegEnded.

    A call that we made may ask first who picked up (`on_machine` in the route's data or in job metadata): a machine
    gets the message, or nothing, and the line is closed.
    """
    policy = _machine_policy(call, decision, events)
    if policy is None:
        await leg.answered(timeout_s)
        greeting.say(session)
        return
    who = await who_answered(session, identity=call.identity, answered=leg.answered(timeout_s))
    events.tell(Changed(at=events.now(), what="answered by", key="who", value=who))
    if who == "machine":
        greeting.cancel()
        await leave_message(session, policy)
        leg.end(Cause.MACHINE)
    else:
        greeting.say(session)


def _machine_policy(call: Call, decision: Answer, events: Events) -> MachinePolicy | None:
    if call.direction != "outbound":
        return None
    policy, warning = machine_policy(decision.data, call.trusted())
    if warning:
        events.tell(Warned(at=events.now(), text=warning))
    return policy

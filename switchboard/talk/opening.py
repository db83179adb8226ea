"""The first words: when the line is open, to whoever is there to hear them."""

from __future__ import annotations

from typing import Any

from livekit.agents import AgentSession

from switchboard.call.call import Call
from switchboard.call.events import Events
from switchboard.line.leg import Leg
from switchboard.routing.decision import Answer
from switchboard.talk.greeting import Greeting
from switchboard.talk.machine import machine_answers, policy_for
from switchboard.talk.unanswered import expect_answers


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

    A call that we made may ask first who picked up: a machine is not greeted.
    """
    policy = None if greeting.goes_on else policy_for(call, decision, events)
    if policy is not None and await machine_answers(session, leg, call, policy, events, timeout_s):
        greeting.cancel()
        return
    await leg.answered(timeout_s)  # who hung up while we listened to them is not greeted
    greeting.say(session)
    expect_answers(session, leg)

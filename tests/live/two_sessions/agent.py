"""A business that talks with two sessions on one call: the second takes over while the first is still there."""

from __future__ import annotations

from pathlib import Path

if __name__ == "__main__":
    from switchboard.worker.launch import begin

    _services = begin(Path(__file__).parent)

import asyncio
import sys
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession, AutoSubscribe, JobContext

from switchboard.intake.caller import wait_for_caller
from switchboard.routing.decision import Answer
from switchboard.talk.session import make_session, room_options
from switchboard.worker.live_call import LiveCall, open_call
from switchboard.worker.serving import make_server, run


async def answer(ctx: JobContext) -> None:
    async with open_call(ctx) as live:
        await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
        caller = await wait_for_caller(ctx, 10)
        live.leg.watch(caller)
        decision = live.decide(await live.take_in(caller))
        assert isinstance(decision, Answer)
        first = await _talk(live, caller, decision)
        second = await _talk(live, caller, decision)
        await live.leg.answered(30)
        await first.say("The first session speaks.").wait_for_playout()
        live.leg.detach(first)
        closing = asyncio.create_task(first.aclose())  # it waits for the caller's last words, the caller for ours
        await second.say("And now the second session speaks.").wait_for_playout()
        await closing


async def _talk(live: LiveCall, caller: rtc.RemoteParticipant, decision: Answer) -> AgentSession[Any]:
    models = live.services.models.take(decision.speech, decision.language)
    session: AgentSession[Any] = make_session(decision.speech, decision.language, models, None)  # type: ignore[arg-type]
    live.attach(session)
    await session.start(
        Agent(instructions="Say yes."),
        room=live.ctx.room,
        room_options=room_options(caller),
        record=False,
        session_host=False,
    )
    return session


if __name__ == "__main__":
    sys.exit(run(make_server(_services, answer), _services))  # pyright: ignore[reportPossiblyUnboundVariable]

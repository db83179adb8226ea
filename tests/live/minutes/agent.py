"""A business that writes into its log what was said, and by whom: tests alone may know."""

from __future__ import annotations

from pathlib import Path

if __name__ == "__main__":
    from switchboard.worker.launch import begin

    _services = begin(Path(__file__).parent)

import logging
import sys

from livekit.agents import Agent, AutoSubscribe, JobContext

from switchboard.call.events import Event, Said
from switchboard.intake.caller import wait_for_caller
from switchboard.routing.decision import Answer
from switchboard.talk.session import make_session, room_options
from switchboard.worker.live_call import open_call
from switchboard.worker.serving import make_server, run

logger = logging.getLogger("switchboard")


def _write_down(event: Event) -> None:
    if isinstance(event, Said):
        logger.info("said", extra={"who": event.who, "words": event.text})


async def answer(ctx: JobContext) -> None:
    async with open_call(ctx) as live:
        live.events.subscribe(_write_down)
        await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
        caller = await wait_for_caller(ctx, 10)
        live.leg.watch(caller)
        decision = live.decide(await live.take_in(caller))
        assert isinstance(decision, Answer)
        models = live.services.models.take(decision.speech, decision.language)
        session = make_session(decision.speech, decision.language, models, None)  # type: ignore[arg-type]
        live.attach(session)
        options = room_options(caller)
        agent = Agent(instructions="Say yes.")
        await session.start(agent, room=ctx.room, room_options=options, record=False, session_host=False)
        await live.leg.answered(30)


if __name__ == "__main__":
    sys.exit(run(make_server(_services, answer), _services))  # pyright: ignore[reportPossiblyUnboundVariable]

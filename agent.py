"""The worker: how a call gets from LiveKit to the agent who answers it.

`answer` is the way of a call, top to bottom. Each step is a room of its own under `switchboard/`.
"""

from __future__ import annotations

from pathlib import Path

if __name__ == "__main__":
    from switchboard.worker.launch import begin

    _services = begin(Path(__file__).parent)  # before the imports below, which take seconds

import sys

from livekit import rtc
from livekit.agents import AutoSubscribe, JobContext

from agents.harbor_bikes import open_business
from switchboard.call.area import area_of
from switchboard.call.call import Call
from switchboard.intake.caller import wait_for_caller
from switchboard.routing.decision import Answer, Refuse
from switchboard.talk.conversation import Conversation
from switchboard.talk.following import follow_changes
from switchboard.talk.greeting import prepare_greeting
from switchboard.talk.opening import open_conversation
from switchboard.talk.session import make_session, room_options
from switchboard.talk.thinking import think_of_opening
from switchboard.talk.unheard import ask_again_when_unheard
from switchboard.worker.bootstrap import Services
from switchboard.worker.live_call import LiveCall, open_call
from switchboard.worker.serving import make_server, run


async def answer(ctx: JobContext) -> None:
    """Answer one call: who calls, what the table says, and that. However it ends, `open_call` closes the line."""
    async with open_call(ctx) as live:
        await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
        worker = live.file.worker
        caller = await wait_for_caller(ctx, worker.caller_timeout_s, worker.callers)
        live.leg.watch(caller)
        call = await live.take_in(caller)
        match live.decide(call):
            case Refuse(reason=reason):
                live.leg.refuse(reason)
            case Answer() as decision:
                await talk(live, caller, call, decision)


async def talk(live: LiveCall, caller: rtc.RemoteParticipant, call: Call, decision: Answer) -> None:
    """An agent and its speech; then ring, greet and talk. The conversation goes on after this returns."""
    services, settings = live.services, live.services.settings
    models = services.models.take(decision.speech, decision.language)
    conversation = Conversation(
        call=call,
        line=live.leg,
        roster=services.roster,
        business=open_business(),
        language=decision.language,
        area=area_of(call.remote_number, settings.cache, decision.language).as_mapping(),
        route_data=decision.data,
        equipment=live.equip(call, decision),
    )
    agent = live.agent(decision.agent, conversation)
    thought = await think_of_opening(agent, decision, conversation, models.llm, live.events)
    greeting = prepare_greeting(
        decision, agent.prompt, call, conversation.area, models.tts, settings.greetings, thought
    )

    session = make_session(decision.speech, decision.language, models, conversation)
    greeting = await live.ready(greeting)
    live.attach(session)
    follow_changes(live.reader(caller), conversation, session, agent, live.events)
    await session.start(agent, room=live.ctx.room, room_options=room_options(caller), record=False, session_host=False)
    timeout_s = live.file.worker.answer_timeout_s
    await open_conversation(session, live.leg, greeting, call, decision, live.events, timeout_s)
    ask_again_when_unheard(session)


def main(services: Services) -> None:
    """Serve calls until told to stop. Exit code 1 for a lost LiveKit."""
    sys.exit(run(make_server(services, answer), services))


if __name__ == "__main__":
    main(_services)  # pyright: ignore[reportPossiblyUnboundVariable] - the same condition as above

"""The worker: how a call gets from LiveKit to the agent who answers it.

`answer` is the way of a call, top to bottom. Each step is a room of its own under `switchboard/`.
"""

from __future__ import annotations

import logging
import sys

from livekit.agents import AutoSubscribe, JobContext

from agents import agent_class
from agents.conversation import Conversation
from switchboard.intake import CallerHungUp, NoCaller, Reader, settled, wait_for_caller
from switchboard.phone.greeting import prepare_greeting
from switchboard.phone.line import PhoneLine
from switchboard.phone.session import make_session, room_options
from switchboard.settings import MissingSettings
from switchboard.speech.models import make_models
from switchboard.startup import CannotStart, startup
from switchboard.worker import make_server, run

logger = logging.getLogger("switchboard")


async def answer(ctx: JobContext) -> None:
    """Answer one call. Whatever happens, the line is closed at the end and the job's slot is free again."""
    line = PhoneLine(ctx)
    try:
        await converse(ctx, line)
    except CallerHungUp:
        line.over("the caller hung up before the call was answered")
    except NoCaller as nobody:
        logger.info("no call: %s", nobody)
        line.over(str(nobody))
    except Exception:
        # Nobody may be left listening to a ringing tone: ending the room ends it for the caller.
        logger.exception("the call could not be answered")
        await line.refuse("a fault in the worker")


async def converse(ctx: JobContext, line: PhoneLine) -> None:
    """The way of a call: who calls, who answers, with which speech; then ring, greet and talk."""
    start = startup()
    worker, table = start.config.worker, start.config.table

    await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    caller = await wait_for_caller(ctx, worker.caller_timeout_s)
    line.watch(caller)

    reader = Reader(ctx.room, caller, ctx.job.metadata, worker.region, worker.trusted_attributes)
    call, _late = await settled(reader, table, worker.wait_for_attributes_ms / 1000)
    ctx.log_context_fields = {"call": call.provider_call_id or call.sip_call_id or ctx.job.id}

    decision = table.decide(call)
    logger.info("routed", extra={"route": decision.route, "agent": decision.agent, "reject": decision.reject})
    if decision.agent is None:
        await line.refuse(decision.reject or "busy")
        return

    models = make_models(decision.speech, decision.language, start.settings)
    conversation = Conversation(call, line, decision.language, data={**{k: f.value for k, f in call.data.items()}})
    agent = agent_class(decision.agent)(conversation)
    greeting = prepare_greeting(decision, agent.prompt, call, {}, models.tts, start.settings.cache)

    session = make_session(decision.speech, decision.language, models, conversation)
    line.attach(session)
    await session.start(agent, room=ctx.room, room_options=room_options(caller), record=False, session_host=False)
    await line.answered(worker.answer_timeout_s)
    greeting.say(session)


def main() -> None:
    """Check everything, then serve calls. Exit code 2 for what must be mended first, 1 for a lost LiveKit."""
    try:
        start = startup()
        start.settings.require(start.providers)
    except (CannotStart, MissingSettings) as fault:
        print(fault, file=sys.stderr)
        sys.exit(2)
    sys.exit(run(make_server(start, answer), start.settings.health_port))


if __name__ == "__main__":
    main()

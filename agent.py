"""The worker: how a call gets from LiveKit to the agent who answers it.

`answer` is the way of a call, top to bottom. Each step is a room of its own under `switchboard/`.
"""

from __future__ import annotations

if __name__ == "__main__":
    import switchboard.launch

    switchboard.launch.begin()  # before the imports below, which take seconds

import logging
import sys
from collections.abc import Sequence
from time import perf_counter

from livekit.agents import AutoSubscribe, JobContext

from agents import agent_class
from agents.conversation import Conversation
from agents.phone_agent import PhoneAgent
from switchboard.area import area_of
from switchboard.call import Call
from switchboard.changes import Change, Changes
from switchboard.intake import CallerHungUp, NoCaller, Reader, take_in, wait_for_caller
from switchboard.launch import begin
from switchboard.phone.greeting import prepare_greeting
from switchboard.phone.line import PhoneLine
from switchboard.phone.opening import open_conversation
from switchboard.phone.session import make_session, room_options
from switchboard.phone.unheard import ask_again_when_unheard
from switchboard.records import recorder_from
from switchboard.records.recorder import Recorder
from switchboard.speech.models import make_models
from switchboard.startup import startup
from switchboard.weather import WttrWeather, units_in
from switchboard.worker import make_server, run

logger = logging.getLogger("switchboard")


async def answer(ctx: JobContext) -> None:
    """Answer one call. Whatever happens, the line is closed at the end, and the record says why."""
    line, record = PhoneLine(ctx), recorder_from(startup().settings)
    try:
        await converse(ctx, line, record)
        await line.ended.wait()
    except CallerHungUp:
        line.over("the caller hung up before the call was answered")
    except NoCaller as nobody:
        line.over(str(nobody))
    except Exception:
        # Nobody may be left listening to a ringing tone: the end of the room ends it for the caller.
        logger.exception("the call could not be answered")
        await line.refuse("a fault in the worker")
    finally:
        await line.close()
        logger.info("call ended", extra={"reason": line.end_reason})
        record.ended(line.end_reason or "the worker stopped")
        await record.aclose()


async def converse(ctx: JobContext, line: PhoneLine, record: Recorder) -> None:
    """The way of a call: who calls, who answers, with which speech; then ring, greet and talk."""
    start = startup()
    worker, table, settings = start.config.worker, start.config.table, start.settings

    await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    caller = await wait_for_caller(ctx, worker.caller_timeout_s)
    line.watch(caller)

    began = perf_counter()
    reader = Reader(ctx.room, caller, ctx.job.metadata, worker.region, worker.trusted_attributes)
    call = await take_in(reader, table, worker.wait_for_attributes_ms / 1000, start.directory)
    identify(ctx, call)

    known = perf_counter()
    decision = table.decide(call)
    decided = perf_counter()
    record.begin(call, decision, table.trace(call), start.config.fingerprint, ctx.room.name)
    took = {"known_in_ms": round((known - began) * 1000, 1), "decided_in_us": round((decided - known) * 1e6)}
    outcome = {"route": decision.route, "agent": decision.agent, "reject": decision.reject}
    logger.info("routed", extra=outcome | took)
    if decision.agent is None:
        await line.refuse(decision.reject or "busy")
        return
    record.rang()

    models = make_models(decision.speech, decision.language, settings)
    conversation = Conversation(
        call=call,
        line=line,
        language=decision.language,
        area=area_of(call.remote_number, settings.cache, decision.language).as_mapping(),
        data={key: fact.value for key, fact in call.data.items()} | dict(decision.data),
        weather=WttrWeather(settings.weather_url, units_in(call.remote_number.country if call.remote_number else None)),
    )
    agent = agent_class(decision.agent)(conversation)
    greeting = prepare_greeting(decision, agent.prompt, call, conversation.area, models.tts, settings.greetings)

    session = make_session(decision.speech, decision.language, models, conversation)
    line.attach(session)
    await session.start(agent, room=ctx.room, room_options=room_options(caller), record=False, session_host=False)
    await open_conversation(session, line, greeting, call, decision, record, worker.answer_timeout_s)
    ask_again_when_unheard(session)

    async def on_change(now: Call, changes: Sequence[Change]) -> None:
        identify(ctx, now)
        record.identified(now)
        conversation.call = now
        for change in changes:
            record.changed("data", change.key, change.value)
            conversation.data[change.key] = change.value
            if isinstance(session.current_agent, PhoneAgent):
                await session.current_agent.on_data_changed(change.key, change.value)

    Changes(reader, call, on_change).follow()


def identify(ctx: JobContext, call: Call) -> None:
    """Every log line of this call carries LiveKit's identifier and the one by which its carrier knows it."""
    ctx.log_context_fields = {"call": call.sip_call_id or ctx.job.id, "provider_call": call.provider_call_id}


def main() -> None:
    """Check everything, then serve calls. Exit code 2 for what must be mended first, 1 for a lost LiveKit."""
    start = begin()
    sys.exit(run(make_server(start, answer), start.settings))


if __name__ == "__main__":
    main()

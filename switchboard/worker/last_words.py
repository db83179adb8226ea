"""A call that cannot be answered, or cannot go on, by a fault of our own: its caller is told so, and it ends.

The words come from the disk and go straight into the room. Where there are none, a telephone that rings is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from livekit import rtc
from livekit.agents import AutoSubscribe, JobContext

from switchboard.call.call import Call
from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Events, Identified
from switchboard.database.engine import make_engine
from switchboard.intake.caller import AnsweredElsewhere, wait_for_caller
from switchboard.intake.reading import Reader, expected
from switchboard.line.announcing import play_into
from switchboard.line.leg import Leg, LegEnded
from switchboard.line.patience import Patience
from switchboard.line.states import State
from switchboard.livekit_api.rooms import delete_room
from switchboard.records.recorder import Recorder
from switchboard.records.row import id_of
from switchboard.records.spool import Spool
from switchboard.talk.fixed_words import spoken_in_any
from switchboard.worker.settings import read_settings

logger = logging.getLogger("switchboard")

_WITHIN_S = 20.0  # for a telephone that we answer to say that it is answered, and the words
_ANSWERS_WITHIN_S = 5.0
_CALLER_WITHIN_S = 5.0
_NO_REGION = "ZZ"  # a number without + is not guessed at


async def part_with_words(leg: Leg, room: rtc.Room, folder: Path, languages: Sequence[str], ending: Ending) -> None:
    """Say goodbye on `leg`, in the first of `languages` of which `folder` keeps it, and end it.

    Never raises; does nothing where the leg has ended.
    """
    if leg.state is State.ENDED:
        return
    over = asyncio.ensure_future(leg.over())
    saying = asyncio.ensure_future(_say(leg, room, folder, languages))
    try:
        await asyncio.wait({over, saying}, timeout=_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
    finally:  # also where the worker does not wait for the words
        over.cancel()
        saying.cancel()
        leg.end(ending.cause, ending.detail)


async def _say(leg: Leg, room: rtc.Room, folder: Path, languages: Sequence[str]) -> None:
    try:
        await leg.silence()
        if frames := await asyncio.to_thread(spoken_in_any, folder, "goodbye", languages):
            await play_into(room, frames, lambda: leg.answered(_ANSWERS_WITHIN_S))
            await asyncio.sleep(Patience().tail_s)
    except LegEnded:
        pass
    except Exception:
        logger.exception("the last words could not be said")


async def turn_away(ctx: JobContext, fault: Exception) -> None:
    """For a call that nothing has been made for: tell its caller goodbye, let nobody ring on, and put it on the record.

    Never raises.
    """

    async def delete() -> None:
        await delete_room(ctx.api, ctx.job.room.name)

    events = Events()
    leg = Leg(ctx.room, delete, events)
    async with AsyncExitStack() as stack:
        stack.callback(ctx.shutdown, "the call could not be taken")
        try:
            settings = read_settings()
            record = Recorder(
                make_engine(settings.database_url), Spool(settings.spool), ctx.job.room.name, id_of(ctx.job.id)
            )
            stack.push_async_callback(record.aclose)
            events.subscribe(record.hear)
            events.tell(Identified(at=events.now(), call=expected(ctx.job, events.now(), _NO_REGION)))
            async with asyncio.timeout(_WITHIN_S):
                caller = await _enter(ctx)
                events.tell(Identified(at=events.now(), call=_known(ctx, caller)))
                leg.watch(caller)
                await part_with_words(
                    leg, ctx.room, settings.fixed_words, (), Ending(Cause.FAULT, type(fault).__name__)
                )
        except AnsweredElsewhere:
            leg.leave_to_another()
        except Exception as error:  # only the kind: its text may name the room
            logger.error("the caller could not be told that the call cannot be taken (%s)", type(error).__name__)
        leg.end(Cause.FAULT, type(fault).__name__)
        await leg.close()


async def _enter(ctx: JobContext) -> rtc.RemoteParticipant:
    """The caller. Raises NoCaller, AnsweredElsewhere, and what connecting raises."""
    if not ctx.room.isconnected():
        await ctx.connect(auto_subscribe=AutoSubscribe.SUBSCRIBE_NONE)
    return await wait_for_caller(ctx, _CALLER_WITHIN_S)


def _known(ctx: JobContext, caller: rtc.RemoteParticipant) -> Call:
    """What LiveKit says of them; the routing file, and what it would make of it, may be what failed."""
    return Reader(ctx.room, caller, ctx.job.metadata, _NO_REGION).read()


async def turn_away_where_it_fails(answer: Callable[[JobContext], Awaitable[None]], ctx: JobContext) -> None:
    """`answer`, which is the business's own: whatever it raises, nobody is left on the line."""
    try:
        await answer(ctx)
    except Exception as fault:
        logger.exception("the call could not be taken")
        await turn_away(ctx, fault)

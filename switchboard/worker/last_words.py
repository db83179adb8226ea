"""A call that cannot be answered, or cannot go on, by a fault of our own: its caller is told so, and it ends.

The words come from the disk and go straight into the room. Where there are none, a telephone that rings is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from livekit import rtc
from livekit.agents import AutoSubscribe, JobContext

from switchboard.call.causes import Cause
from switchboard.call.events import Events
from switchboard.intake.caller import AnsweredElsewhere, NoCaller, wait_for_caller
from switchboard.line.announcing import play_into
from switchboard.line.leg import Leg, LegEnded
from switchboard.line.patience import Patience
from switchboard.line.states import State
from switchboard.livekit_api.rooms import delete_room
from switchboard.talk.fixed_words import spoken_in_any
from switchboard.worker.settings import WrongSettings, read_settings

logger = logging.getLogger("switchboard")

_WITHIN_S = 20.0  # for a telephone that we answer to say that it is answered, and the words
_ANSWERS_WITHIN_S = 5.0
_CALLER_WITHIN_S = 5.0


async def part_with_words(leg: Leg, room: rtc.Room, folder: Path, languages: Sequence[str], detail: str) -> None:
    """Say goodbye on `leg`, in the first of `languages` of which `folder` keeps it, and end it as our fault.

    Never raises; does nothing where the leg has ended. `detail` holds no personal data.
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
        leg.end(Cause.FAULT, detail)


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
    """For a call that nothing has been made for: tell its caller goodbye, and let nobody ring on. Never raises."""

    async def delete() -> None:
        await delete_room(ctx.api, ctx.job.room.name)

    leg = Leg(ctx.room, delete, Events())
    try:
        async with asyncio.timeout(_WITHIN_S):
            folder = read_settings().fixed_words
            if not ctx.room.isconnected():
                await ctx.connect(auto_subscribe=AutoSubscribe.SUBSCRIBE_NONE)
            leg.watch(await wait_for_caller(ctx, _CALLER_WITHIN_S))
            await part_with_words(leg, ctx.room, folder, (), type(fault).__name__)
    except AnsweredElsewhere:
        leg.leave_to_another()
    except (NoCaller, WrongSettings):
        pass
    except Exception:
        logger.exception("the caller could not be told that the call cannot be taken")
    leg.end(Cause.FAULT, type(fault).__name__)
    await leg.close()
    ctx.shutdown("the call could not be taken")


async def turn_away_where_it_fails(answer: Callable[[JobContext], Awaitable[None]], ctx: JobContext) -> None:
    """`answer`, which is the business's own: whatever it raises, nobody is left on the line."""
    try:
        await answer(ctx)
    except Exception as fault:
        logger.exception("the call could not be taken")
        await turn_away(ctx, fault)

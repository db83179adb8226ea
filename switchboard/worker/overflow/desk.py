"""What an attendant does for callers whom no line is free for."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

from livekit.api import LiveKitAPI

from switchboard.call.causes import Cause, Ending
from switchboard.call.events import Events
from switchboard.line.leg import Leg, LegEnded
from switchboard.line.refer import refer
from switchboard.livekit_api.rooms import delete_room
from switchboard.records.recorder import Recorder
from switchboard.records.spool import Spool
from switchboard.routing.decision import Answer
from switchboard.worker.bootstrap import Services
from switchboard.worker.overflow.attendant import Access, Attendant
from switchboard.worker.overflow.hold_music import HoldMusic
from switchboard.worker.overflow.own_voice import OwnVoice
from switchboard.worker.overflow.unserved import Unserved
from switchboard.worker.overflow.waiting_line import PlaceTold
from switchboard.worker.overflow.words import busy, hold, through
from switchboard.worker.overflow.words import place as place_words

logger = logging.getLogger("switchboard")

_AHEAD_S = 1.0  # of music in hand while the next piece is fetched

_ANSWERED_WITHIN_S = 10.0  # the bridge answers within milliseconds of our publishing
# LiveKit's SDK ends the process (SIGTERM) when a join is not followed up in time: many at once could take the worker.
_JOIN_AT_ONCE = 4
_TAIL_S = 0.4  # what still travels to the caller

Talk = Callable[[Attendant, Leg], Awaitable[Ending]]


class Desk:
    """Sees to callers in the worker's own process. Each is on the record, as every call is."""

    def __init__(self, services: Services, access: Access, open_api: Callable[[], LiveKitAPI]) -> None:
        self._services = services
        self._access = access
        self._open_api = open_api
        self._voice = OwnVoice(services.models, services.settings.fixed_words)
        self._joining = asyncio.Semaphore(_JOIN_AT_ONCE)
        self._music: asyncio.Task[HoldMusic] | None = None

    async def announce(self, caller: Unserved, answer: Answer) -> bool:
        """Answer, say that all lines are busy, and hang up. False where nobody can say it: nothing was answered then.

        Raises what reaching LiveKit raises, and rtc's errors.
        """
        words = busy(self._services.tables.current.overflow.announce, answer.language)
        if not await self._voice.sound(words, answer):
            return False

        async def talk(attendant: Attendant, leg: Leg) -> Ending:
            await attendant.answer()
            await leg.answered(_ANSWERED_WITHIN_S)
            await self._say(attendant, words, answer)
            return Ending(Cause.NO_LINE, "told so")

        await self._attend(caller, talk)
        return True

    async def keep_waiting(self, caller: Unserved, answer: Answer, place: Callable[[], int]) -> None:
        """Answer, and play music and say the caller's `place` until an agent comes or they have waited long enough.

        Raises what reaching LiveKit raises, and rtc's errors.
        """
        overflow = self._services.tables.current.overflow
        waited_s = (self._services.clock() - caller.call.at).total_seconds()  # by two clocks, which may not agree
        left_s = overflow.for_s - min(max(waited_s, 0.0), overflow.for_s)

        async def talk(attendant: Attendant, leg: Leg) -> Ending:
            await attendant.answer()
            await leg.answered(_ANSWERED_WITHIN_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._entertain(attendant, answer, place)
            await attendant.stop_waiting()
            await self._say(attendant, busy(overflow.announce, answer.language), answer)
            return Ending(Cause.NO_LINE, f"waited {overflow.for_s:g} s")

        await self._attend(caller, talk, keeps_waiting=True)

    async def transfer(self, caller: Unserved, answer: Answer) -> None:
        """Answer, say so, and hand the caller to whom the file names. Where that fails, announce and hang up.

        Raises what reaching LiveKit raises, and rtc's errors.
        """
        overflow = self._services.tables.current.overflow

        async def talk(attendant: Attendant, leg: Leg) -> Ending:
            await attendant.answer()
            await leg.answered(_ANSWERED_WITHIN_S)
            await self._say(attendant, through(answer.language), answer)
            async with self._open_api() as api:
                if not (why := await refer(api, caller.room, caller.identity, overflow.transfer)):
                    return Ending(Cause.TRANSFERRED, "no line was free")
            await self._say(attendant, busy(overflow.announce, answer.language), answer)
            return Ending(Cause.NO_LINE, f"the transfer failed: {why}")

        await self._attend(caller, talk)

    async def _say(self, attendant: Attendant, text: str, answer: Answer) -> None:
        """Returns when it has been heard; at once where nobody can say it."""
        await attendant.play(await self._voice.sound(text, answer))
        await attendant.played()
        await asyncio.sleep(_TAIL_S)

    async def _entertain(self, attendant: Attendant, answer: Answer, place: Callable[[], int]) -> None:
        """For ever. The place is said at once, whenever it is a better one, and now and then."""
        if self._music is None:  # all callers wait for the same one
            self._music = asyncio.create_task(HoldMusic.load(self._services.tables.current.overflow.music))
        music = (await asyncio.shield(self._music)).pieces()
        language, told = answer.language, PlaceTold()
        await attendant.play(await self._voice.sound(hold(language), answer))
        while True:
            if told.is_due(number := place(), time.monotonic()):
                await attendant.play(await self._voice.sound(place_words(number, language), answer))
            await attendant.play(next(music))
            await attendant.played(but_s=_AHEAD_S)

    async def record_refusal(self, caller: Unserved, why: str) -> None:
        """A call that was refused while it rang."""
        await caller.write(self._recorder(caller), Ending(Cause.REFUSED, why), self._services.clock())

    async def _attend(self, caller: Unserved, talk: Talk, *, keeps_waiting: bool = False) -> None:
        """Join, `talk`, and end the call as that says, unless it ends before or another has it."""
        events, record = Events(self._services.clock), self._recorder(caller)
        events.subscribe(record.hear)
        async with AsyncExitStack() as stack:
            async with self._joining:
                attendant = Attendant(self._access, caller.room, keeps_waiting=keeps_waiting)
                await stack.enter_async_context(attendant)

            async def delete() -> None:
                if not attendant.replaced:  # else the room is another attendant's to end
                    async with self._open_api() as api:
                        await delete_room(api, caller.room)

            leg = Leg(attendant.room, delete, events)
            attendant.when_agent_speaks(leg.leave_to_another)
            try:
                await self._talk(caller, talk, attendant, leg)
            except asyncio.CancelledError:
                leg.leave_to_another()  # who looks finds the caller
                raise
            finally:
                await leg.close()
        ending = leg.ending
        if ending is None or ending.cause is Cause.ANSWERED_ELSEWHERE or attendant.replaced:
            return
        logger.info("ended a call that no line was free for", extra={"cause": ending.cause, "reason": str(ending)})
        await caller.write(record, ending, self._services.clock())

    async def _talk(self, caller: Unserved, talk: Talk, attendant: Attendant, leg: Leg) -> None:
        participant = attendant.room.remote_participants.get(caller.identity)
        if participant is None:
            leg.end(Cause.CALLER_HUNG_UP, "before the call was answered")
            return
        leg.watch(participant)
        talking, over = asyncio.ensure_future(talk(attendant, leg)), asyncio.create_task(leg.over())
        try:
            await asyncio.wait({talking, over}, return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                with suppress(LegEnded):
                    ending = talking.result()
                    leg.end(ending.cause, ending.detail)
        except Exception as fault:
            logger.exception("a caller without a line could not be seen to")
            leg.end(Cause.FAULT, type(fault).__name__)
        finally:
            over.cancel()
            talking.cancel()
            await asyncio.gather(talking, over, return_exceptions=True)

    def _recorder(self, caller: Unserved) -> Recorder:
        return Recorder(self._services.engine, Spool(self._services.settings.spool), caller.room)

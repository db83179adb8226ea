"""Calls that no line is free for: told while they ring, by the worker's own process."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence

from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import RoomParticipantIdentity

from switchboard.call import attributes as names
from switchboard.livekit_api.rooms import delete_room
from switchboard.worker.options import Overflow
from switchboard.worker.waiting import Verdict, judge, state_of

logger = logging.getLogger("switchboard")

# s between looks. LiveKit asks one worker after the other, each of which answers within milliseconds: a call that
# nobody has by the first look, nobody will take. The later ones are for a caller who comes after the dispatch, and for
# a server that failed.
LOOKS_AFTER_S = (0.3, 0.7, 1.0)


class FullHouse:
    """What a worker without a free line does for a caller whom no other took: by `[overflow]`, as it is at that time.

    Every worker that was full looks, so the last of them that LiveKit asked does too; who comes second finds nothing.
    """

    def __init__(
        self,
        open_api: Callable[[], LiveKitAPI],
        agent_name: str,
        overflow: Callable[[], Overflow],
        looks_after_s: Sequence[float] = LOOKS_AFTER_S,
    ) -> None:
        self._open_api = open_api
        self._agent_name = agent_name
        self._overflow = overflow
        self._looks_after_s = looks_after_s

    async def tell(self, room: str) -> None:
        """See to the caller in `room`, whose call we have left to others. Raises nothing of the server's."""
        match self._overflow().then:
            case "wait":
                return  # until a line is free: `take_ringing_calls`
            case "refuse":
                await self._refuse(room)

    async def _refuse(self, room: str) -> None:
        trouble: Exception | None = None
        for pause in self._looks_after_s:
            await asyncio.sleep(pause)
            try:
                async with self._open_api() as api:
                    if await settle(api, room, self._agent_name):
                        return
            except Exception as error:
                trouble = error
        if trouble is not None:
            # Only the kind: the text may name the room, which may hold the caller's number.
            logger.warning("a call beyond the lines could not be refused: %s", type(trouble).__name__)


async def settle(api: LiveKitAPI, room: str, agent_name: str) -> bool:
    """Refuse whoever rings in `room` if nobody has the call. False where there is no caller yet.

    Raises livekit.api's ServerError, and what reaching the server raises.
    """
    state = await state_of(api, room)
    if state is None:
        return True
    dispatches, people = state
    verdict = judge(dispatches, people, agent_name, now_s=float("inf"))  # however young the dispatch is
    if verdict is not Verdict.WAITING:
        return verdict is Verdict.SERVED
    ringing = [person.identity for person in people if _rings(person)]
    if not ringing:
        return False
    await _refuse_all(api, room, ringing, alone=len(ringing) == len(people))
    return True


async def _refuse_all(api: LiveKitAPI, room: str, ringing: Iterable[str], *, alone: bool) -> None:
    """Let the bridge answer these participants 486: with their room, unless they are not `alone` in it."""
    if alone:
        await delete_room(api, room)
    else:
        for identity in ringing:
            await api.room.remove_participant(RoomParticipantIdentity(room=room, identity=identity))
    logger.info("refused a call while it rang: all lines are taken")


def _rings(person: ParticipantInfo) -> bool:
    """Whether this is a caller on a telephone whom nobody has answered. One whom we call has no dispatch rule."""
    is_inbound = person.kind == ParticipantInfo.Kind.SIP and bool(person.attributes.get(names.RULE))
    return is_inbound and person.attributes.get(names.STATUS) == names.RINGING

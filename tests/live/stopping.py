"""For calls whose process is stopped: a long greeting, which process it is, and another agent in its place."""

from __future__ import annotations

import asyncio

from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import ListParticipantsRequest, RoomParticipantIdentity

from lab.softphone import Softphone
from switchboard.livekit_api.dispatching import claim, dispatch_again
from switchboard.livekit_api.rescues import after
from tests.live.exchange import Exchange

_WORDS = "Thank you for calling Harbor Bikes, the house of bicycles by the harbor. " * 2
TABLE = f'[default]\nagent = "front_desk"\ngreeting = "{_WORDS.strip()}"\n'


async def greeted(phone: Softphone) -> None:
    """Returns in the middle of the greeting."""
    await phone.dial()
    await phone.heard_speech(20, after=0.0)
    await asyncio.sleep(1.0)


def heard_of(phone: Softphone) -> float:
    """How many seconds of sound the caller has heard: whenever it is placed, any more of it is more."""
    return sum(sound.duration for sound in phone.ear.sounds())


def call_of(exchange: Exchange) -> int:
    """The process of the call that was routed last."""
    return int([record for record in exchange.worker.records() if record["message"] == "routed"][-1]["pid"])


async def replace_agent(exchange: Exchange, phone: Softphone) -> None:
    """Take the agent out of the room and send a later one, as a worker does for a call whose process died."""
    livekit, room = exchange.livekit, phone.caller.room_name
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        for person in (await api.room.list_participants(ListParticipantsRequest(room=room))).participants:
            if person.kind == ParticipantInfo.Kind.AGENT:
                await api.room.remove_participant(RoomParticipantIdentity(room=room, identity=person.identity))
        (lost,) = await api.agent_dispatch.list_dispatch(room)
        await claim(api, lost)
        await dispatch_again(api, after(lost, 2))

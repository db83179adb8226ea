"""Making a call: a room, our agent in it, then the telephone. What fails leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from google.protobuf.duration_pb2 import Duration
from livekit.api import LiveKitAPI
from livekit.api.twirp_client import ServerError
from livekit.protocol.agent_dispatch import CreateAgentDispatchRequest
from livekit.protocol.room import CreateRoomRequest, DeleteRoomRequest, RoomParticipantIdentity
from livekit.protocol.sip import (
    CreateSIPParticipantRequest,
    ListSIPOutboundTrunkRequest,
    SIPOutboundTrunkInfo,
    SIPParticipantInfo,
)

from switchboard.livekit_api.dispatching import has_agent
from switchboard.outbound.outcome import Outcome, in_words, of_error

logger = logging.getLogger("switchboard")

CALLEE = "callee"  # the identity of the one who is called; a number would be personal data
_AGENT_JOINS_WITHIN = 10.0  # s; half a second is usual
_AGENT_ENDS_WITHIN = 2.0  # s; a tenth of a second is usual
_LOOKS_EVERY = 0.5  # s
_BRIDGE_RECOVERS_IN = 2.0  # s
_ANSWER_ARRIVES_WITHIN = 10.0  # s after the ringing has stopped, for the request's own answer


class NoTrunk(ValueError):
    """There is no outbound trunk to dial through. The message names those that there are."""


class NoWorker(Exception):
    """No agent came, so nobody was called."""


class NoBridge(Exception):
    """No SIP bridge answered the server."""


@dataclass(frozen=True, slots=True)
class Dial:
    """A call to be made. `job` becomes job metadata, `told` participant metadata; `ring_timeout` is seconds.

    `name` is the callee's in the room, empty for the bridge's own (their number). `keys` are pressed after the answer.
    """

    to: str
    worker: str
    caller_id: str = ""
    job: Mapping[str, Any] = field(default_factory=dict[str, Any])
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str = ""
    keys: str = ""
    ring_timeout: int = 30
    wait: bool = True


@dataclass(frozen=True, slots=True)
class Dialled:
    """What became of it. `outcome` is None where nobody waited for one; `seconds` is until then."""

    room: str
    outcome: Outcome | None
    sip_status: int | None = None
    reason: str = ""
    sip_call_id: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return in_words(self.outcome, self.sip_status, self.reason) if self.outcome else "ringing"


async def choose_trunk(api: LiveKitAPI, wanted: str | None) -> SIPOutboundTrunkInfo:
    """The outbound trunk of this name or id; without either, the only one that the server has.

    Raises NoTrunk, and livekit.api's ServerError.
    """
    trunks = list((await api.sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())).items)
    names = ", ".join(sorted(trunk.name or trunk.sip_trunk_id for trunk in trunks)) or "none"
    if wanted is None:
        if len(trunks) == 1:
            return trunks[0]
        if not trunks:
            raise NoTrunk("the server has no outbound trunk: declare one in trunks.toml, then provision --apply")
        raise NoTrunk(f"the server has {len(trunks)} outbound trunks: say which with --from-trunk (have: {names})")
    found = [trunk for trunk in trunks if wanted in (trunk.sip_trunk_id, trunk.name)]
    if len(found) != 1:
        many = "there is no" if not found else f"there are {len(found)} of"
        raise NoTrunk(f'--from-trunk "{wanted}": {many} outbound trunk of that name or id (have: {names})')
    return found[0]


async def dial(api: LiveKitAPI, call: Dial, trunk_id: str) -> Dialled:
    """Make the call through a trunk and, if `wait`, wait until it is answered or refused.

    Unless the callee was reached, the room is deleted, and with it the dispatch. Raises NoWorker, NoBridge and
    livekit.api's ServerError.
    """
    room = f"dial-{secrets.token_hex(6)}"
    keep = False
    try:
        await api.room.create_room(CreateRoomRequest(name=room))
        await _call_worker(api, room, call)
        result = await _ring(api, room, call, trunk_id)
        keep = result.outcome in ("answered", None)
        if not keep:
            await _let_the_agent_end(api, room)
        return result
    finally:
        if not keep:
            await _clear(api, room)


async def _call_worker(api: LiveKitAPI, room: str, call: Dial) -> None:
    """Dispatch our agent and see it come: a callee must not pick up to silence."""
    request = CreateAgentDispatchRequest(room=room, agent_name=call.worker, metadata=_text(call.job))
    await api.agent_dispatch.create_dispatch(request)
    deadline = time.monotonic() + _AGENT_JOINS_WITHIN
    while time.monotonic() < deadline:
        if await has_agent(api, room):
            return
        await asyncio.sleep(0.1)
    raise NoWorker(f'nobody was called: no worker "{call.worker}" came. Is it running, and has it a free line?')


async def _ring(api: LiveKitAPI, room: str, call: Dial, trunk_id: str) -> Dialled:
    request = CreateSIPParticipantRequest(
        sip_trunk_id=trunk_id,
        sip_call_to=call.to,
        sip_number=call.caller_id,
        room_name=room,
        participant_identity=CALLEE,
        participant_name=call.name,
        participant_metadata=_text(call.told),
        participant_attributes=call.attributes,
        dtmf=call.keys,
        ringing_timeout=Duration(seconds=call.ring_timeout),
        wait_until_answered=call.wait,
    )
    started = time.monotonic()
    watching = asyncio.create_task(_watch(api, room))
    try:
        made = await _create(api, request, patience_s=call.ring_timeout + _ANSWER_ARRIVES_WITHIN)
    except ServerError as error:
        told = of_error(error)
        if told is None:
            raise
        if told[:2] == ("no_answer", None) and await _stop(watching) == {"dialing"}:
            told = (
                "carrier_error",
                None,
                "it never rang: the trunk's address, or the carrier behind it, does not answer",
            )
        return Dialled(room, *told, seconds=time.monotonic() - started)
    except TimeoutError:
        # The answer to the request was lost on the way; the callee's own status is not.
        outcome: Outcome = "answered" if await _status(api, room) == "active" else "no_answer"
        return Dialled(room, outcome, seconds=time.monotonic() - started)
    finally:
        await _stop(watching)
    seconds = time.monotonic() - started
    return Dialled(room, "answered" if call.wait else None, sip_call_id=made.sip_call_id, seconds=seconds)


async def _create(api: LiveKitAPI, request: CreateSIPParticipantRequest, patience_s: float) -> SIPParticipantInfo:
    """Have the bridge call. One that is too busy is asked once more. Raises NoBridge, ServerError, TimeoutError."""
    try:
        try:
            return await api.sip.create_sip_participant(request, timeout=patience_s)
        except ServerError as error:
            if "cpu exhausted" not in error.message:
                raise
        await asyncio.sleep(_BRIDGE_RECOVERS_IN)
        return await api.sip.create_sip_participant(request, timeout=patience_s)
    except ServerError as error:
        if error.code == "unavailable" and "no response" in error.message:
            what = "no SIP bridge answers. Is livekit-sip running, with the server's Redis?"
        elif "cpu exhausted" in error.message:
            what = "the SIP bridge uses more than 90 % of its processors. Try again, or add a bridge"
        else:
            raise
        raise NoBridge(f"nobody was called: {what}") from error


async def _watch(api: LiveKitAPI, room: str) -> set[str]:
    """Every status that the callee has had, until cancelled: a dead carrier's call stays `dialing`."""
    seen = set[str]()
    try:
        while True:
            if status := await _status(api, room):
                seen.add(status)
            await asyncio.sleep(_LOOKS_EVERY)
    except (asyncio.CancelledError, aiohttp.ClientError, OSError, TimeoutError):
        return seen


async def _stop(watching: asyncio.Task[set[str]]) -> set[str]:
    watching.cancel()
    try:
        return await watching
    except asyncio.CancelledError:  # before it had looked once
        return set()


async def _status(api: LiveKitAPI, room: str) -> str:
    try:
        callee = await api.room.get_participant(RoomParticipantIdentity(room=room, identity=CALLEE))
    except ServerError:
        return ""  # gone
    return callee.attributes.get("sip.callStatus", "")


async def _let_the_agent_end(api: LiveKitAPI, room: str) -> None:
    """The agent sees why the callee has gone, and ends the call for it. Of a room that is deleted first it sees no more
    than that."""
    deadline = time.monotonic() + _AGENT_ENDS_WITHIN
    try:
        while time.monotonic() < deadline:
            if not await has_agent(api, room):
                return
            await asyncio.sleep(0.1)
    except (ServerError, aiohttp.ClientError, OSError, TimeoutError):
        pass  # the room is gone


async def _clear(api: LiveKitAPI, room: str) -> None:
    try:
        await api.room.delete_room(DeleteRoomRequest(room=room))
    except (ServerError, aiohttp.ClientError, OSError, TimeoutError) as error:
        # The room ends by itself once it is empty; what went wrong before is what matters.
        logger.debug("a room that was made for a call could not be deleted: %s", type(error).__name__)


def _text(metadata: Mapping[str, Any]) -> str:
    return json.dumps(dict(metadata), ensure_ascii=False) if metadata else ""

"""Asking an agent in a room whether it lives: livekit-server lists one that was killed for another 20 s."""

from __future__ import annotations

import aiohttp
from livekit import rtc
from livekit.api import LiveKitAPI, ServerError
from livekit.protocol.room import PerformRpcRequest

from switchboard.livekit_api.internals import perform_rpc

METHOD = "switchboard.alive"
ANSWERS_WITHIN_S = 0.5

# What livekit-server says of a participant who did not answer, or could not be asked (`data_channel_rpc.go` of its
# protocol, `pkg/rtc/errors.go`; read in 1.13.5). All else was answered, by an agent of another version too.
_SILENT = ("connection timeout", "response timeout", "recipient disconnected", "failed to send", "data channel")


def answer_when_asked(room: rtc.Room) -> None:
    """From now on, while this process's event loop runs."""

    async def answer(_: rtc.RpcInvocationData) -> str:
        return "yes"

    room.local_participant.register_rpc_method(METHOD, answer)


async def answers(api: LiveKitAPI, room: str, identity: str) -> bool:
    """Whether this participant does within half a second. Raises what reaching the server raises."""
    request = PerformRpcRequest(
        room=room, destination_identity=identity, method=METHOD, response_timeout_ms=int(ANSWERS_WITHIN_S * 1000)
    )
    try:
        await perform_rpc(api, request)
    except ServerError as error:
        said = error.message.lower()
        return error.code != "not_found" and not any(silent in said for silent in _SILENT)
    except (TimeoutError, aiohttp.ServerTimeoutError):
        return False
    return True

"""Rooms, by the server's API."""

from __future__ import annotations

from livekit.api import LiveKitAPI, TwirpError, TwirpErrorCode
from livekit.protocol.room import DeleteRoomRequest


async def delete_room(api: LiveKitAPI, room: str) -> None:
    """Delete `room`, and everybody in it is gone. One that does not exist is no fault.

    Raises livekit.api's TwirpError, and what reaching the server raises.
    """
    try:
        await api.room.delete_room(DeleteRoomRequest(room=room))
    except TwirpError as error:
        if error.code != TwirpErrorCode.NOT_FOUND:
            raise

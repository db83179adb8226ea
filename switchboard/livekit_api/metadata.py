"""Metadata and attributes of a room and of those in it, by the server's API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from livekit.api import LiveKitAPI
from livekit.protocol.models import ParticipantInfo
from livekit.protocol.room import (
    CreateRoomRequest,
    ListParticipantsRequest,
    ListRoomsRequest,
    UpdateParticipantRequest,
    UpdateRoomMetadataRequest,
)


class NotThere(Exception):
    """No such room, or nobody of that identity in it. The message says which."""


@dataclass(frozen=True, slots=True)
class Person:
    """A participant. `metadata` is the text as LiveKit has it."""

    identity: str
    kind: str
    metadata: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room and who is in it. `metadata` is the text as LiveKit has it."""

    room: str
    metadata: str
    participants: tuple[Person, ...]

    def person(self, identity: str) -> Person:
        """Raises NotThere."""
        for person in self.participants:
            if person.identity == identity:
                return person
        raise NotThere(f"nobody in {self.room} has the identity {identity}")


async def read_room(api: LiveKitAPI, room: str) -> RoomState:
    """The room as it is now. Raises NotThere and livekit.api's ServerError."""
    rooms = (await api.room.list_rooms(ListRoomsRequest(names=[room]))).rooms
    if not rooms:
        raise NotThere(f"there is no room {room}")
    people = (await api.room.list_participants(ListParticipantsRequest(room=room))).participants
    return RoomState(room, rooms[0].metadata, tuple(map(_person, people)))


def _person(info: ParticipantInfo) -> Person:
    kind = ParticipantInfo.Kind.Name(info.kind).lower()
    return Person(info.identity, kind, info.metadata, dict(info.attributes))


async def set_room_metadata(api: LiveKitAPI, room: str, metadata: str) -> None:
    """Set it in a room that is there. Raises NotThere and ServerError."""
    await read_room(api, room)
    await api.room.update_room_metadata(UpdateRoomMetadataRequest(room=room, metadata=metadata))


async def make_room(api: LiveKitAPI, room: str, metadata: str) -> None:
    """A room with this metadata, whether it was there or not. Raises livekit.api's ServerError."""
    made = await api.room.create_room(CreateRoomRequest(name=room, metadata=metadata))
    if made.metadata != metadata:
        await api.room.update_room_metadata(UpdateRoomMetadataRequest(room=room, metadata=metadata))


async def set_participant(
    api: LiveKitAPI, room: str, identity: str, metadata: str | None, attributes: Mapping[str, str]
) -> None:
    """Set metadata (unless None) and these attributes, of which an empty one goes; others stay as they are.

    Raises NotThere and livekit.api's ServerError.
    """
    (await read_room(api, room)).person(identity)
    request = UpdateParticipantRequest(room=room, identity=identity, metadata=metadata or "", attributes=attributes)
    await api.room.update_participant(request)

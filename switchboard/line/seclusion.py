"""Nobody else in the room: only the caller hears us and is heard, and what is written goes to them alone.

Whoever has a token for a room can join it. They cannot be kept from hearing the caller, whose track is not ours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livekit import rtc

from switchboard.livekit_api.internals import text_only_between


def seclude(room: rtc.Room, caller: rtc.RemoteParticipant) -> None:
    """From now on, and before anything is published: permissions go ahead of the track, so that nobody waits for them.

    Recorders (Egress) are exempt: livekit-server lets them hear what they were asked to record.
    """
    identity = caller.identity

    def let_hear(*_: object) -> None:
        allowed = rtc.ParticipantTrackPermission(participant_identity=identity, allow_all=True)
        room.local_participant.set_track_subscription_permissions(
            allow_all_participants=False, participant_permissions=[allowed]
        )

    def do_not_hear(publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        # The worker subscribes to all sound: what nobody listens to would still be received, and decoded.
        if participant.identity != identity:
            publication.set_subscribed(False)

    let_hear()
    handlers: tuple[tuple[Any, Callable[..., None]], ...] = (
        ("reconnected", let_hear),
        ("track_published", do_not_hear),
    )
    for event, handler in handlers:
        room.on(event, handler)
    for participant in room.remote_participants.values():
        for publication in participant.track_publications.values():
            do_not_hear(publication, participant)
    text_only_between(room, identity)

"""Who else is in the room hears no agent, is not heard, reads nothing and sends nothing that counts."""

from __future__ import annotations

from typing import Any, cast

from switchboard.line.seclusion import seclude
from tests.unit.line.fakes import FakeCaller, FakePublication, FakeRoom


def _call(*others: FakeCaller) -> tuple[Any, FakeCaller]:
    room, caller = FakeRoom(), FakeCaller()
    for person in (caller, *others):
        person.track_publications["TR_1"].subscribed = True  # as the worker does with all sound
        room.join(person)
    seclude(cast("Any", room), cast("Any", caller))
    return room, caller


def test_the_caller_alone_may_hear_us_also_after_our_connection_was_lost() -> None:
    room, caller = _call(FakeCaller("stranger"))
    assert room.local_participant.heard_by == [caller.identity]
    room.local_participant.heard_by = None
    room.emit("reconnected")
    assert room.local_participant.heard_by == [caller.identity]


def test_a_hundred_who_speak_in_the_room_are_not_received() -> None:
    crowd = [FakeCaller(f"stranger {number}") for number in range(100)]
    room, caller = _call(*crowd)
    late = FakePublication(subscribed=True)
    room.emit("track_published", late, crowd[0])
    assert not late.subscribed
    assert not any(person.track_publications["TR_1"].subscribed for person in crowd)
    assert caller.track_publications["TR_1"].subscribed
    again = FakePublication(subscribed=True)
    room.emit("track_published", again, caller)
    assert again.subscribed


async def test_what_is_written_goes_to_the_caller_alone() -> None:
    room, caller = _call(FakeCaller("stranger"))
    me = room.local_participant
    await me.stream_text(topic="lk.transcription")
    await me.stream_text(topic="lk.transcription", destination_identities=["stranger"])
    await me.publish_transcription(object())
    assert me.sent == [[caller.identity]] * 2
    assert me.published == 0
    room.leave(room.remote_participants["stranger"], None)
    await me.publish_transcription(object())
    assert me.published == 1


def test_sound_that_others_send_ahead_is_not_taken_for_the_caller_s() -> None:
    room, caller = _call()
    taken: list[str] = []

    def take(_: object, sender: str) -> None:
        taken.append(sender)

    room.register_byte_stream_handler("pre-connect", take)
    room.byte_handlers["pre-connect"](object(), "stranger")
    room.byte_handlers["pre-connect"](object(), caller.identity)
    assert taken == [caller.identity]

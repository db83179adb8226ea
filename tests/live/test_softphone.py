"""The softphone towards a real livekit-server, with an agent of a few lines at the other end."""

from __future__ import annotations

import asyncio
import json

import pytest
from livekit import rtc
from livekit.api import LiveKitAPI
from livekit.protocol.room import DeleteRoomRequest

from lab.softphone import CallEnded, Caller, Line, Softphone
from lab.softphone.caller import FarEnd
from lab.stage.livekit_server import LiveKitServer
from tests.live.tiny_agent import SOON, call, tone, until


def api(server: LiveKitServer) -> LiveKitAPI:
    return LiveKitAPI(server.url, server.api_key, server.api_secret)


async def delete_room(server: LiveKitServer, phone: Softphone) -> None:
    async with api(server) as livekit:
        await livekit.room.delete_room(DeleteRoomRequest(room=phone.caller.room_name))


async def test_a_call_rings_until_a_track_is_there_and_is_answered_a_moment_later(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, Line(answer_delay=0.2))
    async with agent, phone:
        await phone.dial()
        with pytest.raises(TimeoutError):
            await phone.answered(0.3)
        await until(lambda: agent.statuses)
        assert agent.statuses == ["ringing"]
        published = await agent.answer()
        assert await phone.answered(SOON)
        assert phone.answered_at is not None
        assert phone.answered_at - published >= 0.2
        await until(lambda: agent.statuses == ["ringing", "active"])


async def test_a_call_is_active_with_the_callers_first_sound_but_not_later_than_a_second(
    livekit: LiveKitServer,
) -> None:
    for line, least, most in ((Line(first_sound_after=0.3), 0.3, 0.9), (Line(first_sound_after=60), 1.0, 1.0 + SOON)):
        phone, agent = call(livekit, line)
        async with agent, phone:
            await phone.dial()
            await agent.answer()
            assert await phone.answered(SOON)
            await until(lambda agent=agent: agent.statuses == ["ringing", "active"])
            at = next(at for at, changed in agent.changes if changed.get("sip.callStatus") == "active")
            assert phone.answered_at is not None
            assert least <= at - phone.answered_at < most


@pytest.mark.parametrize(
    ("line", "direction", "outcome", "last"),
    [
        (Line(media_timeout=0.2), "inbound", "media time-out", "hangup"),
        (Line(media_timeout=0.2, picked_up_after=0.1), "outbound", "media time-out", "active"),
        (Line(max_duration=0.5), "inbound", "longest duration", "hangup"),
        (Line(max_duration=0.5, picked_up_after=0.1), "outbound", "longest duration", "hangup"),
    ],
)
async def test_the_bridge_itself_ends_a_call(
    livekit: LiveKitServer, line: Line, direction: str, outcome: str, last: str
) -> None:
    phone, agent = call(livekit, line, direction=direction)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        await until(lambda: agent.statuses[-1] == "active")
        if outcome == "media time-out":
            await phone.lose_sound()
        await asyncio.wait_for(phone.ended.wait(), SOON)
        assert phone.outcome == outcome
        assert await asyncio.wait_for(agent.left, SOON) == rtc.DisconnectReason.CLIENT_INITIATED
        assert agent.statuses[-1] == last


async def test_an_agent_who_was_there_first_is_subscribed_to(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        waiting = asyncio.create_task(agent.answer())
        await asyncio.sleep(0.2)
        await phone.dial()
        assert await phone.answered(SOON)
        await waiting


async def test_a_room_that_is_deleted_while_it_rings_is_a_refusal(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await delete_room(livekit, phone)
        assert not await phone.answered(SOON)
        assert phone.outcome == "refused"
        assert phone.answered_at is None


async def test_a_room_that_is_deleted_later_ends_the_call_for_whoever_waits(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        waiting = asyncio.create_task(phone.heard_speech(60))
        await delete_room(livekit, phone)
        with pytest.raises(CallEnded, match="room closed by the agent"):
            await waiting
        assert phone.outcome == "room closed by the agent"
        with pytest.raises(CallEnded):
            await phone.say(tone(0.1, rate=phone.rate))


async def test_a_caller_who_hangs_up_says_so_and_leaves(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent:
        async with phone:
            await phone.dial()
            await agent.answer()
            assert await phone.answered(SOON)
            await until(lambda: agent.statuses == ["ringing", "active"])
        assert await asyncio.wait_for(agent.left, SOON) == rtc.DisconnectReason.CLIENT_INITIATED
        assert agent.statuses[-1] == "hangup"
        assert phone.outcome == "hung up"


async def test_nobody_answers_for_as_long_as_it_may_ring(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, Line(ring_timeout=0.3))
    async with agent, phone:
        await phone.dial()
        assert not await phone.answered(SOON)
        assert phone.outcome == "no answer"
        await asyncio.wait_for(agent.left, SOON)


async def test_keys_are_heard_at_both_ends(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        await phone.press("1*#A")  # the bridge passes letters on in lower case
        assert [await asyncio.wait_for(agent.digits.get(), SOON) for _ in "1*#A"] == ["1", "*", "#", "a"]
        await agent.room.local_participant.publish_dtmf(code=7, digit="7")
        assert await asyncio.wait_for(phone.digits.get(), SOON) == "7"
        with pytest.raises(ValueError, match="no key"):
            await phone.press("1x")


async def test_of_a_bridge_that_sends_late_headers_come_after_the_join(livekit: LiveKitServer) -> None:
    phone, agent = call(
        livekit, headers={"X-Queue": "gold", "X-Twilio-CallSid": "CA1"}, attributes={"department": "sales"},
        late_attributes={"tier": "1"}, late_after=0.3,
    )  # fmt: skip
    async with agent, phone:
        await phone.dial()
        await until(lambda: any("sip.h.x-queue" in changed for _, changed in agent.changes))
        first = agent.first_attributes
        assert first["sip.phoneNumber"] == "+15105550100"
        assert first["sip.trunkPhoneNumber"] == "+18005550100"
        assert {"sip.callID", "sip.trunkID", "sip.ruleID", "department"} <= first.keys()
        late = {"sip.h.x-queue", "sip.twilio.callSid", "sip.callIDFull", "sip.callTag", "sip.hostname", "tier"}
        assert not late & first.keys()
        at, changed = next(change for change in agent.changes if "sip.h.x-queue" in change[1])
        assert late <= changed.keys()
        assert changed["sip.twilio.callSid"] == "CA1"
        assert phone.joined_at is not None
        assert at - phone.joined_at >= 0.3


async def test_a_hidden_number_is_nowhere(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, hide_number=True)
    async with agent, phone:
        await phone.dial()
        await until(lambda: agent.first_attributes)
        (participant,) = agent.room.remote_participants.values()
        assert participant.identity.startswith("sip_")
        everything = json.dumps([participant.identity, participant.attributes, phone.caller.room_name])
        assert "5105550100" not in everything
        assert "8005550100" not in everything
        assert "sip.hostname" not in participant.attributes


async def test_a_browser_has_no_telephone_attributes_and_does_not_ring(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, kind="standard", attributes={"language": "es"}, metadata='{"user_id": "7"}')
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        (participant,) = agent.room.remote_participants.values()
        assert participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD
        assert participant.attributes == {"language": "es"}
        assert participant.metadata == '{"user_id": "7"}'
        assert agent.statuses == []


async def test_a_person_who_is_called_is_dialled_rings_and_picks_up(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, Line(rings_after=0.1, picked_up_after=0.2), direction="outbound")
    async with agent, phone:
        await phone.dial()
        assert await phone.answered(SOON)
        await until(lambda: agent.statuses == ["dialing", "ringing", "active"])
        assert "sip.ruleID" not in agent.first_attributes
        assert agent.first_attributes["sip.phoneNumber"] == phone.caller.to_number
        assert agent.first_attributes["sip.trunkPhoneNumber"] == phone.caller.from_number


@pytest.mark.parametrize(
    ("far_end", "reason", "statuses"),
    [
        ("declines", rtc.DisconnectReason.USER_REJECTED, ["dialing", "ringing"]),
        ("is busy", rtc.DisconnectReason.USER_REJECTED, ["dialing"]),
        ("does not answer", rtc.DisconnectReason.USER_UNAVAILABLE, ["dialing", "ringing"]),
        ("is unknown", rtc.DisconnectReason.USER_UNAVAILABLE, ["dialing"]),
        ("has a broken carrier", rtc.DisconnectReason.CLIENT_INITIATED, ["dialing"]),
    ],
)
async def test_a_call_that_nobody_takes_ends_with_a_reason_and_no_hangup(
    livekit: LiveKitServer, far_end: FarEnd, reason: int, statuses: list[str]
) -> None:
    phone, agent = call(livekit, Line(far_end=far_end, picked_up_after=0.2), direction="outbound")
    async with agent, phone:
        await phone.dial()
        assert not await phone.answered(SOON)
        assert phone.outcome == "not taken"
        assert await asyncio.wait_for(agent.left, SOON) == reason
        assert agent.statuses == statuses


async def test_keys_are_pressed_for_a_callee_before_anybody_is_heard(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, Line(picked_up_after=0.2, keys="1w"), direction="outbound")
    async with agent, phone:
        await phone.dial()
        await until(lambda: agent.statuses == ["dialing", "ringing", "automation", "active"])


async def test_a_caller_who_was_asked_for_a_pin_is_active_at_once(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, Line(asked_for_pin=True))
    async with agent, phone:
        await phone.dial()
        assert await phone.answered(SOON)
        await until(lambda: agent.statuses)
        assert set(agent.statuses) == {"active"}


async def test_two_telephones_in_one_room_do_not_wait_for_each_other(livekit: LiveKitServer) -> None:
    caller, _ = call(livekit)
    colleague, _ = call(livekit, from_number="+14155550199", room=caller.caller.room_name)
    async with caller, colleague:
        await caller.dial()
        await colleague.dial()
        assert await caller.answered(SOON)
        assert await colleague.answered(SOON)


async def test_the_room_brings_its_agent_once_with_the_job_metadata(livekit: LiveKitServer) -> None:
    phone, _ = call(livekit, agent_name="switchboard", job_metadata={"department": "sales"}, room_metadata="{}")
    async with phone, api(livekit) as server:
        await phone.dial()
        dispatches = await server.agent_dispatch.list_dispatch(phone.caller.room_name)
        named = [(one.agent_name, json.loads(one.metadata)) for one in dispatches if one.agent_name]
        assert named == [("switchboard", {"department": "sales"})]
        assert phone.room.metadata == "{}"


async def test_a_server_that_is_not_there_is_named() -> None:
    phone = Softphone("ws://127.0.0.1:9", "key", "secret-of-at-least-thirty-two-bytes", Caller())
    with pytest.raises(ConnectionError, match=r"ws://127\.0\.0\.1:9"):
        await phone.dial()
    await phone.hang_up()

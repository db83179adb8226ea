"""The softphone towards a real livekit-server, with an agent of a few lines at the other end."""

from __future__ import annotations

import asyncio
import io
import json
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from livekit import rtc
from livekit.api import LiveKitAPI
from livekit.protocol.room import DeleteRoomRequest
from numpy.typing import NDArray

from switchboard.softphone import CallEnded, Caller, Line, Softphone
from switchboard.softphone.livekit_server import LiveKitServer
from tests.live.command import Ended, switchboard
from tests.live.tiny_agent import TinyAgent, tone

SOON = 10.0  # s: for what comes at once, on a busy machine
STRETCH = 0.1  # s by which the receiver's jitter buffer may stretch or shorten a sound


def call(server: LiveKitServer, line: Line | None = None, **caller: Any) -> tuple[Softphone, TinyAgent]:
    phone = Softphone(server.url, server.api_key, server.api_secret, Caller(**caller), line)
    return phone, TinyAgent(server, phone.caller.room_name)


def api(server: LiveKitServer) -> LiveKitAPI:
    return LiveKitAPI(server.url, server.api_key, server.api_secret)


async def delete_room(server: LiveKitServer, phone: Softphone) -> None:
    async with api(server) as livekit:
        await livekit.room.delete_room(DeleteRoomRequest(room=phone.caller.room_name))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():  # what it asks comes from many places
            await asyncio.sleep(0.01)


def channels(phone: Softphone) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The recording's left (caller) and right (agent)."""
    with wave.open(io.BytesIO(phone.recording())) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, phone.rate)
        both = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2).astype(np.float64)
    return both[:, 0], both[:, 1]


def pitch(samples: NDArray[Any], rate: int) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * rate / len(samples)


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


async def test_an_agent_who_was_there_first_is_subscribed_to(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        waiting = asyncio.create_task(agent.answer())
        await asyncio.sleep(0.2)
        await phone.dial()
        assert await phone.answered(SOON)
        await waiting


async def test_what_is_said_before_the_answer_is_lost_and_counted(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit, Line(answer_delay=0.4))
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        await agent.play(tone(1.0))
        await phone.heard_silence(0.3, SOON)
        heard = sum(sound.duration for sound in phone.ear.sounds())
        assert 0.05 < phone.lost < 0.6
        assert phone.lost + heard == pytest.approx(1.0, abs=STRETCH)
        _, right = channels(phone)
        assert np.count_nonzero(np.abs(right) > 328) / phone.rate < heard + 0.02


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
        await phone.press("1*#")
        assert [await asyncio.wait_for(agent.digits.get(), SOON) for _ in "1*#"] == ["1", "*", "#"]
        await agent.room.local_participant.publish_dtmf(code=7, digit="7")
        assert await asyncio.wait_for(phone.digits.get(), SOON) == "7"
        with pytest.raises(ValueError, match="no key"):
            await phone.press("1x")


async def test_only_what_a_token_carries_is_there_at_once_and_headers_come_later(livekit: LiveKitServer) -> None:
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
        await until(lambda: any("sip.callTag" in changed for _, changed in agent.changes))
        (participant,) = agent.room.remote_participants.values()
        assert participant.identity.startswith("sip_")
        everything = json.dumps([participant.identity, participant.attributes, phone.caller.room_name])
        assert "5105550100" not in everything
        assert "8005550100" not in everything
        assert "sip.hostname" not in participant.attributes


async def test_the_recording_has_each_side_when_it_spoke_and_as_loud(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        await asyncio.sleep(0.3)
        played = await agent.play(tone(0.5, 880))
        await phone.heard_silence(0.4, SOON)
        said = await phone.say(tone(0.5, 440, phone.rate))
        await asyncio.sleep(0.3)
        await phone.hang_up()
    assert phone.joined_at is not None
    left, right = channels(phone)
    for channel, hertz, start in ((left, 440, said.start), (right, 880, played)):
        loud = np.flatnonzero(np.abs(channel) > 328)
        first, last = loud[0] / phone.rate, loud[-1] / phone.rate
        # What the agent plays takes its way through the server; what the caller says is placed when it was sent.
        assert -0.005 <= first - (start - phone.joined_at) <= (0.005 if channel is left else 0.4)
        assert last - first == pytest.approx(0.5, abs=0.002 if channel is left else STRETCH)
        assert np.diff(loud).max() < 0.005 * phone.rate  # no gap
        middle = channel[(loud[0] + loud[-1]) // 2 : loud[-1] - 400]  # Opus needs a while to believe in a tone
        assert pitch(middle, phone.rate) == pytest.approx(hertz, abs=3)
        assert np.sqrt(np.mean(middle**2)) == pytest.approx(8000 / np.sqrt(2), rel=0.1)
        assert np.abs(channel).max() < 12000
    heard = np.concatenate(agent.heard)
    arrived = heard[np.abs(heard) > 1000]
    assert len(arrived) > 0.3 * 24_000
    loud = np.flatnonzero(np.abs(heard) > 328)
    assert (loud[-1] - loud[0]) / 24_000 == pytest.approx(0.5, abs=STRETCH)
    assert pitch(heard[loud[0] + 1000 : loud[-1] - 1000], 24_000) == pytest.approx(440, abs=3)


async def test_turns_and_replies_are_told_by_the_sound(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        await agent.play(tone(0.4))
        await phone.heard_silence(0.3, SOON)
        said = await phone.say(tone(0.4, 440, phone.rate))
        await asyncio.sleep(0.5)
        await agent.play(tone(0.4))
        start = await phone.heard_speech(SOON)
        await phone.heard_silence(0.3, SOON)
        assert [turn.who for turn in phone.turns] == ["agent", "caller", "agent"]
        assert phone.replies == [pytest.approx(start - said.end)]
        assert phone.replies[0] >= 0.5
        assert phone.first_audio_after_join is not None
        assert [turn.duration for turn in phone.turns] == pytest.approx([0.4] * 3, abs=STRETCH)


@pytest.mark.parametrize(("kind", "hears_it"), [("sip", False), ("standard", True)])
async def test_a_telephone_hears_nothing_above_four_kilohertz(
    livekit: LiveKitServer, kind: str, hears_it: bool
) -> None:
    phone, agent = call(livekit, kind=kind)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        await asyncio.sleep(0.2)
        played = phone.since_join(await agent.play(tone(1.5, 6000)))
    assert played is not None
    _, right = channels(phone)
    middle = right[round((played + 0.8) * phone.rate) : round((played + 1.3) * phone.rate)]
    loudness = float(np.sqrt(np.mean(middle**2)))
    # What LiveKit's resampler leaves of it, 25 dB below, is folded down.
    assert loudness > 3000 if hears_it else loudness < 300


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


async def test_interrupting_the_caller_cuts_the_sound_off(livekit: LiveKitServer) -> None:
    phone, agent = call(livekit)
    async with agent, phone:
        await phone.dial()
        await agent.answer()
        assert await phone.answered(SOON)
        saying = asyncio.create_task(phone.say(tone(3.0, 440, phone.rate)))
        await asyncio.sleep(0.5)
        saying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await saying
        stopped = time.monotonic()
        await asyncio.sleep(0.5)
        left, _ = channels(phone)
        loud = np.flatnonzero(np.abs(left) > 328)
        assert phone.joined_at is not None
        assert loud[-1] / phone.rate <= stopped - phone.joined_at + 0.01
        arrived = np.concatenate(agent.heard)
        assert np.count_nonzero(np.abs(arrived) > 328) / 24_000 < 1.5


async def converse_by_command(server: LiveKitServer, folder: Path, *arguments: str) -> Ended:
    """`switchboard call` with an agent that answers, plays a tone, and plays another when it has heard one."""
    async with TinyAgent(server, "by-command") as agent:
        ending = asyncio.create_task(switchboard(folder, server.environment, "call", "--room=by-command", *arguments))
        await until(lambda: agent.first_attributes)
        await agent.answer()
        await until(lambda: "active" in agent.statuses)
        await agent.play(tone(0.4))
        await until(lambda: agent.heard and np.abs(agent.heard[-1]).max() > 1000)
        await until(lambda: np.abs(np.concatenate(agent.heard[-50:])).max() < 100)
        await agent.play(tone(0.4))
        return await ending


async def test_the_command_shows_a_call_and_keeps_its_recording(livekit: LiveKitServer, tmp_path: Path) -> None:
    wav, question = tmp_path / "call.wav", tmp_path / "question.wav"
    with wave.open(str(question), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(tone(0.5, 440, 16_000).tobytes())
    ended = await converse_by_command(livekit, tmp_path, "--play", str(question), "--wav", str(wav), "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["outcome"], told["answered"], len(told["replies"])) == ("hung up", True, 1)
    assert [moment["who"] for moment in told["moments"]] == ["line", "line", "agent", "caller", "agent"]
    assert told["moments"][3]["text"] == "[question.wav]"
    with wave.open(str(wav)) as file:
        assert file.getnchannels() == 2
        assert file.getnframes() / file.getframerate() == pytest.approx(told["ended_after"], abs=0.01)


async def test_the_command_fails_when_nobody_answers(livekit: LiveKitServer, tmp_path: Path) -> None:
    ended = await switchboard(tmp_path, livekit.environment, "call", "--agent-name=nobody", "--answer-timeout=0.5")
    assert ended.code == 1
    assert "nobody answered" in ended.out


async def test_a_server_that_is_not_there_is_named() -> None:
    phone = Softphone("ws://127.0.0.1:9", "key", "secret-of-at-least-thirty-two-bytes", Caller())
    with pytest.raises(ConnectionError, match=r"ws://127\.0\.0\.1:9"):
        await phone.dial()
    await phone.hang_up()

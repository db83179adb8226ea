"""`switchboard call` as a process of its own, with an agent of a few lines at the other end."""

from __future__ import annotations

import asyncio
import json
import wave
from pathlib import Path

import numpy as np
import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.room import DeleteRoomRequest

from lab.stage.livekit_server import LiveKitServer
from tests.live.command import Ended, switchboard
from tests.live.tiny_agent import TinyAgent, tone, until


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
    assert (ended.code, ended.err) == (1, "")
    assert "nobody answered" in ended.out
    assert 'Is a worker called "nobody" running' in ended.out


async def test_the_command_says_that_a_call_was_refused(livekit: LiveKitServer, tmp_path: Path) -> None:
    async with (
        TinyAgent(livekit, "refused") as agent,
        LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api,
    ):
        ending = asyncio.create_task(switchboard(tmp_path, livekit.environment, "call", "--room=refused"))
        await until(lambda: agent.first_attributes)
        await api.room.delete_room(DeleteRoomRequest(room="refused"))
        ended = await ending
    assert ended.code == 1
    assert "refused" in ended.out
    assert ended.err == ""


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--dtmf=12x"], "no key of a telephone"),
        (["--say="], "--say is empty"),
        (["--play=none.wav"], "--play none.wav"),
        (["--wav=none/call.wav"], "there is no folder none"),
        (["--job=[1]"], "--job is a list"),
        (["--header=X-Queue"], "is not NAME=VALUE"),
        (["--url=http:"], "is no address of a server"),
    ],
)
async def test_wrong_use_is_one_line_and_places_no_call(
    livekit: LiveKitServer, tmp_path: Path, arguments: list[str], fault: str
) -> None:
    ended = await switchboard(tmp_path, livekit.environment, "call", *arguments)
    assert ended.code == 2
    assert len(ended.faults) == 1
    assert fault in ended.err


@pytest.mark.parametrize("arguments", [["--url=ws://127.0.0.1:9"], ["--offline=http://127.0.0.1:9"]])
async def test_what_cannot_be_reached_is_named_in_one_line(
    livekit: LiveKitServer, tmp_path: Path, arguments: list[str]
) -> None:
    ended = await switchboard(tmp_path, livekit.environment, "call", *arguments)
    assert ended.code == 1
    assert len(ended.faults) == 1
    assert "127.0.0.1:9" in ended.err

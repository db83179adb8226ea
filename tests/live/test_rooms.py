"""`switchboard token` and `switchboard dispatch` against a real livekit-server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from livekit import rtc
from livekit.api import AccessToken, LiveKitAPI, TokenVerifier, VideoGrants
from livekit.protocol.room import CreateRoomRequest

from lab.stage.livekit_server import LiveKitServer
from tests.live.command import Ended, switchboard
from tests.live.waiting_worker import WaitingWorker


@pytest.fixture
async def server() -> AsyncGenerator[LiveKitServer]:
    async with LiveKitServer() as server:
        yield server


@pytest.fixture
async def api(server: LiveKitServer) -> AsyncGenerator[LiveKitAPI]:
    async with LiveKitAPI(server.url, server.api_key, server.api_secret) as api:
        yield api


async def run(folder: Path, server: LiveKitServer, *arguments: str) -> Ended:
    return await switchboard(folder, server.environment, *arguments)


async def dispatches(api: LiveKitAPI) -> list[tuple[str, str]]:
    """Those with a name: LiveKit keeps one without in every room, for workers without one."""
    return [(one.agent_name, one.metadata) for one in await api.agent_dispatch.list_dispatch("shop") if one.agent_name]


async def test_a_token_lets_its_holder_in_and_brings_the_agent(server: LiveKitServer, tmp_path: Path) -> None:
    printed = await run(
        tmp_path, server, "token", "--room", "shop", "--identity", "ann", "--name", "Ann",
        "--metadata", '{"tier": "gold"}', "--attribute", "department=sales", "--attribute", "empty=",
        "--agent", "switchboard", "--agent-metadata", '{"language": "es"}', "--update-own-metadata",
    )  # fmt: skip
    assert printed.code == 0, printed.err
    room = rtc.Room()
    async with WaitingWorker(server) as worker:
        await room.connect(server.url, printed.out.strip())
        me = room.local_participant
        assert (me.identity, me.name, json.loads(me.metadata)) == ("ann", "Ann", {"tier": "gold"})
        assert me.attributes == {"department": "sales", "empty": ""}
        await asyncio.wait_for(me.set_metadata('{"tier": "silver"}'), 10)
        assert json.loads((await worker.job()).metadata) == {"language": "es"}
        await room.disconnect()


async def test_a_token_says_as_json_where_and_how_long(server: LiveKitServer, tmp_path: Path) -> None:
    printed = await run(
        tmp_path, server, "token", "--room", "shop", "--identity", "ann", "--ttl", "30m", "--json"
    )  # fmt: skip
    told = json.loads(printed.out)
    assert (told["url"], told["room"], told["identity"], told["agent"]) == (server.url, "shop", "ann", None)
    claims = TokenVerifier(server.api_key, server.api_secret).verify(told["token"])
    assert claims.video
    assert (claims.video.room, claims.video.can_update_own_metadata) == ("shop", False)


async def test_two_dispatches_in_a_row_bring_one_agent(server: LiveKitServer, api: LiveKitAPI, tmp_path: Path) -> None:
    first = await run(tmp_path, server, "dispatch", "--room", "shop", "--metadata", '{"language": "es"}', "--json")
    second = await run(tmp_path, server, "dispatch", "--room", "shop")
    assert (first.code, json.loads(first.out)["is_new"]) == (0, True)
    assert second.code == 0
    assert second.out.startswith("Called nobody")
    assert await dispatches(api) == [("switchboard", '{"language": "es"}')]


async def test_an_agent_in_the_room_is_enough(server: LiveKitServer, api: LiveKitAPI, tmp_path: Path) -> None:
    grants = VideoGrants(room_join=True, room="shop")
    token = AccessToken(server.api_key, server.api_secret).with_identity("other-agent").with_kind("agent")
    room = rtc.Room()
    await room.connect(server.url, token.with_grants(grants).to_jwt())
    told = await run(tmp_path, server, "dispatch", "--room", "shop", "--agent", "another")
    await room.disconnect()
    assert told.code == 0
    assert "an agent is in the room" in told.out
    assert await dispatches(api) == []


async def test_a_room_with_people_and_no_agent_gets_one(server: LiveKitServer, api: LiveKitAPI, tmp_path: Path) -> None:
    await api.room.create_room(CreateRoomRequest(name="shop"))
    async with WaitingWorker(server, "other-name") as worker:
        told = await run(tmp_path, server, "dispatch", "--room", "shop", "--agent", "other-name")
        assert told.out.startswith('Called "other-name" into shop')
        assert (await worker.job()).room.name == "shop"


async def test_room_metadata_comes_with_the_token_that_makes_the_room_and_with_a_dispatch(
    server: LiveKitServer, api: LiveKitAPI, tmp_path: Path
) -> None:
    given = ("--room-metadata", '{"campaign": "spring"}')
    printed = await run(tmp_path, server, "token", "--room", "shop", "--identity", "ann", *given)
    room = rtc.Room()
    await room.connect(server.url, printed.out.strip())
    assert json.loads(room.metadata) == {"campaign": "spring"}
    async with WaitingWorker(server) as worker:
        told = await run(tmp_path, server, "dispatch", "--room", "new", *given)
        assert told.code == 0, told.err
        assert json.loads((await worker.job()).room.metadata) == {"campaign": "spring"}
        told = await run(tmp_path, server, "dispatch", "--room", "shop", "--room-metadata", '{"campaign": "autumn"}')
        assert json.loads((await worker.job()).room.metadata) == {"campaign": "autumn"}
    await room.disconnect()


async def test_metadata_and_attributes_are_shown_and_set(server: LiveKitServer, tmp_path: Path) -> None:
    printed = await run(
        tmp_path, server, "token", "--room", "shop", "--identity", "ann",
        "--metadata", '{"tier": "gold"}', "--attribute", "department=sales", "--attribute", "queue=1",
    )  # fmt: skip
    room = rtc.Room()
    await room.connect(server.url, printed.out.strip())
    shown = await run(tmp_path, server, "metadata", "--room", "shop")
    assert shown.out.splitlines() == [
        "room shop: no metadata",
        'ann (standard): {"tier": "gold"}',
        "    department = sales",
        "    queue = 1",
    ]
    one = ("metadata", "--room", "shop", "--identity", "ann")
    set_ = await run(tmp_path, server, *one, "--set", '{"tier": "silver"}', "--attribute", "queue=", "--json")
    assert json.loads(set_.out)["participants"] == [
        {
            "identity": "ann",
            "kind": "standard",
            "metadata": {"tier": "silver"},
            "attributes": {"department": "sales"},
        }
    ]
    await run(tmp_path, server, *one, "--attribute", "department=support")
    assert json.loads((await run(tmp_path, server, *one, "--json")).out)["participants"][0]["metadata"] == {
        "tier": "silver"
    }, "what was not set stays"
    of_the_room = await run(tmp_path, server, "metadata", "--room", "shop", "--set", '{"campaign": "spring"}')
    assert of_the_room.out.startswith('room shop: {"campaign": "spring"}')
    await room.disconnect()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--room", "nowhere"), "there is no room nowhere"),
        (("--room", "nowhere", "--set", "{}"), "there is no room nowhere"),
        (("--room", "shop", "--identity", "ann"), "nobody in shop has the identity ann"),
        (("--room", "shop", "--identity", "ann", "--set", "{}"), "nobody in shop has the identity ann"),
    ],
)
async def test_who_is_not_there_is_said_and_exit_1(
    server: LiveKitServer, api: LiveKitAPI, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    await api.room.create_room(CreateRoomRequest(name="shop"))
    ended = await run(tmp_path, server, "metadata", *arguments)
    assert (ended.code, ended.faults) == (1, [said])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("metadata", "--room", "shop", "--attribute", "a=b"), "--attribute needs --identity"),
        (("metadata", "--room", "shop", "--set", "[1]"), "--set is a list"),
        (("dispatch", "--room", "shop", "--room-metadata", "{"), "--room-metadata is not JSON"),
        (("token", "--room", "", "--identity", "ann"), "--room is empty"),
        (("token", "--room", "shop", "--identity", " "), "--identity is empty"),
        (("token", "--room", "shop", "--identity", "a", "--metadata", "[1]"), "--metadata is a list"),
        (("token", "--room", "shop", "--identity", "a", "--metadata", "{"), "--metadata is not JSON"),
        (("token", "--room", "shop", "--identity", "a", "--attribute", "x"), '--attribute "x" is not NAME=VALUE'),
        (("token", "--room", "shop", "--identity", "a", "--ttl", "soon"), '--ttl "soon" is no duration'),
        (("token", "--room", "shop", "--identity", "a", "--ttl", "0"), '--ttl "0" is no duration'),
        (("token", "--room", "shop", "--identity", "a", "--agent-metadata", "{}"), "--agent-metadata needs --agent"),
        (("dispatch", "--room", "shop", "--metadata", "nonsense"), "--metadata is not JSON"),
        (("dispatch", "--room", "shop", "--agent", ""), "--agent is empty"),
    ],
)  # fmt: skip
async def test_wrong_use_is_one_line_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    settings = {"LIVEKIT_URL": "ws://127.0.0.1:9", "LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "s" * 32}
    ended = await switchboard(tmp_path, settings, *arguments)
    assert ended.code == 2
    assert len(ended.faults) == 1
    assert said in ended.err
    assert ended.out == ""

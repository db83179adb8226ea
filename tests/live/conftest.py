"""What live tests share: one livekit-server, and one PostgreSQL with a database of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from livekit.api import LiveKitAPI
from livekit.protocol.room import DeleteRoomRequest, ListRoomsRequest
from livekit.protocol.sip import (
    DeleteSIPDispatchRuleRequest,
    DeleteSIPTrunkRequest,
    ListSIPDispatchRuleRequest,
    ListSIPInboundTrunkRequest,
    ListSIPOutboundTrunkRequest,
)

from lab.stage.livekit_server import LiveKitServer
from tests.live.postgres import Postgres
from tests.live.redis_server import RedisServer
from tests.live.town import Town


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def livekit() -> AsyncIterator[LiveKitServer]:
    """A running server; rooms have names of their own. Without the binary this fails and names scripts/setup."""
    async with LiveKitServer() as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def livekit_with_redis() -> AsyncIterator[LiveKitServer]:
    """A running server that keeps trunks and dispatch rules. `server` gives it empty."""
    async with RedisServer() as redis, LiveKitServer(redis=redis.address) as server:
        yield server


@pytest.fixture
async def server(livekit_with_redis: LiveKitServer) -> LiveKitServer:
    """A server with Redis, without trunks, dispatch rules and rooms."""
    livekit = livekit_with_redis
    async with LiveKitAPI(livekit.url, livekit.api_key, livekit.api_secret) as api:
        for rule in (await api.sip.list_dispatch_rule(ListSIPDispatchRuleRequest())).items:
            await api.sip.delete_dispatch_rule(
                DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=rule.sip_dispatch_rule_id)
            )
        trunks = [
            *(await api.sip.list_inbound_trunk(ListSIPInboundTrunkRequest())).items,
            *(await api.sip.list_outbound_trunk(ListSIPOutboundTrunkRequest())).items,
        ]
        for trunk in trunks:
            await api.sip.delete_trunk(DeleteSIPTrunkRequest(sip_trunk_id=trunk.sip_trunk_id))
        for room in (await api.room.list_rooms(ListRoomsRequest())).rooms:
            await api.room.delete_room(DeleteRoomRequest(room=room.name))
    return livekit


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """A stage of its own for a test that brings its workers."""
    async with Town(tmp_path) as town:
        yield town


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A running server. A test that stops it starts it again."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'switchboard.sqlite3'}"
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database()

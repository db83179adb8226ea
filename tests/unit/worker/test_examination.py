"""`switchboard doctor`: each thing that calls need, well and not well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from time import time
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.room import ListRoomsResponse, RoomConfiguration
from livekit.protocol.sip import (
    ListSIPDispatchRuleResponse,
    ListSIPInboundTrunkResponse,
    SIPDispatchRuleInfo,
    SIPInboundTrunkInfo,
)
from pydantic import SecretStr

from switchboard.database.engine import make_engine
from switchboard.database.migrations import migrate
from switchboard.worker.examination import Finding, Patient, examine
from switchboard.worker.settings import Settings
from tests.unit.routing.routing_files import DEFAULT, load_text


class LiveKit:
    """What the doctor asks of a server, answered on its wire (Twirp over HTTP)."""

    def __init__(self) -> None:
        self.late_s = 0.0
        self.trunks = 1
        self.agent = "switchboard"
        self.refuses = False

    async def page(self, _: web.Request) -> web.Response:
        return web.Response(text="OK", headers={"Date": formatdate(time() - self.late_s, usegmt=True)})

    async def answer(self, request: web.Request) -> web.Response:
        if self.refuses:
            return web.json_response({"code": "unauthenticated", "msg": "no"}, status=401)
        trunks = [SIPInboundTrunkInfo(sip_trunk_id=f"ST_{number}") for number in range(self.trunks)]
        agents = [RoomAgentDispatch(agent_name=self.agent)]
        rule = SIPDispatchRuleInfo(room_config=RoomConfiguration(agents=agents))
        answers: dict[str, Any] = {
            "ListRooms": ListRoomsResponse(),
            "ListSIPInboundTrunk": ListSIPInboundTrunkResponse(items=trunks),
            "ListSIPDispatchRule": ListSIPDispatchRuleResponse(items=[rule]),
        }
        body = answers[request.path.rpartition("/")[2]].SerializeToString()
        return web.Response(body=body, content_type="application/protobuf")


@asynccontextmanager
async def patient(folder: Path, livekit: LiveKit) -> AsyncGenerator[Patient]:
    app = web.Application()
    app.add_routes([web.get("/", livekit.page), web.post("/{way:.*}", livekit.answer), web.get("/v1/models", _models)])
    async with TestServer(app) as server:
        url = str(server.make_url("/")).rstrip("/")
        settings = Settings(
            livekit_url=url.replace("http", "ws", 1),
            livekit_api_key="k",
            livekit_api_secret=SecretStr("s" * 32),
            deepgram_api_key=SecretStr("d"),
            openai_api_key=SecretStr("o"),
            deepgram_base_url=url,
            openai_base_url=f"{url}/v1",
            database_url=f"sqlite:///{folder / 'calls.sqlite3'}",
            SWITCHBOARD_SPOOL=folder / "spool",  # pyright: ignore[reportCallIssue]
            SWITCHBOARD_CACHE=folder / "cache",  # pyright: ignore[reportCallIssue]
        )
        file = load_text(folder, DEFAULT)
        yield Patient(settings, file, make_engine(settings.database_url), "switchboard")


async def _models(request: web.Request) -> web.Response:
    if request.headers.get("Authorization", "").endswith("wrong"):
        return web.json_response({"error": "no"}, status=401)
    return web.json_response({"data": [{"id": "gpt-4.1-mini"}, {"id": "gpt-4o-mini-tts"}]})


def _of(findings: list[Finding], part: str) -> Finding:
    return next(finding for finding in findings if finding.part == part)


async def test_all_that_is_well_is_said_so(tmp_path: Path) -> None:
    async with patient(tmp_path, LiveKit()) as one:
        await migrate(one.engine)
        findings = await examine(one)
    assert [finding.part for finding in findings if not finding.well] == []
    assert [finding.part for finding in findings] == ["server", "clock", "trunks", "keys", "models", "database", "disk"]


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("server", {"refuses": True}, "refuses the key"),
        ("clock", {"late_s": 90.0}, " s ahead of the server's: run NTP"),
        ("clock", {"late_s": -90.0}, "behind the server's"),
        ("trunks", {"trunks": 0}, "no telephone call comes in (switchboard provision)"),
        ("trunks", {"agent": "another"}, 'no dispatch rule names agent "switchboard"'),
    ],
)
async def test_what_livekit_lacks_is_told_with_what_to_do(
    tmp_path: Path, part: str, change: dict[str, Any], words: str
) -> None:
    livekit = LiveKit()
    for name, value in change.items():
        setattr(livekit, name, value)
    async with patient(tmp_path, livekit) as one:
        finding = _of(await examine(one), part)
    assert not finding.well
    assert words in finding.text


@pytest.mark.parametrize(
    ("part", "environment", "words"),
    [
        ("keys", {"openai_api_key": SecretStr("")}, "OPENAI_API_KEY is not set"),
        ("models", {"openai_api_key": SecretStr("wrong")}, "refuses the key in OPENAI_API_KEY (HTTP 401)"),
        ("models", {"openai_base_url": "http://127.0.0.1:9/v1"}, "cannot be reached"),
        ("database", {"database_url": "postgresql://127.0.0.1:9/none"}, "look at DATABASE_URL"),
        ("disk", {"spool": Path("a-file/spool")}, "set SWITCHBOARD_SPOOL"),
    ],
)
async def test_what_this_machine_lacks_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str, environment: dict[str, Any], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").write_text("no folder")
    async with patient(tmp_path, LiveKit()) as one:
        settings = one.settings.model_copy(update=environment)
        other = Patient(settings, one.file, make_engine(settings.database_url), one.agent_name)
        finding = _of(await examine(other), part)
    assert not finding.well
    assert words in finding.text


async def test_a_server_that_hangs_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("switchboard.worker.examination._WITHIN_S", 0.1)
    livekit = LiveKit()

    async def hang(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    livekit.page = hang  # pyright: ignore[reportAttributeAccessIssue]
    async with patient(tmp_path, livekit) as one:
        finding = _of(await examine(one), "clock")
    assert not finding.well

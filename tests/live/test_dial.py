"""`switchboard dial`: everything real but the two requests that need a SIP bridge."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from livekit.api import LiveKitAPI
from livekit.protocol.room import ListRoomsRequest
from livekit.protocol.sip import CreateSIPOutboundTrunkRequest, SIPOutboundTrunkInfo

from lab.stage.livekit_server import LiveKitServer
from tests.live.carrier import Carrier
from tests.live.command import Ended, switchboard
from tests.live.waiting_worker import WaitingWorker

CALLEE = "+14155550123"

Dial = Callable[..., Awaitable[Ended]]


@pytest.fixture
async def api(server: LiveKitServer) -> AsyncGenerator[LiveKitAPI]:
    async with LiveKitAPI(server.url, server.api_key, server.api_secret) as api:
        trunk = SIPOutboundTrunkInfo(name="main", address="sip.example.com", numbers=["+18005550100"])
        await api.sip.create_outbound_trunk(CreateSIPOutboundTrunkRequest(trunk=trunk))
        yield api


@pytest.fixture
async def carrier(server: LiveKitServer, api: LiveKitAPI) -> AsyncGenerator[Carrier]:
    async with Carrier(server) as carrier:
        yield carrier


@pytest.fixture
async def worker(server: LiveKitServer) -> AsyncGenerator[WaitingWorker]:
    async with WaitingWorker(server) as worker:
        yield worker


@pytest.fixture
def dial(carrier: Carrier, tmp_path: Path) -> Dial:
    async def run(*arguments: str) -> Ended:
        return await switchboard(tmp_path, carrier.environment, "dial", *arguments)

    return run


async def rooms(api: LiveKitAPI) -> list[str]:
    return [room.name for room in (await api.room.list_rooms(ListRoomsRequest())).rooms]


async def test_an_answered_call_has_its_room_its_agent_and_its_data(
    dial: Dial, carrier: Carrier, worker: WaitingWorker, api: LiveKitAPI
) -> None:
    ended = await dial(
        CALLEE, "--agent", "sales", "--data", '{"order": 17}', "--department", "billing", "--task", "remind",
        "--language", "es", "--caller-id", "+1 (800) 555-0100", "--ring-timeout", "20",
        "--on-machine", "leave_message", "--message", "Please call back.", "--json",
        "--attribute", "branch=Oakland", "--name", "Ann", "--dtmf", "ww12A#",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert (told["outcome"], told["number"]) == ("answered", CALLEE)
    assert await rooms(api) == [told["room"]]
    assert CALLEE.strip("+") not in told["room"]

    data = {"order": 17, "department": "billing", "task": "remind", "language": "es"}
    machine = {"on_machine": "leave_message", "message": "Please call back."}
    job = await worker.job()
    assert json.loads(job.metadata) == data | {"agent": "sales"} | machine
    [request] = carrier.calls
    assert json.loads(request.participant_metadata) == data
    named = {"department": "billing", "task": "remind", "language": "es"}
    assert dict(request.participant_attributes) == named | {"branch": "Oakland"}
    assert (request.participant_name, request.dtmf) == ("Ann", "ww12a#")
    assert (request.sip_call_to, request.sip_number, request.room_name) == (CALLEE, "+18005550100", told["room"])
    assert (request.wait_until_answered, request.ringing_timeout.seconds) == (True, 20)


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (486, "Busy Here", "busy"),
        (600, "Busy Everywhere", "busy"),
        (603, "Decline", "declined"),
        (480, "Temporarily Unavailable", "no_answer"),
        (408, "Request Timeout", "no_answer"),
        (404, "Not Found", "wrong_number"),
        (484, "Address Incomplete", "wrong_number"),
        (403, "Forbidden", "carrier_error"),
        (503, "Service Unavailable", "carrier_error"),
    ],
)
@pytest.mark.usefixtures("worker")
async def test_a_refusal_is_told_apart_and_leaves_nothing_behind(
    dial: Dial, carrier: Carrier, api: LiveKitAPI, status: int, reason: str, outcome: str
) -> None:
    carrier.refuses(status, reason)
    ended = await dial(CALLEE, "--agent", "sales", "--json")
    assert ended.code == 1
    told = json.loads(ended.out)
    assert (told["outcome"], told["sip_status"], told["reason"]) == (outcome, status, reason)
    assert await rooms(api) == []


@pytest.mark.usefixtures("worker")
async def test_people_read_one_line(dial: Dial, carrier: Carrier) -> None:
    carrier.refuses(486, "Busy Here")
    ended = await dial(CALLEE, "--agent", "sales")
    assert ended.faults == [f"{CALLEE}: busy (486 Busy Here)"]
    assert ended.out == ""


@pytest.mark.usefixtures("worker")
async def test_ringing_until_the_time_is_up_is_no_answer(dial: Dial, carrier: Carrier) -> None:
    carrier.fails("canceled", "sip request timed out")
    ended = await dial(CALLEE, "--agent", "sales")
    assert (ended.code, ended.faults) == (1, [f"{CALLEE}: no answer (it rang until the time was up)"])


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("ringing", "no answer (it rang until the time was up)"),
        ("dialing", "carrier error (it never rang: the trunk's address, or the carrier behind it, does not answer)"),
    ],
)
async def test_a_dead_carrier_is_told_apart_from_a_telephone_that_nobody_answers(
    dial: Dial, carrier: Carrier, status: str, says: str
) -> None:
    carrier.status = status
    carrier.fails("canceled", "sip request timed out")
    ended = await dial(CALLEE, "--agent", "sales")
    assert (ended.code, ended.faults) == (1, [f"{CALLEE}: {says}"])


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("busy_once", [True, False])
async def test_a_bridge_that_is_too_busy_is_asked_once_more(
    dial: Dial, carrier: Carrier, api: LiveKitAPI, busy_once: bool
) -> None:
    carrier.fails("unknown", "cpu exhausted")
    carrier.only_once = busy_once
    ended = await dial(CALLEE, "--agent", "sales")
    assert len(carrier.calls) == 2
    assert ended.code == (0 if busy_once else 1)
    if not busy_once:
        assert "more than 90 % of its processors" in ended.err
        assert await rooms(api) == []


@pytest.mark.usefixtures("worker")
async def test_who_does_not_wait_learns_the_room_and_nothing_more(
    dial: Dial, carrier: Carrier, api: LiveKitAPI
) -> None:
    ended = await dial(CALLEE, "--agent", "sales", "--no-wait", "--json")
    assert ended.code == 0
    told = json.loads(ended.out)
    assert told["outcome"] is None
    assert not carrier.calls[0].wait_until_answered
    assert await rooms(api) == [told["room"]]


async def test_nobody_is_called_where_no_worker_would_talk_to_them(
    dial: Dial, carrier: Carrier, api: LiveKitAPI
) -> None:
    ended = await dial(CALLEE, "--agent", "sales")
    assert ended.code == 1
    assert ended.faults[0].startswith('nobody was called: no worker "switchboard" came')
    assert carrier.calls == []
    assert await rooms(api) == []


@pytest.mark.usefixtures("worker")
async def test_the_real_server_without_a_bridge_says_so_and_keeps_no_room(
    server: LiveKitServer, api: LiveKitAPI, tmp_path: Path
) -> None:
    ended = await switchboard(tmp_path, server.environment, "dial", CALLEE, "--agent", "sales")
    assert ended.code == 1
    assert ended.faults == [
        "nobody was called: no SIP bridge answers. Is livekit-sip running, with the server's Redis?"
    ]  # fmt: skip
    assert await rooms(api) == []


async def test_of_two_trunks_one_must_be_named(dial: Dial, carrier: Carrier, api: LiveKitAPI) -> None:
    other = SIPOutboundTrunkInfo(name="other", address="sip.example.com", numbers=["+18005550101"])
    made = await api.sip.create_outbound_trunk(CreateSIPOutboundTrunkRequest(trunk=other))
    unsaid = await dial(CALLEE, "--agent", "sales")
    assert (unsaid.code, len(unsaid.faults)) == (2, 1)
    assert "say which with --from-trunk (have: main, other)" in unsaid.err
    async with WaitingWorker(carrier.server):
        for wanted in ("other", made.sip_trunk_id):
            assert (await dial(CALLEE, "--agent", "sales", "--from-trunk", wanted)).code == 0
    assert [call.sip_trunk_id for call in carrier.calls] == [made.sip_trunk_id] * 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("4155550123", "--agent", "sales"), 'the number "4155550123" is no telephone number'),
        (("+1", "--agent", "sales"), 'the number "+1" is no telephone number'),
        (("sip:ann@example.com", "--agent", "sales"), "is no telephone number"),
        ((CALLEE, "--agent", "sails"), 'there is no such agent (did you mean "sales"?'),
        ((CALLEE, "--agent", "sales", "--data", "{"), "--data is not JSON"),
        ((CALLEE, "--agent", "sales", "--data", "[]"), "--data is a list"),
        ((CALLEE, "--agent", "sales", "--data", json.dumps({"x": "y" * 70_000})), "--data is 70"),
        ((CALLEE, "--agent", "sales", "--caller-id", "me"), '--caller-id "me" is no telephone number'),
        ((CALLEE, "--agent", "sales", "--from-trunk", "mian"), "there is no outbound trunk of that name"),
        ((CALLEE, "--agent", "sales", "--on-machine", "leave_message"), "needs --message"),
        ((CALLEE, "--agent", "sales", "--message", "hello"), "--message needs --on-machine leave_message"),
        ((CALLEE, "--agent", "sales", "--worker", ""), "--worker is empty"),
        ((CALLEE, "--agent", "sales", "--attribute", "branch"), '--attribute "branch" is not'),
        ((CALLEE, "--agent", "sales", "--attribute", "sip.trunkID=ST_1"), "is the bridge's to set"),
        ((CALLEE, "--agent", "sales", "--attribute", "task=a", "--task", "b"), "--attribute and --task both give"),
        ((CALLEE, "--agent", "sales", "--dtmf", "12x"), '"x" is no key'),
    ],
)
async def test_wrong_use_is_one_line_and_calls_nobody(
    dial: Dial, carrier: Carrier, api: LiveKitAPI, arguments: tuple[str, ...], said: str
) -> None:
    ended = await dial(*arguments)
    assert (ended.code, len(ended.faults)) == (2, 1), ended.err
    assert said in ended.err
    assert carrier.calls == []
    assert await rooms(api) == []

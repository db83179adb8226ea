"""`switchboard provision` against a real livekit-server with Redis."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest
from livekit.api import LiveKitAPI
from livekit.protocol import sip

from lab.stage.livekit_server import LiveKitServer
from tests.live.command import Ended, switchboard

FILE = """
[[inbound_trunk]]
name = "main"
provider = "twilio"
numbers = ["+1 (800) 555-0100", "+18005550101"]
allowed_addresses = ["54.172.60.0/30"]
headers_to_attributes = { X-Queue = "queue" }
include_headers = "x"
krisp = true
media_encryption = "allow"
ringing_timeout = 45

[[outbound_trunk]]
name = "out"
address = "example.pstn.twilio.com"
transport = "tls"
numbers = ["+18005550100"]
username_env = "OUT_USERNAME"
password_env = "OUT_PASSWORD"

[[dispatch_rule]]
name = "calls"
trunks = ["main"]
numbers = ["+18005550100"]
attributes = { department = "support" }
metadata = { plan = "gold" }
agent_metadata = { language = "es" }
room_metadata = { shop = "north" }
hide_phone_number = true

[[dispatch_rule]]
name = "conference"
trunks = ["main"]
numbers = ["+18005550101"]
type = "direct"
room = "conference"
pin_env = "CONFERENCE_PIN"

[[dispatch_rule]]
name = "branches"
type = "callee"
room_prefix = "branch-"
randomize = true
"""
SECRETS = {"OUT_USERNAME": "user", "OUT_PASSWORD": "hush-hush", "CONFERENCE_PIN": "4711"}

ROOT = Path(__file__).resolve().parents[2]
Provision = Callable[..., Awaitable[Ended]]


def _faults(ended: Ended) -> list[str]:
    """What is wrong, without what the file is warned of."""
    return [line for line in ended.faults if not line.endswith("(warning)")]


@pytest.fixture
async def api(server: LiveKitServer) -> AsyncGenerator[LiveKitAPI]:
    async with LiveKitAPI(server.url, server.api_key, server.api_secret) as api:
        yield api


@pytest.fixture
def provision(server: LiveKitServer, tmp_path: Path) -> Provision:
    (tmp_path / "trunks.toml").write_text(FILE)

    async def run(*arguments: str) -> Ended:
        return await switchboard(tmp_path, {**server.environment, **SECRETS}, "provision", *arguments)

    return run


async def rules(api: LiveKitAPI) -> dict[str, sip.SIPDispatchRuleInfo]:
    answer = await api.sip.list_dispatch_rule(sip.ListSIPDispatchRuleRequest())
    return {rule.name: rule for rule in answer.items}


async def inbound(api: LiveKitAPI) -> dict[str, sip.SIPInboundTrunkInfo]:
    answer = await api.sip.list_inbound_trunk(sip.ListSIPInboundTrunkRequest())
    return {trunk.name: trunk for trunk in answer.items}


async def test_without_apply_nothing_changes_and_the_difference_is_shown(provision: Provision, api: LiveKitAPI) -> None:
    shown = await provision()
    assert shown.code == 0, shown.err
    assert '+ inbound_trunk "main"' in shown.out
    assert "hush-hush" not in shown.out
    assert await inbound(api) == {}


async def test_apply_makes_it_so_and_a_second_time_changes_nothing(provision: Provision, api: LiveKitAPI) -> None:
    assert (await provision("--apply")).code == 0

    trunk = (await inbound(api))["main"]
    assert list(trunk.numbers) == ["+18005550100", "+18005550101"]
    assert dict(trunk.headers_to_attributes) == {"X-Queue": "queue"}
    assert trunk.include_headers == sip.SIP_X_HEADERS
    assert trunk.krisp_enabled
    assert trunk.media.encryption == sip.SIP_MEDIA_ENCRYPT_ALLOW
    assert trunk.ringing_timeout.seconds == 45

    outbound = (await api.sip.list_outbound_trunk(sip.ListSIPOutboundTrunkRequest())).items[0]
    assert (outbound.auth_username, outbound.auth_password) == ("user", "hush-hush")
    assert outbound.transport == sip.SIP_TRANSPORT_TLS

    found = await rules(api)
    calls = found["calls"]
    assert list(calls.trunk_ids) == [trunk.sip_trunk_id]
    assert calls.hide_phone_number
    assert dict(calls.attributes) == {"department": "support"}
    assert json.loads(calls.metadata) == {"plan": "gold"}
    assert [agent.agent_name for agent in calls.room_config.agents] == ["switchboard"]
    assert json.loads(calls.room_config.agents[0].metadata) == {"language": "es"}
    assert json.loads(calls.room_config.metadata) == {"shop": "north"}
    assert found["conference"].rule.dispatch_rule_direct.pin == "4711"
    assert found["branches"].rule.dispatch_rule_callee.randomize

    again = json.loads((await provision("--apply", "--json")).out)
    assert again["changes"] == []


async def test_a_changed_line_is_one_update_and_keeps_what_the_file_cannot_say(
    provision: Provision, api: LiveKitAPI, tmp_path: Path
) -> None:
    await provision("--apply")
    before = (await rules(api))["calls"]
    by_hand = sip.SIPDispatchRuleInfo()
    by_hand.CopyFrom(before)
    by_hand.room_preset = "chosen in the console"
    await api.sip.update_dispatch_rule(before.sip_dispatch_rule_id, by_hand)

    (tmp_path / "trunks.toml").write_text(FILE.replace('"es"', '"fr"'))
    changes = json.loads((await provision("--apply", "--json")).out)["changes"]

    assert [(c["action"], c["name"], [f["name"] for f in c["fields"]]) for c in changes] == [
        ("update", "calls", ["agent_metadata"])
    ]
    after = (await rules(api))["calls"]
    assert after.sip_dispatch_rule_id == before.sip_dispatch_rule_id
    assert json.loads(after.room_config.agents[0].metadata) == {"language": "fr"}
    assert after.room_preset == "chosen in the console"


async def test_the_example_is_taken_with_its_trunk_for_any_other_number(
    provision: Provision, api: LiveKitAPI, tmp_path: Path
) -> None:
    (tmp_path / "trunks.toml").write_text((ROOT / "trunks.example.toml").read_text())
    applied = await provision("--apply")
    assert applied.code == 0, applied.err
    trunks = await inbound(api)
    assert {name: trunk.ringing_timeout.seconds for name, trunk in trunks.items()} == {
        "main": 30,
        "any other number": 30,
    }
    assert list(trunks["any other number"].numbers) == []
    [agent] = (await rules(api))["any other number"].room_config.agents
    assert json.loads(agent.metadata) == {"unlisted": True}
    assert json.loads((await provision("--json")).out)["changes"] == []


async def test_only_prune_deletes_what_the_file_does_not_name(
    provision: Provision, api: LiveKitAPI, tmp_path: Path
) -> None:
    await provision("--apply")
    (tmp_path / "trunks.toml").write_text(FILE.partition('[[dispatch_rule]]\nname = "branches"')[0])

    kept = await provision("--apply")
    assert 'dispatch_rule "branches": only on the server' in kept.out
    assert "branches" in await rules(api)

    await provision("--prune")
    assert "branches" in await rules(api)

    assert (await provision("--prune", "--apply")).code == 0
    assert sorted(await rules(api)) == ["calls", "conference"]


async def test_a_number_moves_from_one_trunk_to_another(provision: Provision, api: LiveKitAPI, tmp_path: Path) -> None:
    two = '[[inbound_trunk]]\nname = "a"\nnumbers = [{}]\n[[inbound_trunk]]\nname = "b"\nnumbers = [{}]\n'
    (tmp_path / "trunks.toml").write_text(two.format('"+18005550100"', '"+18005550101", "+18005550102"'))
    assert (await provision("--apply")).code == 0
    (tmp_path / "trunks.toml").write_text(two.format('"+18005550100", "+18005550102"', '"+18005550101"'))
    moved = await provision("--apply")
    assert moved.code == 0, moved.err
    assert list((await inbound(api))["a"].numbers) == ["+18005550100", "+18005550102"]


async def test_an_export_applied_to_its_server_changes_nothing(
    provision: Provision, server: LiveKitServer, tmp_path: Path
) -> None:
    await provision("--apply")
    exported = await provision("--export", "--file", "exported.toml", "--json")
    assert exported.code == 0, exported.err
    variables = json.loads(exported.out)["variables"]
    assert variables == ["OUT_USERNAME", "OUT_PASSWORD", "CONFERENCE_PIN"]
    text = (tmp_path / "exported.toml").read_text()
    assert "hush-hush" not in text
    assert "4711" not in text

    again = await provision("--file", "exported.toml", "--json")
    assert again.code == 0, again.err
    assert json.loads(again.out)["changes"] == []


async def test_an_export_overwrites_nothing(provision: Provision, tmp_path: Path) -> None:
    refused = await provision("--export")
    assert refused.code == 2
    assert "is there already" in refused.err
    assert (tmp_path / "trunks.toml").read_text() == FILE


async def test_what_stands_in_the_way_on_the_server_is_named_before_anything_changes(
    provision: Provision, api: LiveKitAPI
) -> None:
    theirs = sip.SIPInboundTrunkInfo(name="somebody's", numbers=["+18005550101"])
    await api.sip.create_inbound_trunk(sip.CreateSIPInboundTrunkRequest(trunk=theirs))
    refused = await provision("--apply")
    assert refused.code == 2
    assert len(_faults(refused)) == 1
    assert 'as inbound_trunk "somebody\'s" on the server does' in refused.err
    assert sorted(await inbound(api)) == ["somebody's"]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"LIVEKIT_API_SECRET": "wrong" * 8}, 1, "refuses the key"),
        ({"LIVEKIT_URL": "ws://127.0.0.1:9"}, 1, "cannot be reached"),
        ({"LIVEKIT_URL": "localhost"}, 2, "is no address of a server"),
        ({"LIVEKIT_URL": ""}, 2, "LIVEKIT_URL: where livekit-server is"),
    ],
)
async def test_a_server_that_does_not_answer_is_one_clear_line(
    server: LiveKitServer, tmp_path: Path, change: dict[str, str], code: int, said: str
) -> None:
    (tmp_path / "trunks.toml").write_text(FILE)
    ended = await switchboard(tmp_path, {**server.environment, **SECRETS, **change}, "provision")
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert "Traceback" not in ended.err
    assert code == 2 or len(_faults(ended)) == 1


async def test_a_server_without_redis_says_so(tmp_path: Path) -> None:
    (tmp_path / "trunks.toml").write_text(FILE)
    async with LiveKitServer() as server:
        ended = await switchboard(tmp_path, {**server.environment, **SECRETS}, "provision")
    assert ended.code == 1
    assert _faults(ended)[0].endswith("set redis.address in livekit-server's config")

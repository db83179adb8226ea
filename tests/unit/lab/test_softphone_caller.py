"""What is said of a caller, and when."""

from __future__ import annotations

import json

from livekit.api import TokenVerifier
from livekit.api.access_token import Claims

from lab.softphone import Caller

KEY, SECRET = "key", "a secret of more than thirty-two bytes"


def claims(caller: Caller) -> Claims:
    return TokenVerifier(KEY, SECRET).verify(caller.token(KEY, SECRET))


def test_a_telephone_joins_with_its_call_its_trunk_and_both_numbers() -> None:
    caller = Caller(from_number="+15125550100", to_number="+18005550100", trunk_id="ST_1", rule_id="SDR_1")
    at_join = caller.attributes_at_join()
    assert at_join.pop("sip.callID").startswith("SCL_")
    assert at_join == {
        "sip.trunkID": "ST_1",
        "sip.ruleID": "SDR_1",
        "sip.phoneNumber": "+15125550100",
        "sip.trunkPhoneNumber": "+18005550100",
        "sip.hostname": "sip.carrier.example",
        "sip.callTag": caller.attributes_at_join()["sip.callTag"],
        "sip.callIDFull": f"{caller.call_id}@sip.carrier.example",
    }
    assert caller.identity == "sip_+15125550100"
    assert claims(caller).name == "Phone +15125550100"


def test_headers_and_the_providers_call_id_are_there_at_once_and_nothing_follows() -> None:
    caller = Caller(headers={"X-Queue": "gold", "X-Twilio-CallSid": "CA1"}, attributes={"department": "sales"})
    at_join = caller.attributes_at_join()
    assert (at_join["sip.h.x-queue"], at_join["sip.twilio.callSid"], at_join["department"]) == ("gold", "CA1", "sales")
    assert caller.attributes_to_follow() == {}


def test_a_bridge_that_sends_late_sends_headers_and_the_providers_call_id_later() -> None:
    caller = Caller(
        headers={"X-Queue": "gold", "X-Twilio-CallSid": "CA1"}, attributes={"department": "sales"}, late_after=0.03
    )
    follow = caller.attributes_to_follow()
    assert follow["sip.h.x-queue"] == "gold"
    assert follow["sip.twilio.callSid"] == "CA1"
    assert {"sip.callTag", "sip.callIDFull", "sip.hostname"} <= follow.keys()
    assert not follow.keys() & caller.attributes_at_join().keys()
    assert caller.attributes_at_join()["department"] == "sales"


def test_a_hidden_number_leaves_neither_number_nor_host() -> None:
    caller = Caller(hide_number=True)
    assert claims(caller).name == ""
    said = caller.attributes_at_join() | caller.attributes_to_follow()
    assert not {"sip.phoneNumber", "sip.trunkPhoneNumber", "sip.hostname"} & said.keys()
    assert "5105550100" not in caller.identity + caller.room_name
    assert caller.identity.startswith("sip_")


def test_two_callers_have_rooms_of_their_own() -> None:
    assert Caller().room_name != Caller().room_name


def test_a_person_who_is_called_came_by_no_rule_and_the_numbers_are_swapped() -> None:
    callee = Caller(direction="outbound", from_number="+18005550100", to_number="+15125550100")
    at_join = callee.attributes_at_join()
    assert "sip.ruleID" not in at_join
    assert (at_join["sip.phoneNumber"], at_join["sip.trunkPhoneNumber"]) == ("+15125550100", "+18005550100")
    assert callee.identity == "sip_+15125550100"
    assert not {"sip.callTag", "sip.callIDFull"} & at_join.keys()
    assert callee.attributes_of_the_answer()["sip.callIDFull"] == f"{callee.call_id}@sip.carrier.example"


def test_a_browser_has_only_what_it_was_given() -> None:
    caller = Caller(kind="standard", attributes={"language": "es"}, headers={"X-Queue": "gold"})
    assert caller.attributes_at_join() == {"language": "es"}
    assert caller.attributes_to_follow() == {}
    token = claims(caller)
    assert token.kind == "standard"
    assert token.video is not None
    assert not token.video.can_update_own_metadata


def test_a_token_brings_the_agent_as_a_dispatch_rule_does() -> None:
    token = claims(Caller(agent_name="switchboard", job_metadata={"department": "sales"}, room_metadata="{}"))
    assert token.kind == "sip"
    assert token.video is not None
    assert token.video.can_update_own_metadata
    assert token.room_config is not None
    (agent,) = token.room_config.agents
    assert (agent.agent_name, json.loads(agent.metadata)) == ("switchboard", {"department": "sales"})
    assert token.room_config.metadata == "{}"

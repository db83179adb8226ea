"""What a Call says about the participant that LiveKit reported."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.call.metadata import LIMIT
from switchboard.call.reading import read_call

INBOUND = {
    "sip.callID": "SCL_1",
    "sip.trunkID": "ST_1",
    "sip.ruleID": "SDR_1",
    "sip.phoneNumber": "+14155550101",
    "sip.trunkPhoneNumber": "+18005550100",
}


def test_an_inbound_call_is_from_the_caller_to_our_number() -> None:
    call = read_call(attributes=INBOUND)
    assert call.direction == "inbound"
    assert call.from_number is not None
    assert call.to_number is not None
    assert (call.from_number.e164, call.to_number.e164) == ("+14155550101", "+18005550100")


@pytest.mark.parametrize("rule", [{}, {"sip.ruleID": ""}])
def test_without_a_dispatch_rule_a_sip_call_is_outbound_and_its_numbers_are_swapped(rule: dict[str, str]) -> None:
    attributes = {k: v for k, v in INBOUND.items() if k != "sip.ruleID"} | rule
    call = read_call(attributes=attributes)
    assert call.direction == "outbound"
    assert call.from_number is not None
    assert call.to_number is not None
    assert (call.from_number.e164, call.to_number.e164) == ("+18005550100", "+14155550101")


def test_absent_is_not_empty() -> None:
    call = read_call(attributes={"sip.ruleID": "r", "tier": ""})
    assert call.from_number is None
    assert call.trunk is None
    assert call.value("tier") == ""
    assert call.value("other") is None


def test_merged_data_takes_the_first_source_that_has_the_key_and_remembers_it() -> None:
    call = read_call(
        attributes={**INBOUND, "department": "sales", "sip.h.x-language": "fr"},
        job={"department": "support"},
        participant={"language": "de", "user_id": "p1"},
        room={"user_id": "r1", "campaign": "spring"},
    )
    assert {key: (fact.value, fact.source) for key, fact in call.data.items()} == {
        "department": ("support", "job"),
        "language": ("fr", "header"),
        "user_id": ("p1", "participant"),
        "campaign": ("spring", "room"),
    }


def test_only_what_our_own_servers_set_is_trusted() -> None:
    call = read_call(
        attributes={**INBOUND, "vip": "yes", "tier": "gold", "sip.h.x-role": "admin"},
        job={"order": 7},
        participant={"admin": True},
        room={"room_fact": 1},
        trusted_attributes=["tier"],
        participant_is_trusted=False,
    )
    assert call.trusted() == {"tier": "gold", "order": 7, "room_fact": 1}


def test_a_browser_cannot_make_itself_a_trunk_a_number_or_one_that_we_trust() -> None:
    call = read_call(
        kind="standard",
        attributes={**INBOUND, "sip.h.x-role": "admin", "tier": "gold"},
        trusted_attributes=["tier"],
        participant_is_trusted=False,
    )
    assert (call.trunk, call.from_number, call.to_number, call.header("x-role")) == (None, None, None, None)
    assert call.trusted() == {}
    assert call.value("tier") == "gold"
    assert call.warnings == ("sip. attributes of a participant that is no telephone: ignored",)


def test_what_is_found_by_a_number_is_not_trusted_for_anyone_can_fake_it() -> None:
    call = read_call(attributes=INBOUND, customers=[{"language": "es", "tier": "gold"}])
    assert call.value("language") == "es"
    assert call.trusted() == {}


@pytest.mark.parametrize(
    ("attributes", "provider", "call_id"),
    [
        ({"sip.twilio.callSid": "CA1", "sip.callIDFull": "x@y"}, "twilio", "CA1"),
        ({"sip.telnyx.callSessionID": "T1"}, "telnyx", "T1"),
        ({"sip.callIDFull": "x@y"}, None, "x@y"),
        ({}, None, None),
    ],
)
def test_the_provider_and_its_call_id_are_found(
    attributes: dict[str, str], provider: str | None, call_id: str | None
) -> None:
    call = read_call(attributes=attributes)
    assert (call.provider, call.provider_call_id) == (provider, call_id)


def test_headers_are_found_in_any_case() -> None:
    call = read_call(attributes={"sip.h.x-queue": "gold"})
    assert call.header("X-Queue") == "gold"
    assert call.header("X-Other") is None


@pytest.mark.parametrize(
    ("raw", "warning"),
    [
        ("", "job metadata is empty"),
        ("not json", "job metadata is not JSON"),
        ("[1, 2]", "job metadata is a list"),
        ("null", "job metadata is null"),
        (json.dumps({"a": "x" * (LIMIT - 8)}), "is 65537 bytes, the limit is 65536"),
        ("[" * 1000 + "]" * 1000, "job metadata"),
        ('{"a":' * 1000 + "1" + "}" * 1000, "nested"),
        ('{"a": ' + "1" * 5000 + "}", "not JSON"),
        (b"\xff\xfe", "not JSON"),
    ],
)
def test_bad_metadata_is_a_warning_and_the_call_goes_on(raw: str | bytes, warning: str) -> None:
    call = read_call(attributes=INBOUND, job=raw)
    assert call.job == {}
    assert len(call.warnings) == 1
    assert ("job" in call.texts) == call.warnings[0].endswith("kept as one text")
    assert warning in call.warnings[0]


@pytest.mark.parametrize(
    ("raw", "text"),
    [("callback", "callback"), ('"callback"', "callback"), ("42", "42"), ("true", "true"), ("[1, 2]", "[1, 2]")],
)
def test_metadata_that_is_no_object_is_kept_as_one_text_and_nobody_says_it(raw: str, text: str) -> None:
    call = read_call(attributes=INBOUND, job=raw)
    assert call.texts == {"job": text}
    assert call.data == {}


@pytest.mark.parametrize(("size", "is_read"), [(LIMIT, True), (LIMIT + 1, False)])
def test_64_kib_are_read_and_a_byte_more_is_not(size: int, is_read: bool) -> None:
    raw = json.dumps({"a": "x" * (size - len('{"a": ""}'))})
    assert len(raw.encode()) == size
    assert ("a" in read_call(job=raw).job) is is_read


def test_a_warning_never_quotes_the_metadata() -> None:
    call = read_call(job="my name is Ada Lovelace")
    assert "Ada" not in " ".join(call.warnings)


def test_text_that_no_database_can_hold_is_cleaned() -> None:
    call = read_call(job='{"a": "x\\ud800\\u0000y", "b": ["\\u0000"]}')
    assert call.job == {"a": "x?y", "b": [""]}


@given(
    st.dictionaries(st.text(), st.text()),
    st.binary() | st.text() | st.none(),
    st.binary() | st.text() | st.none(),
    st.binary() | st.text() | st.none(),
)
def test_nothing_that_a_caller_sends_can_break_reading(
    attributes: dict[str, str],
    job: str | bytes | None,
    participant: str | bytes | None,
    room: str | bytes | None,
) -> None:
    call = read_call(attributes=attributes, job=job, participant=participant, room=room)
    assert call.kind == "sip"


def test_what_a_caller_sends_cannot_hide_what_our_servers_set() -> None:
    call = read_call(attributes={**INBOUND, "sip.h.x-tier": "gold"}, room={"tier": "basic"})
    assert call.value("tier") == "gold"
    assert call.trusted() == {"tier": "basic"}

"""A call as people write it: what it means, what is wrong with it, and that writing it gives the same call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.call.spec import SpecError, read_spec, write_spec

BAD: list[tuple[dict[str, Any], str]] = [
    ({"form": "+1"}, 'unknown key "form" (did you mean "from"?'),
    ({"to": 18005550100}, "to: must be text in quotes"),
    ({"to": "1", "attributes": {"sip.trunkPhoneNumber": "2"}}, 'to: attributes has another value for "sip.trunk'),
    ({"kind": "sipp"}, "kind: unknown value 'sipp' (did you mean \"sip\"?"),
    ({"kind": ["sip"]}, "kind: unknown value"),
    ({"direction": "in"}, "direction: unknown value"),
    ({"at": "tomorrow"}, "at: 'tomorrow' is no time"),
    ({"at": 5}, "at: 5 is no time"),
    ({"at": "2026-03-02T10:00:00"}, "has no time zone"),
    ({"attributes": {"a": 1}}, 'attributes: "a" must be text'),
    ({"attributes": ["a"]}, "attributes: must be a table"),
    ({"job": 5}, "job: must be an object"),
    ({"customer": "Ada"}, "customer: must be an object"),
    ({"customer": [{}, 1]}, "customer: must be an object"),
]


@pytest.mark.parametrize(("spec", "words"), BAD)
def test_a_call_that_is_written_wrongly_says_how(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_spec(spec, "US")
    (error,) = caught.value.errors
    assert words in error


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        read_spec({"form": 1, "to": 1, "at": 1}, "US")
    assert len(caught.value.errors) == 3


def test_numbers_trunk_and_rule_become_the_attributes_that_livekit_gives() -> None:
    call = read_spec({"to": "+18005550100", "from": "4155550101", "trunk": "ST_1", "rule": "SDR_1"}, "US")
    assert call.attributes == {
        "sip.trunkPhoneNumber": "+18005550100",
        "sip.phoneNumber": "4155550101",
        "sip.trunkID": "ST_1",
        "sip.ruleID": "SDR_1",
    }
    assert call.from_number
    assert (call.from_number.e164, call.direction, call.kind) == ("+14155550101", "inbound", "sip")


def test_an_outbound_call_swaps_the_two_ends() -> None:
    call = read_spec({"to": "+14155550101", "from": "+18005550100", "direction": "outbound"}, "US")
    assert call.attributes["sip.phoneNumber"] == "+14155550101"
    assert str(call.to_number) == "+14155550101"


def test_metadata_that_a_caller_could_send_wrongly_is_a_warning_and_no_fault() -> None:
    call = read_spec({"job": "not JSON", "participant": "", "room": "[1]"}, "US")
    assert len(call.warnings) == 3


def test_metadata_that_is_one_text_is_written_as_it_is_read() -> None:
    call = read_spec({"job": "callback"}, "US")
    assert read_spec(write_spec(call), "US").texts == call.texts == {"job": "callback"}


def test_one_customer_or_several() -> None:
    assert read_spec({"customer": {"tier": "gold"}}, "US").customer == {"tier": "gold"}
    assert len(read_spec({"customer": [{"tier": "gold"}, {"tier": "tin"}]}, "US").customers) == 2


_text = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_objects = st.dictionaries(_text, _json, min_size=1, max_size=3)
_zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_specs = st.fixed_dictionaries(
    {"at": st.datetimes(timezones=st.just(UTC) | _zones).map(datetime.isoformat)},
    optional={
        "to": _text,
        "from": st.sampled_from(["+14155550101", "anonymous", "", "415 555 0101"]),
        "trunk": _text,
        "rule": _text,
        "kind": st.sampled_from(["sip", "standard", "agent"]),
        "direction": st.sampled_from(["inbound", "outbound"]),
        "attributes": st.dictionaries(_text, _text, max_size=3),
        "job": _objects,
        "participant": _objects,
        "room": _objects,
        "customer": _objects | st.lists(_objects, max_size=3),
    },
)


@given(_specs)
def test_a_call_that_is_written_down_is_read_as_the_same_call(spec: dict[str, Any]) -> None:
    telephone = {"to", "from", "trunk", "rule"} & spec.keys() or any(
        name.startswith("sip.") for name in spec.get("attributes", {})
    )
    if telephone and spec.get("kind", "sip") != "sip":
        with pytest.raises(SpecError, match="only a telephone"):
            read_spec(spec, "US")
        return
    call = read_spec(spec, "US")
    written = write_spec(call)
    assert read_spec(written, "US") == call
    assert write_spec(read_spec(written, "US")) == written

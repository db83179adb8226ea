"""What a `when` can ask: each row is a condition, a call that it takes, and one that it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from switchboard.call.call import Call
from switchboard.call.reading import read_call
from switchboard.call.spec import read_spec
from switchboard.routing.decision import Refuse
from tests.unit.routing.routing_files import DEFAULT, answer, call, errors, load_text, routes

TAKEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ('to = "+1 800 555 0100"', {"to": "18005550100"}, {"to": "+18005550101"}),
    ('from = "+14155550101"', {"from": "(415) 555-0101"}, {"from": "+14155550102"}),
    ('from = ["+14155550101", "+14155550102"]', {"from": "+14155550102"}, {"from": "+14155550103"}),
    ('from = "@vips"', {"from": "+442079460018"}, {"from": "+442079460019"}),
    ('from = ["@vips", "+14155550109"]', {"from": "+14155550109"}, {"from": "+14155550108"}),
    ('from = "@vips"', {"from": "101"}, {"from": "102"}),
    ('from = { prefix = ["+1 415", "+1510"] }', {"from": "+15105550101"}, {"from": "+12125550101"}),
    ('from = { country = "gb" }', {"from": "+442079460018"}, {"from": "+14155550101"}),
    ('from = { prefix = "+1", country = "US" }', {"from": "+14155550101"}, {"from": "+16045550101"}),
    ("from = { absent = true }", {}, {"from": ""}),
    ("from = { absent = false }", {"from": ""}, {}),
    ('from = "anonymous"', {"from": "Anonymous"}, {}),
    ('to = "101"', {"to": "101"}, {"to": "102"}),
    ('trunk = "ST_1"', {"trunk": "ST_1"}, {"trunk": "st_1"}),
    ("trunk = { absent = true }", {}, {"trunk": ""}),
    ('rule = ["SDR_1", "SDR_2"]', {"rule": "SDR_2"}, {"rule": "SDR_3"}),
    ('direction = "outbound"', {"direction": "outbound"}, {}),
    ('kind = "standard"', {"kind": "standard"}, {}),
    ('provider = "twilio"', {"attributes": {"sip.twilio.callSid": "CA1"}}, {"attributes": {"sip.twiliox": "CA1"}}),
    ('header."X-Queue" = "a"', {"attributes": {"sip.h.x-queue": "a"}}, {"attributes": {"x-queue": "a"}}),
    ('attribute."n" = "a"', {"attributes": {"n": "a"}}, {"attributes": {"n": ""}}),
    ('attribute."n" = { absent = true }', {}, {"attributes": {"n": ""}}),
    ('attribute."n" = 5', {"attributes": {"n": "5.0"}}, {"attributes": {"n": "05"}}),
    ('attribute."n" = true', {"attributes": {"n": "true"}}, {"attributes": {"n": "1"}}),
    ('job."n" = 5', {"job": {"n": 5.0}}, {"job": {"n": 6}}),
    ('job."n" = 1', {"job": {"n": "1"}}, {"job": {"n": True}}),
    ('job."n" = "5"', {"job": {"n": 5}}, {"job": {"n": 50}}),
    ('job."n" = 2.5', {"job": {"n": 2.5}}, {"job": {"n": 2}}),
    ('job."n" = true', {"job": {"n": True}}, {"job": {"n": 1}}),
    ('job."n" = "a"', {"job": {"n": "a"}}, {"job": {"n": ["a"]}}),
    ('job."n" = { absent = true }', {"job": {"n": None}}, {"job": {"n": ""}}),
    ('job = "a"', {"job": "a"}, {"job": {"a": "a"}}),
    ('job = "a"', {"job": '"a"'}, {"job": "ab"}),
    ("job = 5", {"job": "5"}, {"job": {"n": 5}}),
    ('room = ["a", "b"]', {"room": "b"}, {"job": "b"}),
    ('participant = "a"', {"participant": "a"}, {"participant": {}}),
    ('participant."n" = "a"', {"participant": {"n": "a"}}, {"job": {"n": "a"}}),
    ('room."n" = "a"', {"room": '{"n": "a"}'}, {"room": "not JSON"}),
    ('language = "es"', {"job": {"language": "es_MX"}}, {"job": {"language": "english please"}}),
    ('language = "es-MX"', {"job": {"language": "es-mx"}}, {"job": {"language": "es"}}),
    ('department = "a"', {"attributes": {"department": "a"}}, {"job": {"department": "A"}}),
    ('user_id = "7"', {"participant": {"user_id": 7}}, {"participant": {"user": 7}}),
    ('data."n" = "a"', {"room": {"n": "a"}}, {"job": {"n": "b"}, "room": {"n": "a"}}),
    ('trusted."n" = "a"', {"job": {"n": "a"}}, {"attributes": {"n": "a"}}),
    ('customer."tier" = "gold"', {"customer": {"tier": "gold"}}, {"customer": [{"tier": "tin"}, {"tier": "gold"}]}),
    ('customer."tier" = { absent = true }', {"customer": {"tier": None}}, {"customer": {"tier": ""}}),
    ('to = "+18005550100", trunk = "ST_1"', {"to": "+18005550100", "trunk": "ST_1"}, {"to": "+18005550100"}),
    ("percent = 100", {"from": "+14155550101"}, {"never": None}),
    ("percent = 0", {"never": None}, {"from": "+14155550101"}),
]


@pytest.mark.parametrize(("when", "yes", "no"), TAKEN, ids=[when for when, _, _ in TAKEN])
def test_a_condition_takes_one_call_and_not_the_other(
    when: str, yes: dict[str, Any], no: dict[str, Any], tmp_path: Path
) -> None:
    head = '[numbers]\nvips = ["+1 415 555 0101", "+44 20 7946 0018", "101"]\n'
    table = load_text(tmp_path, head + routes(when)).table
    for spec, expected in ((yes, "r1"), (no, "default")):
        if "never" not in spec:
            assert table.decide(read_spec(spec, "US")).route == expected


def test_the_first_route_wins(tmp_path: Path) -> None:
    table = load_text(tmp_path, routes('from = "+14155550101"', 'to = "+18005550100"')).table
    assert table.decide(call(to="+18005550100", caller="+14155550101")).route == "r1"
    assert table.decide(call(to="+18005550100", caller="+14155550102")).route == "r2"


def test_an_outbound_call_goes_from_us_to_them(tmp_path: Path) -> None:
    table = load_text(tmp_path, routes('to = "+14155550101", direction = "outbound"')).table
    assert table.decide(read_call(attributes={"sip.phoneNumber": "+14155550101"})).route == "r1"


def test_percent_takes_its_share_and_always_the_same_callers(tmp_path: Path) -> None:
    table = load_text(tmp_path, routes("percent = 20", "percent = 20")).table
    callers = [call(caller=f"+1415{n}") for n in range(5550000, 5552000)]
    first = [table.decide(one).route for one in callers]
    assert first == [table.decide(one).route for one in callers]
    assert 0.17 < first.count("r1") / len(first) < 0.23
    # Shares of two routes are independent: the second takes a fifth of what the first has left.
    assert 0.13 < first.count("r2") / len(first) < 0.19


def test_percent_takes_hidden_callers_by_their_call(tmp_path: Path) -> None:
    table = load_text(tmp_path, routes("percent = 50")).table

    def hidden(number: int, words: dict[str, str]) -> Call:
        return read_call(attributes={"sip.callID": f"SCL_{number}", "sip.ruleID": "SDR_1", **words})

    for words in ({}, {"sip.phoneNumber": "anonymous"}):
        assert {table.decide(hidden(number, words)).route for number in range(40)} == {"r1", "default"}


def test_the_language_is_the_routes_then_the_calls_then_the_workers(tmp_path: Path) -> None:
    spanish = '[[route]]\nname = "r1"\nwhen = { to = "+18005550100" }\nagent = "support"\nlanguage = "es"\n'
    table = load_text(tmp_path, '[worker]\nlanguage = "fr"\n' + spanish + DEFAULT).table
    assert answer(table, call(to="+18005550100", job={"language": "de"})).language == "es"
    assert answer(table, call(job={"language": "de_at"})).language == "de-AT"
    assert answer(table, call()).language == "fr"
    odd = answer(table, call(job={"language": "tlh"}))
    assert (odd.language, len(odd.warnings)) == ("fr", 1)
    assert table.decide(call(job={"language": 7})).warnings


def test_a_sip_caller_is_heard_by_phone_and_a_browser_by_wideband(tmp_path: Path) -> None:
    table = load_text(tmp_path, DEFAULT).table
    assert answer(table, call()).speech.stt == "deepgram/nova-2-phonecall"
    assert answer(table, call(kind="standard")).speech.stt == "deepgram/nova-2-general"
    assert answer(table, call(job={"language": "es"})).speech.stt == "deepgram/nova-2-general"


def test_a_route_chooses_its_models_over_the_profiles(tmp_path: Path) -> None:
    text = (
        '[speech.rich]\ntts = "openai/tts-1:nova"\nvoices = { es = "onyx" }\n' + DEFAULT + 'speech = "rich"\n'
        'language = "es"\nstt = "deepgram/nova-2-phonecall"\nllm = "openai/gpt-5"\nvoice = "coral"\ndata = { a = 1 }\n'
    )
    decision = answer(load_text(tmp_path, text).table, call())
    assert decision.speech.models() == {
        "stt": "deepgram/nova-2-general",
        "llm": "openai/gpt-5",
        "tts": "openai/tts-1:coral",
    }
    assert decision.data == {"a": 1}


def test_a_refusal_has_no_agent(tmp_path: Path) -> None:
    text = routes('to = "+18005550100"').replace('agent = "support"', 'reject = "busy"')
    decision = load_text(tmp_path, text).table.decide(call(to="+18005550100"))
    assert isinstance(decision, Refuse)
    assert decision.reason == "busy"


def test_a_decline_cannot_be_had_and_the_message_says_why(tmp_path: Path) -> None:
    text = routes('to = "+18005550100"').replace('agent = "support"', 'reject = "declined"')
    [fault] = errors(tmp_path, text)
    assert fault.endswith('cannot be had: the bridge answers 486 to all. Write reject = "busy"')

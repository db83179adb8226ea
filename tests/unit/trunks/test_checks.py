"""Trunks and rules that LiveKit would take, and that would not do what was meant."""

from __future__ import annotations

from typing import Any

import pytest

from switchboard.trunks.checks import RuleReach, TrunkReach, find_mistakes, find_warnings, rule_clash, trunk_clash
from switchboard.trunks.model import TrunksFile


def file(*trunks: dict[str, Any], rules: tuple[dict[str, Any], ...] = ()) -> TrunksFile:
    return TrunksFile.model_validate({"inbound_trunk": trunks, "dispatch_rule": rules})


def trunk(*numbers: str, callers: tuple[str, ...] = ()) -> TrunkReach:
    return TrunkReach("any", frozenset(numbers), frozenset(callers))


def rule(trunks: str = "", numbers: str = "", callers: str = "", pin: str = "") -> RuleReach:
    return RuleReach("any", *(frozenset(part.split()) for part in (trunks, numbers, callers)), pin=pin)


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (trunk("1", "2"), trunk("2", "3"), "2"),
        (trunk("1"), trunk("2"), None),
        (trunk("1"), trunk(), None),
        (trunk(), trunk(), "every number (neither names any)"),
        (trunk("1", callers=("8",)), trunk("1", callers=("9",)), None),
        (trunk("1", callers=("8",)), trunk("1"), "1"),
    ],
)
def test_two_trunks_clash_where_a_call_fits_both(one: TrunkReach, other: TrunkReach, clash: str | None) -> None:
    assert trunk_clash(one, other) == clash
    assert trunk_clash(other, one) == clash


@pytest.mark.parametrize(
    ("one", "other", "clash"),
    [
        (rule("a"), rule("a b"), "calls on trunk a"),
        (rule("a"), rule("b"), None),
        (rule("a"), rule(), None),
        (rule(), rule(), "calls on every trunk"),
        (rule("a", "1"), rule("a"), None),
        (rule("a", "1 2"), rule("a", "2"), "calls on trunk a to 2"),
        (rule("a", "1"), rule("a", "2"), None),
        (rule("a", "1"), rule("a", callers="9"), "calls on trunk a to 1 from 9"),
        (rule("a", "1", "9"), rule("a", "1"), None),
        (rule("a", pin="1"), rule("a", pin="2"), None),
        (rule("a", pin="1"), rule("a", pin="1"), "calls on trunk a with the same PIN"),
        (rule("a", pin="1"), rule("a"), "calls on trunk a, all of which are asked for the PIN"),
        (rule("a", "1", pin="1"), rule("a"), None),
    ],
)
def test_two_rules_fight_where_neither_goes_first(one: RuleReach, other: RuleReach, clash: str | None) -> None:
    assert rule_clash(one, other) == clash
    assert rule_clash(other, one) == clash


@pytest.mark.parametrize(
    "carrier", [{"provider": "twilio"}, {"provider": "telnyx"}, {"allowed_addresses": ["x.sip.TELNYX.com"]}]
)
def test_a_number_without_the_plus_that_the_carrier_sends_is_a_warning_in_trunks_and_rules(
    carrier: dict[str, Any],
) -> None:
    wrong = {"name": "main", "numbers": ["14155550100"], **carrier}
    rules = ({"name": "r", "trunks": ["main"], "inbound_numbers": ["4155550123"]},)
    assert find_mistakes(file(wrong, rules=rules), {}) == []  # it matches, in the version that we install
    found = [one for one in find_warnings(file(wrong, rules=rules)) if "has no +" in one[1]]
    assert [where for where, _ in found] == [("inbound_trunk", 0, "numbers"), ("dispatch_rule", 0, "inbound_numbers")]


def test_another_carrier_may_send_numbers_as_it_likes() -> None:
    assert find_mistakes(file({"name": "main", "numbers": ["14155550100"]}), {}) == []


@pytest.mark.parametrize(
    ("rule", "mend"),
    [
        ({"type": "direct", "room": "desk"}, 'type = "individual"'),
        ({"type": "callee"}, "randomize = true"),
        ({"type": "callee", "randomize": True}, None),
        ({"type": "direct", "room": "meeting", "pin_env": "PIN"}, None),
        ({}, None),
    ],
)
def test_a_rule_that_puts_callers_together_is_a_warning(rule: dict[str, Any], mend: str | None) -> None:
    found = [text for _, text in find_warnings(file(rules=({"name": "r", **rule},)))]
    assert any(mend in text for text in found) if mend else found == []


def test_hiding_numbers_is_a_warning_that_says_what_goes_with_them() -> None:
    [(where, text)] = find_warnings(file(rules=({"name": "r", "hide_phone_number": True},)))
    assert where == ("dispatch_rule", 0, "hide_phone_number")
    assert "`to`" in text


def test_a_rule_may_name_a_number_bought_from_livekit() -> None:
    assert find_mistakes(file(rules=({"name": "r", "trunks": ["PN_abc"]},)), {}) == []


def test_a_rule_for_an_outbound_trunk_says_so() -> None:
    outbound = {"name": "out", "address": "a.example", "numbers": ["*"]}
    rules = ({"name": "r", "trunks": ["out"]},)
    [(_, text)] = find_mistakes(TrunksFile.model_validate({"outbound_trunk": [outbound], "dispatch_rule": rules}), {})
    assert text == 'trunks: "out" is an outbound_trunk: dispatch rules are for calls that come in'


def test_two_variables_with_one_pin_are_one_pin() -> None:
    rules = ({"name": "a", "pin_env": "A"}, {"name": "b", "pin_env": "B"})
    assert len(find_mistakes(file(rules=rules), {"A": "1", "B": "1"})) == 1
    assert find_mistakes(file(rules=rules), {"A": "1", "B": "2"}) == []


@pytest.mark.parametrize(
    ("guard", "warned"),
    [
        ({}, True),
        ({"allowed_addresses": ["0.0.0.0/0"]}, True),
        ({"allowed_addresses": ["192.0.2.1"]}, False),
        ({"username_env": "U", "password_env": "P"}, False),
        ({"allowed_numbers": ["+14155550123"]}, False),
    ],
)
def test_a_trunk_that_lets_anyone_in_is_a_warning(guard: dict[str, Any], warned: bool) -> None:
    found = find_warnings(file({"name": "main", "numbers": ["+14155550100"], **guard}))
    assert bool(found) is warned


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([{"trunks": ["main"]}], None),
        ([{"name": "of every trunk"}], None),
        ([{"trunks": ["other"]}], "takes its calls"),
        ([{"trunks": ["main"], "numbers": ["+14155550100"]}], "takes calls to +14155550101"),
        ([{"numbers": ["+14155550100"]}, {"trunks": ["main"], "numbers": ["+14155550101"]}], None),
        ([{"numbers": ["+14155550100"]}, {"trunks": ["main"], "inbound_numbers": ["+14155550199"]}], None),
        ([], None),  # a file of trunks alone
    ],
)
def test_calls_that_a_trunk_lets_in_and_no_rule_takes_are_a_warning(
    rules: list[dict[str, Any]], said: str | None
) -> None:
    main, other = (
        {"name": name, "allowed_addresses": ["192.0.2.1"], "numbers": numbers}
        for name, numbers in (("main", ["+14155550100", "+14155550101"]), ("other", ["+14155550102"]))
    )
    known: tuple[dict[str, Any], ...] = ({"name": "other's", "trunks": ["other"]},) if rules else ()
    named: tuple[dict[str, Any], ...] = tuple({"name": f"r{n}", **rule} for n, rule in enumerate(rules))
    found = find_warnings(file(main, other, rules=(*named, *known)))
    texts = [text for where, text in found if where == ("inbound_trunk", 0)]
    assert [said in text for text in texts] == [True] if said else texts == []

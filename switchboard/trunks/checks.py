"""Mistakes that LiveKit would accept, and conflicts that it would find only halfway through applying a file.

How livekit-server chooses: of the inbound trunks whose allowed addresses and callers fit, the one with the
dialled number; two are an error that ends the call. Then a dispatch rule of that trunk before one of every
trunk, one that names more numbers before one that names fewer, and among equals one with a PIN before an open one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from switchboard.files.source import KeyPath
from switchboard.files.suggest import suggest
from switchboard.trunks.model import InboundTrunk, OutboundTrunk, TrunksFile, provider_of

Mistake = tuple[KeyPath, str]
_PHONE_NUMBER = "PN_"  # the id of a number bought from LiveKit, which takes a trunk's place
_OPEN = frozenset({"0.0.0.0/0", "::/0", "[::]/0", "0.0.0.0"})


@dataclass(frozen=True, slots=True)
class TrunkReach:
    """The calls that an inbound trunk takes; empty is any."""

    name: str
    numbers: frozenset[str]
    callers: frozenset[str]


@dataclass(frozen=True, slots=True)
class RuleReach:
    """The calls that a dispatch rule takes; empty is any. `pin` tells PINs apart and is never shown."""

    name: str
    trunks: frozenset[str]
    numbers: frozenset[str]
    callers: frozenset[str]
    pin: str


def find_mistakes(file: TrunksFile, secrets: Mapping[str, str]) -> list[Mistake]:
    """Everything in the file that would not work, with the key to blame. `secrets` tell PINs apart."""
    return [*_doubles(file), *_missing_trunks(file), *_conflicts(file, secrets)]


def find_warnings(file: TrunksFile) -> list[Mistake]:
    """What works and is probably not meant."""
    found: list[Mistake] = []
    for index, trunk in enumerate(file.inbound_trunk):
        guarded = trunk.username_env or trunk.allowed_numbers
        if not guarded and (not trunk.allowed_addresses or _OPEN & set(trunk.allowed_addresses)):
            text = (
                "anyone on the internet may call in: add the carrier's allowed_addresses, or username_env "
                "and password_env"
            )
            found.append((("inbound_trunk", index), text))
    return [
        *found,
        *_calls_for_nobody(file),
        *_numbers_without_plus(file),
        *_shared_rooms(file),
        *_hidden_numbers(file),
    ]


def _calls_for_nobody(file: TrunksFile) -> list[Mistake]:
    """What a trunk lets in and no rule takes. The bridge lets it ring before it asks, and then says nothing more."""
    found: list[Mistake] = []
    for index, trunk in enumerate(file.inbound_trunk if file.dispatch_rule else ()):
        rules = [rule for rule in file.dispatch_rule if rule.trunks is None or trunk.name in rule.trunks]
        named = {number for rule in rules for number in rule.numbers}
        left = [number for number in trunk.numbers if number not in named]
        if not rules:
            what = "its calls"
        elif left and all(rule.numbers for rule in rules):
            what = f"calls to {_listed(left)}"
        else:
            continue
        found.append((("inbound_trunk", index), f"no dispatch_rule takes {what}: they ring until the caller gives up"))
    return found


def _shared_rooms(file: TrunksFile) -> list[Mistake]:
    text = (
        "a second caller is put into the first one's room, where each hears the other and nobody answers: "
        "%s (a conference asks for a PIN)"
    )
    mend = {"direct": 'use type = "individual"', "callee": "set randomize = true"}
    return [
        (("dispatch_rule", index), text % mend[rule.type])
        for index, rule in enumerate(file.dispatch_rule)
        if not rule.pin_env and (rule.type == "direct" or (rule.type == "callee" and not rule.randomize))
    ]


def _hidden_numbers(file: TrunksFile) -> list[Mistake]:
    text = (
        "hide_phone_number hides the number dialled as well, so no route can ask for `to`; and a caller without any "
        "number brings livekit-server 1.13.5 down: leave it out, and keep numbers out of your own records"
    )
    return [
        (("dispatch_rule", index, "hide_phone_number"), text)
        for index, rule in enumerate(file.dispatch_rule)
        if rule.hide_phone_number
    ]


def trunk_clash(one: TrunkReach, other: TrunkReach) -> str | None:
    """What two inbound trunks both claim, None where every call fits at most one of them."""
    if bool(one.numbers) != bool(other.numbers):
        return None  # the one that names the number is taken
    if one.numbers and not one.numbers & other.numbers:
        return None
    if one.callers and other.callers and not one.callers & other.callers:
        return None
    return _listed(one.numbers & other.numbers) if one.numbers else "every number (neither names any)"


def rule_clash(one: RuleReach, other: RuleReach) -> str | None:
    """The calls for which neither of two rules goes first, None where there are none."""
    if bool(one.trunks) != bool(other.trunks) or (one.pin and other.pin and one.pin != other.pin):
        return None
    if one.trunks and not one.trunks & other.trunks:
        return None
    if not _overlap(one.numbers, other.numbers) or not _overlap(one.callers, other.callers):
        return None
    if _names(one) != _names(other):
        return None  # the one that names more goes first
    numbers = one.numbers & other.numbers or one.numbers | other.numbers
    callers = one.callers & other.callers or one.callers | other.callers
    calls = f"calls on trunk {_listed(one.trunks & other.trunks)}" if one.trunks else "calls on every trunk"
    calls += f" to {_listed(numbers)}" if numbers else ""
    calls += f" from {_listed(callers)}" if callers else ""
    if one.pin and other.pin:
        return f"{calls} with the same PIN"
    # Nobody gets past the question for a PIN to the open rule.
    return f"{calls}, all of which are asked for the PIN" if one.pin or other.pin else calls


def _names(rule: RuleReach) -> int:
    return bool(rule.numbers) + bool(rule.callers)


def _overlap(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or bool(one & other)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _doubles(file: TrunksFile) -> list[Mistake]:
    found: list[Mistake] = []
    groups = (
        ("inbound_trunk", file.inbound_trunk),
        ("outbound_trunk", file.outbound_trunk),
        ("dispatch_rule", file.dispatch_rule),
    )
    for kind, rows in groups:
        names: set[str] = set()
        for index, row in enumerate(rows):
            if row.name in names:
                found.append(
                    (
                        (kind, index, "name"),
                        f"there are two of this name: the name tells one {kind} from another",
                    )
                )
            names.add(row.name)
    return found


def _missing_trunks(file: TrunksFile) -> list[Mistake]:
    inbound, outbound = {t.name for t in file.inbound_trunk}, {t.name for t in file.outbound_trunk}
    return [
        (("dispatch_rule", index, "trunks"), _no_such_trunk(name, inbound, name in outbound))
        for index, rule in enumerate(file.dispatch_rule)
        for name in rule.trunks or ()
        if name not in inbound and not name.startswith(_PHONE_NUMBER)
    ]


def _no_such_trunk(name: str, inbound: set[str], is_outbound: bool) -> str:
    if is_outbound:
        return f'trunks: "{name}" is an outbound_trunk: dispatch rules are for calls that come in'
    return f'trunks: there is no inbound_trunk "{name}" {suggest(name, sorted(inbound))}'


def _numbers_without_plus(file: TrunksFile) -> list[Mistake]:
    found: list[Mistake] = []
    trunks: Sequence[tuple[str, int, InboundTrunk | OutboundTrunk]] = [
        *(("inbound_trunk", index, trunk) for index, trunk in enumerate(file.inbound_trunk)),
        *(("outbound_trunk", index, trunk) for index, trunk in enumerate(file.outbound_trunk)),
    ]
    for kind, index, trunk in trunks:
        found += _plus(file_path := (kind, index), "numbers", trunk.numbers, provider_of(trunk))
        found += _plus(file_path, "allowed_numbers", getattr(trunk, "allowed_numbers", ()), provider_of(trunk))
    carriers = {trunk.name: provider_of(trunk) for trunk in file.inbound_trunk}
    for index, rule in enumerate(file.dispatch_rule):
        names = rule.trunks if rule.trunks is not None else tuple(carriers)
        carrier = next((carriers[name] for name in names if carriers.get(name)), None)
        found += _plus(("dispatch_rule", index), "numbers", rule.numbers, carrier)
        found += _plus(("dispatch_rule", index), "inbound_numbers", rule.inbound_numbers, carrier)
    return found


def _plus(where: KeyPath, key: str, numbers: Iterable[str], carrier: str | None) -> list[Mistake]:
    if carrier is None:
        return []
    return [
        (
            (*where, key),
            f'{key}: "{number}" has no +, and {carrier.title()} sends it: livekit-server before 1.13.5 needs it',
        )
        for number in numbers
        if number != "*" and not number.startswith("+")
    ]


def _conflicts(file: TrunksFile, secrets: Mapping[str, str]) -> list[Mistake]:
    found: list[Mistake] = []
    trunks = [TrunkReach(t.name, frozenset(t.numbers), frozenset(t.allowed_numbers)) for t in file.inbound_trunk]
    for (_, one), (index, other) in combinations(enumerate(trunks), 2):
        if one.name != other.name and (what := trunk_clash(one, other)):
            found.append(
                (
                    ("inbound_trunk", index),
                    f'takes {what}, as inbound_trunk "{one.name}" does: name it in one',
                )
            )
    rules = [
        RuleReach(
            rule.name,
            frozenset(rule.trunks or ()),
            frozenset(rule.numbers),
            frozenset(rule.inbound_numbers),
            secrets.get(rule.pin_env, rule.pin_env),
        )
        for rule in file.dispatch_rule
    ]
    for (_, one), (index, other) in combinations(enumerate(rules), 2):
        if one.name != other.name and (what := rule_clash(one, other)):
            text = f'fights with dispatch_rule "{one.name}" over {what}: name different numbers, trunks or PINs'
            found.append((("dispatch_rule", index), text))
    return found

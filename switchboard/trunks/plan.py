"""What differs between the file and the server, as a list of changes. Pure: nothing is asked or changed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from switchboard.trunks.checks import RuleReach, TrunkReach, rule_clash, trunk_clash
from switchboard.trunks.model import Kind
from switchboard.trunks.reading import KINDS, Trunks
from switchboard.trunks.wire import SECRETS, Fields, Message, present, wanted

Action = Literal["create", "update", "delete"]
_DEFAULTS: tuple[Any, ...] = ("", None, False, 0, [], {}, "none", "disable", "auto")  # not worth a line when new


@dataclass(frozen=True, slots=True)
class Present:
    """A trunk or rule that the server has."""

    kind: Kind
    id: str
    name: str
    message: Message
    fields: Fields

    @property
    def label(self) -> str:
        return f'{self.kind} "{self.name}"' if self.name else f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do. `fields` are the wanted ones, empty for a deletion; `old` is None for a creation."""

    action: Action
    kind: Kind
    name: str
    fields: Fields
    old: Present | None

    def differences(self) -> list[tuple[str, Any, Any]]:
        """Key, before, after, secrets masked. A creation shows what is set, a deletion nothing."""
        before = self.old.fields if self.old else {}
        return [
            (key, _shown(key, before.get(key)), _shown(key, value))
            for key, value in self.fields.items()
            if value != before.get(key) and (self.old or value not in _DEFAULTS)
        ]


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes, and what the server has beyond the file (deleted only where `prune` was asked for)."""

    changes: tuple[Change, ...]
    beyond: tuple[Present, ...]


def take_stock(messages: Mapping[Kind, Sequence[Any]]) -> list[Present]:
    """What the server has, in the form in which it is compared."""
    names = {trunk.sip_trunk_id: trunk.name or trunk.sip_trunk_id for trunk in messages["inbound_trunk"]}
    return [
        Present(
            kind,
            message.sip_dispatch_rule_id if kind == "dispatch_rule" else message.sip_trunk_id,
            message.name,
            message,
            present(message, names),
        )
        for kind in KINDS
        for message in messages[kind]
    ]


def make_plan(trunks: Trunks, stock: Sequence[Present], worker: str, *, prune: bool) -> Plan:
    """What must be done so that the server is as the file says. `worker` is the name that rules dispatch."""
    changes: list[Change] = []
    named: set[str] = set()
    for kind in KINDS:
        for row in getattr(trunks.file, kind):
            old = next((p for p in stock if p.kind == kind and p.name == row.name), None)
            fields = wanted(row, trunks.secrets, worker)
            if old is None:
                changes.append(Change("create", kind, row.name, fields, None))
            else:
                named.add(old.id)
                if old.fields != fields:
                    changes.append(Change("update", kind, row.name, fields, old))
    beyond = tuple(p for p in stock if p.id not in named)
    if prune:
        changes += [Change("delete", p.kind, p.name, {}, p) for p in beyond]
    return Plan(tuple(changes), beyond)


def find_obstacles(trunks: Trunks, stock: Sequence[Present], worker: str, *, prune: bool) -> list[str]:
    """Why the plan would fail or do harm though the file is right: things on the server that stand in its way."""
    found: list[str] = []
    for kind in KINDS:
        names = [p.name for p in stock if p.kind == kind and p.name]
        mine = {row.name for row in getattr(trunks.file, kind)}
        found += [
            f'the server has {names.count(name)} of {kind} "{name}": delete all but one, names must tell them apart'
            for name in sorted(mine & set(names))
            if names.count(name) > 1
        ]
    if prune:
        return found
    for other in make_plan(trunks, stock, worker, prune=False).beyond:
        if other.kind == "inbound_trunk":
            for row in trunks.file.inbound_trunk:
                mine = _trunk_reach(row.name, wanted(row, {}, worker))
                if what := trunk_clash(mine, _trunk_reach(other.name, other.fields)):
                    found.append(f'inbound_trunk "{row.name}" takes {what}, as {other.label} on the server does')
        elif other.kind == "dispatch_rule":
            for row in trunks.file.dispatch_rule:
                mine = _rule_reach(row.name, wanted(row, trunks.secrets, worker))
                if what := rule_clash(mine, _rule_reach(other.name, other.fields)):
                    found.append(f'dispatch_rule "{row.name}" fights with {other.label} on the server over {what}')
    return [f"{text}: name it in the file, or use --prune" if "on the server" in text else text for text in found]


def _trunk_reach(name: str, fields: Fields) -> TrunkReach:
    return TrunkReach(name, frozenset(fields["numbers"]), frozenset(fields["allowed_numbers"]))


def _rule_reach(name: str, fields: Fields) -> RuleReach:
    return RuleReach(
        name,
        frozenset(fields["trunks"] or ()),
        frozenset(fields["numbers"]),
        frozenset(fields["inbound_numbers"]),
        fields["pin"],
    )


def _shown(key: str, value: Any) -> Any:
    return "(secret)" if key in SECRETS and value else value

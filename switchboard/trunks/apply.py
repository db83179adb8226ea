"""Making the server as the file says, in an order that never asks for what does not exist yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from livekit.api import LiveKitAPI
from livekit.api.twirp_client import ServerError
from livekit.protocol import sip

from switchboard.trunks.model import Kind
from switchboard.trunks.plan import Change, Plan, Present, take_stock
from switchboard.trunks.wire import message_for


class ApplyError(Exception):
    """The server refused a change. `done` are the changes that were made before."""

    def __init__(self, change: Change, reason: str, done: Sequence[Change]) -> None:
        super().__init__(f'{change.action} {change.kind} "{change.name}": the server says {reason}')
        self.done = tuple(done)


async def fetch(api: LiveKitAPI) -> list[Present]:
    """Every trunk and dispatch rule that the server has. Raises livekit.api's ServerError."""
    inbound = await api.sip.list_inbound_trunk(sip.ListSIPInboundTrunkRequest())
    outbound = await api.sip.list_outbound_trunk(sip.ListSIPOutboundTrunkRequest())
    rules = await api.sip.list_dispatch_rule(sip.ListSIPDispatchRuleRequest())
    return take_stock({"inbound_trunk": inbound.items, "outbound_trunk": outbound.items, "dispatch_rule": rules.items})


async def apply(api: LiveKitAPI, plan: Plan, stock: Sequence[Present]) -> list[Change]:
    """Carry out the plan; returns the changes made, in order. Raises ApplyError at the first that is refused."""
    trunk_ids = {p.name: p.id for p in stock if p.kind == "inbound_trunk" and p.name}
    done: list[Change] = []
    for step in _in_order(plan.changes):
        await _carry_out(api, step, trunk_ids, done)
    return done


def _in_order(changes: Sequence[Change]) -> list[list[Change]]:
    """Deletions first (they free numbers), rules before their trunks; then trunks before the rules that name them."""

    def pick(action: str, kinds: tuple[Kind, ...]) -> list[Change]:
        return [c for c in changes if c.action == action and c.kind in kinds]

    trunks: tuple[Kind, ...] = ("inbound_trunk", "outbound_trunk")
    return [
        pick("delete", ("dispatch_rule",)),
        pick("delete", trunks),
        pick("update", trunks),
        pick("create", trunks),
        pick("update", ("dispatch_rule",)),
        pick("create", ("dispatch_rule",)),
    ]


async def _carry_out(api: LiveKitAPI, step: list[Change], trunk_ids: dict[str, str], done: list[Change]) -> None:
    """One step. A number that moves from one trunk to another needs its old trunk updated first: try in turns."""
    waiting = step
    while waiting:
        refused: list[tuple[Change, ServerError]] = []
        for change in waiting:
            try:
                await _make(api, change, trunk_ids)
                done.append(change)
            except ServerError as error:
                if error.code != "invalid_argument":
                    raise
                refused.append((change, error))
        if len(refused) == len(waiting):
            change, error = refused[0]
            raise ApplyError(change, error.message, done) from error
        waiting = [change for change, _ in refused]


async def _make(api: LiveKitAPI, change: Change, trunk_ids: dict[str, str]) -> None:
    if change.action == "delete":
        assert change.old is not None
        await _delete(api, change.old)
        return
    old = change.old
    message: Any = message_for(change.kind, change.name, change.fields, trunk_ids, old.message if old else None)
    match change.kind, old:
        case "inbound_trunk", None:
            made = await api.sip.create_inbound_trunk(sip.CreateSIPInboundTrunkRequest(trunk=message))
            trunk_ids[change.name] = made.sip_trunk_id
        case "inbound_trunk", old:
            await api.sip.update_inbound_trunk(old.id, message)
        case "outbound_trunk", None:
            await api.sip.create_outbound_trunk(sip.CreateSIPOutboundTrunkRequest(trunk=message))
        case "outbound_trunk", old:
            await api.sip.update_outbound_trunk(old.id, message)
        case "dispatch_rule", None:
            await api.sip.create_dispatch_rule(sip.CreateSIPDispatchRuleRequest(dispatch_rule=message))
        case "dispatch_rule", old:
            await api.sip.update_dispatch_rule(old.id, message)


async def _delete(api: LiveKitAPI, old: Present) -> None:
    if old.kind == "dispatch_rule":
        await api.sip.delete_dispatch_rule(sip.DeleteSIPDispatchRuleRequest(sip_dispatch_rule_id=old.id))
    else:
        await api.sip.delete_trunk(sip.DeleteSIPTrunkRequest(sip_trunk_id=old.id))

"""The same trunk or rule in three shapes: the file's model, LiveKit's message, and between them plain fields.

Fields are a dictionary with the file's own keys, in a normal form in which equal means equal: lists sorted,
metadata parsed, times in whole seconds. Secrets stand in it by value, under `username`, `password` and `pin`.
What LiveKit knows and the file does not (`UNNAMED`) is left as the server has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from google.protobuf.duration_pb2 import Duration
from livekit.protocol import sip
from livekit.protocol.agent_dispatch import RoomAgentDispatch

from switchboard.trunks.model import DispatchRule, InboundTrunk, Kind, OutboundTrunk, metadata_text

Fields = dict[str, Any]
Message = sip.SIPInboundTrunkInfo | sip.SIPOutboundTrunkInfo | sip.SIPDispatchRuleInfo
SECRETS = ("username", "password", "pin")
ROOM_PREFIX = "call-"

_HEADERS = {"none": sip.SIP_NO_HEADERS, "x": sip.SIP_X_HEADERS, "all": sip.SIP_ALL_HEADERS}
_ENCRYPTION = {
    "disable": sip.SIP_MEDIA_ENCRYPT_DISABLE,
    "allow": sip.SIP_MEDIA_ENCRYPT_ALLOW,
    "require": sip.SIP_MEDIA_ENCRYPT_REQUIRE,
}
_TRANSPORT = {
    "auto": sip.SIP_TRANSPORT_AUTO,
    "udp": sip.SIP_TRANSPORT_UDP,
    "tcp": sip.SIP_TRANSPORT_TCP,
    "tls": sip.SIP_TRANSPORT_TLS,
}
_NEW: dict[Kind, type[Message]] = {
    "inbound_trunk": sip.SIPInboundTrunkInfo,
    "outbound_trunk": sip.SIPOutboundTrunkInfo,
    "dispatch_rule": sip.SIPDispatchRuleInfo,
}
_LISTS = ("numbers", "allowed_addresses", "allowed_numbers", "inbound_numbers")
_MAPS = ("headers_to_attributes", "attributes_to_headers", "attributes")
UNNAMED: dict[Kind, tuple[str, ...]] = {
    "inbound_trunk": ("metadata", "auth_realm", "headers"),
    "outbound_trunk": ("metadata", "headers", "destination_country", "from_host"),
    "dispatch_rule": ("room_preset",),
}


def wanted(row: InboundTrunk | OutboundTrunk | DispatchRule, secrets: Mapping[str, str], worker: str) -> Fields:
    """The fields that the file asks for. `worker` is dispatched where a rule names no agent."""
    fields: Fields = row.model_dump(exclude={"name", "provider", "username_env", "password_env", "pin_env"})
    for key in _LISTS:
        if key in fields:
            fields[key] = sorted(set(fields[key]))
    if isinstance(row, DispatchRule):
        fields["pin"] = secrets.get(row.pin_env, "")
        return _rule_fields(fields, worker)
    fields["username"] = secrets.get(row.username_env, "")
    fields["password"] = secrets.get(row.password_env, "")
    return fields


def _rule_fields(fields: Fields, worker: str) -> Fields:
    if fields["trunks"] is not None:
        fields["trunks"] = sorted(set(fields["trunks"]))
    if fields["type"] != "direct" and fields["room_prefix"] is None:
        fields["room_prefix"] = ROOM_PREFIX
    fields["room_prefix"] = fields["room_prefix"] or ""
    fields["room"] = fields["room"] or ""
    fields["randomize"] = bool(fields["randomize"])
    fields["agent"] = worker if fields["agent"] is None else fields["agent"]
    for key in ("metadata", "agent_metadata", "room_metadata"):
        fields[key] = _parsed(fields[key]) if isinstance(fields[key], str) else fields[key] or ""
    return fields


def present(message: Message, trunk_names: Mapping[str, str]) -> Fields:
    """The fields of what the server has. `trunk_names` maps trunk ids to names; an unknown id stays itself."""
    if isinstance(message, sip.SIPDispatchRuleInfo):
        return _present_rule(message, trunk_names)
    fields: Fields = {
        "numbers": sorted(message.numbers),
        "username": message.auth_username,
        "password": message.auth_password,
        "headers_to_attributes": dict(message.headers_to_attributes),
        "attributes_to_headers": dict(message.attributes_to_headers),
        "include_headers": _name(_HEADERS, message.include_headers),
        "media_encryption": _name(_ENCRYPTION, _encryption(message)),
    }
    if isinstance(message, sip.SIPOutboundTrunkInfo):
        return fields | {"address": message.address, "transport": _name(_TRANSPORT, message.transport)}
    return fields | {
        "allowed_addresses": sorted(message.allowed_addresses),
        "allowed_numbers": sorted(message.allowed_numbers),
        "krisp": message.krisp_enabled,
        "ringing_timeout": message.ringing_timeout.seconds,
        "max_call_duration": message.max_call_duration.seconds,
    }


def _present_rule(message: sip.SIPDispatchRuleInfo, trunk_names: Mapping[str, str]) -> Fields:
    rule = message.rule
    individual, direct, callee = (
        rule.dispatch_rule_individual,
        rule.dispatch_rule_direct,
        rule.dispatch_rule_callee,
    )
    agents = message.room_config.agents
    return {
        "trunks": sorted(trunk_names.get(id, id) for id in message.trunk_ids) or None,
        "type": (rule.WhichOneof("rule") or "").removeprefix("dispatch_rule_"),
        "room_prefix": individual.room_prefix or callee.room_prefix,
        "room": direct.room_name,
        "randomize": callee.randomize,
        "pin": individual.pin or direct.pin or callee.pin,
        "hide_phone_number": message.hide_phone_number,
        "attributes": dict(message.attributes),
        "metadata": _parsed(message.metadata),
        "numbers": sorted(message.numbers),
        "inbound_numbers": sorted(message.inbound_numbers),
        "agent": ", ".join(agent.agent_name for agent in agents),
        "agent_metadata": _parsed(agents[0].metadata) if agents else "",
        "room_metadata": _parsed(message.room_config.metadata),
        "krisp": message.krisp_enabled,
    }


def message_for(kind: Kind, name: str, fields: Fields, trunk_ids: Mapping[str, str], old: Message | None) -> Message:
    """The message that makes it so: `fields` laid over `old`, or over nothing. `trunk_ids` maps names to ids."""
    message = _NEW[kind]()
    if old is not None:
        message.MergeFrom(old)  # pyright: ignore[reportArgumentType]  # the same type: both are of this kind
        for stamp in ("created_at", "updated_at"):
            message.ClearField(stamp)
    message.name = name
    for key in _LISTS + _MAPS:
        if key in fields:
            message.ClearField(key)
            _fill(getattr(message, key), fields[key])
    if isinstance(message, sip.SIPDispatchRuleInfo):
        _lay_rule(message, fields, trunk_ids)
    else:
        _lay_trunk(message, fields)
    return message


def _lay_trunk(message: sip.SIPInboundTrunkInfo | sip.SIPOutboundTrunkInfo, fields: Fields) -> None:
    message.auth_username = fields["username"]
    message.auth_password = fields["password"]
    message.include_headers = _HEADERS[fields["include_headers"]]
    message.media_encryption = message.media.encryption = _ENCRYPTION[fields["media_encryption"]]
    if isinstance(message, sip.SIPOutboundTrunkInfo):
        message.address = fields["address"]
        message.transport = _TRANSPORT[fields["transport"]]
        return
    message.krisp_enabled = fields["krisp"]
    for key in ("ringing_timeout", "max_call_duration"):
        message.ClearField(key)
        if fields[key]:
            getattr(message, key).CopyFrom(Duration(seconds=fields[key]))


def _lay_rule(message: sip.SIPDispatchRuleInfo, fields: Fields, trunk_ids: Mapping[str, str]) -> None:
    del message.trunk_ids[:]
    message.trunk_ids.extend(trunk_ids.get(name, name) for name in fields["trunks"] or ())
    message.rule.CopyFrom(_rule(message.rule, fields))
    message.hide_phone_number = fields["hide_phone_number"]
    message.krisp_enabled = fields["krisp"]
    message.metadata = metadata_text(fields["metadata"])
    message.room_config.metadata = metadata_text(fields["room_metadata"])
    # What else was set of our agent's dispatch (a deployment, attributes) stays.
    kept = next((agent for agent in message.room_config.agents if agent.agent_name == fields["agent"]), None)
    dispatch = RoomAgentDispatch()
    if kept is not None:
        dispatch.CopyFrom(kept)
    dispatch.agent_name, dispatch.metadata = fields["agent"], metadata_text(fields["agent_metadata"])
    del message.room_config.agents[:]
    if fields["agent"]:
        message.room_config.agents.append(dispatch)


def _rule(old: sip.SIPDispatchRule, fields: Fields) -> sip.SIPDispatchRule:
    prefix, pin = fields["room_prefix"], fields["pin"]
    if fields["type"] == "direct":
        return sip.SIPDispatchRule(dispatch_rule_direct={"room_name": fields["room"], "pin": pin})
    if fields["type"] == "callee":
        callee = {"room_prefix": prefix, "pin": pin, "randomize": fields["randomize"]}
        return sip.SIPDispatchRule(dispatch_rule_callee=callee)
    individual = {"room_prefix": prefix, "pin": pin, "no_randomness": old.dispatch_rule_individual.no_randomness}
    return sip.SIPDispatchRule(dispatch_rule_individual=individual)


def _encryption(message: sip.SIPInboundTrunkInfo | sip.SIPOutboundTrunkInfo) -> int:
    """`media.encryption` has taken the place of `media_encryption`, which older servers still use."""
    return message.media.encryption if message.media.HasField("encryption") else message.media_encryption


def _name(values: Mapping[str, int], value: int) -> str:
    return next((name for name, known in values.items() if known == value), str(value))


def _fill(container: Any, values: Mapping[str, str] | Iterable[str]) -> None:
    if isinstance(values, Mapping):
        container.update(values)
    else:
        container.extend(values)


def _parsed(text: str) -> str | dict[str, Any]:
    """Metadata as an object where it is one, so that spaces and the order of keys make no difference."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return cast("dict[str, Any]", value) if isinstance(value, dict) and value else text

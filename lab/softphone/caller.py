"""Who calls, and what livekit-sip would say of them: identity, attributes and their moments, token."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from livekit import api, rtc
from livekit.protocol.agent_dispatch import RoomAgentDispatch
from livekit.protocol.room import RoomConfiguration

from switchboard.call import attributes as names

_HOSTNAME = "sip.carrier.example"


FarEnd = Literal["picks up", "declines", "is busy", "does not answer", "is unknown", "has a broken carrier"]
# How livekit-sip leaves for a far end that is not reached, and whether it rang (180) before. It sets no `hangup`.
NOT_TAKEN: Mapping[FarEnd, tuple[rtc.DisconnectReason.ValueType, bool]] = {
    "declines": (rtc.DisconnectReason.USER_REJECTED, True),  # 603
    "is busy": (rtc.DisconnectReason.USER_REJECTED, False),  # 486
    "does not answer": (rtc.DisconnectReason.USER_UNAVAILABLE, True),
    "is unknown": (rtc.DisconnectReason.USER_UNAVAILABLE, False),  # 404
    "has a broken carrier": (rtc.DisconnectReason.CLIENT_INITIATED, False),  # 503
}


def _call_id() -> str:
    return f"SCL_{secrets.token_hex(6)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A caller and their line, as one reads them off a dispatch rule.

    Inbound, everything is there when others first see this participant, as measured on livekit-sip 1.10: headers
    (`sip.h.…`, the carriers' own), `attributes` (the dispatch rule's own), tag and IDs. With `late_after` the bridge is
    one that adds headers, tag, full ID and host name so many seconds later, in one update; `late_attributes` come with
    them. Outbound, tag and full ID come with the answer. `agent_name` and `job_metadata` are the rule's
    `roomConfig.agents`: the room, made by this caller's joining, dispatches that agent once.
    On an outbound call (`direction`) `to_number` is the person called, who is this participant, and `called_as` and
    `shown_as` are the identity and the name that the request for the call asks for.
    """

    from_number: str = "+15105550100"
    to_number: str = "+18005550100"
    trunk_id: str = "ST_softphone"
    rule_id: str = "SDR_softphone"
    call_id: str = field(default_factory=_call_id)
    kind: Literal["sip", "standard", "egress"] = "sip"
    direction: Literal["inbound", "outbound"] = "inbound"
    hide_number: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    late_attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    late_after: float | None = None  # s after the join
    metadata: str = ""
    called_as: str = ""
    shown_as: str = ""
    room: str = ""  # empty: an individual rule's, made of the caller's number
    room_metadata: str = ""
    agent_name: str | None = None
    job_metadata: str | Mapping[str, Any] = ""

    @property
    def is_sip(self) -> bool:
        return self.kind == "sip"

    @property
    def number(self) -> str:
        """This participant's own number: the caller's, or the one that was called."""
        return self.to_number if self.direction == "outbound" else self.from_number

    @property
    def identity(self) -> str:
        if self.called_as:
            return self.called_as
        if not self.is_sip:
            return f"web-{self.call_id.removeprefix('SCL_')}"
        return f"sip_{self._hash() if self.hide_number else self.number}"

    @property
    def name(self) -> str:
        if self.shown_as:
            return self.shown_as
        return f"Phone {self.number}" if self.is_sip and not self.hide_number else ""

    @property
    def room_name(self) -> str:
        if self.room:
            return self.room
        end = self._hash() if self.hide_number or not self.is_sip else self.number
        return f"call-_{end}_{self.call_id.removeprefix('SCL_')}"

    def attributes_at_join(self) -> dict[str, str]:
        """What is there when other participants first see this one."""
        if not self.is_sip:
            return dict(self.attributes)
        ours = self.from_number if self.direction == "outbound" else self.to_number
        known = {names.CALL_ID: self.call_id, names.TRUNK: self.trunk_id}
        if self.direction == "inbound":
            known[names.RULE] = self.rule_id
        if not self.hide_number:
            known |= {names.THEIR_NUMBER: self.number, names.OUR_NUMBER: ours}
        if self.late_after is None:
            known |= self._of_the_call()
        return known | dict(self.attributes)

    def attributes_to_follow(self) -> dict[str, str]:
        """What a bridge that sends late adds when it is in the room already; nothing of one that does not."""
        if self.late_after is None:
            return {}
        return (self._of_the_call() if self.is_sip else {}) | dict(self.late_attributes)

    def attributes_of_the_answer(self) -> dict[str, str]:
        """What an outbound call has once it is answered."""
        if not self.is_sip or self.direction == "inbound":
            return {}
        return self._identifiers()

    def _of_the_call(self) -> dict[str, str]:
        """Host, headers and, inbound, the SIP call's own names."""
        found = self._identifiers() if self.direction == "inbound" else {}
        if not self.hide_number:
            found[names.HOSTNAME] = _HOSTNAME if self.direction == "inbound" else f"{_HOSTNAME}:5060"
        for name, value in self.headers.items():
            found[f"{names.HEADER}{name.lower()}"] = value
            if name.lower() in names.MAPPED_HEADERS:
                found[names.MAPPED_HEADERS[name.lower()]] = value
        return found

    def _identifiers(self) -> dict[str, str]:
        tag = hashlib.sha256(self.call_id.encode()).hexdigest()[:10]
        return {names.CALL_TAG: tag, names.CALL_ID_FULL: f"{self.call_id}@{_HOSTNAME}"}

    def token(self, api_key: str, api_secret: str) -> str:
        """The token with which this caller joins, as LiveKit signs it for the bridge."""
        # The bridge reports the call's state in its own attributes, a browser has no reason to.
        grants = api.VideoGrants(room_join=True, room=self.room_name, can_update_own_metadata=self.is_sip or None)
        token = (
            api.AccessToken(api_key, api_secret)
            .with_identity(self.identity)
            .with_name(self.name)
            .with_kind(self.kind)
            .with_grants(grants)
            .with_attributes(self.attributes_at_join())
            .with_metadata(self.metadata)
        )
        if self.agent_name or self.room_metadata:
            token = token.with_room_config(self._room_config())
        return token.to_jwt()

    def _room_config(self) -> RoomConfiguration:
        job = self.job_metadata if isinstance(self.job_metadata, str) else json.dumps(self.job_metadata)
        agents = [RoomAgentDispatch(agent_name=self.agent_name, metadata=job)] if self.agent_name else []
        return RoomConfiguration(metadata=self.room_metadata, agents=agents)

    def _hash(self) -> str:
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How the telephone line itself behaves; times in seconds.

    `answer_delay` passes between the bridge's asking for the agent's track and the answer (200 OK), from which on the
    caller hears; the call is `active` with the caller's first sound, `first_sound_after` later, or after a second
    without. Outbound, the `far_end` rings after `rings_after` and is picked up, or not, `picked_up_after` later; `keys`
    are pressed for it before anybody is heard. `asked_for_pin`: the call was answered before it came into the room.
    The bridge ends a call after `media_timeout` without sound, and after `max_duration`.
    """

    ring_timeout: float = 180.0
    answer_delay: float = 0.004
    first_sound_after: float = 0.08
    media_timeout: float = 15.0
    max_duration: float = 86_400.0
    rings_after: float = 0.1
    picked_up_after: float = 1.0
    far_end: FarEnd = "picks up"
    keys: str = ""
    asked_for_pin: bool = False

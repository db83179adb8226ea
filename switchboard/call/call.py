"""The Call: everything known about one conversation with one caller. Data, immutable.

Whoever has facts about a call (intake, a `[[test]]` row, `explain`, a record) builds it with `read_call`, so a
call means the same everywhere. Reading never raises: what cannot be read is a warning on the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

from switchboard.call import attributes as names
from switchboard.call.bounded import cut
from switchboard.call.numbers import Number

Direction = Literal["inbound", "outbound"]
Kind = Literal["sip", "standard", "connector", "agent", "ingress", "egress", "bridge"]
Source = Literal["job", "attribute", "header", "participant", "room", "customer"]

_LONGEST_ID = 200  # characters: more than any carrier's
_EMPTY: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return _EMPTY


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of the merged data: where it came from, and whether our own servers vouch for it."""

    value: Any
    source: Source
    trusted: bool


@dataclass(frozen=True, slots=True)
class Call:
    """Everything known about a call when it was routed.

    `attributes` are raw, as LiveKit gives them; an absent key and an empty value are different things.
    `job`, `participant` and `room` are the JSON objects of that metadata; one that is none is in `texts`, by the same
    name. `data` merges them in the documented
    order of precedence (`docs/data.md`); `vouched` merges only what our own servers set, so that nothing the caller
    sends can hide it. `customers` are the directory's rows for the caller's number, the
    best match first; several are a household.
    """

    kind: Kind = "sip"
    identity: str = ""
    direction: Direction = "inbound"
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    from_number: Number | None = None
    to_number: Number | None = None
    attributes: Mapping[str, str] = field(default_factory=_nothing)
    job: Mapping[str, Any] = field(default_factory=_nothing)
    participant: Mapping[str, Any] = field(default_factory=_nothing)
    room: Mapping[str, Any] = field(default_factory=_nothing)
    texts: Mapping[str, str] = field(default_factory=_nothing)
    data: Mapping[str, Fact] = field(default_factory=_nothing)
    vouched: Mapping[str, Fact] = field(default_factory=_nothing)
    customers: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def trunk(self) -> str | None:
        return self.attributes.get(names.TRUNK)

    @property
    def rule(self) -> str | None:
        return self.attributes.get(names.RULE)

    @property
    def remote_number(self) -> Number | None:
        """The number of the person we talk to, whoever dialled."""
        return self.to_number if self.direction == "outbound" else self.from_number

    @property
    def sip_call_id(self) -> str | None:
        return self.attributes.get(names.CALL_ID)

    @property
    def hostname(self) -> str | None:
        return self.attributes.get(names.HOSTNAME)

    @property
    def status(self) -> str | None:
        """`ringing`, `dialing`, `automation`, `active` or `hangup`; None before the bridge has said."""
        return self.attributes.get(names.STATUS)

    @property
    def is_complete(self) -> bool:
        """Whether the bridge has said all that it will: once the SIP Call-ID is there, nothing more comes."""
        return bool(self.attributes.get(names.CALL_ID_FULL))

    @property
    def provider(self) -> str | None:
        """The carrier, told by the attributes that livekit-sip maps for it: `twilio`, `telnyx`, `amazon`."""
        return next((p for p in names.CARRIERS if any(k.startswith(f"sip.{p}.") for k in self.attributes)), None)

    @property
    def provider_call_id(self) -> str | None:
        """The carrier's own identifier of this call (Twilio: the call SID), None until it has arrived.

        It stands in every line of the call's log, and comes in a header that anybody may write.
        """
        sent = next((self.attributes[key] for key in names.CARRIER_CALL_ID if self.attributes.get(key)), None)
        return sent and cut("".join(c for c in sent if c.isprintable()), _LONGEST_ID)

    @property
    def customer(self) -> Mapping[str, Any]:
        return self.customers[0] if self.customers else _EMPTY

    def header(self, name: str) -> str | None:
        """A SIP header that the trunk includes (`include_headers`), by its name in any case."""
        return self.attributes.get(f"{names.HEADER}{name.lower()}")

    def trusted(self) -> dict[str, Any]:
        """The merged data that our own servers set: nothing here is the caller's word."""
        return {key: fact.value for key, fact in self.vouched.items()}

    def unverified(self) -> dict[str, Any]:
        """What the caller's side alone says, by its key in the merged data: nobody of ours vouches for it."""
        return {key: fact.value for key, fact in self.data.items() if key not in self.vouched}

    def value(self, key: str) -> Any:
        """A key of the merged data, None where no source has it."""
        fact = self.data.get(key)
        return fact.value if fact else None

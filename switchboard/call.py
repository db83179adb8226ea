"""The Call: everything known about one conversation with one caller. Data, immutable.

Whoever has facts about a call (intake, a `[[test]]` row, `explain`, a record) builds it with `read_call`, so a
call means the same everywhere. Reading never raises: what cannot be read is a warning on the call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal

from switchboard.metadata import read_metadata
from switchboard.numbers import Number, parse_number

Direction = Literal["inbound", "outbound"]
Kind = Literal["sip", "standard", "connector", "agent", "ingress", "egress", "bridge"]
Source = Literal["job", "attribute", "header", "participant", "room", "customer"]
Metadata = str | bytes | Mapping[str, Any] | None

# Columns of the directory that count where nothing else says: the rest stays under `customer`.
_FROM_DIRECTORY = ("language", "department")
_EMPTY: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return _EMPTY


_PROVIDERS = ("twilio", "telnyx", "amazon")
# Attribute names that carry the provider's own identifier of the call, the one its support asks for.
_PROVIDER_CALL_ID = (
    "sip.twilio.callSid",
    "sip.telnyx.callSessionID",
    "sip.amazon.contactId",
    "sip.callIDFull",
)


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
    `job`, `participant` and `room` are the JSON objects of that metadata. `data` merges them in the documented
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
    data: Mapping[str, Fact] = field(default_factory=_nothing)
    vouched: Mapping[str, Fact] = field(default_factory=_nothing)
    customers: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def trunk(self) -> str | None:
        return self.attributes.get("sip.trunkID")

    @property
    def rule(self) -> str | None:
        return self.attributes.get("sip.ruleID")

    @property
    def remote_number(self) -> Number | None:
        """The number of the person we talk to, whoever dialled."""
        return self.to_number if self.direction == "outbound" else self.from_number

    @property
    def sip_call_id(self) -> str | None:
        return self.attributes.get("sip.callID")

    @property
    def hostname(self) -> str | None:
        return self.attributes.get("sip.hostname")

    @property
    def status(self) -> str | None:
        """`ringing`, `dialing`, `automation`, `active` or `hangup`; None before the bridge has said."""
        return self.attributes.get("sip.callStatus")

    @property
    def provider(self) -> str | None:
        """The carrier, told by the attributes that livekit-sip maps for it: `twilio`, `telnyx`, `amazon`."""
        return next((p for p in _PROVIDERS if any(k.startswith(f"sip.{p}.") for k in self.attributes)), None)

    @property
    def provider_call_id(self) -> str | None:
        """The carrier's own identifier of this call (Twilio: the call SID), None until it has arrived."""
        return next((self.attributes[key] for key in _PROVIDER_CALL_ID if self.attributes.get(key)), None)

    @property
    def customer(self) -> Mapping[str, Any]:
        return self.customers[0] if self.customers else _EMPTY

    def header(self, name: str) -> str | None:
        """A SIP header that the trunk includes (`include_headers`), by its name in any case."""
        return self.attributes.get(f"sip.h.{name.lower()}")

    def trusted(self) -> dict[str, Any]:
        """The merged data that our own servers set: nothing here is the caller's word."""
        return {key: fact.value for key, fact in self.vouched.items()}

    def value(self, key: str) -> Any:
        """A key of the merged data, None where no source has it."""
        fact = self.data.get(key)
        return fact.value if fact else None


def read_call(
    *,
    kind: Kind = "sip",
    identity: str = "",
    attributes: Mapping[str, str] | None = None,
    job: Metadata = None,
    participant: Metadata = None,
    room: Metadata = None,
    customers: Iterable[Mapping[str, Any]] = (),
    direction: Direction | None = None,
    at: datetime | None = None,
    region: str = "US",
    trusted_attributes: Iterable[str] = (),
    participant_is_trusted: bool = True,
    warnings: Iterable[str] = (),
) -> Call:
    """Make a Call of what LiveKit knows. Never raises; what cannot be read is in `warnings`.

    `region` reads numbers without `+`. `trusted_attributes` are names that our own dispatch rules set (any other
    attribute of a caller is the caller's word). `participant_is_trusted` is False where the participant may
    change its own metadata.
    """
    attributes = dict(attributes or {})
    customers = [dict(row) for row in customers]
    metadata: dict[str, dict[str, Any]] = {}
    found = list(warnings)
    for name, raw in (("job", job), ("participant", participant), ("room", room)):
        metadata[name], warning = read_metadata(raw, f"{name} metadata")
        if warning:
            found.append(warning)
    direction = direction or _direction(kind, attributes)
    # On an outbound call the bridge swaps the names: sip.phoneNumber is the one we called.
    ours, theirs = (
        _number(attributes, "sip.trunkPhoneNumber", region),
        _number(attributes, "sip.phoneNumber", region),
    )
    outbound = direction == "outbound"
    facts = [*_facts(metadata, attributes, frozenset(trusted_attributes), participant_is_trusted, customers)]
    return Call(
        kind=kind,
        identity=identity,
        direction=direction,
        at=at or datetime.now(UTC),
        from_number=ours if outbound else theirs,
        to_number=theirs if outbound else ours,
        attributes=MappingProxyType(attributes),
        job=MappingProxyType(metadata["job"]),
        participant=MappingProxyType(metadata["participant"]),
        room=MappingProxyType(metadata["room"]),
        data=_first(facts),
        vouched=_first((key, fact) for key, fact in facts if fact.trusted),
        customers=tuple(MappingProxyType(row) for row in customers),
        warnings=tuple(found),
    )


def _direction(kind: Kind, attributes: Mapping[str, str]) -> Direction:
    """A SIP participant that no dispatch rule brought is one that we called."""
    return "outbound" if kind == "sip" and not attributes.get("sip.ruleID") else "inbound"


def _number(attributes: Mapping[str, str], name: str, region: str) -> Number | None:
    raw = attributes.get(name)
    return parse_number(raw, region) if raw else None


def _facts(
    metadata: Mapping[str, Mapping[str, Any]],
    attributes: Mapping[str, str],
    trusted_attributes: frozenset[str],
    participant_is_trusted: bool,
    customers: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, Fact]]:
    """All that the sources say, in their order of precedence (`docs/data.md`)."""
    for key, value in metadata["job"].items():
        yield key, Fact(value, "job", True)
    for name, text in attributes.items():
        if not name.startswith(("sip.", "lk.")):
            yield name, Fact(text, "attribute", name in trusted_attributes)
    for name, text in attributes.items():
        if name.startswith("sip.h."):
            yield name.removeprefix("sip.h.").removeprefix("x-"), Fact(text, "header", False)
    for key, value in metadata["participant"].items():
        yield key, Fact(value, "participant", participant_is_trusted)
    for key, value in metadata["room"].items():
        yield key, Fact(value, "room", True)
    for key in _FROM_DIRECTORY:
        value = _agreed(customers, key)
        if value:
            yield key, Fact(value, "customer", True)


def _agreed(customers: Sequence[Mapping[str, Any]], key: str) -> str | None:
    """What all customers of the number have in this column: a household is one caller only where all of it agrees."""
    values = [row.get(key) for row in customers]
    first = values[0] if values else None
    return first if isinstance(first, str) and all(value == first for value in values) else None


def _first(facts: Iterable[tuple[str, Fact]]) -> Mapping[str, Fact]:
    """Each key's first fact: sources come in their order of precedence."""
    data: dict[str, Fact] = {}
    for key, fact in facts:
        data.setdefault(key, fact)
    return MappingProxyType(data)

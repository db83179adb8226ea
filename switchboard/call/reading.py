"""A Call made of what LiveKit knows. Never raises: what cannot be read is a warning on the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from switchboard.call import attributes as names
from switchboard.call.call import Call, Direction, Fact, Kind
from switchboard.call.metadata import read_metadata
from switchboard.call.numbers import Number, parse_number

Metadata = str | bytes | Mapping[str, Any] | None


# Columns of the directory that count where nothing else says: the rest stays under `customer`.
_FROM_DIRECTORY = ("language", "department")


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
    if kind != "sip" and any(name.startswith("sip.") for name in attributes):
        # A browser may set them on itself, and be any trunk and any number with them.
        attributes = {name: value for name, value in attributes.items() if not name.startswith("sip.")}
        found.append("sip. attributes of a participant that is no telephone: ignored")
    texts: dict[str, str] = {}
    for name, raw in (("job", job), ("participant", participant), ("room", room)):
        read = read_metadata(raw, f"{name} metadata")
        metadata[name] = read.keys
        if read.text is not None:
            texts[name] = read.text
        if read.warning:
            found.append(read.warning)
    direction = direction or _direction(kind, attributes)
    # On an outbound call the bridge swaps the names: sip.phoneNumber is the one we called.
    ours, theirs = (
        _number(attributes, names.OUR_NUMBER, region),
        _number(attributes, names.THEIR_NUMBER, region),
    )
    outbound = direction == "outbound"
    # What a participant may change itself is its own word, whatever the attribute is called.
    may_not_change = kind == "sip" or participant_is_trusted
    trusted_names = frozenset(trusted_attributes) if may_not_change else frozenset[str]()
    facts = [*_facts(metadata, attributes, trusted_names, participant_is_trusted, customers)]
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
        texts=MappingProxyType(texts),
        data=_first(facts),
        vouched=_first((key, fact) for key, fact in facts if fact.trusted),
        customers=tuple(MappingProxyType(row) for row in customers),
        warnings=tuple(found),
    )


def _direction(kind: Kind, attributes: Mapping[str, str]) -> Direction:
    """A SIP participant that no dispatch rule brought is one that we called."""
    return "outbound" if kind == "sip" and not attributes.get(names.RULE) else "inbound"


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
        if name.startswith(names.HEADER):
            yield name.removeprefix(names.HEADER).removeprefix("x-"), Fact(text, "header", False)
    for key, value in metadata["participant"].items():
        yield key, Fact(value, "participant", participant_is_trusted)
    for key, value in metadata["room"].items():
        yield key, Fact(value, "room", True)
    for key in _FROM_DIRECTORY:
        value = _agreed(customers, key)
        if value:
            yield key, Fact(value, "customer", False)  # found by a number that anyone can fake


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

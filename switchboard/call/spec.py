"""A call as people write it: in a `[[test]]` row, for `explain`, on the record. `read_spec` and its inverse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast, get_args

from switchboard.call import attributes as names
from switchboard.call.call import Call, Direction, Kind
from switchboard.call.reading import read_call
from switchboard.files.suggest import suggest

ATTRIBUTES: Mapping[str, str] = {  # of an inbound call; an outbound one swaps `to` and `from`
    "to": names.OUR_NUMBER,
    "from": names.THEIR_NUMBER,
    "trunk": names.TRUNK,
    "rule": names.RULE,
}
_SWAPPED = {"to": names.THEIR_NUMBER, "from": names.OUR_NUMBER}
_METADATA = ("job", "participant", "room")
KEYS = (*ATTRIBUTES, "kind", "direction", "at", "attributes", *_METADATA, "customer")


class SpecError(ValueError):
    """What is wrong with a call as it was written, one line each in `errors`."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


def read_spec(spec: Mapping[str, Any], region: str, *, trusted_attributes: Iterable[str] = ()) -> Call:
    """The Call that `spec` describes, read as intake reads one. Raises SpecError for wrong use, all faults at once.

    `kind` is `sip` and `direction` `inbound` unless given; without `at` it is now. What a caller could send
    wrongly, such as metadata that is not JSON, is no fault here: it is a warning on the Call.
    """
    errors = [f'unknown key "{key}" {suggest(key, KEYS)}' for key in spec if key not in KEYS]
    kind = cast("Kind", _word(spec, "kind", get_args(Kind), "sip", errors))
    direction = cast("Direction", _word(spec, "direction", get_args(Direction), "inbound", errors))
    attributes = _attributes(spec, direction, errors)
    if kind != "sip" and any(name.startswith("sip.") for name in attributes):
        given = [key for key in ATTRIBUTES if key in spec] or ["attributes: sip.…"]
        errors.append(f'{", ".join(given)}: only a telephone has these, and kind is "{kind}"')
    at = _time(spec.get("at"), errors)
    job, participant, room = (_metadata(spec, name, errors) for name in _METADATA)
    customers = _customers(spec.get("customer"), errors)
    if errors:
        raise SpecError(errors)
    return read_call(
        kind=kind,
        direction=direction,
        attributes=attributes,
        job=job,
        participant=participant,
        room=room,
        at=at,
        customers=customers,
        region=region,
        trusted_attributes=trusted_attributes,
    )


def write_spec(call: Call) -> dict[str, Any]:
    """`call` as `read_spec` reads it, without what is a default. Identity and warnings are no part of it."""
    attributes = dict(call.attributes)
    spec: dict[str, Any] = {}
    for key, name in _names(call.direction).items():
        if name in attributes:
            spec[key] = attributes.pop(name)
    if call.kind != "sip":
        spec["kind"] = call.kind
    if call.direction != "inbound":
        spec["direction"] = call.direction
    spec["at"] = call.at.isoformat()
    for key, value in (("attributes", attributes), *((name, _written(call, name)) for name in _METADATA)):
        if value:
            spec[key] = value
    rows = [dict(row) for row in call.customers]
    if rows:
        spec["customer"] = rows[0] if len(rows) == 1 else rows
    return spec


def _written(call: Call, metadata: str) -> str | dict[str, Any]:
    text = call.texts.get(metadata)
    return dict(getattr(call, metadata)) if text is None else text


def _names(direction: Direction) -> dict[str, str]:
    return {**ATTRIBUTES, **_SWAPPED} if direction == "outbound" else dict(ATTRIBUTES)


def _word(spec: Mapping[str, Any], key: str, have: tuple[str, ...], default: str, errors: list[str]) -> str:
    value = spec.get(key, default)
    if value not in have:
        errors.append(f"{key}: unknown value {value!r} {suggest(str(value), have)}")
        return default
    return value


def _attributes(spec: Mapping[str, Any], direction: Direction, errors: list[str]) -> dict[str, str]:
    given = spec.get("attributes", {})
    attributes: dict[str, str] = {}
    if isinstance(given, Mapping):
        for name, value in cast("Mapping[object, object]", given).items():
            if isinstance(value, str):
                attributes[str(name)] = value
            else:
                errors.append(f'attributes: "{name}" must be text in quotes: LiveKit carries nothing else')
    else:
        errors.append('attributes: must be a table of texts, such as { "sip.h.x-queue" = "bikes" }')
    for key, name in _names(direction).items():
        if key not in spec:
            continue
        value = spec[key]
        if not isinstance(value, str):
            errors.append(f'{key}: must be text in quotes, such as "+14155550101"')
        elif attributes.setdefault(name, value) != value:
            errors.append(f'{key}: attributes has another value for "{name}": give one of them')
    return attributes


def _time(value: object, errors: list[str]) -> datetime | None:
    if value is None:
        return None
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(cast("str", value))
    except (TypeError, ValueError):
        at = None
    if at is None:
        errors.append(f"at: {value!r} is no time: write it as 2026-03-02T10:00:00-05:00")
    elif at.tzinfo is None:
        errors.append(f"at: {value!s} has no time zone: end it with Z or an offset such as -05:00")
    return at


def _metadata(spec: Mapping[str, Any], name: str, errors: list[str]) -> str | Mapping[str, Any] | None:
    value = spec.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return cast("Mapping[str, Any]", value)
    errors.append(f"{name}: must be an object, or the raw metadata as text")
    return None


def _customers(value: object, errors: list[str]) -> list[Mapping[str, Any]]:
    rows = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(row, Mapping) for row in rows):
        errors.append("customer: must be an object (a row of the directory), or a list of them")
        return []
    return cast("list[Mapping[str, Any]]", rows)

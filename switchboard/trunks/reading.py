"""`trunks.toml` read and checked: everything that is wrong at once, each with its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from switchboard.files.source import KeyPath, Source, TableErrors
from switchboard.files.suggest import suggest
from switchboard.trunks.checks import find_mistakes, find_warnings
from switchboard.trunks.model import DispatchRule, InboundTrunk, Kind, OutboundTrunk, TrunksFile

KINDS: tuple[Kind, ...] = get_args(Kind)
_MODELS: dict[Kind, type[BaseModel]] = {
    "inbound_trunk": InboundTrunk,
    "outbound_trunk": OutboundTrunk,
    "dispatch_rule": DispatchRule,
}
_SECRET_KEYS = {
    "password": "password_env",
    "auth_password": "password_env",
    "username": "username_env",
    "auth_username": "username_env",
    "pin": "pin_env",
}


class TrunksErrors(Exception):
    """Everything that is wrong with a trunks file, one line each, in the order of the file."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Trunks:
    """A file that may be applied. `secrets` are the values of the environment variables that it names."""

    file: TrunksFile
    secrets: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Trunks({self.file!r})"  # never the secrets


def read_trunks(path: Path, environment: Mapping[str, str]) -> Trunks:
    """Read `path`; secrets come from `environment`.

    Raises TrunksErrors, and switchboard.routing.source.TableErrors where it cannot be read or is no TOML.
    """
    source = Source(path)
    file = _parse(source)
    if file is None:
        raise TrunksErrors(source.faults)
    secrets = _secrets(source, file, environment)
    for where, text in find_mistakes(file, secrets):
        source.fault(where, f"{_label(source, where)}{text}")
    if source.faults:
        raise TrunksErrors(source.faults)
    return Trunks(file, secrets, _warnings(source, file))


def trunk_warnings(path: Path) -> tuple[str, ...]:
    """What works and is probably not meant in `path`, without its secrets. Nothing of a file that is not there or at
    fault: `read_trunks` says why."""
    try:
        source = Source(path)
    except TableErrors:
        return ()
    file = _parse(source)
    return _warnings(source, file) if file is not None else ()


def _warnings(source: Source, file: TrunksFile) -> tuple[str, ...]:
    return tuple(
        f"{source.name}:{source.line(*where)}: {_label(source, where)}{text}" for where, text in find_warnings(file)
    )


def _parse(source: Source) -> TrunksFile | None:
    try:
        return TrunksFile.model_validate(source.data)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            where = tuple(fault["loc"])
            source.fault(where, f"{_label(source, where)}{_wording(where, cast('dict[str, Any]', fault))}")
        return None


def _label(source: Source, where: KeyPath) -> str:
    """`inbound_trunk "main": ` for anything inside one, nothing for the file's own keys."""
    if len(where) < 2 or where[0] not in KINDS:
        return ""
    kind, index = where[0], where[1]
    rows: list[Any] = source.data[str(kind)]
    name: Any = rows[int(index)].get("name") if isinstance(rows[int(index)], dict) else None
    return f'{kind} "{name}": ' if isinstance(name, str) and name else f"{kind} {int(index) + 1}: "


def _wording(where: KeyPath, fault: dict[str, Any]) -> str:
    key = where[2] if len(where) > 2 else where[len(where) - 1]
    match fault["type"]:
        case "extra_forbidden" if key in _SECRET_KEYS:
            return f'"{key}" has no place in a file: set a variable and name it, {_SECRET_KEYS[key]} = "NAME"'
        case "extra_forbidden":
            model = _MODELS.get(cast("Kind", where[0])) if len(where) > 1 else TrunksFile
            return f'unknown key "{key}" {suggest(str(key), model.model_fields if model else ())}'
        case "missing":
            return f'"{key}" is missing'
        case "literal_error":
            return f'{key} = "{fault["input"]}" is none of {fault["ctx"]["expected"]}'.replace("'", '"')
        case "value_error":
            text = str(fault["ctx"]["error"])
            return f"{key}: {text}" if len(where) > 2 else text
        case "tuple_type" if len(where) == 1:
            return f"{key} must be a table: write [[{key}]] above its keys"
        case "tuple_type":
            return f'{key} must be a list, ["…"]'
        case "too_short":
            return f"{key} must not be empty{': leave it out for every trunk' if key == 'trunks' else ''}"
        case _:
            text = str(fault["msg"])
            return f"{key}: {text[:1].lower()}{text[1:]}"


def _secrets(source: Source, file: TrunksFile, environment: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rows: dict[Kind, Sequence[BaseModel]] = {kind: getattr(file, kind) for kind in KINDS}
    for kind in KINDS:
        for index, row in enumerate(rows[kind]):
            for key in ("username_env", "password_env", "pin_env"):
                variable: str = getattr(row, key, "")
                if not variable:
                    continue
                if environment.get(variable):
                    found[variable] = environment[variable]
                    continue
                where = (kind, index, key)
                text = f"{variable} is not set: put its value into the environment or into .env"
                source.fault(where, f"{_label(source, where)}{key}: {text}")
    for where, text in _bad_pins(file, found):
        source.fault(where, f"{_label(source, where)}{text}")
    return found


def _bad_pins(file: TrunksFile, secrets: Mapping[str, str]) -> list[tuple[KeyPath, str]]:
    """A PIN is typed on a telephone's keys."""
    return [
        (
            ("dispatch_rule", index, "pin_env"),
            f"pin_env: {rule.pin_env} must be digits: callers type it on their keys",
        )
        for index, rule in enumerate(file.dispatch_rule)
        if (pin := secrets.get(rule.pin_env)) and not (pin.isascii() and pin.isdigit())
    ]

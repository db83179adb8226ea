"""Reading the tables of a file by their models: each fault in our own words with its line, all good keys kept.

A new table is a model of it (a Section) and a field of the file's own model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from copy import deepcopy
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from typing import Annotated, Any, ClassVar, Literal, TypeGuard, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from switchboard.files.lines import KeyPath
from switchboard.files.source import Source
from switchboard.files.suggest import suggest
from switchboard.files.values import MUST

_MUST_BE = {  # pydantic's names for values of another type
    "string_type": "text in quotes",
    "literal_error": "text in quotes",
    "dict_type": "a table",
    "list_type": "a list",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
}


class Section(BaseModel):
    """A table of the file. Each key has a default: a faulty one takes it, so that the rest can be checked."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    needs: ClassVar[tuple[str, ...]] = ()
    """Keys that must be there for all that. Its reader says so, for it knows what they are for."""
    refused: ClassVar[Mapping[str, str]] = {}
    """Keys that it does not have for a reason: what to say of each."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        found = handler(schema)
        if cls.needs:
            handler.resolve_ref_schema(found)["required"] = list(cls.needs)
        return found

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """The keys that it may have, as they are written."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def called(cls, path: KeyPath, table: Mapping[str, Any]) -> str:
        """How messages name the table at `path`: `[speech.phone]`, `test 2`, `the file`."""
        if not path:
            return "the file"
        last = path[-1]
        return f"{path[-2]} {last + 1}" if isinstance(last, int) else f"[{'.'.join(map(str, path))}]"


AnySection = TypeVar("AnySection", bound=Section)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table stands: for faults that only its reader can find. `keys` are those written, faulty ones too."""

    source: Source
    path: KeyPath
    owner: str
    keys: AbstractSet[str]

    def fault(self, key: str, message: str) -> None:
        """A fault of `key`, or of the whole table where it is empty."""
        self.source.fault((*self.path, key) if key else self.path, f"{self.owner}: {message}")


def place_of(source: Source, model: type[Section], *path: str | int) -> Place:
    """The place of the table at `path`, which `model` describes."""
    table = source.table(path)
    return Place(source, path, model.called(path, table), table.keys())


def read_sections(source: Source, model: type[AnySection]) -> AnySection:
    """The whole file. Faults are in `source`; what is faulty is left out of the result."""
    data: Any = source.data
    told: set[_Fault] = set()
    while True:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            faults = [_Fault.of(source, model, details) for details in error.errors(include_url=False)]
            if told.issuperset(faults):  # a key without a default: the model's mistake, not the file's
                raise
        data = deepcopy(data) if data is source.data else data
        for fault in dict.fromkeys(faults):
            source.fault(fault.where, fault.message)
            fault.leave_out(data)
        told.update(faults)


@dataclass(frozen=True, slots=True)
class _Fault:
    """What pydantic found: `inner` is where, seen from the table at `path` around it."""

    path: KeyPath
    inner: KeyPath
    message: str

    @property
    def where(self) -> KeyPath:
        return (*self.path, *self.inner)

    @classmethod
    def of(cls, source: Source, model: type[Section], details: ErrorDetails) -> _Fault:
        where = details["loc"][:-1] if details["loc"][-1:] == ("[key]",) else details["loc"]
        path, around = _around(model, where)
        inner = where[len(path) :]
        if not path and details["type"] == "dict_type":  # tables by their names: `speech = 1`
            return cls(path, inner, f"[{inner[0]}]: must be a table")
        return cls(path, inner, f"{around.called(path, source.table(path))}: {_words(around, inner, details)}")

    def leave_out(self, data: Any) -> None:
        """Take what is faulty out of `data`: a key, or all of a table that is none."""
        if self.inner:
            reduce(getitem, self.path, data).pop(self.inner[0], None)
        else:
            reduce(getitem, self.path[:-1], data)[self.path[-1]] = {}


def _around(model: type[Section], where: KeyPath) -> tuple[KeyPath, type[Section]]:
    """The innermost table around a fault, with its model."""
    found: tuple[KeyPath, type[Section]] = ((), model)
    kind: Any = model
    for depth, part in enumerate(where, start=1):
        kind = next(_parts(kind, part), None) if kind else None
        if _is_section(kind):
            found = (where[:depth], kind)
    return found


def _is_section(kind: Any) -> TypeGuard[type[Section]]:
    return isinstance(kind, type) and issubclass(kind, Section)


def _parts(kind: Any, part: str | int) -> Iterator[Any]:
    """The model or container that stands at `part` of a model or container."""
    if _is_section(kind):
        field = kind.model_fields.get(str(part))
        inner = field.annotation if field else None
    else:
        inner = get_args(kind)[-1]
    for option in _options(inner):
        if get_origin(option) in (list, dict) or _is_section(option):
            yield option


def _options(kind: Any) -> Iterator[Any]:
    """`kind` without `Annotated`, each side of a union by itself."""
    if get_origin(kind) is Annotated:
        yield from _options(get_args(kind)[0])
    elif get_origin(kind) is None or get_origin(kind) in (list, dict, Literal):
        yield kind
    else:
        for option in get_args(kind):
            yield from _options(option)


def _words(model: type[Section], inner: KeyPath, details: ErrorDetails) -> str:
    """What is wrong, in the words of the file: `agent must be text in quotes`."""
    if details["type"] == "value_error":
        return str(details.get("ctx", {}).get("error"))
    if not inner:
        return "must be a table"
    key, *deeper = map(str, inner)
    subject = f'{key}: "{deeper[0]}"' if deeper else key
    match details["type"]:
        case "extra_forbidden":
            return model.refused.get(key) or f'unknown key "{key}" {suggest(key, model.key_names())}'
        case "literal_error" if isinstance(details["input"], str):
            value, have = details["input"], _literals(model, key)
            return f'unknown {key} "{value}" {suggest(value, have)}'
        case "list_type" if _holds_tables(model, key):
            return f"write each {key} as a table of its own: [[{key}]]"
        case kind if kind == MUST:
            return f"{subject} must be {details['msg'].replace('{key}', key)}"
        case kind if kind in _MUST_BE:
            return f"{subject} must be {_MUST_BE[kind]}"
        case _:
            return f"{subject}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _holds_tables(model: type[Section], key: str) -> bool:
    return any(_is_section(inner) for kind in _parts(model, key) for inner in _parts(kind, 0))


def _literals(model: type[Section], key: str) -> list[str]:
    options = _options(model.model_fields[key].annotation)
    return [cast("str", word) for option in options if get_origin(option) is Literal for word in get_args(option)]

"""What a key of a file may hold, each kind with the words that say so when it holds something else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

MUST = "must"  # pydantic's name for a fault that a Must words


@dataclass(frozen=True, slots=True)
class Must:
    """One fault for all that can be wrong with a value, in our words: `KEY must be WORDS`.

    `{key}` in `words` stands for the key.
    """

    words: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.custom_error_schema(handler(source), custom_error_type=MUST, custom_error_message=self.words)


@dataclass(frozen=True, slots=True)
class DescribedBy:
    """For a key whose value has a reader of its own: in the JSON Schema it looks like `model`."""

    model: type[BaseModel]

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(self.model.__pydantic_core_schema__)


# Plain `str` and `dict` have their words already (switchboard/files/sections.py).
Texts = Annotated[tuple[str, ...], Field(strict=False), Must("a list of texts in quotes")]  # TOML has no tuples
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False), Must("a number, not negative")]
Count = Annotated[int, Field(ge=0), Must("a whole number, not negative")]

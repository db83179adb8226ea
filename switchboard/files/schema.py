"""The JSON Schema of a file, from the models that read it: an editor completes and checks by it while one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from switchboard.files.sections import Section


class _Generator(GenerateJsonSchema):
    """TOML has no null, a key needs no second name, and a default that is nothing tells nobody anything."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        default = schema.get("default")
        if default in (None, "", (), [], {}) or isinstance(default, BaseModel):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema(model: type[Section]) -> Mapping[str, Any]:
    """The JSON Schema (draft 2020-12) of a file that `model` reads."""
    return {"$schema": _Generator.schema_dialect, **model.model_json_schema(schema_generator=_Generator)}

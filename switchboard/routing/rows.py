"""`[[route]]`, `[default]` and `[[test]]` as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.config import JsonDict

from switchboard.call.language import written_language
from switchboard.files.lines import KeyPath
from switchboard.files.sections import Section
from switchboard.files.values import DescribedBy
from switchboard.routing.decision import Refusal
from switchboard.routing.forms import WrittenCall, WrittenWhen
from switchboard.routing.table import Action
from switchboard.speech.reading import Llm, Stt

NO_NAME = 'has no name: name = "…" is what tests, traces and records call it'
LATER = {
    "transfer": "transfer is not yet supported: transfers come with a later version",
    "announce": "announce is not yet supported: announcements come with a later version",
}
_ASKS_FOR_ONE: JsonDict = {"oneOf": [{"required": ["agent"]}, {"required": ["reject"]}]}


def _not_empty(name: str) -> str:
    if not name:
        raise ValueError(NO_NAME)
    return name


def _no_decline(reason: object) -> object:
    if reason == "declined":
        raise ValueError('reject = "declined" cannot be had: the bridge answers 486 to all. Write reject = "busy"')
    return reason


class _Asked(Section):
    """What is asked for: an agent or a refusal, and how the agent is to sound."""

    refused: ClassVar[Mapping[str, str]] = LATER

    agent: str | None = Field(default=None, description="Who picks up: the name of a prompt in prompts/.")
    language: Annotated[str, AfterValidator(written_language)] | None = Field(
        default=None, description="Spoken and heard; else the call's own language, else that of [worker]."
    )
    speech: str | None = Field(
        default=None, description="A profile of [speech]; else phone for a telephone, wideband for everyone else."
    )
    greeting: str | None = Field(
        default=None,
        description="The first words, said as they are written; else the agent's own. "
        "{area}, {name}, {data.order}, {customer.tier} and more stand for what is known of the caller.",
    )
    opening: str | None = Field(
        default=None,
        description="What the model is told to begin with, while it rings: its words are said in place of "
        "the greeting, which is said if nothing comes of it. The same names in braces as there.",
    )
    voice: str | None = Field(default=None, description="One voice in place of the profile's.")
    llm: Llm | None = Field(default=None, description='A language model in place of the profile\'s: "provider/model".')
    stt: Stt | None = Field(default=None, description='A recogniser in place of the profile\'s: "provider/model".')
    data: dict[str, Any] = Field(
        default_factory=dict, description="Passed on to the agent, before anything that came with the call."
    )
    reject: Annotated[Refusal | None, BeforeValidator(_no_decline)] = Field(
        default=None, description="A refusal while it still rings, that nobody pays for."
    )

    def action(self) -> Action:
        return Action(
            agent=self.agent,
            language=self.language,
            speech=self.speech,
            greeting=self.greeting,
            opening=self.opening,
            voice=self.voice,
            llm=self.llm,
            stt=self.stt,
            data=self.data,
            reject=self.reject,
        )


class _Named(Section):
    name: Annotated[str, AfterValidator(_not_empty)] = Field(
        default="",
        description="What tests, traces and records call it. No two routes have the same.",
        json_schema_extra={"minLength": 1},
    )
    # Read by switchboard.routing.when: what it says of a condition shows the condition.
    when: Annotated[Any, DescribedBy(WrittenWhen)] = Field(
        default_factory=dict, description="Conditions that must all hold. A list means any of its values."
    )


class RouteRow(_Asked, _Named):  # pydantic lists the fields of the last base first
    """Who answers the calls for which all its conditions hold. The first such route takes the call."""

    model_config = ConfigDict(title="[[route]]", json_schema_extra=_ASKS_FOR_ONE)
    needs: ClassVar[tuple[str, ...]] = ("name",)

    @classmethod
    def called(cls, path: KeyPath, table: Mapping[str, Any]) -> str:
        return f'route "{table["name"]}"' if table.get("name") else super().called(path, table)


class DefaultRow(_Asked):
    """Who answers what no route takes."""

    model_config = ConfigDict(title="[default]", json_schema_extra=_ASKS_FOR_ONE)
    refused: ClassVar[Mapping[str, str]] = {**LATER, "when": "takes no when: it answers what no route takes"}


class TestRow(Section):
    """A call, and the route that must take it. switchboard check and the worker's start try each."""

    __test__: ClassVar[bool] = False  # no test of pytest's
    model_config = ConfigDict(title="[[test]]")
    needs: ClassVar[tuple[str, ...]] = ("call", "expect")

    # Read by switchboard.call.spec, as for `explain`.
    call: Annotated[dict[str, Any], DescribedBy(WrittenCall)] | None = Field(
        default=None, description="A call, as it is also written for switchboard explain --call."
    )
    expect: str | None = Field(default=None, description='The name of the route that must take it, or "default".')

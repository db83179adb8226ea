"""The forms in which a `when` and a call may be written, for the JSON Schema.

`switchboard.routing.when` and `switchboard.call.spec` read them, and say what is wrong with one; a test holds that
they accept no more and no less keys than stand here.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, WithJsonSchema
from pydantic.config import JsonDict

from switchboard.call.attributes import CARRIERS
from switchboard.call.call import Direction, Kind
from switchboard.files.sections import Section

_MANY = Field(min_length=1)
_A_TEST: JsonDict = {"minProperties": 1}


class Absent(Section):
    """`{ absent = true }`: the call does not have it. An empty text is not absent."""

    model_config = ConfigDict(title="{ absent = … }")

    absent: bool = Field(description="true: the call does not have it; false: it does, if only as an empty text.")


_Prefix = Annotated[str, Field(pattern=r"^[\s().-]*\+[\s().0-9-]*$")]
_Country = Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")]


class NumberTest(Section):
    """What is asked of a number other than which it is."""

    model_config = ConfigDict(title="{ prefix = …, country = …, absent = … }", json_schema_extra=_A_TEST)

    prefix: _Prefix | Annotated[list[_Prefix], _MANY] | None = Field(
        default=None, description='+ and digits, the country code first: "+1415", or a list.'
    )
    country: _Country | Annotated[list[_Country], _MANY] | None = Field(
        default=None, description='Two letters, "US", or a list.'
    )
    absent: bool | None = Field(default=None, description="true: there is no number, not even an empty text.")


# Dates and times are texts to an editor.
_Scalar = Annotated[Any, WithJsonSchema({"type": ["string", "number", "boolean"]})]
_Value = Annotated[list[_Scalar], _MANY] | Absent | _Scalar
_Values = Annotated[dict[str, _Value], _MANY]
_KeysOrText = _Values | Annotated[list[_Scalar], _MANY] | _Scalar
_Text = str | Annotated[list[str], _MANY] | Absent
_Number = str | Annotated[list[str], _MANY] | NumberTest
_Provider = Annotated[str, WithJsonSchema({"enum": list(CARRIERS)})]


class WrittenWhen(Section):
    """Conditions that must all hold. A list means any of its values."""

    model_config = ConfigDict(title="when", defer_build=True)

    to: _Number | None = Field(
        default=None, description='The number dialled, however it is written, or a list as "@name".'
    )
    from_: _Number | None = Field(
        default=None, alias="from", description='The number calling, however it is written, or a list as "@name".'
    )
    trunk: _Text | None = Field(default=None, description="The SIP trunk's ID.")
    rule: _Text | None = Field(default=None, description="The dispatch rule's ID.")
    direction: Direction | Annotated[list[Direction], _MANY] | Absent | None = Field(
        default=None, description="Whether they called us or we called them."
    )
    kind: Kind | Annotated[list[Kind], _MANY] | Absent | None = Field(
        default=None, description='"sip" is the telephone, "standard" a browser or an app.'
    )
    provider: _Provider | Annotated[list[_Provider], _MANY] | Absent | None = Field(
        default=None, description="The carrier, known by its attributes."
    )
    language: _Text | None = Field(default=None, description='Short for data."language"; "es" takes es-MX too.')
    department: _Value | None = Field(default=None, description='Short for data."department".')
    user_id: _Value | None = Field(default=None, description='Short for data."user_id".')
    header: _Values | None = Field(default=None, description='SIP headers: header."x-queue" = "repairs".')
    attribute: _Values | None = Field(
        default=None, description='Participant attributes: attribute."sip.hostname" = "…".'
    )
    job: _KeysOrText | None = Field(
        default=None,
        description="Keys of the job metadata: what our server said on dispatching. Its text, where it is no object.",
    )
    participant: _KeysOrText | None = Field(
        default=None, description="Keys of the participant metadata. Or its text, where it is no object."
    )
    room: _KeysOrText | None = Field(
        default=None, description="Keys of the room metadata. Or its text, where it is no object."
    )
    data: _Values | None = Field(
        default=None, description="The first source that has the key: job, attribute, header, …"
    )
    trusted: _Values | None = Field(default=None, description="As data, but only where one of our own servers said it.")
    customer: _Values | None = Field(default=None, description="Columns of the caller's row in the directory.")
    percent: Annotated[float, Field(ge=0, le=100)] | None = Field(
        default=None, description="A share of callers, always the same ones: 0 to 100."
    )


_Metadata = str | dict[str, Any]


class WrittenCall(Section):
    """A call, as it is also written for switchboard explain --call."""

    model_config = ConfigDict(title="call", defer_build=True)

    to: str | None = Field(default=None, description="The number dialled.")
    from_: str | None = Field(default=None, alias="from", description="The number calling.")
    trunk: str | None = Field(default=None, description="The SIP trunk's ID.")
    rule: str | None = Field(default=None, description="The dispatch rule's ID.")
    kind: Kind = Field(default="sip", description='The participant\'s kind; "sip" is the telephone.')
    direction: Direction = Field(default="inbound", description="Whether they called us or we called them.")
    at: str | None = Field(default=None, description="When, with a time zone: 2026-03-02T10:00:00-05:00. Else now.")
    attributes: dict[str, str] = Field(
        default_factory=dict, description='Raw, as LiveKit gives them: { "sip.h.x-queue" = "bikes" }.'
    )
    job: _Metadata | None = Field(default=None, description="Job metadata, an object or the raw text.")
    participant: _Metadata | None = Field(default=None, description="Participant metadata, an object or the raw text.")
    room: _Metadata | None = Field(default=None, description="Room metadata, an object or the raw text.")
    customer: dict[str, Any] | list[dict[str, Any]] | None = Field(
        default=None, description="The caller's row in the directory, or a list of them."
    )

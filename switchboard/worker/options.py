"""`[worker]` and `[overflow]` of the routing file."""

from __future__ import annotations

from typing import Annotated, Literal

import phonenumbers
from pydantic import AfterValidator, ConfigDict, Field

from switchboard.call.language import written_language
from switchboard.files.sections import Section, place_of
from switchboard.files.source import Source
from switchboard.files.values import Must, Texts
from switchboard.line.refer import read_target


def _region(text: str) -> str:
    if text.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f'region = "{text}" is no country: write two letters, such as "US"')
    return text.upper()


# Blank, it would mean something else in each place: LiveKit sends a worker without a name into every room.
_Name = Annotated[str, Field(pattern=r"\S"), Must("the name by which LiveKit finds the worker: not empty")]
# A wait of nothing gives up every call, one of minutes lets callers ring to the end.
_Wait = Annotated[float, Field(ge=1, le=600), Must("a number of seconds from 1 to 600")]
_Late = Annotated[int, Field(ge=0, le=5000), Must("a whole number of milliseconds, at most 5000")]


_Callers = Annotated[
    tuple[Literal["sip", "standard", "connector"], ...],
    Field(strict=False, min_length=1),
    Must('a list of "sip", "standard" and "connector", one at least'),
]


class WorkerOptions(Section):
    """The worker, and what holds where neither a route nor a call says otherwise."""

    model_config = ConfigDict(title="[worker]")

    agent_name: _Name = Field(default="switchboard", description="LiveKit dispatches calls to the worker of this name.")
    region: Annotated[str, AfterValidator(_region)] = Field(
        default="US",
        description="How a number without + is read: a country's two letters.",
        json_schema_extra={"pattern": "^[A-Za-z]{2}$"},
    )
    language: Annotated[str, AfterValidator(written_language)] = Field(
        default="en", description="Spoken where neither the route nor the call says otherwise."
    )
    trusted_attributes: Texts = Field(
        default=(), description="Participant attributes that your own dispatch rules set: not the caller's word."
    )
    wait_for_attributes_ms: _Late = Field(
        default=300, description="How long a call waits for late attributes, if a route could need one. Milliseconds."
    )
    callers: _Callers = Field(
        default=("sip", "standard", "connector"),
        description="Whom the worker answers: telephones, browsers and apps (standard), connectors. "
        'With ["sip"], a browser in a telephone\'s room is never taken for the caller.',
    )
    require_providers: bool = Field(
        default=False,
        description="Whether the worker refuses to start while a provider does not answer or refuses its key "
        "(else it warns).",
    )
    caller_timeout_s: _Wait = Field(default=30.0, description="How long an empty room waits for its caller. Seconds.")
    answer_timeout_s: _Wait = Field(
        default=180.0, description="How long a greeting waits for the line to be answered. Seconds."
    )


Then = Literal["wait", "refuse", "announce", "queue", "transfer"]
_Words = Annotated[str, Field(pattern=r"\S", max_length=500)]
_Announcement = _Words | dict[Annotated[str, AfterValidator(written_language)], _Words] | None


class Overflow(Section):
    """Calls beyond the lines of all workers."""

    model_config = ConfigDict(title="[overflow]")

    then: Annotated[Then, Must('"wait", "refuse", "announce", "queue" or "transfer"')] = Field(
        default="wait",
        description='"wait" lets callers ring until a line is free, "refuse" tells them while it rings (486), '
        '"announce" answers, says that all lines are busy, and hangs up, "queue" answers with music and a place, '
        '"transfer" answers and hands them to another number.',
    )
    announce: Annotated[_Announcement, Must('words in quotes, or a table of them by language: { es = "…" }')] = Field(
        default=None, description="What is said (else words of ours in the caller's language)."
    )
    music: Annotated[str | None, Must("the name of a sound file, beside this one")] = Field(
        default=None, description="What callers in the queue hear (else a loop of ours)."
    )
    at_most: Annotated[int, Field(ge=1, le=40), Must("a whole number from 1 to 40")] = Field(
        default=20, description="How many may wait in the queue, over all workers."
    )
    for_s: Annotated[float, Field(ge=10, le=3600), Must("a number of seconds from 10 to 3600")] = Field(
        default=600.0, description="How long a caller may wait in the queue. Seconds."
    )
    transfer: str = Field(
        default="",
        description="To whom callers are handed, by their carrier (REFER).",
        examples=["tel:+14155550123", "sip:desk@pbx.example.com"],
    )


def read_overflow(source: Source, keys: Overflow, region: str) -> Overflow:
    """`[overflow]` with the place of its music in full, and its number in E.164. What is at fault is in `source`."""
    place = place_of(source, Overflow, "overflow")
    found = dict[str, str]()
    if keys.music is not None:
        file = source.folder / keys.music
        found["music"] = str(file.absolute())
        if not file.is_file():
            place.fault("music", f'music = "{keys.music}": there is no such file beside {source.name}')
    if keys.transfer:
        try:
            found["transfer"] = read_target(keys.transfer, region)
        except ValueError as fault:
            place.fault("transfer", f"transfer = {fault}")
    elif keys.then == "transfer" and "transfer" not in place.keys:
        place.fault("then", 'then = "transfer" needs to know to whom: transfer = "tel:+14155550123"')
    return keys.model_copy(update=found)

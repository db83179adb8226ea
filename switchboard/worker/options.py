"""`[worker]` of the routing file."""

from __future__ import annotations

from typing import Annotated

import phonenumbers
from pydantic import AfterValidator, ConfigDict, Field

from switchboard.call.language import read_language
from switchboard.files.sections import Section
from switchboard.files.values import Amount, Count, Texts


def _region(text: str) -> str:
    if text.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f'region = "{text}" is no country: write two letters, such as "US"')
    return text.upper()


def _language(text: str) -> str:
    language = read_language(text)
    if language is None:
        raise ValueError('language is no language tag: write "en" or "es-MX"')
    return language


class WorkerOptions(Section):
    """The worker, and what holds where neither a route nor a call says otherwise."""

    model_config = ConfigDict(title="[worker]")

    agent_name: str = Field(default="switchboard", description="LiveKit dispatches calls to the worker of this name.")
    region: Annotated[str, AfterValidator(_region)] = Field(
        default="US",
        description="How a number without + is read: a country's two letters.",
        json_schema_extra={"pattern": "^[A-Za-z]{2}$"},
    )
    language: Annotated[str, AfterValidator(_language)] = Field(
        default="en", description="Spoken where neither the route nor the call says otherwise."
    )
    trusted_attributes: Texts = Field(
        default=(), description="Participant attributes that your own dispatch rules set: not the caller's word."
    )
    wait_for_attributes_ms: Count = Field(
        default=300, description="How long a call waits for late attributes, if a route could need one. Milliseconds."
    )
    caller_timeout_s: Amount = Field(default=30.0, description="How long an empty room waits for its caller. Seconds.")
    answer_timeout_s: Amount = Field(
        default=180.0, description="How long a greeting waits for the line to be answered. Seconds."
    )

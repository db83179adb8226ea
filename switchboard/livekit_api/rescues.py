"""The generation of an agent: how it learns that it is sent after one that was lost, and how others see which is later.

It stands on the dispatch, and so on its job, whichever worker takes it, and on the agent's participant. Metadata is the
operator's, and may be any text.
"""

from __future__ import annotations

from collections.abc import Mapping

from livekit.protocol.agent_dispatch import AgentDispatch

from switchboard.livekit_api.dispatching import with_attributes

GENERATION = "switchboard.generation"
"""The attribute's name. Its value is a decimal number; without it an agent is the first of its call."""


def generation_of(attributes: Mapping[str, str]) -> int:
    """Which agent of its call this is, by the attributes of a dispatch, a job or a participant: 1 for the first."""
    text = attributes.get(GENERATION, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def as_attribute(generation: int) -> dict[str, str]:
    """What an agent of this generation has among its participant's attributes."""
    return {GENERATION: str(generation)}


def after(lost: AgentDispatch, generation: int) -> AgentDispatch:
    """`lost` as it is to be made again, for the agent of this generation."""
    return with_attributes(lost, as_attribute(generation))


def is_after(dispatch: AgentDispatch, made: AgentDispatch) -> bool:
    """Whether `dispatch`, as the server tells of it, is one that was made of `made`."""
    ours = (made.agent_name, generation_of(made.attributes))
    return (dispatch.agent_name, generation_of(dispatch.attributes)) == ours

"""How an agent learns that it is sent after one whose process was lost: by an attribute of its dispatch.

A job has the attributes of its dispatch, whichever worker takes it. Metadata is the operator's, and may be any text.
"""

from __future__ import annotations

from livekit.protocol.agent import Job
from livekit.protocol.agent_dispatch import AgentDispatch

_RESCUES = "switchboard.rescues"


def rescues_of(job: Job) -> int:
    """How many agents of this call were lost before this job: 0 for the first."""
    count = job.attributes.get(_RESCUES, "")
    return int(count) if count.isascii() and count.isdigit() else 0


def after(lost: AgentDispatch, rescues: int) -> AgentDispatch:
    """`lost` as it is to be made again, for an agent that goes on with the call: the `rescues`-th that does."""
    again = AgentDispatch()
    again.CopyFrom(lost)
    again.attributes[_RESCUES] = str(rescues)
    return again


def is_after(dispatch: AgentDispatch, made: AgentDispatch) -> bool:
    """Whether `dispatch`, as the server tells of it, is one that was made of `made`."""
    ours = (made.agent_name, made.attributes[_RESCUES])
    return (dispatch.agent_name, dispatch.attributes.get(_RESCUES)) == ours

"""A call whose worker died, seen from the call's own process: another worker's agent is called to it.

livekit-agents ends every call's process as soon as the worker's end of its pipe closes. That is no end of the call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from livekit.api import LiveKitAPI
from livekit.protocol.agent import Job

from switchboard.livekit_api.dispatching import claim, dispatch_again
from switchboard.livekit_api.rescues import after, generation_of

logger = logging.getLogger("switchboard")


async def call_successor(open_api: Callable[[], LiveKitAPI], job: Job) -> None:
    """Make the dispatch of `job` anew, for the agent after it; where somebody else has done so, nothing. Never raises.

    Where no worker is there to take it, one that registers later finds the call.
    """
    try:
        async with open_api() as api:
            dispatches = await api.agent_dispatch.list_dispatch(job.room.name)
            ours = next((one for one in dispatches if one.id == job.dispatch_id), None)
            if ours is not None and await claim(api, ours):
                await dispatch_again(api, after(ours, generation_of(job.attributes) + 1))
    except Exception as error:
        # Only the kind: the text may name the room, which may hold the caller's number.
        logger.warning("no other agent could be called: %s", type(error).__name__)

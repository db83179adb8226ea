"""Calls as LiveKit offers them: taken while a line is free."""

from __future__ import annotations

from livekit.agents import JobRequest

from switchboard.livekit_api.attendants import waited_since
from switchboard.livekit_api.rescues import as_attribute, generation_of
from switchboard.worker.lines import Lines
from switchboard.worker.overflow.full_house import FullHouse


class Offers:
    """What one worker answers to the calls that it is offered."""

    def __init__(self, lines: Lines, full: FullHouse) -> None:
        self._lines = lines
        self._full = full

    async def answer(self, request: JobRequest) -> None:
        """Take the call, or leave it to the next worker, and see that its caller is told if there is none.

        Raises what livekit-agents does where it cannot start the job.
        """
        # Who waits comes first: a new call does not overtake them.
        has_waited = waited_since(request.job.attributes) is not None or generation_of(request.job.attributes) > 1
        kept = 0 if has_waited else self._full.kept_lines
        with self._lines.reserve(request.id, kept) as has_line:
            if has_line:
                mark = as_attribute(generation_of(request.job.attributes))
                await request.accept(attributes=mark)  # returns when the job has its process
                return
        await request.reject(terminate=False)
        await self._full.tell(request.room)

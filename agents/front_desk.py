"""The front desk: answers general questions, and brings callers to the right colleague."""

from __future__ import annotations

from livekit.agents import function_tool

from agents.harbor_bikes import Ctx
from agents.weather import units_in
from switchboard.talk.agent import PhoneAgent


class FrontDesk(PhoneAgent):
    @function_tool
    async def get_weather(self, ctx: Ctx, place: str = "") -> str:
        """The weather now, for callers who think about a ride.

        Args:
            place: A town. Leave it empty for where the caller is.
        """
        call = ctx.userdata
        # "Portland" alone could be in Maine; only the town is spoken.
        where = place or ", ".join(call.area[key] for key in ("city", "region", "country") if key in call.area)
        if not where:
            return "Ask the caller for which town they want the weather."
        number = call.call.remote_number
        try:
            units = units_in(number.country if number else None)
            return await call.business.weather.report(where, call.language, units)
        except LookupError as excuse:
            return str(excuse)

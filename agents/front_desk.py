"""The front desk: answers general questions, and brings callers to the right colleague."""

from __future__ import annotations

from typing import ClassVar

from livekit.agents import function_tool

from agents.phone_agent import Ctx, PhoneAgent


class FrontDesk(PhoneAgent):
    name: ClassVar[str] = "front_desk"

    @function_tool
    async def transfer_to_sales(self, ctx: Ctx) -> PhoneAgent:
        """Hand the caller over to sales: prices, stock, buying a bike."""
        return self.hand_over_to("sales")

    @function_tool
    async def transfer_to_support(self, ctx: Ctx) -> PhoneAgent:
        """Hand the caller over to support: orders, repairs, complaints."""
        return self.hand_over_to("support")

    @function_tool
    async def get_weather(self, ctx: Ctx, place: str = "") -> str:
        """The weather now, for callers who think about a ride.

        Args:
            place: A town. Leave it empty for where the caller is.
        """
        weather, area = ctx.userdata.weather, ctx.userdata.area
        # "Portland" alone could be in Maine; only the town is spoken.
        where = place or ", ".join(area[key] for key in ("city", "region", "country") if key in area)
        if weather is None or not where:
            return "Ask the caller for which town they want the weather."
        try:
            return await weather.report(where, ctx.userdata.language)
        except LookupError as excuse:
            return str(excuse)

"""Support: where an order is, and repairs."""

from __future__ import annotations

from livekit.agents import function_tool

from agents.harbor_bikes import Ctx
from switchboard.talk.agent import PhoneAgent


class Support(PhoneAgent):
    @function_tool
    async def order_status(self, ctx: Ctx, number: str) -> str:
        """Where an order is.

        Args:
            number: The order number as the caller said it.
        """
        return await ctx.userdata.business.orders.status(number)

    @function_tool
    async def book_repair(self, ctx: Ctx, day: str, problem: str) -> str:
        """Book a repair in the workshop.

        Args:
            day: The day the caller wants to bring the bike, such as "Tuesday".
            problem: What is wrong, in a few words.
        """
        return await ctx.userdata.business.shop.book_repair(day, problem)

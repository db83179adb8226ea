"""Sales: knows the bikes, their prices and what is in stock."""

from __future__ import annotations

from livekit.agents import function_tool

from agents.harbor_bikes import Ctx
from switchboard.talk.agent import PhoneAgent


class Sales(PhoneAgent):
    @function_tool
    async def check_stock(self, ctx: Ctx, kind: str) -> str:
        """Price and stock of a kind of bike.

        Args:
            kind: One of "city", "electric", "children".
        """
        return ctx.userdata.business.shop.stock(kind)

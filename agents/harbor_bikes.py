"""The example business: Harbor Bikes, a bicycle shop. Replace it with yours, or with calls to your own systems."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from livekit.agents import RunContext

from agents.orders import ExampleOrders, HttpOrders, Orders
from agents.weather import Weather, WttrWeather
from agents.web import Web
from switchboard.talk.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Bike:
    name: str
    price: int  # US dollars
    in_stock: int


BIKES: Mapping[str, Bike] = {
    "city": Bike("Pier city bike", 640, 7),
    "electric": Bike("Tide electric bike", 2150, 2),
    "children": Bike("Gull children's bike", 290, 0),
}


class Shop:
    """Stock and the workshop's diary. `diary` is the file that keeps what was promised to callers."""

    def __init__(self, diary: Path) -> None:
        self._diary = diary

    def stock(self, kind: str) -> str:
        """One sentence about a kind of bike: price and how many are here."""
        bike = BIKES.get(kind.strip().lower())
        if bike is None:
            return f"There is no such kind. We sell: {', '.join(BIKES)}."
        here = f"{bike.in_stock} in the shop" if bike.in_stock else "sold out until next month"
        return f"The {bike.name} costs {bike.price} dollars, {here}."

    async def book_repair(self, day: str, problem: str) -> str:
        """Write it into the diary, where it outlives the call. Raises sqlite3.Error where it cannot be written."""
        await asyncio.to_thread(self._write, day, problem)
        return f"Booked for {day}: {problem}."

    def repairs(self) -> list[tuple[str, str]]:
        """The day and the problem of every repair that was booked, oldest first."""
        with closing(self._open()) as diary:
            return diary.execute("SELECT day, problem FROM repairs ORDER BY rowid").fetchall()

    def _write(self, day: str, problem: str) -> None:
        with closing(self._open()) as diary, diary:
            diary.execute("INSERT INTO repairs VALUES (?, ?)", (day, problem))

    def _open(self) -> sqlite3.Connection:
        diary = sqlite3.connect(self._diary)
        diary.execute("CREATE TABLE IF NOT EXISTS repairs (day TEXT, problem TEXT)")
        return diary


@dataclass(frozen=True, slots=True)
class HarborBikes:
    """What the agents work with: `ctx.userdata.business` in a tool."""

    shop: Shop
    orders: Orders
    weather: Weather


Ctx = RunContext[Conversation[HarborBikes]]


def open_business() -> HarborBikes:
    """The business as the environment describes it. Opens nothing yet."""
    web, orders = Web(), os.environ.get("ORDERS_URL") or ""
    return HarborBikes(
        Shop(Path(os.environ.get("SHOP_DIARY") or "diary.sqlite3")),
        HttpOrders(orders, os.environ.get("ORDERS_TOKEN") or "", web) if orders else ExampleOrders(),
        WttrWeather(os.environ.get("WEATHER_URL") or "https://wttr.in", web=web),
    )

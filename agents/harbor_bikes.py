"""The example business: Harbor Bikes, a bicycle shop. Replace it with yours, or with calls to your own systems."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bike:
    name: str
    price: int  # US dollars
    in_stock: int


@dataclass
class Shop:
    """Stock, orders and the workshop's diary. `repairs` grows as callers book."""

    bikes: dict[str, Bike] = field(
        default_factory=lambda: {
            "city": Bike("Pier city bike", 640, 7),
            "electric": Bike("Tide electric bike", 2150, 2),
            "children": Bike("Gull children's bike", 290, 0),
        }
    )
    orders: dict[str, str] = field(
        default_factory=lambda: {
            "1001": "ready to be picked up",
            "1002": "on its way and arrives on Thursday",
        }
    )
    repairs: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def stock(self, kind: str) -> str:
        """One sentence about a kind of bike: price and how many are here."""
        bike = self.bikes.get(kind.strip().lower())
        if bike is None:
            return f"There is no such kind. We sell: {', '.join(self.bikes)}."
        here = f"{bike.in_stock} in the shop" if bike.in_stock else "sold out until next month"
        return f"The {bike.name} costs {bike.price} dollars, {here}."

    def order(self, number: str) -> str:
        """One sentence about an order, by its number as the caller says it."""
        digits = "".join(c for c in number if c.isdigit())
        status = self.orders.get(digits)
        return f"Order {digits} is {status}." if status else "There is no order with that number."

    def book_repair(self, day: str, problem: str) -> str:
        self.repairs.append((day, problem))
        return f"Booked for {day}: {problem}."


SHOP = Shop()

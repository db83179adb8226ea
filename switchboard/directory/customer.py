"""The table `customers`: who calls from which number."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, UniqueConstraint, func
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from switchboard.database.types import Base, Document, Insert, UtcDateTime

# The columns of a customer that have a place of their own; all others live in `data`.
KNOWN = ("name", "language", "tier", "company", "notes")
LONGEST_NAME = 200  # characters; the name is part of the key, and an index entry has a limit


class Customer(Base):
    """One customer. A number with several is a household; number and name together are one customer."""

    __tablename__ = "customers"
    __table_args__ = (UniqueConstraint("number", "name"),)  # its index also finds by number

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    tier: Mapped[str | None] = mapped_column(Text)
    company: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(Document)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


def updating(insert: Insert, known: Iterable[str]) -> Insert:
    """`insert` into customers that brings customers who are already there up to date.

    Of the `known` columns only these change, and of the columns in `data` those that the new row has: what
    another list knows about a customer stays.
    """
    new = insert.excluded
    changed = [name for name in known if name != "name"]
    merged: ColumnElement[Any] = (
        Customer.data.op("||")(new.data)
        if isinstance(insert, postgresql.Insert)
        else func.json_patch(Customer.data, new.data)
    )
    values = {**{name: new[name] for name in changed}, "data": merged, "updated_at": new.updated_at}
    return insert.on_conflict_do_update(index_elements=["number", "name"], set_=values)

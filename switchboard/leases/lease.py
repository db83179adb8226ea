"""The table `call_leases`: one row a call that goes on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from switchboard.database.types import Base, Document


class CallLease(Base):
    """Which job has a call, until when, and what another one would need to go on with it.

    `generation` is that of the agent who has it; only a later one may take it from them. `holder` is LiveKit's ID of
    the job, empty while an agent is being sent. `expires_at` is Unix time by the database's clock. `call` is written
    as `switchboard explain` reads it, `conversation` as livekit-agents' items.
    """

    __tablename__ = "call_leases"

    room_sid: Mapped[str] = mapped_column(Text, primary_key=True)
    room: Mapped[str] = mapped_column(Text)
    agent_name: Mapped[str] = mapped_column(Text)
    dispatch: Mapped[dict[str, Any]] = mapped_column(Document)
    generation: Mapped[int]
    holder: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[float] = mapped_column(Float)
    caller: Mapped[str] = mapped_column(Text)
    call: Mapped[dict[str, Any]] = mapped_column(Document)
    decision: Mapped[dict[str, Any]] = mapped_column(Document)
    fingerprint: Mapped[str] = mapped_column(Text)
    agent: Mapped[str] = mapped_column(Text)
    conversation: Mapped[list[Any]] = mapped_column(Document)


class DatabaseClock(FunctionElement[float]):
    """Seconds since 1970 where the database is: the clocks of workers may differ by more than a lease lasts."""

    type = Float()
    inherit_cache = True


@compiles(DatabaseClock, "sqlite")
def _on_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(DatabaseClock, "postgresql")
def _on_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch from clock_timestamp())::double precision"

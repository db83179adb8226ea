"""The table `calls`: one row a call."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from switchboard.database.types import Base, Document, UtcDateTime


class CallRecord(Base):
    """What was known about a call, what was decided and why, and how it went. Times are UTC.

    `revision` counts the writes: a row is only ever replaced by a later one, so that it does not matter in what
    order, how often, or by which process a row is written.
    """

    __tablename__ = "calls"
    __table_args__ = (Index(None, "started_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    sip_call_id: Mapped[str | None] = mapped_column(Text)
    provider_call_id: Mapped[str | None] = mapped_column(Text)
    room: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    direction: Mapped[str] = mapped_column(Text)
    from_raw: Mapped[str | None] = mapped_column(Text)
    from_number: Mapped[str | None] = mapped_column(Text)
    to_raw: Mapped[str | None] = mapped_column(Text)
    to_number: Mapped[str | None] = mapped_column(Text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rang_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cause: Mapped[str | None] = mapped_column(Text)
    end_reason: Mapped[str | None] = mapped_column(Text)
    route: Mapped[str | None] = mapped_column(Text)
    agent: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    refusal: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[str | None] = mapped_column(Text)
    call: Mapped[dict[str, Any]] = mapped_column(Document)
    facts: Mapped[dict[str, Any]] = mapped_column(Document)
    decision: Mapped[dict[str, Any]] = mapped_column(Document)
    trace: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    warnings: Mapped[list[str]] = mapped_column(Document)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(Document)
    # A version that does not know of it writes beside this one.
    tools: Mapped[list[dict[str, Any]]] = mapped_column(Document, server_default="[]")

"""Customers and calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from switchboard.database.types import Document, UtcDateTime

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("tier", sa.Text),
        sa.Column("company", sa.Text),
        sa.Column("notes", sa.Text),
        sa.Column("data", Document, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("number", "name", name="uq_customers"),
    )
    op.create_table(
        "calls",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("sip_call_id", sa.Text),
        sa.Column("provider_call_id", sa.Text),
        sa.Column("room", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("from_raw", sa.Text),
        sa.Column("from_number", sa.Text),
        sa.Column("to_raw", sa.Text),
        sa.Column("to_number", sa.Text),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("rang_at", UtcDateTime),
        sa.Column("answered_at", UtcDateTime),
        sa.Column("ended_at", UtcDateTime),
        sa.Column("end_reason", sa.Text),
        sa.Column("route", sa.Text),
        sa.Column("agent", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("refusal", sa.Text),
        sa.Column("fingerprint", sa.Text),
        sa.Column("call", Document, nullable=False),
        sa.Column("facts", Document, nullable=False),
        sa.Column("decision", Document, nullable=False),
        sa.Column("trace", Document, nullable=False),
        sa.Column("warnings", Document, nullable=False),
        sa.Column("changes", Document, nullable=False),
    )
    op.create_index("ix_calls_started_at", "calls", ["started_at"])


def downgrade() -> None:
    op.drop_table("calls")
    op.drop_table("customers")

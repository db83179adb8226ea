"""Which job has a call that goes on, and what another needs to go on with it (`switchboard.leases.lease`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from switchboard.database.types import Document

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "call_leases",
        sa.Column("room_sid", sa.Text, primary_key=True),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("agent_name", sa.Text, nullable=False),
        sa.Column("dispatch", Document, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("expires_at", sa.Float, nullable=False),
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("call", Document, nullable=False),
        sa.Column("decision", Document, nullable=False),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("conversation", Document, nullable=False),
    )

"""The tools that were called, each with its result or what was raised."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from switchboard.database.types import Document

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("calls", sa.Column("tools", Document, nullable=False, server_default="[]"))

"""Why a call ended, as one word of a closed list (`switchboard.call.causes.Cause`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("calls", sa.Column("cause", sa.Text))

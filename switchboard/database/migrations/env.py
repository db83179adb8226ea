"""What Alembic runs: the connection comes from `switchboard.database.migrations.migrate`, which holds the lock."""

from __future__ import annotations

from alembic import context

from switchboard.database.migrations import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
with context.begin_transaction():
    context.run_migrations()

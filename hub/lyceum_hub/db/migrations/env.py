"""What Alembic runs for each command; the connection comes from ``lyceum_hub.db.migrate``."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()

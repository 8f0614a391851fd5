"""Moves of projects."""

from lyceum_hub.db.migrations.files import run_sql_of

revision = "0006_before"
down_revision = "0005_before"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

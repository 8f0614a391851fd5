"""Numbers for the changes of quotas."""

from lyceum_hub.db.migrations.files import run_sql_of

revision = "0005_before"
down_revision = "0004_before"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

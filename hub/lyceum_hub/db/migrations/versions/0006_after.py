"""The sixth pair's second half."""

from lyceum_hub.db.migrations.files import run_sql_of

revision = "0006_after"
down_revision = "0005_after"
branch_labels = None
depends_on = ("0006_before",)


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

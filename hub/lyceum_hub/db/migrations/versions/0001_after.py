"""The first pair's second half."""

from lyceum_hub.db.migrations.files import run_sql_of

revision = "0001_after"
down_revision = None
branch_labels = ("after",)
depends_on = ("0001_before",)


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

"""The third pair's second half."""

from lyceum_hub.db.migrations.files import run_sql_of

revision = "0003_after"
down_revision = "0002_after"
branch_labels = None
depends_on = ("0003_before",)


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

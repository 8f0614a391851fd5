"""Tables of what projects used and of what their owners ask for."""

from lyceum_hub.db.migrations.files import run_sql_of

revision = "0002_before"
down_revision = "0001_before"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

"""The first tables, their triggers and what each service may do with them."""

from lyceum_hub.db.migrations.files import run_sql_of

revision = "0001_before"
down_revision = None
branch_labels = ("before",)
depends_on = None


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

"""${message}"""

from lyceum_hub.db.migrations.files import run_sql_of

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Run the SQL file of this revision's name."""
    run_sql_of(revision)

"""The SQL files behind the revisions."""

from __future__ import annotations

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

DIRECTORY = Path(__file__).parent / "sql"


def run_sql_of(revision: str) -> None:
    """Run a revision's file, in the transaction that Alembic has open.

    The driver runs a file of several statements only as a whole and without parameters, hence past SQLAlchemy.
    """
    connection = op.get_bind()
    connection.exec_driver_sql("select 1")  # the transaction begins with the first statement that SQLAlchemy sees
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection to the database was lost")
    await_only(driver.execute((DIRECTORY / f"{revision}.sql").read_text()))

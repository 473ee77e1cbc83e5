"""Brings a database to the schema of this program, step by step, by itself."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from server.kernel.database.base import Base
from server.kernel.database.engine import Database

logger = logging.getLogger(__name__)

_FOLDER = Path(__file__).resolve().parent / "migrations"


class NewerDatabase(RuntimeError):
    """The database was written by a newer program; running this one on it would lose data."""


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the missing migrations. Raises NewerDatabase."""
    with database.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
        if present is not None and present not in known:
            raise NewerDatabase(
                f"The database has schema {present}, which this version does not know. Install the newer version."
            )
        connection.rollback()
        command.upgrade(_config(connection), revision)
        connection.commit()


def present_revision(database: Database) -> str | None:
    """The schema's revision; None for a database without one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def downgrade(database: Database, revision: str) -> None:
    """Undo migrations down to `revision` ("base" is the empty database)."""
    with database.engine.connect() as connection:
        command.downgrade(_config(connection), revision)
        connection.commit()


def differences(database: Database) -> list[object]:
    """Return how the database differs from the tables in the code; empty when head equals the models."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def write_new(database: Database, message: str) -> None:
    """Write a migration from what differs (for developers; read it before it is kept)."""
    with database.engine.connect() as connection:
        number = f"{len(revisions()) + 1:04d}"
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=number)


def revisions() -> list[str]:
    """Return all revisions, oldest first."""
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config

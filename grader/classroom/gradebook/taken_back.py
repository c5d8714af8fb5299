"""Where a call makes a gradebook's file and is refused before anything is stored, it leaves no file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path


@contextmanager
def taken_back(where: str | Path) -> Iterator[None]:
    """For a call that may make the gradebook `where`: if it fails, and stored nothing in a file that is new, that goes.

    A database on a server stays as it is.
    """
    is_new = "://" not in str(where) and not os.path.lexists(where)
    try:
        yield
    except BaseException:
        if is_new:
            _remove_empty(Path(where))
        raise


def _remove_empty(path: Path) -> None:
    """Removes a gradebook's file, unless something is stored in it or somebody else has it open."""
    # where this cannot be made out, an empty file is the smaller evil
    with suppress(sqlite3.Error, OSError):
        if not path.is_file():
            return
        with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
            # refused as long as anybody else has the file open
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            if connection.execute("SELECT count(*) FROM gradebook").fetchone() == (0,):
                path.unlink()

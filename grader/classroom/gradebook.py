"""The gradebook: a database that a class's submissions, results and adjustments are kept in.

The names and signatures that reports and exports build on; what is behind them follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from .records import Record


class GradebookError(Exception):
    """The gradebook cannot be used; the message says which, why, and what to do."""


class Gradebook:
    """One class and one assignment. A context manager; `open_gradebook` makes it."""

    title: str
    exercises: tuple[str, ...]
    max_score: int
    deadline: datetime | None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        raise NotImplementedError

    def records(self) -> Iterator[Record]:
        """Every student's record, in the roster's order and one by one; who is on no roster comes last."""
        raise NotImplementedError

    def record(self, student: str) -> Record:
        """One student's record, by the identifier.

        Raises:
            GradebookError: if there is no such student.
        """
        raise NotImplementedError

    def sources(self, student: str) -> dict[str, str]:
        """The source text by exercise of the submission that counts; empty where there is none."""
        raise NotImplementedError


def open_gradebook(where: str | Path, *, create: bool = False) -> Gradebook:
    """Opens a gradebook: a file (SQLite), or the URL of a database such as `postgresql://user@host/name`.

    Raises:
        GradebookError: if there is none (and `create` is not set), it is of a newer version, or a driver is missing.
    """
    raise NotImplementedError

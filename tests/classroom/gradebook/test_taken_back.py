"""A refused call leaves no empty gradebook, and takes away nothing that is somebody's."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.taken_back import taken_back
from grader.errors import RosterError


def call(path: Path, *, keep: bool = False) -> None:
    """A call that opens a gradebook and is refused; with `keep`, after it has stored something."""
    with taken_back(path), closing(open_gradebook(path, create=True)) as gradebook:
        if keep:
            with gradebook.engine.begin() as connection:
                connection.exec_driver_sql(STORED)
        raise RosterError("no roster")


def refused(path: Path, *, keep: bool = False) -> None:
    with pytest.raises(RosterError, match="no roster"):
        call(path, keep=keep)


# a row as a run leaves it, whatever it says
STORED = """insert into gradebook
(id, title, created, exercises, possible, possible_by, has_roster, policy, half_points, roster_kind)
values (1, 'Lab', '2026-11-20 12:00:00', '["losses"]', '{}', '', 0, '{}', 0, '')"""


def test_an_empty_one_goes_with_all_that_lies_beside_it(tmp_path: Path) -> None:
    refused(tmp_path / "class.db")
    assert list(tmp_path.iterdir()) == []


def test_what_is_stored_stays(tmp_path: Path) -> None:
    refused(tmp_path / "class.db", keep=True)
    with closing(open_gradebook(tmp_path / "class.db")) as gradebook:
        assert not gradebook.new


def test_one_that_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "class.db"
    open_gradebook(path, create=True).close()
    refused(path)
    assert path.is_file()


def test_one_that_somebody_else_has_open_stays(tmp_path: Path) -> None:
    path = tmp_path / "class.db"
    others: list[Gradebook] = []

    def first_of_two() -> None:
        with taken_back(path):
            open_gradebook(path, create=True).close()
            others.append(open_gradebook(path, create=True))
            raise RosterError("no roster")

    with pytest.raises(RosterError):
        first_of_two()
    assert path.is_file()
    assert others[0].new  # and so it is about to store something
    others[0].close()


def test_what_is_no_file_is_left_alone(tmp_path: Path) -> None:
    with pytest.raises(RosterError), taken_back(tmp_path / "none" / "class.db"):
        raise RosterError("no roster")
    with pytest.raises(RosterError), taken_back("postgresql://nobody@localhost/none"):
        raise RosterError("no roster")
    assert list(tmp_path.iterdir()) == []

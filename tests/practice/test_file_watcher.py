"""Saved files, however the editor saves them; what is no exercise is not told."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from grader.practice.events import Events, Lost, Saved
from grader.practice.file_watcher import Saves

PATIENCE = 60.0  # only what is wrong takes so long
NAMES = ("derivative", "my_linear")


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    (tmp_path / "exercises").mkdir()
    (tmp_path / "derivative.py").write_text("x = 1\n")
    queue: Events = SimpleQueue()
    with Saves(tmp_path, NAMES, queue):
        yield queue


def in_place(path: Path) -> None:
    path.write_text("x = 2\n")


def by_renaming(path: Path) -> None:
    beside = path.with_name("beside.tmp")
    beside.write_text("x = 2\n")
    os.replace(beside, path)


def anew(path: Path) -> None:
    path.unlink()
    path.write_text("x = 2\n")


@pytest.mark.parametrize("save", [in_place, by_renaming, anew, Path.unlink])
def test_a_save(tmp_path: Path, events: Events, save: Callable[[Path], None]) -> None:
    save(tmp_path / "derivative.py")
    assert events.get(timeout=PATIENCE) == Saved(frozenset({"derivative"}))


@pytest.mark.parametrize("name", ["my_linear.ipynb", "exercises/my_linear.py"])
def test_a_file_that_comes(tmp_path: Path, events: Events, name: str) -> None:
    (tmp_path / name).write_text("x = 1\n")
    assert events.get(timeout=PATIENCE) == Saved(frozenset({"my_linear"}))


def test_other_files_are_passed_over(tmp_path: Path, events: Events) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("notes.py", "my_linear.txt", "my_linear.old-1.py", "deeper/my_linear.py"):
        (tmp_path / name).write_text("x = 1\n")
    (tmp_path / "derivative.py").write_text("x = 2\n")
    assert events.get(timeout=PATIENCE) == Saved(frozenset({"derivative"}))


def test_what_was_saved_while_it_started_is_told(tmp_path: Path) -> None:
    """Between the first look and the first watch there is time for a save."""
    path = tmp_path / "derivative.py"
    path.write_text("x = 1\n")
    events: Events = SimpleQueue()
    saves = Saves(tmp_path, NAMES, events)
    path.write_text("x = 23\n")
    with saves:
        assert events.get(timeout=PATIENCE) == Saved(frozenset({"derivative"}))


def test_a_folder_that_cannot_be_watched_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no more watches")

    monkeypatch.setattr("watchfiles.watch", refuse)
    events: Events = SimpleQueue()
    with Saves(tmp_path, NAMES, events):
        assert events.get(timeout=PATIENCE) == Lost("no more watches")

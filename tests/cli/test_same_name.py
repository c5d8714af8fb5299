"""What else is called `grader` on a machine is told, with where it lies and whether it comes first."""

from __future__ import annotations

import os
import sysconfig
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from grader.cli import same_name
from grader.cli.same_name import other_distribution, others_on_path

OURS = "#!/usr/bin/python\nfrom grader.__main__ import main\nmain()\n"


def command(folder: Path, text: str, name: str = "grader") -> Path:
    folder.mkdir(parents=True)
    script = folder / name
    script.write_text(text)
    script.chmod(0o755)
    return script


def told(*folders: Path) -> list[str]:
    return [*others_on_path({"PATH": os.pathsep.join(map(str, folders))})]


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this installation's scripts lie, with its command."""
    script = command(tmp_path / "env" / "bin", OURS)
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(script.parent))
    return script.parent


def test_this_installation_alone_is_nothing_to_tell(mine: Path, tmp_path: Path) -> None:
    other = command(tmp_path / "b", OURS, "grade").parent
    assert told(mine, other, mine, tmp_path / "not there") == []
    link = tmp_path / "c"
    link.symlink_to(mine)
    assert told(link, mine) == []


def test_a_strangers_command_is_told_and_whether_it_comes_first(mine: Path, tmp_path: Path) -> None:
    stranger = command(tmp_path / "b", "#!/bin/sh\necho 2012\n")
    behind = f"{stranger} is of another project. `python -m grader` is always this one."
    assert told(mine, stranger.parent) == [behind]
    assert told(stranger.parent, mine) == [
        f"{stranger} is of another project, and it is what `grader` runs here. `python -m grader` is always this one."
    ]


def test_another_installation_of_ours_is_told_as_that(mine: Path, tmp_path: Path) -> None:
    second = command(tmp_path / "b", OURS)
    [sentence] = told(mine, second.parent)
    assert sentence.startswith(f"{second} is of another installation of this grader. ")


def test_the_other_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(same_name, "version", absent)
    assert other_distribution() is None
    monkeypatch.setattr(same_name, "version", {"grader": "0.3"}.__getitem__)
    sentence = other_distribution()
    assert sentence
    assert "`grader` 0.3" in sentence
    assert "pip uninstall grader" in sentence

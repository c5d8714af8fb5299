"""The current folder leaves `sys.path`, however it is written there; what is installed stays, in its order."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from grader.import_path import InstalledOnly, leave_current_folder, without_current_folder
from tests.conftest import ROOT


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a link to it beside it and a folder in it."""
    folder = tmp_path / "here"
    (folder / "inside").mkdir(parents=True)
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder)
    for name in ("PYTHONPATH", "PYTHONSAFEPATH"):
        monkeypatch.delenv(name, raising=False)
    return folder


def ways_to_write(folder: Path) -> list[str]:
    return ["", ".", "./", "inside/..", str(folder), f"{folder}/", str(folder.parent / "link")]


def test_the_current_folder_leaves_and_all_else_stays(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [str(ROOT), "/nowhere", str(here / "inside"), *sys.path[1:]]
    for entry in ways_to_write(here):
        monkeypatch.setattr("sys.path", [others[0], entry, *others[1:], entry])
        assert without_current_folder() == [each for each in others if each], entry


def test_pythons_own_folders_stay_wherever_the_command_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(os.path.dirname(os.__file__))
    assert os.path.dirname(os.__file__) in without_current_folder()


def test_this_package_is_found_last_where_only_the_current_folder_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.path", ["", str(ROOT), "/a", "/b"])
    assert without_current_folder() == ["/a", "/b", str(ROOT)]


def test_a_folder_that_is_gone_is_no_trouble(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", ["", "/a", str(ROOT)])
    (here / "inside").rmdir()
    here.rmdir()
    assert without_current_folder() == ["/a", str(ROOT)]


def test_a_process_of_ours_leaves_it_for_good_and_so_does_what_it_starts(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", ["", *sys.path])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([".", "/a", "", str(here), "/b"]))
    monkeypatch.setenv("PYTHONSAFEPATH", "")
    leave_current_folder()
    assert "" not in sys.path
    assert os.environ["PYTHONPATH"] == os.pathsep.join(["/a", "/b"])
    ask = [sys.executable, "-c", "import sys; print(sys.path)"]
    told = subprocess.run(ask, capture_output=True, text=True, check=True).stdout
    assert "''" not in told
    assert repr(str(here)) not in told
    monkeypatch.setenv("PYTHONPATH", ".")
    leave_current_folder()
    assert "PYTHONPATH" not in os.environ


def test_a_process_of_somebody_elses_gets_everything_back(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ["", "/a", str(here), str(ROOT), *sys.path[1:]]
    monkeypatch.setattr("sys.path", [*before])
    monkeypatch.setenv("PYTHONPATH", "unchanged")
    with InstalledOnly():
        assert not {"", str(here)} & {*sys.path}
        assert os.environ["PYTHONPATH"].split(os.pathsep) == sys.path
        assert os.environ["PYTHONSAFEPATH"] == "1"
        sys.path.append("/meanwhile")
    assert sys.path == [*before, "/meanwhile"]
    assert os.environ["PYTHONPATH"] == "unchanged"
    assert "PYTHONSAFEPATH" not in os.environ


def test_it_is_put_back_where_something_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.path", ["", "/a"])
    seen: list[str] = []
    with suppress(ZeroDivisionError), InstalledOnly():
        seen += sys.path
        _ = 1 / 0
    assert seen == ["/a", str(ROOT)]
    assert sys.path == ["", "/a"]


def test_it_imports_nothing_itself() -> None:
    """Until it has done its work, what it imports could come from the current folder."""
    program = (
        "import sys\n"
        f"sys.path.append({str(ROOT)!r})\n"
        "before = {*sys.modules}\n"
        "import grader.import_path\n"
        "print(*({*sys.modules} - before))\n"
    )
    told = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )
    assert sorted(told.stdout.split()) == ["grader", "grader.import_path"]

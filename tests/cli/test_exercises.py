"""`grader list`, `show`, `init` and `reset`: what a student sees of the exercises, and a folder to work in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.cells import cell_len

from grader import load_course
from grader.course.catalog import Course
from grader.machines import Machines
from tests.conftest import ROOT
from tests.synthetic_course import make_course
from tests.workspaces import Run


class TestList:
    def test_states(
        self, run: Run, folder: Path, course: Course, keep: Callable[[str], None]
    ) -> None:
        assert "0 of 2 exercises · 0/20 points" in run("list").stdout
        shutil.copy(ROOT / "solutions" / "derivative.py", folder)
        (folder / "my_linear.py").write_text("x = 1\n")
        shown = run("list").stdout
        assert shown.count("not checked") == 2
        assert shown.count("no file") == len(course.names) - 2
        assert "Next: derivative." in shown
        keep("derivative")
        keep("my_linear")
        shown = run("list").stdout
        assert "✓ derivative" in shown
        assert "1 of 2 exercises · 10/20 points" in shown
        assert "▸ ✗ my_linear" in " ".join(shown.split())
        assert "Next: my_linear." in shown
        with (folder / "derivative.py").open("a") as file:
            file.write("# one more line\n")
        assert "◌ derivative" in run("list").stdout

    def test_all_done(self, run: Run, folder: Path, keep: Callable[[str], None]) -> None:
        for name in ("derivative", "my_linear"):
            shutil.copy(ROOT / "solutions" / f"{name}.py", folder)
            keep(name)
        assert "All exercises here are done." in run("list").stdout

    def test_nowhere_in_particular(self, run: Run, folder: Path) -> None:
        for path in folder.glob("*.py"):
            path.unlink()
        shown = run("list").stdout
        assert "grader init DIR" in shown
        assert "no file" not in shown


class TestReset:
    def test_nothing_is_lost(self, run: Run, folder: Path) -> None:
        stub = (ROOT / "exercises" / "my_linear.py").read_bytes()
        path = folder / "my_linear.py"
        assert "is the stub already" in run("reset", "my_linear").stdout
        assert sorted(folder.glob("my_linear*")) == [path]
        for number in (1, 2, 3):
            path.write_text(f"mine = {number}\n")
            assert f"my_linear.old-{number}.py" in run("reset", "my_linear").stdout
            assert path.read_bytes() == stub
        for number in (1, 2, 3):
            kept = folder / f"my_linear.old-{number}.py"
            assert kept.read_text() == f"mine = {number}\n"

    def test_a_file_that_is_gone(self, run: Run, folder: Path) -> None:
        (folder / "my_linear.py").unlink()
        run("reset", "my_linear")
        assert (folder / "my_linear.py").is_file()

    def test_a_notebook(self, run: Run, folder: Path) -> None:
        (folder / "my_linear.py").unlink()
        (folder / "my_linear.ipynb").write_text("mine")
        run("reset", "my_linear")
        stub = ROOT / "exercises" / "my_linear.ipynb"
        assert (folder / "my_linear.ipynb").read_bytes() == stub.read_bytes()
        assert (folder / "my_linear.old-1.ipynb").read_text() == "mine"
        assert not (folder / "my_linear.py").exists()

    def test_a_link_is_left_alone(self, run: Run, folder: Path) -> None:
        (folder / "my_linear.py").unlink()
        (folder / "elsewhere").write_text("precious")
        (folder / "my_linear.py").symlink_to(folder / "elsewhere")
        assert "not a regular file" in run("reset", "my_linear", status=2).stderr
        assert (folder / "elsewhere").read_text() == "precious"


class TestInit:
    @pytest.mark.parametrize("suffix", [".py", ".ipynb"])
    def test_a_workspace(self, run: Run, folder: Path, course: Course, suffix: str) -> None:
        options = ["--notebooks"] if suffix == ".ipynb" else []
        shown = run("init", "my work", *options).stdout
        assert "cd 'my work'" in shown
        made = {path.name for path in (folder / "my work").iterdir()}
        assert made == {f"{name}{suffix}" for name in course.names} | {"README.md", ".grader"}
        readme = (folder / "my work" / "README.md").read_text(encoding="utf-8")
        for command in ("list", "show", "watch", "check", "hint", "reset"):
            assert f"`grader {command}" in readme

    def test_what_is_there_stays(self, run: Run, folder: Path, course: Course) -> None:
        (folder / "README.md").write_text("mine")
        (folder / "my_linear.py").write_text("mine")
        made = f": {len(course.names) - 2}.\nFiles that were there already: 2."
        assert made in run("init", ".").stdout
        assert (folder / "README.md").read_text() == (folder / "my_linear.py").read_text() == "mine"

    def test_what_is_given_beside_a_stub(self, run: Run, folder: Path) -> None:
        (folder / "c" / "exercises" / "data").mkdir(parents=True)
        (folder / "c" / "exercises" / "data" / "x.csv").write_text("1")
        make_course(folder / "c", '[[exercise]]\nname = "double"\nfiles = ["data/x.csv"]\n')
        data = folder / "work" / "data" / "x.csv"
        run("init", "work", "--course", "c")
        assert data.read_text() == "1"
        data.write_text("mine")
        run("init", "work")
        assert data.read_text() == "mine"
        data.unlink()
        os.chdir("work")
        run("reset", "double")
        assert data.read_text() == "1"

    def test_checking_is_remembered(
        self, run: Run, folder: Path, shared_machines: Machines
    ) -> None:
        run("init", ".")
        shutil.copy(ROOT / "solutions" / "my_linear.py", folder)
        run("check", "my_linear")
        assert "✓ my_linear" in run("list").stdout


@pytest.mark.parametrize("name", load_course().names)
def test_show_fits_80_columns(run: Run, name: str, course: Course) -> None:
    shown = run("show", name).stdout
    lines = shown.splitlines()
    assert lines[0] == course[name].title
    assert [
        line for line in lines if cell_len(line.rstrip()) > 80 and not line.startswith("See: ")
    ] == []
    [see] = [line for line in lines if line.startswith("See: ")]
    assert see.split()[1] in course[name].statement
    assert [line for line in lines if f"`grader check {name}`" in line]
    assert lines[-1] == f"`grader hint {name}` helps."
    assert "$" not in shown
    assert "**" not in shown

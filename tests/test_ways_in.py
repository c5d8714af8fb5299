"""Whatever way in: nothing is imported from a folder that a student can write in, whatever lies there.

The folder holds a module of every name that Python's library and the installed packages have, and files that configure
pytest and others. Each module notes that it was imported.
"""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from grader.classroom.gradebook.reader import open_gradebook
from grader.sandbox import Sandbox
from tests.children import told_by
from tests.classes import EXERCISE, RIGHT
from tests.conftest import ROOT
from tests.terminal import Terminal

pytestmark = pytest.mark.drawn

NOTES = "imported.txt"
CONFIGURATION = {
    "pytest.ini": "[pytest]\naddopts = -p conftest\npython_files = *.py\n",
    "tox.ini": "[pytest]\naddopts = -p conftest\n",
    "setup.cfg": "[tool:pytest]\naddopts = -p conftest\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p conftest"\n',
    "evil.pth": "import conftest\n",
    "matplotlibrc": "backend: module://conftest\n",
    ".env": "PYTHONSTARTUP=conftest.py\n",
}


def poisoned(folder: Path, without: set[str]) -> Path:
    """Makes the folder, with a right submission, and a module of every name but those in `without`."""
    packages = {
        path.name.split(".")[0]
        for place in site.getsitepackages()
        for path in Path(place).iterdir()
    }
    names = {*sys.stdlib_module_names, *packages, "conftest", "sitecustomize", "usercustomize"}
    folder.mkdir()
    for name in names - without:
        note = f"open({str(folder / NOTES)!r}, 'a').write({name!r} + '\\n')\n"
        (folder / f"{name}.py").write_text(note, encoding="utf-8")
    for name, text in CONFIGURATION.items():
        (folder / name).write_text(text, encoding="utf-8")
    shutil.copy(RIGHT[0], folder / f"{EXERCISE}.py")
    return folder


def imported_from(folder: Path) -> list[str]:
    notes = folder / NOTES
    return notes.read_text(encoding="utf-8").split() if notes.exists() else []


def loaded_by(program: str) -> set[str]:
    """What Python has imported before any line of ours can run; nothing of that can be kept from it."""
    tell = f"import sys\n{program}\nprint(*(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", tell], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def run(command: list[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ
        | {
            "PYTEST_ADDOPTS": "-p conftest",
            "PYTEST_PLUGINS": "conftest",
            "PYTHONSTARTUP": "conftest.py",
        }
        | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


SCRIPT = str(Path(sys.executable).parent / "grader")
# how the command is called, and what imports what before our first line where the current folder comes first
WAYS = {
    "the command": ([SCRIPT], {}, ""),
    "python -P -m": ([sys.executable, "-P", "-m", "grader"], {}, ""),
    "python -m": ([sys.executable, "-m", "grader"], {}, "import runpy"),
    "PYTHONPATH": (
        [SCRIPT],
        {"PYTHONPATH": "."},
        "import re, site; sys.modules['sitecustomize'] = site",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_checking_imports_nothing_from_the_current_folder(way: str, tmp_path: Path) -> None:
    command, environment, first = WAYS[way]
    without = {"grader", *loaded_by(first)} if first else set()
    folder = poisoned(tmp_path / "work", {EXERCISE, *without})
    printed = run([*command, "check", EXERCISE, "--format", "json"], folder, **environment)
    assert json.loads(printed)["score"] == 10
    assert imported_from(folder) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_neither_do_the_workers_of_a_class(jobs: int, tmp_path: Path) -> None:
    """One is started anew, several are forked from a process that is; each has a sandbox."""
    folder = poisoned(tmp_path / "work", set())
    for student in ("ada", "bob"):
        (folder / "class" / student).mkdir(parents=True)
        shutil.copy(RIGHT[0], folder / "class" / student / f"{EXERCISE}.py")
    book = tmp_path / "book.db"
    run(
        [SCRIPT, "grade", "class", "--gradebook", str(book), "--jobs", str(jobs)],
        folder,
    )
    with open_gradebook(str(book)) as gradebook:
        scores = [gradebook.record(student).report for student in ("ada", "bob")]
    assert [report.score if report else None for report in scores] == [10, 10]
    assert imported_from(folder) == []


@pytest.mark.parametrize("jobs", [1, 2])
def test_nor_do_workers_that_a_script_or_notebook_starts(jobs: int, tmp_path: Path) -> None:
    """Its own process may look into the current folder first, which is for whoever runs it: its workers do not."""
    program = (
        "import sys\n"
        "from grader.classroom import grade_class, local_workers, open_gradebook\n"
        "from grader.classroom.run.worker import GradingOutcome, warm_up\n"
        "import multiprocessing.popen_forkserver, multiprocessing.popen_spawn_posix, sqlalchemy.dialects.sqlite\n"
        "with open_gradebook(sys.argv[1], create=True) as gradebook:\n"
        "    sys.path.insert(0, '')\n"
        f"    summary = grade_class('class', gradebook, workers=local_workers({jobs}))\n"
        "    assert sys.path[0] == ''\n"
        "    print(summary.graded, summary.faults)\n"
    )
    folder = poisoned(tmp_path / "work", {EXERCISE})
    (folder / "class" / "ada").mkdir(parents=True)
    shutil.copy(RIGHT[0], folder / "class" / "ada" / f"{EXERCISE}.py")
    command = [sys.executable, "-P", "-c", program, str(tmp_path / "book.db")]
    assert run(command, folder) == "1 {}\n"
    assert imported_from(folder) == []


def test_a_task_of_a_cluster_imports_nothing_from_where_its_worker_was_started(
    tmp_path: Path,
) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from grader.classroom.run.result_keys import exercise_digests\n"
        "from grader.classroom.run.worker import Task, grade_task, versions\n"
        "from grader import load_course, read_submission\n"
        f"names = ({EXERCISE!r},)\n"
        "course = load_course()\n"
        f"submission = read_submission(Path({str(RIGHT[0])!r}), course, names)\n"
        "task = Task(submission, names, None, exercise_digests(course, names), versions())\n"
        "sys.path.insert(0, '')\n"
        "outcome = grade_task(task)\n"
        "assert sys.path[0] == '', sys.path\n"
        "print(outcome.report.score if outcome.report else outcome.fault)\n"
    )
    folder = poisoned(tmp_path / "work", set())
    assert run([sys.executable, "-P", "-c", program], folder) == "10\n"
    assert imported_from(folder) == []


def test_a_sandbox_takes_nothing_from_the_folder_of_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook's own process looks into its folder first: that is for whoever runs it. The sandbox does not."""
    folder = poisoned(tmp_path / "work", set())
    for name in ("torch", "numpy"):
        (folder / name).mkdir()
        (folder / f"{name}.py").rename(folder / name / "__init__.py")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", ".")
    monkeypatch.setattr("sys.path", ["", str(folder), *sys.path])
    with Sandbox() as box:
        monkeypatch.undo()
        path, file = told_by(
            box, "import sys, torch\ndef f():\n    return [sys.path, torch.__file__]\n"
        )
    assert str(folder) not in path
    assert "" not in path
    assert file == torch.__file__
    assert imported_from(folder) == []


def test_checking_in_a_notebook_imports_nothing_from_its_folder(tmp_path: Path) -> None:
    """What the student calls `random.py` or `pdb.py` there is not what the grader's own side imports by that name."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('1 + 1')\n"
        "import grader\n"
        "sys.path.insert(0, '')\n"
        "grader.load_ipython_extension(shell)\n"
        "assert sys.path[0] == ''\n"
        "from grader.practice import magics\n"
        "magics.display = lambda shown: print(shown.data)\n"
        f"cell = Path({str(RIGHT[0])!r}).read_text(encoding='utf-8')\n"
        f"shell.run_cell('%%check {EXERCISE}\\n' + cell, store_history=True)\n"
    )
    # the student's own imports are the student's, and what IPython imports to run them
    here = loaded_by(f"{program.split('sys.path')[0]}\nimport csv, torch.utils.data")
    folder = poisoned(tmp_path / "work", here | {"_winapi", "readline", "sqlite3"})
    told = run([sys.executable, "-P", "-c", program], folder)
    assert "10/10" in told, told
    assert imported_from(folder) == []


def test_watching_imports_nothing_from_the_folder_that_is_watched(tmp_path: Path) -> None:
    without = {"grader", EXERCISE, *loaded_by("import runpy")}
    folder = poisoned(tmp_path / "work", without)
    with Terminal(["watch", EXERCISE], folder) as terminal:
        terminal.until("10/10")
    assert imported_from(folder) == []


def test_texts_and_templates_name_a_way_that_is_safe() -> None:
    """`python -m grader` looks into the current folder before anything of ours can run."""
    places = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "examples" / "demo.py"]
    places += [*(ROOT / "docs").glob("*.md"), *(ROOT / "grader" / "authoring").rglob("*.j2")]
    for place in places:
        text = place.read_text(encoding="utf-8").replace('"', "").replace(",", "")
        assert text.count("-m grader") == text.count("-P -m grader"), place

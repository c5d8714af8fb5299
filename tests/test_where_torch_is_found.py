"""Students' code finds torch where the grader does: `PYTHONPATH`, `pip install --user`, `--target`, `sys.path.insert`.

Python is the one that this environment was made from. It has none of the packages: they lie in a folder of their own.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from grader.classroom.gradebook.reader import open_gradebook
from tests.classes import EXERCISE, RIGHT
from tests.conftest import ROOT

PYTHON = getattr(sys, "_base_executable", sys.executable)
# as an installer leaves them; all others are links, as other installers leave them
IN_FULL = ("numpy", "numpy.libs", "typing_extensions.py", "filelock", "packaging")

pytestmark = [
    pytest.mark.drawn,
    pytest.mark.skipif(
        sys.prefix == sys.base_prefix, reason="these tests do not run in a virtual environment"
    ),
]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is installed here, without what makes an environment of it, and without the grader."""
    folder = tmp_path_factory.mktemp("packages") / "lib"
    fill(folder)
    return folder


def fill(folder: Path) -> None:
    folder.mkdir(parents=True)
    for place in map(Path, site.getsitepackages()):
        for entry in place.iterdir():
            if entry.suffix == ".pth" or entry.name.startswith(("grader", "__")):
                continue
            if entry.name not in IN_FULL:
                (folder / entry.name).symlink_to(entry)
            elif entry.is_dir():
                shutil.copytree(entry, folder / entry.name, copy_function=same_file)
            else:
                same_file(entry, folder / entry.name)


def same_file(source: str | Path, target: str | Path) -> None:
    """A file of its own name, as a copy is, without copying 70 MB."""
    try:
        os.link(source, target)
    except OSError:  # on another file system
        shutil.copy2(source, target)


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [PYTHON, "-P", *map(str, arguments)],
        env=kept | environment,
        capture_output=True,
        text=True,
    )


def test_what_a_script_puts_into_its_path_is_found(packages: Path) -> None:
    program = (
        f"import sys; sys.path[:0] = [{str(packages)!r}, {str(ROOT)!r}]\n"
        "from pathlib import Path\n"
        "from grader import Machines, grade, read_submission\n"
        "with Machines() as machines:\n"
        f"    submission = read_submission(Path({str(RIGHT[0])!r}), machines.course, ({EXERCISE!r},))\n"
        "    report = grade(submission, machines=machines)\n"
        "    print(report.score, 'files hidden' in report.environment.isolation)\n"
    )
    here = run("-c", program)
    assert here.stdout.split()[:1] == ["10"], here.stderr


def test_what_pip_installs_for_a_user_is_found_and_told(tmp_path: Path) -> None:
    ask = "import site; print(site.getusersitepackages())"
    base = {"PYTHONUSERBASE": str(tmp_path / "user")}
    folder = Path(run("-c", ask, **base).stdout.strip())
    fill(folder)
    (folder / "grader.pth").write_text(f"{ROOT}\n")
    told = run("-m", "grader", "doctor", **base)
    assert told.returncode == 0, told.stderr
    assert f"torch lies in {folder}\n" in told.stdout


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_the_environment_names_is_found_by_the_workers_of_a_class(
    packages: Path, tmp_path: Path, jobs: int
) -> None:
    (tmp_path / "class" / "ada").mkdir(parents=True)
    shutil.copy(RIGHT[0], tmp_path / "class" / "ada" / f"{EXERCISE}.py")
    book = tmp_path / "book.db"
    done = run(
        *("-m", "grader", "grade", tmp_path / "class", "--gradebook", book, "--jobs", str(jobs)),
        PYTHONPATH=f"{packages}{os.pathsep}{ROOT}",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with open_gradebook(str(book)) as gradebook:
        report = gradebook.record("ada").report
    assert report
    assert report.score == 10


def test_where_the_sandbox_does_not_find_torch_it_is_named(packages: Path, tmp_path: Path) -> None:
    """A home folder is never shown to students' code, even where packages lie in it."""
    done = run(
        *("-m", "grader", "check", EXERCISE, "--from", RIGHT[0]),
        PYTHONPATH=f"{packages}{os.pathsep}{ROOT}",
        HOME=str(packages),
    )
    assert done.returncode != 0
    assert "No module named 'torch'" in done.stderr + done.stdout

"""Other graders on the same tasks: plain pytest, `otter run`, and `nbgrader autograde`.

Each runs the very same checks, in its own process and unsandboxed; otter and nbgrader from a virtual environment of
their own, `.venv-peers`, which `make peers` makes. Neither keeps anything from one submission to the next.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".venv-peers" / "bin"


class NotFull(Exception):
    """A submission did not earn all points."""


def run(*command: object, cwd: Path, failed: int | None = None) -> float:
    """Wall time of a whole process; the sources of the checks are on its path.

    Raises:
        NotFull: if its exit status is `failed`.
        RuntimeError: if it is another than 0.
    """
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{PEERS}{os.pathsep}{os.environ['PATH']}",
    }
    start = time.perf_counter()
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode == failed:
        raise NotFull
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def version_of(name: str) -> str:
    """The version of a peer, with a blank before it."""
    package = {"otter run": "otter-grader", "nbgrader autograde": "nbgrader"}.get(name)
    if package is None:
        return f" {version('pytest')}"
    ask = f"from importlib.metadata import version; print(version({package!r}))"
    return " " + subprocess.check_output([PEERS / "python", "-c", ask], text=True).strip()


def pytest_once(exercises: Sequence[str]) -> Callable[[Path], float]:
    """Plain pytest on a folder: one process for all of the submission's exercises."""
    files = [ROOT / "grader" / "checks" / f"{name}.py" for name in exercises]
    command = (
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "benchmarks.plain",
        "-p",
        "no:cacheprovider",
    )
    options = (
        "--import-mode=importlib",
        "-c",
        ROOT / "grader/checking/checks.ini",
        "--rootdir",
        ROOT,
    )
    return lambda folder: run(
        *command, *options, "--submission", folder, *files, cwd=folder, failed=1
    )


def otter_once(exercises: Sequence[str], work: Path) -> Callable[[Path], float]:
    """`otter run` on a notebook, with an autograder made by `otter generate`."""
    tests = work / "tests"
    tests.mkdir(parents=True)
    for name in exercises:
        (tests / f"{name}.py").write_text(
            "from otter.test_files import test_case\n"
            "from benchmarks.inprocess import expect_full\n\n"
            f"OK_FORMAT = False\nname = {name!r}\npoints = 10\n\n\n"
            f"@test_case(points=10)\ndef test_{name}({name}):\n    expect_full({name!r}, vars({name}))\n",
            encoding="utf-8",
        )
    archive = work / "autograder.zip"
    run(
        PEERS / "otter",
        "generate",
        "-t",
        tests,
        "-o",
        archive,
        "--no-environment",
        "--no-requirements",
        cwd=work,
    )

    def once(folder: Path) -> float:
        notebook = folder / "submission.ipynb"
        notebook.write_text(as_notebook(folder, exercises, graded=False), encoding="utf-8")
        seconds = run(
            PEERS / "otter", "run", "--no-logo", "-a", archive, "-o", folder, notebook, cwd=folder
        )
        told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        scores = [test["score"] for test in told["tests"] if "max_score" in test]
        if sum(scores) != 10 * len(exercises):
            raise NotFull
        return seconds

    return once


def nbgrader_batch(exercises: Sequence[str], folders: Sequence[Path], work: Path) -> float:
    """`nbgrader autograde` of an assignment, all submissions in one command; wall time in all."""
    for place, folder in (
        ("source", None),
        *((f"submitted/{folder.name}", folder) for folder in folders),
    ):
        target = work / place / "ps1"
        target.mkdir(parents=True)
        text = as_notebook(folder or folders[0], exercises, graded=True)
        (target / "ps1.ipynb").write_text(text, encoding="utf-8")
    (work / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'course'\nc.Execute.timeout = 300\n"
        "c.ClearSolutions.enforce_metadata = False\n",
        encoding="utf-8",
    )
    run(PEERS / "nbgrader", "generate_assignment", "ps1", "--create", cwd=work)
    seconds = run(PEERS / "nbgrader", "autograde", "ps1", cwd=work)
    with closing(sqlite3.connect(work / "gradebook.db")) as connection:
        [[earned]] = connection.execute("SELECT sum(auto_score) FROM grade")
    if earned != 10 * len(exercises) * len(folders):
        raise NotFull
    return seconds


def expect_to_grade(work: Path) -> None:
    """Sees that each peer gives a right submission all points, and a wrong one not.

    Raises:
        NotFull: if the right one did not earn them.
        AssertionError: if the wrong one did.
    """
    name = "logistic_regression"
    text = (ROOT / "solutions" / f"{name}.py").read_text(encoding="utf-8")
    for kind, source in {"right": text, "wrong": text.replace("+ self.b)", "- self.b)")}.items():
        folder = work / kind
        folder.mkdir()
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        graders: list[Callable[[], float]] = [partial(pytest_once([name]), folder)]
        if PEERS.is_dir():
            graders.append(partial(otter_once([name], work / f"otter-{kind}"), folder))
            graders.append(partial(nbgrader_batch, [name], [folder], work / f"nbgrader-{kind}"))
        for grade in graders:
            try:
                grade()
            except NotFull:
                if kind == "right":
                    raise
            else:
                assert kind == "right", f"{grade} gave a wrong submission all points"


def as_notebook(folder: Path, exercises: Sequence[str], graded: bool) -> str:
    """A submission as a notebook: a cell that defines a module per exercise and, for nbgrader, one that tests it."""
    cells = []
    for name in exercises:
        source = (folder / f"{name}.py").read_text(encoding="utf-8").replace(" SOLUTION", "")
        text = f"import types\n{name} = types.ModuleType({name!r})\nexec({source!r}, vars({name}))"
        test = f"from benchmarks.inprocess import expect_full\nexpect_full({name!r}, vars({name}))"
        cells.append(
            _cell(text, f"{name}-answer", {"solution": True, "grade": False, "locked": False})
        )
        if graded:
            marks = {"solution": False, "grade": True, "locked": True, "points": 10}
            cells.append(_cell(test, f"{name}-test", marks))
    return str(nbformat.writes(nbformat.v4.new_notebook(cells=cells, metadata=_KERNEL)))


_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def _cell(text: str, identifier: str, marks: Mapping[str, object]) -> Any:
    metadata = {"nbgrader": {"grade_id": identifier, "schema_version": 3, "task": False, **marks}}
    return nbformat.v4.new_code_cell(text, metadata=metadata)

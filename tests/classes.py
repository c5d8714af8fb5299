"""Classes made of the submissions that are known to be right, wrong or hostile, and what a gradebook says of one."""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.run import worker
from grader.classroom.run.pool import Workers
from grader.classroom.run.worker import grade_task
from grader.machines import Machines
from tests.conftest import ROOT
from tests.drawn import some

EXERCISE = "csv_dataset"  # the quickest to grade
KNOWN = ROOT / "tests" / "submissions" / EXERCISE
RIGHT = sorted((KNOWN / "right").glob("*.py"))
WRONG = sorted((KNOWN / "wrong").glob("*.py"))
# those that are over soon and do no harm where the kernel does not help; `test_attacks.py` has all
ATTACKS = [
    ROOT / "tests" / "attacks" / f"{name}.py"
    for name in (
        "a_atexit_result",
        "a_conftest_hooks",
        "a_exit_at_import",
        "a_hard_exit",
        "a_patch_json_and_sockets",
        "a_patch_the_encoder",
        "a_write_results_files",
        "b_patch_allclose",
        "b_patch_builtins",
        "e_runs_a_program",
        "h_tcp",
        "i_workflow_commands",
    )
]
TABLES = ("student", "standing", "submission", "grading", "exercise_result", "check_result")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "grader", *map(str, arguments)]


def run(*arguments: str | Path, status: int = 0) -> str:
    """What a command prints; it must end with `status`, and not with a traceback."""
    result = subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True)
    printed = result.stdout + result.stderr
    assert "Traceback" not in printed, printed
    assert result.returncode == status, printed
    return printed


class Here(Executor):
    """Grades in this process, and notes what it ran."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        [task] = args
        if task.submission.name:
            self.ran += [(task.submission.name, name) for name in task.exercises]
        future: Future[Any] = Future()
        try:
            future.set_result(grade_task(task))
        except Exception as error:
            future.set_exception(error)
        return future

    @property
    def workers(self) -> Workers:
        # one at a time: of two that have ended, either may be told first
        return Workers(lambda: self, lambda _: None, lambda: 1)


@contextmanager
def on_warm_machines(machines: Machines) -> Iterator[None]:
    """What grades in this process, for the built-in course, does it on these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_machines", {(None, machines.limits, ()): machines})
        yield


@dataclass(frozen=True)
class Base:
    """What a submission is made of. Attributes: attack: what it tries, besides, as soon as it is imported."""

    path: Path
    attack: Path | None = None

    @property
    def text(self) -> str:
        text = self.path.read_text(encoding="utf-8")
        if self.attack:
            text += "\n\n" + self.attack.read_text(encoding="utf-8")
            text += "\n\ntry:\n    MyLinear(2, 3)(torch.ones(1, 2))\nexcept ValueError:\n    pass\n"
        return text


def make_class(folder: Path, count: int) -> dict[str, Base]:
    """Writes `count` submissions, right, wrong and a fifth hostile, attacks drawn: folders, repositories, zips, files.

    Returns:
        Student → what theirs is made of. A last line makes each one a text of its own.
    """
    folder.mkdir()
    right, wrong = cycle(map(Base, RIGHT)), cycle(map(Base, WRONG))
    hostile = cycle(map(Base, WRONG, some(ATTACKS, 1)))
    kinds = (right, wrong, hostile, right, wrong, hostile, wrong, right, wrong, wrong)
    made = {}
    for number in range(count):
        student, base = f"student-{number:03}", next(kinds[number % 10])
        made[student] = base
        _hand_in(folder, student, f"{base.text}\n# handed in by {student}\n", number)
    return made


def _hand_in(folder: Path, student: str, source: str, number: int) -> None:
    if number % 7 == 1:
        (folder / f"{student}_{EXERCISE}.py").write_text(source, encoding="utf-8")
    elif number % 7 == 2:
        with zipfile.ZipFile(folder / f"{student}.zip", "w") as archive:
            archive.writestr(f"lab/{EXERCISE}.py", source)
    else:
        inner = folder / student / ("exercises" if number % 2 else "")
        inner.mkdir(parents=True)
        (inner / f"{EXERCISE}.py").write_text(source, encoding="utf-8")
        if number % 35 == 3:
            commit(folder / student)


def commit(folder: Path, when: str = "2026-11-20T12:00:00+0000") -> None:
    """Makes a repository of what is in `folder`, or adds a commit to it; where there is no git, it stays a folder."""
    if not shutil.which("git"):
        return
    me = ["-c", "user.name=x", "-c", "user.email=x"]
    for arguments in (["init", "-q"], ["add", "."], [*me, "commit", "-qm", "work"]):
        stamps = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        subprocess.run(["git", *arguments], cwd=folder, check=True, env=os.environ | stamps)


def write_roster(path: Path, students: Mapping[str, object], order: int) -> Path:
    """A roster in an order of its own; the students are graded in it."""
    names = list(students)
    random.Random(order).shuffle(names)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["identifier"], *([name] for name in names)])
    return path


def scores(where: str | Path) -> dict[str, float | None]:
    with open_gradebook(where) as gradebook:
        assert gradebook.check() == []
        return {record.student.id: record.score for record in gradebook.records()}


def state(where: str | Path) -> dict[str, Any]:
    """All that a gradebook says, but for when it was said and how long it took."""
    with open_gradebook(where) as gradebook:
        assert gradebook.check() == []
        records = [asdict(record) for record in gradebook.records()]
        counts = {table: count(gradebook, table) for table in TABLES}
    for record in records:
        for exercise in record["report"]["exercises"] if record["report"] else ():
            for check in exercise["checks"]:
                check["seconds"] = 0
    return {"records": records, "counts": counts}


def count(gradebook: Gradebook, table: str) -> int:
    with gradebook.engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)

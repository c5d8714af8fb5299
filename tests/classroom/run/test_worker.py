"""What runs in a worker: one submission, by the checks and versions of whoever asks."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from shutil import copytree, ignore_patterns
from types import SimpleNamespace

import pytest
import torch

from grader import __version__
from grader.classroom.run import worker
from grader.classroom.run.result_keys import exercise_digests
from grader.classroom.run.worker import (
    Task,
    course_name,
    grade_task,
    normalized_devices,
    versions,
)
from grader.course.catalog import Course, load_course
from grader.errors import SandboxLost, WorkerMismatch
from grader.machines import Machines
from grader.report import Report
from grader.sandbox import Limits
from grader.submission import Submission
from tests.classes import EXERCISE, RIGHT
from tests.conftest import ROOT
from tests.gradebooks import report


@pytest.fixture
def task(course: Course) -> Task:
    submission = Submission.of_text(EXERCISE, RIGHT[0].read_text(encoding="utf-8"))
    checks = exercise_digests(course, (EXERCISE,))
    return Task(submission, (EXERCISE,), None, checks, versions(), seed=1)


class NoMachines:
    """Stand in for a worker's machines where none has to run anything."""

    absent: tuple[str, ...] = ()
    made = 0
    closed = 0

    def __init__(self, *_: object, **__: object) -> None:
        NoMachines.made += 1

    @property
    def environment(self) -> NoMachines:
        return self

    def close(self) -> None:
        NoMachines.closed += 1


@pytest.fixture
def no_machines(monkeypatch: pytest.MonkeyPatch) -> type[NoMachines]:
    NoMachines.made = NoMachines.closed = 0
    monkeypatch.setattr("grader.machines.Machines", NoMachines)
    monkeypatch.setattr(worker, "warm_up", lambda: None)
    monkeypatch.setattr(worker, "_machines", {})
    return NoMachines


def graded_by(monkeypatch: pytest.MonkeyPatch, *results: Report | Exception) -> None:
    """Grading gives, or raises, one after the other."""
    waiting = list(results)

    def grade(*_: object, **__: object) -> Report:
        result = waiting.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr("grader.grading.grade", grade)


def test_a_right_submission_earns_all_points(
    task: Task, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_machines", {(None, task.limits, ()): machines})
    outcome = grade_task(task)
    assert outcome.report, outcome.fault
    assert (outcome.report.score, outcome.report.max_score) == (10, 10)
    assert outcome.report.exercises[0].seed is not None
    assert outcome.seconds > 0
    again = grade_task(task).report
    assert again
    assert again.exercises[0].seed == outcome.report.exercises[0].seed


def test_a_sandbox_that_is_lost_is_a_fault_and_the_next_task_has_another(
    task: Task, no_machines: type[NoMachines], monkeypatch: pytest.MonkeyPatch
) -> None:
    graded_by(monkeypatch, SandboxLost("it ended"), report(5))
    outcome = grade_task(task)
    assert (outcome.report, outcome.fault) == (None, "The sandbox failed: it ended")
    [trouble] = outcome.troubles
    assert (trouble.kind, trouble.reason) == ("lost", "The sandbox failed: it ended")
    assert grade_task(task).report == report(5)
    assert (no_machines.made, no_machines.closed) == (2, 1)


def test_a_bug_of_the_grader_is_a_fault_of_that_task_alone(
    task: Task, no_machines: type[NoMachines], monkeypatch: pytest.MonkeyPatch
) -> None:
    graded_by(monkeypatch, ZeroDivisionError("oops"), report(5, "bob"))
    outcome = grade_task(task)
    assert outcome.fault == "The grader itself failed: ZeroDivisionError: oops"
    [trouble] = outcome.troubles
    assert (trouble.kind, trouble.reason) == ("grader", "ZeroDivisionError: oops")
    assert "in grade" in trouble.lines[0]
    assert grade_task(task).report == report(5, "bob")
    assert (no_machines.made, no_machines.closed) == (1, 0)


def test_a_report_with_a_fault_has_troubles(
    task: Task, no_machines: type[NoMachines], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = replace(report(0).exercises[0], status="fault", checks=(), traceback="E: it broke")
    graded_by(monkeypatch, report(5), replace(report(5), exercises=(fault,)))
    assert grade_task(task).troubles == ()
    [trouble] = grade_task(task).troubles
    assert (trouble.exercise, trouble.reason) == ("my_linear", "E: it broke")


def test_machines_are_kept_until_other_ones_are_wanted(
    task: Task, no_machines: type[NoMachines], monkeypatch: pytest.MonkeyPatch
) -> None:
    graded_by(monkeypatch, *[report(5)] * 4)
    grade_task(task)
    grade_task(task)
    assert (no_machines.made, no_machines.closed) == (1, 0)
    grade_task(replace(task, limits=Limits(call_seconds=1)))
    assert (no_machines.made, no_machines.closed) == (2, 1)
    grade_task(replace(task, devices=("cpu",)))
    assert (no_machines.made, no_machines.closed) == (3, 2)


def refused(task: Task) -> str:
    with pytest.raises(WorkerMismatch) as error:
        grade_task(task)
    return str(error.value)


def test_who_has_other_versions_refuses(task: Task) -> None:
    other = task.versions | {"torch": "1.0"}
    told = refused(replace(task, versions=other))
    assert f"torch {versions()['torch']}" in told
    assert "and the command grader " in told
    assert "torch 1.0" in told


def test_who_has_a_grader_of_other_code_refuses(task: Task, tmp_path: Path) -> None:
    """Tolerances that were changed by a factor of 10⁸ are another grader, whatever number both are called by."""
    copytree(ROOT / "grader", tmp_path / "grader", ignore=ignore_patterns("__pycache__", "checks"))
    compare = tmp_path / "grader" / "checking" / "compare.py"
    text = compare.read_text(encoding="utf-8")
    assert "torch.float32: 2e-5" in text
    compare.write_text(text.replace("torch.float32: 2e-5", "torch.float32: 1e3"), encoding="utf-8")
    program = (
        f"import json, sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from grader.classroom.run.worker import versions\n"
        "print(json.dumps(versions()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True
    )
    other = json.loads(done.stdout)
    assert {name for name in other if other[name] != task.versions[name]} == {"grader"}
    told = refused(replace(task, versions=other))
    assert f"grader {versions()['grader']}" in told
    assert f"and the command grader {other['grader']}" in told


def test_torchs_own_word_counts_where_it_has_no_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    here = versions()

    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(worker, "version", missing)
    assert versions() == here


def test_who_has_other_checks_refuses(task: Task) -> None:
    told = refused(replace(task, checks={EXERCISE: "x"}))
    assert told.startswith(f"For {EXERCISE}, the worker ")
    assert "has other checks than the command" in told


@pytest.mark.parametrize("change", [{"course": "/nowhere"}, {"assignment": "/nowhere.toml"}])
def test_who_cannot_read_the_course_refuses(task: Task, change: dict[str, str]) -> None:
    assert "cannot read the course" in refused(replace(task, **change))  # type: ignore[arg-type]


def test_who_lacks_a_device_refuses(
    task: Task, no_machines: type[NoMachines], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(no_machines, "absent", ("cuda: there is none",))
    told = refused(replace(task, devices=("cpu", "cuda")))
    assert "lacks a device that was asked for: cuda: there is none." in told


# ── what tasks are told apart by ────────────────────────────────────────────────────────────────


@pytest.fixture
def copied(course: Course, tmp_path: Path) -> Course:
    """The built-in course, elsewhere."""
    for name in ("checks", "exercises"):
        source = (
            course[EXERCISE].checks.parent if name == "checks" else course[EXERCISE].stub.parent
        )
        copytree(
            source, tmp_path / name, ignore=lambda _, names: [n for n in names if EXERCISE not in n]
        )
    (tmp_path / "course.toml").write_text('title = "copy"\n')
    return load_course(tmp_path)


def test_a_course_is_named_by_its_folder_unless_it_is_built_in(
    course: Course, copied: Course
) -> None:
    assert course_name(course) is None
    assert course_name(copied) == str(copied.folder.resolve())


def test_versions_are_those_that_count_for_a_score() -> None:
    here = versions()
    assert here["grader"] == __version__
    assert here["python"] == ".".join(map(str, sys.version_info[:2]))
    assert torch.__version__.startswith(here["torch"])
    assert "+" not in here["torch"]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ((), ()),
        (("sim", "cpu"), ()),
        (("cpu",), ("cpu",)),
        (("sim",), ()),
        (("cuda",), ("cpu", "cuda")),
        (("sim", "cuda", "sim"), ("cpu", "cuda", "sim")),
    ],
)
def test_devices_are_the_same_however_they_are_named(
    named: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert normalized_devices(named) == expected


def test_a_worker_ends_with_the_command_that_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    parent = SimpleNamespace(join=lambda: done.append("joined"))
    monkeypatch.setattr(worker, "_close_all", lambda: done.append("closed"))
    monkeypatch.setattr("os._exit", done.append)
    monkeypatch.setattr("multiprocessing.parent_process", lambda: None)
    worker._end_with_parent()
    assert done == []
    monkeypatch.setattr("multiprocessing.parent_process", lambda: parent)
    worker._end_with_parent()
    assert done == ["joined", "closed", 1]

"""What runs in a worker, on this machine or another: grades one submission with a sandbox that stays warm.

`grade_task` is the function that is sent. It keeps one sandbox a process; a second task in the same process waits.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from multiprocessing import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...course.assignment import AssignedCourse, AssignmentError
from ...course.assignment_file import read_assignment
from ...course.catalog import Course, CourseError, load_course
from ...report import Report
from ...sandbox import Limits
from ...submission import Submission

if TYPE_CHECKING:
    from ...sandbox import Sandbox


class WorkerMismatch(Exception):
    """This worker would grade by other rules than it was asked for; the message says which."""


@dataclass(frozen=True)
class Task:
    """A submission, and the conditions that its result depends on.

    Attributes:
        course: the folder of the course; `None` is the built-in one.
        checks: the digest of the checks and the assignment, as they were where the task was made.
        assignment: the file of the assignment, if there is one; its instructor's part counts.
        versions: of what counts for a score.
        seed: of the inputs; one for a class, so that a worker knows most cases from the submissions before.
        devices: where to run it; none named stands for those that every machine has.
    """

    submission: Submission
    exercises: tuple[str, ...]
    course: str | None
    checks: str
    versions: dict[str, str]
    seed: int | None = None
    limits: Limits = field(default_factory=Limits)
    assignment: str | None = None
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class GradingOutcome:
    """A report, or (`None`) why there is none; and the time that it took."""

    report: Report | None
    seconds: float
    trouble: str = ""


def versions() -> dict[str, str]:
    """The versions that a score depends on; of torch without the build (`+cpu`), of Python without the patch."""
    return {
        "grader": __version__,
        "torch": version("torch").partition("+")[0],
        "python": "{}.{}".format(*sys.version_info),
    }


def checks_digest(course: Course, exercises: Sequence[str], assignment: str | None = None) -> str:
    """Of everything that a result depends on: the checks, the stubs that tell who has not begun, the assignment."""
    digest = hashlib.sha256(Path(assignment).read_bytes() if assignment else b"")
    for name in exercises:
        exercise = course[name]
        for path in (exercise.checks, *exercise.more_checks, exercise.stub):
            data = path.read_bytes() if path.is_file() else b""
            digest.update(f"{name} {path.suffix} {len(data)}\n".encode() + data)
    return digest.hexdigest()


_lock = threading.Lock()
_sandboxes: dict[Limits, Sandbox] = {}
_gpus: dict[Limits, Sandbox] = {}
_zygote_server = ""  # the address of the one that the workers of this machine share


def grade_task(task: Task) -> GradingOutcome:
    """Grades; whatever goes wrong with one submission is told in its outcome.

    Raises:
        WorkerMismatch: if this machine has other checks or versions than the one that asks.
    """
    with _lock:  # pytest, torch's settings and the sandbox are one a process
        start = time.perf_counter()
        course, terms = _course(task)
        for attempt in (1, 2):
            try:
                report = _grade(task, course, terms)
                return GradingOutcome(report, time.perf_counter() - start)
            except WorkerMismatch:
                raise
            except RuntimeError as error:
                # the zygote was lost; a new one may do better
                _drop(task.limits)
                trouble = f"The sandbox failed: {error}"
                if attempt == 2:
                    break
            except Exception as error:
                trouble = f"The grader itself failed: {type(error).__name__}: {error}"
                break
        return GradingOutcome(None, time.perf_counter() - start, trouble)


def _grade(task: Task, course: Course, terms: AssignedCourse | None) -> Report:
    from ...grading import DEVICES, environment, grade

    sandbox = warm_sandbox(task.limits)
    gpu = _warm_gpu(task.limits) if "cuda" in task.devices else None
    if task.devices and (absent := environment(sandbox, task.devices, gpu).absent):
        raise WorkerMismatch(
            f"The worker {_name()} lacks a device that was asked for: {'; '.join(absent)}."
        )
    return grade(
        task.submission,
        task.exercises,
        course=course,
        terms=terms,
        sandbox=sandbox,
        gpu=gpu,
        devices=task.devices or DEVICES,
        seed=task.seed,
    )


def _course(task: Task) -> tuple[Course, AssignedCourse | None]:
    here = versions()
    if here != task.versions:
        raise WorkerMismatch(
            f"The worker {_name()} has {_listed(here)}, and the command {_listed(task.versions)}. "
            "Install the same versions in both places."
        )
    try:
        course = load_course(Path(task.course) if task.course else None)
        terms = None
        if task.assignment:
            terms = read_assignment(Path(task.assignment)).on(course, instructor=True)
            course = terms.course
        same = checks_digest(course, task.exercises, task.assignment) == task.checks
    except (AssignmentError, CourseError, LookupError, OSError) as error:
        raise WorkerMismatch(
            f"The worker {_name()} cannot read the course {task.course or '(built in)'}: {error}"
        ) from error
    if not same:
        raise WorkerMismatch(
            f"The worker {_name()} has other checks than the command for {', '.join(task.exercises)}. "
            "Use the same course and version in both places."
        )
    return course, terms


def _name() -> str:
    return f"{os.uname().nodename} (process {os.getpid()})"


def _listed(what: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in what.items())


def warm_sandbox(limits: Limits) -> Sandbox:
    """This process's sandbox; started when it is first asked for."""
    from ...sandbox import Sandbox

    if limits not in _sandboxes:
        _close_all()
        _sandboxes[limits] = Sandbox(limits, zygote_server=_zygote_server)
        warm_up()
    return _sandboxes[limits]


def _warm_gpu(limits: Limits) -> Sandbox:
    """This process's sandbox for `cuda`."""
    from ...grading import gpu_sandbox

    if limits not in _gpus:
        _gpus[limits] = gpu_sandbox(limits)
    return _gpus[limits]


@cache
def warm_up() -> None:
    """What each grading would import, once, while the sandbox's own process does the same."""
    import torch

    from ... import grading

    grading.warm_up()
    torch.set_num_threads(1)  # there is a worker a core
    atexit.register(_close_all)


def _drop(limits: Limits) -> None:
    for kept in (_sandboxes, _gpus):
        with suppress(Exception):
            if sandbox := kept.pop(limits, None):
                sandbox.close()


def _close_all() -> None:
    for limits in {**_sandboxes, **_gpus}:
        _drop(limits)


def start_local(limits: Limits, zygote_server: str) -> None:
    """What a worker process on this machine does first."""
    global _zygote_server
    _zygote_server = zygote_server
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    util.Finalize(None, _close_all, exitpriority=1)  # a forked worker ends without `atexit`
    warm_sandbox(limits)


def _end_with_parent() -> None:
    """Where the command is killed, its workers would wait for ever for the next task."""
    import multiprocessing

    parent: Any = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _close_all()
        os._exit(1)

"""What runs in a worker, on this machine or another: grades one submission with a sandbox that stays warm.

`grade_task` is the function that is sent. It keeps one sandbox a process; a second task in the same process waits.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import util
from pathlib import Path
from traceback import format_exc
from typing import TYPE_CHECKING, Any

from ...course.assignment import AssignedCourse
from ...course.assignment_file import read_assignment
from ...course.catalog import Course, built_in_folder, load_course
from ...errors import AssignmentError, CourseError, SandboxLost, WorkerMismatch
from ...import_path import InstalledOnly
from ...report import Report
from ...sandbox import Limits
from ...submission import Submission
from ...version import __version__
from .result_keys import exercise_digests
from .trouble import Trouble, trouble_of, troubles_of

if TYPE_CHECKING:
    from ...machines import Machines


@dataclass(frozen=True)
class Task:
    """A submission, and the conditions that its result depends on.

    Attributes:
        course: the folder of the course; `None` is the built-in one.
        checks: exercise → the digest of its checks, as `exercise_digests` had it where the task was made.
        assignment: the file of the assignment, if there is one; its instructor's part counts.
        versions: of what counts for a score.
        seed: of the inputs; one for a class, so that a worker knows most cases from the submissions before.
        devices: where to run it; none named stands for those that every machine has.
    """

    submission: Submission
    exercises: tuple[str, ...]
    course: str | None
    checks: Mapping[str, str]
    versions: dict[str, str]
    seed: int | None = None
    limits: Limits = field(default_factory=Limits)
    assignment: str | None = None
    devices: tuple[str, ...] = ()


@dataclass(frozen=True)
class GradingOutcome:
    """What came of a task.

    Attributes:
        report: `None` where nothing could be graded, through no fault of the student, and `fault` says why.
        seconds: that it took.
        lost: whether a process was lost over it, so that another one may do better.
        traceback: of what failed, where that is known.
    """

    report: Report | None
    seconds: float
    fault: str = ""
    lost: bool = False
    traceback: str = ""

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        """What keeps it from being a verdict; nothing where it is one."""
        if self.report is not None:
            return troubles_of(self.report)
        if self.lost:
            return (Trouble(self.fault, kind="lost"),)
        return (trouble_of(self.fault, self.traceback),)


def versions() -> dict[str, str]:
    """The versions that a score depends on; of torch without the build (`+cpu`), of Python without the patch.

    Of the grader it is one that changes with its code (`grader/version.py`).
    """
    return {
        "grader": __version__,
        "torch": _torch_version().partition("+")[0],
        "python": "{}.{}".format(*sys.version_info),
    }


def _torch_version() -> str:
    """As its metadata has it, which is quick; torch's own word where it was put somewhere without them."""
    try:
        return version("torch")
    except PackageNotFoundError:
        import torch

        return str(torch.__version__)


def course_name(course: Course) -> str | None:
    """The course as a `Task` names it, for a worker that may have the built-in one elsewhere."""
    return None if course.folder == built_in_folder() else str(course.folder.resolve())


def normalized_devices(devices: Sequence[str]) -> tuple[str, ...]:
    """The devices in one order, however they were named; none stands for those that every machine has."""
    from ...machines import DEVICES

    named = ("cpu", *sorted({*devices} - {"cpu"})) if devices else ()
    return () if named == DEVICES else named


_lock = threading.Lock()
_machines: dict[tuple[str | None, Limits, tuple[str, ...]], Machines] = {}  # one at a time
_zygote_server = ""  # the address of the one that the workers of this machine share
_workers = (
    0  # how many there are of this machine's own; none where a cluster has started this process
)


def grade_task(task: Task) -> GradingOutcome:
    """Grades a submission; what goes wrong with it, through no fault of the student, is in the outcome.

    Raises:
        WorkerMismatch: if this machine has other checks, versions or devices than the one that asks.
    """
    # a cluster's worker may have been started in any folder; pytest, torch's settings and the sandbox are one a process
    with _lock, InstalledOnly():
        start = time.perf_counter()
        course, assigned = _course(task)
        report, fault, lost, traceback = None, "", False, ""
        try:
            report = _grade(task, course, assigned)
        except WorkerMismatch:
            raise
        except SandboxLost as error:
            _close_all()  # the next task starts new ones
            fault, lost = f"The sandbox failed: {error}", True
        except Exception as error:  # a class goes on with the next student
            fault = f"The grader itself failed: {type(error).__name__}: {error}"
            traceback = format_exc()
        return GradingOutcome(report, time.perf_counter() - start, fault, lost, traceback)


def _grade(task: Task, course: Course, assigned: AssignedCourse | None) -> Report:
    from ...grading import grade

    machines = machines_for(task.course, task.limits, task.devices)
    if task.devices and (absent := machines.environment.absent):
        raise WorkerMismatch(
            f"The worker {_name()} lacks a device that was asked for: {'; '.join(absent)}."
        )
    return grade(
        task.submission,
        task.exercises,
        course=course,
        assigned=assigned,
        machines=machines,
        seed=task.seed,
    )


def _course(task: Task) -> tuple[Course, AssignedCourse | None]:
    installed = versions()
    if installed != task.versions:
        raise WorkerMismatch(
            f"The worker {_name()} has {_listed(installed)}, and the command {_listed(task.versions)}. "
            "Install the same versions in both places."
        )
    try:
        course = load_course(Path(task.course) if task.course else None)
        assigned = None
        if task.assignment:
            assigned = read_assignment(Path(task.assignment)).on(course, instructor=True)
            course = assigned.course
        here = exercise_digests(course, task.exercises, assigned)
        other = [name for name in task.exercises if here[name] != task.checks[name]]
    except (AssignmentError, CourseError, LookupError, OSError) as error:
        raise WorkerMismatch(
            f"The worker {_name()} cannot read the course {task.course or '(built in)'}: {error}"
        ) from error
    if other:
        raise WorkerMismatch(
            f"For {', '.join(other)}, the worker {_name()} has other checks than the command. "
            "Use the same course and version in both places."
        )
    return course, assigned


def _name() -> str:
    return f"{os.uname().nodename} (process {os.getpid()})"


def _listed(what: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in what.items())


def machines_for(course: str | None, limits: Limits, devices: tuple[str, ...]) -> Machines:
    """This process's machines; started when they are first asked for."""
    from ...machines import DEVICES, Machines, cores

    key = course, limits, devices
    if key not in _machines:
        _close_all()
        _machines[key] = Machines(
            load_course(Path(course) if course else None),
            devices or DEVICES,
            limits=limits,
            zygote_server=_zygote_server,
            workers=_workers or cores(),
        )
        warm_up()
    return _machines[key]


@cache
def warm_up() -> None:
    """What each grading would import, once, while the sandbox's own process does the same."""
    import torch

    from ... import machines

    machines.warm_up()
    torch.set_num_threads(1)  # there is a worker a core
    atexit.register(_close_all)


def _close_all() -> None:
    while _machines:
        with suppress(Exception):
            _machines.popitem()[1].close()


def start_local_worker(
    course: str | None,
    limits: Limits,
    devices: tuple[str, ...],
    zygote_server: str,
    workers: int,
) -> None:
    """What a worker process on this machine does first; `machines_for` says what is made of it."""
    global _zygote_server, _workers
    _zygote_server, _workers = zygote_server, workers
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    util.Finalize(None, _close_all, exitpriority=1)  # a forked worker ends without `atexit`
    machines_for(course, limits, devices)


def _end_with_parent() -> None:
    """Where the command is killed, its workers would wait for ever for the next task."""
    import multiprocessing

    parent: Any = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        _close_all()
        os._exit(1)

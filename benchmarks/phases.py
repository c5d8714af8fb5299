"""Where the time goes: a class graded by one worker's code in this process, with a clock around each phase.

A clock shows a phase's own time, without that of the phases inside it. What goes on in the child shows as waiting for
its answer; what processor time it took, the kernel tells of the zygote and its children.
"""

from __future__ import annotations

import os
import tempfile
import time
import types
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from grader.checking import run, session
from grader.checking.collect import collect
from grader.checking.memo import MemoizedSession
from grader.checking.session import Request
from grader.classroom.gradebook.enrolment import enrol
from grader.classroom.gradebook.reader import Gradebook, open_gradebook
from grader.classroom.gradebook.settings import GradebookSettings, write_settings
from grader.classroom.gradebook.writer import GradebookWriter, ReceivedHandIn
from grader.classroom.handin.hand_in import HandIn
from grader.classroom.handin.layouts import find_hand_ins
from grader.classroom.handin.read import Submitted, digest_of, read_hand_in
from grader.classroom.records import Enrolled
from grader.classroom.run import worker
from grader.classroom.run.grade_class import READ_AHEAD
from grader.classroom.run.result_keys import exercise_digests
from grader.classroom.run.worker import Task, grade_task, versions
from grader.course.catalog import load_course
from grader.grading import grading
from grader.sandbox import Child, Limits, Sandbox, child
from grader.submission import Submission

from .classes import ALL, grade_class, make_class
from .inprocess import InProcess, sessions_here
from .results import Row

SEED = 1
_LEARNING = 5  # submissions after which a worker, and its zygote, have all that they keep
_EMPTY = 50
_OPEN, _LOAD, _CALL = "the sandbox forks a child", "load", "probes, in the child"
PHASES: Sequence[tuple[str, object, str]] = (
    (_OPEN, Sandbox, "open"),
    (_LOAD, Child, "load"),
    (_CALL, Child, "call"),
    ("the child is ended, its folder removed", Child, "close"),
    ("wire: encode, decode", session, "encode"),
    ("wire: encode, decode", session, "decode"),
    ("wire: messages", child, "pack"),
    ("answers met before", MemoizedSession, "look_up"),
    ("inputs, reference, comparison", run, "run_case"),
    ("rules in the source", grading, "scan"),
    ("database", Gradebook, "write"),
    ("reading the submission", None, "read"),
)
_REST = "the rest: collecting checks, reports"


class Clock:
    """Own time of what it is put around, by name."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inside = [0.0]

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            start = time.perf_counter()
            self._inside.append(0.0)
            try:
                return function(*arguments, **named)
            finally:
                whole = time.perf_counter() - start
                self.seconds[name] += whole - self._inside.pop()
                self._inside[-1] += whole

        return timed

    @contextmanager
    def everywhere(self) -> Iterator[None]:
        """Around every phase."""
        with ExitStack() as stack:
            for name, owner, function in PHASES:
                if owner is not None:
                    timed = self.around(name, getattr(owner, function))
                    stack.enter_context(patch.object(owner, function, timed))
            yield


def measure(gradings: int) -> list[Row]:
    """One exercise and all, on the CPU alone and by default."""
    rows: list[Row] = []
    for task, exercises in (("one", ("logistic_regression",)), ("all", ALL)):
        count = gradings if len(exercises) == 1 else max(3, gradings // 3)
        for label, devices in ((f"{task}, CPU alone", ("cpu",)), (task, ())):
            rows += _measure(label, exercises, devices, count)
    return rows


def _measure(
    label: str, exercises: Sequence[str], devices: tuple[str, ...], count: int
) -> list[Row]:
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        make_class(work / "class", exercises, count + _LEARNING)
        clock, whole, processor = _graded(work, exercises, devices)
        pool = grade_class(work / "class", exercises, 1, work / "pool.db", devices)
        floor = _floor(work / "class", exercises) if devices == ("cpu",) else None
    milliseconds = {name: 1000 * seconds / count for name, seconds in clock.seconds.items()}
    # an empty file's load ends when the child has confined itself: the rest of a load is the student's import
    settled = len(exercises) * _load_of_nothing(devices)
    milliseconds["the child confines itself"] = min(settled, milliseconds[_LOAD])
    milliseconds["import of the student's file"] = max(0.0, milliseconds.pop(_LOAD) - settled)
    total = 1000 * whole / count
    milliseconds[_REST] = total - sum(milliseconds.values())
    under_way = 1000 * median(pool.each)
    rows = [Row(f"{label}: in one process", total, "ms", sample=f"{count} submissions")]
    for name, value in sorted(milliseconds.items(), key=lambda pair: -pair[1]):
        rows.append(Row(f"{label}: {name}", value, "ms", "in one process", total, value / total))
    waiting = under_way - 1000 * pool.worked
    for name, value in (("between command and worker, waiting", waiting),):
        rows.append(
            Row(f"{label}: {name}", value, "ms", "grader grade", under_way, value / under_way)
        )
    for name, seconds in processor.items():
        value = 1000 * seconds / count
        rows.append(
            Row(f"{label}: processor, {name}", value, "ms", "in one process", total, value / total)
        )
    if floor is not None:
        least = 1000 * floor
        rows.append(
            Row(f"{label}: the floor", least, "ms", "grader grade", under_way, under_way / least)
        )
    return rows


def _graded(
    work: Path, exercises: Sequence[str], devices: tuple[str, ...]
) -> tuple[Clock, float, dict[str, float]]:
    """Grades the class as the command and a worker do, one submission after the other.

    Returns:
        The clock, all seconds, and those of the zygote's and its children's processor time.
    """
    course = load_course()
    blank = Task(
        Submission("", {}, tuple(exercises)),
        tuple(exercises),
        None,
        exercise_digests(course, exercises),
        versions(),
        SEED,
        devices=devices,
    )
    handed = find_hand_ins(work / "class", exercises)
    with open_gradebook(work / "book.db", create=True) as gradebook:
        write_settings(gradebook, GradebookSettings("x", tuple(exercises)))
        enrol(gradebook, None, [Enrolled(each.path.name, "") for each in handed])
        writer = GradebookWriter.begin(gradebook, {}, False)

        def grade(several: Sequence[HandIn], read: Callable[..., Submitted]) -> None:
            received = [
                ReceivedHandIn(name, read(each, course, exercises), None, digest_of([name]))
                for each in several
                if (name := each.path.name)
            ]
            assert all(writer.receive(received))
            for each in received:
                student, given = each.student, each.submitted
                submission = given.submission(student, exercises)
                outcome = grade_task(replace(blank, submission=submission))
                assert outcome.report, outcome.fault
                assert outcome.report.score == outcome.report.max_score
                writer.store_result(
                    student, each.result_key, given.digest, outcome.report, outcome.seconds
                )

        grade(handed[:_LEARNING], read_hand_in)
        clock = Clock()
        process = worker.machines_for(None, Limits(), devices).sandbox()._process
        assert process
        warm = process.pid
        before, start = _processor(warm), time.perf_counter()
        with clock.everywhere():
            for first in range(_LEARNING, len(handed), READ_AHEAD):
                several = handed[first : first + READ_AHEAD]
                grade(several, clock.around("reading the submission", read_hand_in))
        whole = time.perf_counter() - start
        after = _processor(warm)
    return clock, whole, {name: after[name] - before[name] for name in after}


def _processor(pid: int) -> dict[str, float]:
    """Processor seconds of a zygote, of its children that have ended, and of this process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    own_user, own_system, user, system = (
        int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in fields[11:15]
    )
    return {
        "this process": time.process_time(),
        "zygote": own_user + own_system,
        "children, user": user,
        "children, system": system,
    }


def _load_of_nothing(devices: Sequence[str]) -> float:
    """Milliseconds that a child takes for an empty file, once it is forked."""
    sandbox = worker.machines_for(None, Limits(), tuple(devices)).sandbox()
    taken = []
    for _ in range(_EMPTY):
        child = sandbox.open()
        start = time.perf_counter()
        child.load("nothing", [("nothing.py", "")])
        taken.append(1000 * (time.perf_counter() - start))
        child.close()
    return median(taken)


class _Student(InProcess):
    """Times the student's own code; what a probe adds is a line or two."""

    seconds = 0.0

    def run(self, request: Request) -> Any:
        start = time.perf_counter()
        try:
            return super().run(request)
        finally:
            self.seconds += time.perf_counter() - start


def _floor(folder: Path, exercises: Sequence[str]) -> float:
    """Seconds a submission of the student's own code in a zygote, with a fork for each exercise."""
    course, student = load_course(), next(iter(sorted(folder.iterdir())))
    texts = {name: (student / f"{name}.py").read_text(encoding="utf-8") for name in exercises}
    rounds = []
    for seed in range(_LEARNING + 5):  # another each time: an input may be changed in place
        seconds = 0.0
        for name, text in texts.items():
            module = types.ModuleType(name)
            start = time.perf_counter()
            exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
            seconds += time.perf_counter() - start
            here = _Student(module)
            checks = collect((course[name].checks,), ("cpu",))
            # some probes write files
            with grading._torch_as_it_comes(), chdir(folder.parent):
                run.run_checks(checks, sessions_here(here), seed)
            seconds += here.seconds + _fork()
        rounds.append(seconds)
    return median(rounds[_LEARNING:])


def _fork() -> float:
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return time.perf_counter() - start

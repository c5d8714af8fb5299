"""The corridor: a submission goes in, a `Report` comes out.

    submission ──▶ sandbox child ──plain tensors──▶ checks compare with autograd ──▶ Report

The trusted process draws the inputs, works out the reference and compares; the student's code runs elsewhere.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import language as languages
from .catalog import Course, Exercise, load_course
from .language import _
from .report import CheckResult, Environment, ExerciseResult, ExerciseStatus, Report
from .rules import violations
from .sandbox import Limits, Sandbox
from .submission import Source, Submission, is_stub, read_submission
from .translation import title_of

if TYPE_CHECKING:
    from .plugin import GradingPlugin

_PYTEST_INI = Path(__file__).with_name("checks.ini")
_CHECK_SECONDS = 300
# what pytest brings along and checks have no use for; each costs time in every session
_UNUSED_PLUGINS = (
    "cacheprovider",
    "capture",
    "doctest",
    "faulthandler",
    "junitxml",
    "logging",
    "nose",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
    "terminal",
    "threadexception",
    "unittest",
    "unraisableexception",
    "warnings",
)


def grade(
    submission: Submission | str | os.PathLike[str],
    exercises: Sequence[str] = (),
    *,
    course: Course | None = None,
    sandbox: Sandbox | None = None,
    limits: Limits | None = None,
    seed: int | None = None,
    first_failure: bool = False,
    progress: Callable[[str], None] | None = None,
    language: str | None = None,
) -> Report:
    """Grades a submission.

    Args:
        submission: what to grade, or the path of a file or folder to read it from.
        exercises: names; by default every exercise that the submission holds.
        course: where exercises and checks come from; by default the built-in course.
        sandbox: a running sandbox to use again; by default one is started for this call.
        limits: bounds on the student's code, for a sandbox that is started here.
        seed: of the inputs. By default it follows from the exercise's source text: the same file gives the same
            report, and a table of right answers in the file changes the inputs that it is a table for.
        first_failure: leave an exercise's checks at the first one that does not pass; for whoever only asks
            whether all do.
        progress: is called with the name of each exercise before it is graded.
        language: of the report's texts; by default the one in use, English at first.

    Raises:
        ValueError: if `language` is none that the grader speaks.
        SubmissionError: if there is nothing to grade.
        CourseFault: if the checks themselves are at fault.
    """
    if language not in (None, *languages.languages()):
        known = ", ".join(languages.languages())
        raise ValueError(f"The grader does not speak {language!r}. It speaks {known}.")
    with ExitStack() as stack:
        # first of all: it imports torch at the same time as this process does
        sandbox = sandbox or stack.enter_context(Sandbox(limits))
        course = course or load_course()
        languages.learn(course.folder)
        stack.enter_context(languages.speaking(language or languages.current()))
        if not isinstance(submission, Submission):
            submission = read_submission(Path(submission), course, exercises)
        stack.enter_context(_torch_as_it_comes())
        results = []
        for name in exercises or submission.wanted or tuple(submission.sources):
            if progress:
                progress(name)
            results.append(
                _grade_exercise(
                    course[name], submission.sources.get(name), sandbox, seed, first_failure
                )
            )
        return Report(
            submission.name, tuple(results), environment(sandbox), language=languages.current()
        )


@contextmanager
def _torch_as_it_comes() -> Iterator[None]:
    """Torch's global settings as they are at first, whatever the caller (a notebook, say) has made of them."""
    import torch

    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)


def environment(sandbox: Sandbox) -> Environment:
    """Where this process grades, and what `sandbox` was seen to keep."""
    import torch

    return Environment(
        python=platform.python_version(),
        torch=torch.__version__,
        devices=("cpu",),
        isolation=tuple(layer.name for layer in sandbox.layers() if layer.on),
    )


def _grade_exercise(
    exercise: Exercise,
    source: Source | None,
    sandbox: Sandbox,
    seed: int | None,
    first_failure: bool,
) -> ExerciseResult:
    from .plugin import GradingPlugin
    from .student import seed_of
    from .workbench import Workbench

    if seed is None:
        seed = seed_of(exercise.name, source.digest if source else "")
    benches = {}
    if source is not None:
        benches[exercise.name] = Workbench(exercise.name, source, sandbox, _preload(exercise))
    plugin = GradingPlugin(benches, {exercise.name: seed}, devices=("cpu",))
    try:
        _run_checks(exercise.checks, plugin, first_failure)
    finally:
        for bench in benches.values():
            bench.close()
    checks = plugin.results(exercise.name)
    broken = violations(exercise, [cell.text for cell in source.cells]) if source else []
    if broken:
        checks = tuple(replace(check, score=0) for check in checks)
    problem = benches[exercise.name].load_problem if benches else ""
    status, message = _summary(exercise, source, problem, checks)
    if broken and status != "error":
        status, message = "failed", _("No points: {reason}").format(reason=broken[0].message)
    return ExerciseResult(
        name=exercise.name,
        title=title_of(exercise),
        score=sum(check.score for check in checks),
        max_score=sum(check.points for check in checks),
        status=status,
        message=message,
        violations=tuple(broken),
        checks=checks,
        seed=seed,
    )


def _preload(exercise: Exercise) -> tuple[str, ...]:
    """Modules that an exercise's probes will import anyway.

    The first use of `torch.optim` imports `torch._dynamo` (0.6 s in every child), which most exercises never need.
    """
    return ("torch._dynamo",) if "optim" in exercise.checks.read_text(encoding="utf-8") else ()


def _run_checks(file: Path, plugin: GradingPlugin, first_failure: bool) -> None:
    import pytest

    from .outcome import CourseFault

    options = [
        f"--confcutdir={file.parent}",
        # unique module names for the same file name in two courses
        f"--rootdir={file.anchor}",
        f"-c{_PYTEST_INI}",
        "--import-mode=importlib",
        # neither the student's conftest.py nor a plugin that happens to be installed has a say in a score
        "--noconftest",
        "--disable-plugin-autoload",
        "--assert=plain",
        *(f"-pno:{name}" for name in _UNUSED_PLUGINS),
    ]
    if first_failure:
        options.append("--exitfirst")
    _forget_if_changed(file)
    if threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM"):
        # a check of a course that hangs on this side is the course's fault, and is told
        options += ["-ppytest_timeout", f"--timeout={_CHECK_SECONDS}", "--timeout-method=signal"]
    hidden = {name: os.environ.pop(name, None) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")}
    try:
        status = pytest.main([*options, str(file)], plugins=[plugin])
    finally:
        os.environ.update({name: value for name, value in hidden.items() if value is not None})
    if status == pytest.ExitCode.INTERRUPTED and not plugin.faults:
        raise KeyboardInterrupt
    if plugin.faults or status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        told = " ".join(plugin.faults) or f"pytest ended with status {status}"
        raise CourseFault(f"{file} cannot be used: {told}")


_seen: dict[Path, int] = {}


def _forget_if_changed(file: Path) -> None:
    """Checks stay imported from one grading to the next, unless their author has changed them."""
    changed = file.stat().st_mtime_ns
    if _seen.setdefault(file, changed) != changed:
        _seen[file] = changed
        for name, module in list(sys.modules.items()):
            if getattr(module, "__file__", None) == str(file):
                del sys.modules[name]


def _summary(
    exercise: Exercise, source: Source | None, problem: str, checks: Sequence[CheckResult]
) -> tuple[ExerciseStatus, str]:
    """The exercise's state and a sentence about it, from the states of its checks."""
    if source is None:
        told = _("There is no {file} in this submission.")
        return "missing", told.format(file=f"{exercise.name}.py")
    if problem:
        return "error", problem
    if any(check.status == "error" for check in checks):
        return "error", _(
            "The grader itself failed in a check; these points are not the last word."
        )
    states = {check.status for check in checks}
    if states == {"passed"}:
        return "passed", _("All points.")
    if is_stub(source, exercise) or states <= {"not_started", "not_reached", "skipped"}:
        return "not_attempted", _("Not started yet.")
    return ("partial" if any(check.score for check in checks) else "failed"), ""
